"""RFC 9309 path patterns: the one matcher for robots.txt, TDMRep, RSL, ai.txt, AIPREF and policy paths.

Both sides of a comparison are brought to one normal form first (section 2.2.2): ASCII only, every octet that cannot
stand in a URI percent-encoded, every percent-encoded unreserved octet decoded, hex digits in upper case. Octets of the
reserved set stay as they were written, so `/a%2Fb` is not `/a/b`. The two octets that have a meaning in patterns are
encoded where they stand for themselves (section 2.2.3, figure 6): a URL's `*` and `$` become `%2A` and `%24`.

No regular expression is ever built from a foreign text: a pattern is a chain of literal parts that are looked for from
left to right, which takes time linear in the path whatever the pattern says.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

__all__ = ["Pattern", "PatternIndex", "normalise_path", "path_of"]

_PLAIN: Final = r"A-Za-z0-9\-._~/?&=:;,+!'()@\[\]"
"""Unreserved octets, and reserved ones without a meaning in patterns: they are their own normal form."""
_ODD: Final = re.compile(rf"[^{_PLAIN}]")
_ODD_IN_PATTERN: Final = re.compile(rf"[^{_PLAIN}*$]")
_UNIT: Final = re.compile(
    r"(?P<stray>%[0-9A-Fa-f]?)(?P<held>%[0-9A-Fa-f]{2})"  # decoding here would make a new escape out of a stray `%`
    r"|%(?P<hex>[0-9A-Fa-f]{2})"
    rf"|(?P<illegal>[^{_PLAIN}%*$#])"
)
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_URL_HEAD: Final = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.\-]*:)?//[^/?#\\]*")
_FEW: Final = 64
"""Up to so many wildcard patterns it is quicker to try them all than to look at every run of octets of the path."""
_TAIL: Final = 4
"""Octets of an end by which anchored patterns are filed."""
_GRAMS: Final = (4, 3, 2)
"""Lengths of the runs of octets under which wildcard patterns are filed; a pattern takes the longest that it has."""


def _unit(match: re.Match[str]) -> str:
    if match["held"]:
        return match["stray"] + match["held"].upper()
    if match["hex"]:
        char = chr(int(match["hex"], 16))
        return char if char in _UNRESERVED else match[0].upper()
    return f"%{ord(match['illegal']):02X}"


def _octets(raw: str | bytes) -> str:
    """One character an octet: text goes through UTF-8, bytes are taken as they are."""
    if isinstance(raw, str):
        if raw.isascii():
            return raw
        raw = raw.encode("utf-8", "surrogatepass")
    return raw.decode("latin-1")


def normalise_path(raw: str | bytes) -> str:
    """The normal form of a URL's path and query: pure ASCII, and the same string when normalised again."""
    text = _octets(raw)
    if not _ODD.search(text):
        return text
    return _UNIT.sub(_unit, text).replace("*", "%2A").replace("$", "%24")


def path_of(url: str) -> str:
    """Path and query of a URL as written, without fragment; `/` where the path is empty (RFC 9309 2.2.2).

    Dot segments and double slashes stay: what is matched must be what is sent. A text without an authority is taken
    for a path.
    """
    head = _URL_HEAD.match(url)
    rest = (url[head.end() :] if head else url).partition("#")[0]
    return rest if rest.startswith("/") else f"/{rest}"


class Pattern:
    """One path pattern. `text` is its normal form, `octets` the length that decides which rule is most specific.

    A `$` that is no anchor counts one octet there and three in `encoded_octets`, where it is `%24` as in the
    comparison: RFC 9309 does not say which of the two is the length of the match.
    """

    __slots__ = ("anchored", "encoded_octets", "octets", "parts", "text")

    def __init__(self, raw: str | bytes) -> None:
        text = raw.decode("latin-1") if isinstance(raw, bytes) else _octets(raw)
        plain = not _ODD.search(text)
        if not plain and _ODD_IN_PATTERN.search(text):
            text = _UNIT.sub(_unit, text)
        self.text = text
        self.octets = self.encoded_octets = len(text)
        self.anchored = False
        if plain:
            self.parts: tuple[str, ...] = (text,)
            return
        self.anchored = text.endswith("$")
        body = text[:-1] if self.anchored else text
        if "$" in body:
            self.encoded_octets += 2 * body.count("$")
            body = body.replace("$", "%24")
        self.parts = tuple(body.split("*"))

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"

    @property
    def wild(self) -> bool:
        """Whether it holds a `*`."""
        return len(self.parts) > 1

    def matches(self, path: str) -> bool:
        """Whether it matches a path that `normalise_path` returned; an empty pattern matches nothing."""
        parts = self.parts
        first = parts[0]
        if not path.startswith(first):
            return False
        if len(parts) == 1:
            return path == first if self.anchored else bool(first)
        at = len(first)
        for part in parts[1:-1]:
            found = path.find(part, at)
            if found < 0:
                return False
            at = found + len(part)
        last = parts[-1]
        if self.anchored:
            return len(path) - len(last) >= at and path.endswith(last)
        return path.find(last, at) >= 0


class PatternIndex:
    """Many patterns, kept so that one path finds all that match it without trying each.

    Patterns lie sorted by what they begin with, each beginning knowing the longest other one that it starts with.
    Those that begin with a wildcard are filed by their end where they have one, else by their rarest run of octets.
    `matching` costs a binary search, one look-up an octet of the path, and the patterns that are left.
    """

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._patterns = tuple(patterns)
        self._next = [-1] * len(self._patterns)
        """The position that is filed under the same key before this one: no list is made for each of many keys."""
        self._exact: dict[str, int] = {}
        self._prefixes: dict[str, int] = {}
        """Literal patterns by their text."""
        self._heads: dict[str, int] = {}
        """Wildcard patterns by what stands before their first wildcard."""
        self._tails: dict[str, int] = {}
        """Anchored wildcard patterns by their last octets."""
        floating = []
        for position, pattern in enumerate(self._patterns):
            parts = pattern.parts
            first = parts[0]
            if len(parts) == 1:
                if first:
                    self._put(self._exact if pattern.anchored else self._prefixes, first, position)
            elif len(first) > 1:
                self._put(self._heads, first, position)
            elif pattern.anchored and parts[-1]:
                self._put(self._tails, parts[-1][-_TAIL:], position)
            else:
                floating.append(position)
        self._tail_sizes = sorted({len(tail) for tail in self._tails})
        self._keys = sorted(self._prefixes.keys() | self._heads.keys())
        self._parents = list(_parents(self._keys))
        self._grams: list[tuple[int, dict[str, int]]] = []
        self._always = [(position, self._longest(position)) for position in self._file(floating)]
        """Tried on every path, their longest part before the rest."""

    def _put(self, filed: dict[str, int], key: str, position: int) -> None:
        if key in filed:
            self._next[position] = filed[key]
        filed[key] = position

    def _take(self, position: int, into: list[int]) -> None:
        """Append all positions that are filed with this one; -1 is none."""
        while position >= 0:
            into.append(position)
            position = self._next[position]

    def _longest(self, position: int) -> str:
        return max(self._patterns[position].parts, key=len)

    def _file(self, floating: list[int]) -> list[int]:
        """File patterns by runs of octets; those that are few of their kind, or have no run, are returned."""
        for size in _GRAMS:
            if len(floating) <= _FEW:
                break
            runs = {position: _runs(self._longest(position), size) for position in floating}
            common = Counter(run for found in runs.values() for run in found)
            grams: dict[str, int] = {}
            for position, found in runs.items():
                if found:
                    self._put(grams, min(found, key=common.__getitem__), position)
            self._grams.append((size, grams))
            floating = [position for position, found in runs.items() if not found]
        return floating

    def matching(self, path: str) -> list[int]:
        """Positions of all patterns that match a normalised path, in no particular order."""
        found: list[int] = []
        if path in self._exact:
            self._take(self._exact[path], found)
        likely = [position for position, longest in self._always if longest in path]
        keys = self._keys
        at = bisect_right(keys, path) - 1
        while at >= 0:
            key = keys[at]
            if path.startswith(key):
                self._take(self._prefixes.get(key, -1), found)
                self._take(self._heads.get(key, -1), likely)
            at = self._parents[at]
        for size in self._tail_sizes:
            if size > len(path):  # a shorter slice would find the path's whole end once more
                break
            self._take(self._tails.get(path[-size:], -1), likely)
        for size, grams in self._grams:
            runs = {path[i : i + size] for i in range(len(path) - size + 1)}
            for run in grams.keys() & runs:
                self._take(grams[run], likely)
        if likely:
            patterns = self._patterns
            found += [position for position in likely if patterns[position].matches(path)]
        return found


def _parents(keys: Sequence[str]) -> Iterator[int]:
    """For each of the sorted keys the position of the longest other key that it starts with, or -1."""
    open_keys: list[int] = []
    for position, key in enumerate(keys):
        while open_keys and not key.startswith(keys[open_keys[-1]]):
            open_keys.pop()
        yield open_keys[-1] if open_keys else -1
        open_keys.append(position)


def _runs(part: str, size: int) -> list[str]:
    return [part[i : i + size] for i in range(len(part) - size + 1)]
