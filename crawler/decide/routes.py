"""Indirect routes: the targets that a URL makes somebody else fetch for you.

Any host: a whole URL in the path (`/https://site.test/x`), as the whole query, or in a parameter that makes the far
side fetch (`url`, `src`, `image`, ...), written plainly, percent-encoded, or in base64; in hexadecimal in parameters
and at carriers that are known for it.
Known carriers (carriers.py): by their own grammar, bare hosts included. Routes within routes are followed.

Whoever writes a link decides how much there is to read in it, and it is the event loop of a crawl that reads: every
text is read once, and what has more layers, levels or targets than the limits below is refused unread.

What passes, since the next hop is judged when it comes: `ref`, `utm_*`, and parameters of sharing and redirecting
(`redirect`, `next`, `return_to`, ...), and every other name that is not in the list below. Finding too much costs
nothing: a route refuses only where its target is refused.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote, unquote_plus

import msgspec

from ..urls import Target, read
from .carriers import Carrier, carriers_of

__all__ = ["FETCHING", "MAX_DEPTH", "Route", "asks_oddly", "carries", "may_carry", "routes"]

MAX_DEPTH: Final = 4
"""Routes within routes that are followed; one that goes deeper is refused."""
MAX_DECODING: Final = 10
"""Layers of percent-encoding that are taken off; what has more is refused."""
MAX_ROUTES: Final = 64
"""Texts of one URL that are read as targets, at whatever depth; a URL that names more is refused."""
MAX_READ: Final = 1 << 17
"""Characters of all these texts together; a URL that has more is refused."""

_FETCHING_WORDS: Final = """
url urls u uri src image img images target proxy imageurl imgurl imageuri imgsrc imagesrc srcurl sourceurl originurl
targeturl proxyurl fetch fetchurl remote remoteurl remotefile mediaurl videourl audiourl photourl pictureurl thumburl
thumbnailurl posterurl fileurl pdfurl docurl pageurl weburl websiteurl siteurl feed feedurl rss rssurl xmlurl jsonurl
dataurl importurl loadurl downloadurl openurl geturl requesturl resource resourceurl upstream origurl original
originalurl webpage
"""
FETCHING: Final = frozenset(_FETCHING_WORDS.split())
"""Names of parameters, letters and digits only and small, that make the far side fetch."""

_SCHEME: Final = re.compile(r"https?:", re.IGNORECASE)
_URL_IN_TEXT: Final = re.compile(r"https?:[/\\]*+[^/\\\s\"'<>|,;)}\]]", re.IGNORECASE)
_BARE_HOST: Final = re.compile(
    r"(?:[^\s/?#@:\\]+@)?[^\s/?#@:\\]+[.\u3002\uff0e\uff61][^\s/?#@:\\.]+\.?(?::\d+)?(?=[/?#]|$)|\[[0-9a-f:.]+\]",
    re.IGNORECASE,
)
"""`site.test`, `user@site.test:80`, `[::1]`; the dots of IDNA (RFC 3490 3.1) are dots."""
_BASE64: Final = re.compile(r"aHR0c[A-Za-z0-9+/_-]{6,}={0,2}")
_HEX: Final = re.compile(r"68747470(?:73)?3a(?:[0-9a-f]{2}){4,}", re.IGNORECASE)
_PARAMETER: Final = re.compile(r"[&;]")
_NAME: Final = re.compile(r"[^a-z0-9]+")
_ESCAPE: Final = re.compile(r"%(?:2[5fFeE6]|3[0-9aAbBdDfF]|[4-7])")
"""An escape that may hide a letter or sign of `https://`, of base64's `aHR0c`, between parameters, or of an escape."""
_AMP: Final = re.compile(r"/(?:[a-z]+/(?:[a-z]+\d+/)?)?(?:s/)?([^/]+\.[^/]+)(/.*)?", re.IGNORECASE)
_FIRST_LABEL: Final = re.compile(r"[0-9a-z-]+")


class Route(msgspec.Struct, frozen=True):
    """One target within a URL."""

    via: str
    """The target as found, for messages."""
    hosts: tuple[str, ...]
    """Every host that some reader sees in it."""
    path: str = "/"
    raw_path: str = "/"
    trouble: str = ""
    """Why the route cannot be followed to its end."""


def carries(host: str) -> bool:
    """Whether a host is a known carrier, so that every URL of it needs a look."""
    return bool(carriers_of(host))


def asks_oddly(rest: str) -> bool:
    """Whether the query of path and query `rest` holds what a target is made of, besides `%`, `:` and base64.

    Quick, for the query that has nothing of the sort: the address of a host has a dot, a colon (IPv6) or, where a
    number stands for it, slashes in front. `rest` holds a `?`.
    """
    _, query = rest.split("?", 1)
    return "." in query or "/" in query or "\\" in query or "8747470" in query or not query.isascii()


def may_carry(rest: str) -> bool:
    """Whether path and query of a plain host need a look; quick, and never False where `routes` would find one."""
    if ("%" in rest and _ESCAPE.search(rest)) or "HR0c" in rest:
        return True
    if ":" in rest and (_SCHEME.search(rest) or not rest.isprintable()):
        return True  # a reader leaves out tabs and line ends, also those within `https:`
    if "?" not in rest or not ("%" in rest or ":" in rest or asks_oddly(rest)):
        return False
    parameters = (part.partition("=") for part in _PARAMETER.split(rest.partition("?")[2]))
    return any(equals and _fetches(name) for name, equals, _ in parameters)


def _fetches(name: str) -> bool:
    """Whether the parameter of this name makes the far side fetch, however it is spelt."""
    return _NAME.sub("", _plain(name).lower().partition("[")[0]) in FETCHING


class _Endless(Exception):
    """There is more to read than anybody writes who wants to be understood; the text says of what."""


class _Search:
    """What is found in one URL: each text is read once, whatever names it, and all of them share one budget."""

    __slots__ = ("_inner", "_left", "_places", "found")

    def __init__(self) -> None:
        self.found: list[tuple[str, Target | None]] = []
        """Each text and the target that it is; None where it is none."""
        self._left = MAX_READ
        self._places: dict[str, int] = {}
        """Where in `found` a text stands."""
        self._inner: dict[int, dict[int, None]] = {}
        """By the place of a target, those of the targets within it."""

    def within(self, place: int) -> dict[int, None]:
        """The places of the targets that one target names, in their order."""
        held = self._inner.get(place)
        if held is None:
            _, target = self.found[place]
            held = self._inner[place] = self.named_by(target) if target else {}
        return held

    def named_by(self, target: Target) -> dict[int, None]:
        """The places of what a target names."""
        return {place: None for place in map(self._place, _texts(target)) if self.found[place][1]}

    def _place(self, text: str) -> int:
        place = self._places.get(text)
        if place is None:
            place = self._places[text] = len(self.found)
            if place >= MAX_ROUTES:
                raise _Endless(f"it names more than {MAX_ROUTES} targets")
            self._left -= len(text)
            if self._left < 0:
                raise _Endless(f"the targets that it names are longer than {MAX_READ:,} characters together")
            self.found.append((text, _read(text)))
        return place


def routes(target: Target) -> tuple[Route, ...]:
    """Every target that the URL names on the way, however deep, each once, the nearest first."""
    search = _Search()
    trouble = ""
    try:
        _follow(search, target)
    except _Endless as endless:
        trouble = str(endless)
    found: dict[tuple[object, ...], Route] = {}
    for text, inner in search.found:
        if inner:
            route = Route(text[:200], inner.hosts, inner.path or "/", inner.raw_path or "/")
            found.setdefault((route.hosts, route.path), route)
    ways = tuple(found.values())
    return (*ways, Route(target.url[:200], (), trouble=trouble)) if trouble else ways


def _follow(search: _Search, target: Target) -> None:
    """Look for targets breadth first; `_Endless` where the longest way from one to the next is too long."""
    level = search.named_by(target)
    for _ in range(MAX_DEPTH):
        if not level:
            return
        level = {inner: None for outer in level for inner in search.within(outer)}
    if level:
        raise _Endless(f"routes within routes go deeper than {MAX_DEPTH}")


def _read(text: str) -> Target | None:
    """A found text as a target; None where it is no URL with a host."""
    text = text.strip().replace("\\", "/")
    if _SCHEME.match(text):
        head, _, tail = text.partition(":")
        text = f"{head}://{tail.lstrip('/')}"  # archives and proxies take `https:/site.test` too
    else:
        text = "http://" + text.lstrip("/")
    target = read(text)
    return target if target.hosts else None


def _texts(target: Target) -> Iterator[str]:
    """Every text within a URL that may be a target."""
    carriers = carriers_of(target.host)
    for carrier in carriers:
        yield from _carried(carrier, target)
    seen = dict.fromkeys((target.path, target.raw_path))
    if not carriers and not any(map(may_carry, seen)):
        return
    for text in seen:
        path, mark, query = text.partition("?")
        yield from _in_path(path)
        if mark:
            yield from _in_query(query)


def _in_path(path: str) -> Iterator[str]:
    """The first whole URL in a path, in any spelling; what stands within that one is found when it is read."""
    for text in _decoded(path):
        if found := _URL_IN_TEXT.search(text):
            yield text[found.start() :]
        yield from _packed(text, _BASE64)


def _in_query(query: str) -> Iterator[str]:
    """Targets in fetching parameters, and a URL that is the whole query."""
    for part in _PARAMETER.split(query):
        name, equals, value = part.partition("=")
        if not equals or _SCHEME.match(_plain(name)):
            yield from (text for text in _decoded(part) if _SCHEME.match(text) or _BASE64.match(text))
        elif _fetches(name):
            yield from _in_value(value)
    for text in _decoded(query):
        if _SCHEME.match(text):
            yield text
            return
        if text != query and "=" in text:
            yield from _hidden_parameters(text)


def _hidden_parameters(text: str) -> Iterator[str]:
    """Fetching parameters that only show once separators are decoded."""
    for part in _PARAMETER.split(text):
        name, equals, value = part.partition("=")
        if equals and _NAME.sub("", name.lower().partition("[")[0]) in FETCHING:
            yield from _in_value(value)


def _in_value(value: str) -> Iterator[str]:
    """Targets in the value of a fetching parameter: whole, bare, or somewhere within."""
    for text in _decoded(value):
        bare = text.strip()
        for held in dict.fromkeys((bare, bare.strip("\"'[]{}"))):
            if held.startswith(("//", "\\\\", "/\\")) or _BARE_HOST.match(held):
                yield held
        yield from _whole_urls(text)


def _whole_urls(text: str) -> Iterator[str]:
    """Every URL with a scheme, in plain text, base64 or hexadecimal."""
    for found in _URL_IN_TEXT.finditer(text):
        yield text[found.start() :]
    yield from _packed(text, _BASE64, _HEX)


def _packed(text: str, *packings: re.Pattern[str]) -> Iterator[str]:
    """URLs with a scheme in base64 or hexadecimal."""
    for packing in packings:
        for found in packing.finditer(text):
            try:
                data = _base64(found[0]) if packing is _BASE64 else bytes.fromhex(found[0])
            except (ValueError, binascii.Error):
                continue
            yield data.decode("utf-8", "replace")


def _base64(text: str) -> bytes:
    """Either alphabet, with or without padding, a broken last group left out."""
    text = text.rstrip("=").replace("-", "+").replace("_", "/")
    text = text[: len(text) - (len(text) % 4 == 1)]
    return b64decode(text + "=" * (-len(text) % 4))


def _decoded(text: str) -> Iterator[str]:
    """The text, and what is left after each layer of percent-encoding; `_Endless` where there are too many."""
    yield text
    for _ in range(MAX_DECODING):
        if "%" not in text and "+" not in text:
            return
        plain = unquote_plus(text)
        if plain == text:
            return
        text = plain
        yield text
    if "%" in text and unquote(text) != text:
        raise _Endless(f"it is percent-encoded more than {MAX_DECODING} times")


def _plain(text: str) -> str:
    """A text with every layer of percent-encoding taken off."""
    *_, last = _decoded(text)
    return last


def _carried(carrier: Carrier, target: Target) -> Iterator[str]:
    """What one carrier's grammar finds."""
    match carrier.grammar:
        case "stands":
            yield from (f"https://{name}{target.path}" for name in carrier.names)
        case "tail":
            yield from _tail(target.path)
        case "query":
            yield from _named(carrier.names, target.path.partition("?")[2])
        case "amp":
            yield from _amp(target)
        case "label":
            yield from _label(carrier, target)
        case "hex":
            yield from _packed(target.path, _HEX)


def _tail(path: str) -> Iterator[str]:
    """The path from its first URL on, and from each segment on that looks like a host; the query goes with it."""
    head, mark, query = path.partition("?")
    for text in _decoded(head):
        if found := _URL_IN_TEXT.search(text):
            yield text[found.start() :] + mark + query
        segments = text.split("/")
        for number, segment in enumerate(segments):
            if "." in segment and _BARE_HOST.match(segment):
                yield "/".join(segments[number:]) + mark + query


def _named(names: tuple[str, ...], query: str) -> Iterator[str]:
    """The values of some parameters; `cache:ID:site.test/page` as search engines write it."""
    for part in _PARAMETER.split(query):
        name, _, value = part.partition("=")
        if _plain(name).lower() in names:
            text = _plain(value).removeprefix("cache:")
            head, colon, tail = text.partition(":")
            yield from _in_value(value)
            yield from _in_value(text.split()[0] if text.split() else "")
            if colon and "." not in head and not tail.startswith("//"):
                yield from _in_value(tail.split()[0] if tail.split() else "")


def _amp(target: Target) -> Iterator[str]:
    """`/c/s/site.test/page`, `/amp/s/site.test/page`."""
    path = target.path
    if target.host.endswith(("ampproject.org", "bing-amp.com", "ampproject.net", "cloudflare.com")) or path.startswith(
        "/amp/"
    ):
        for text in _decoded(path):
            found = _AMP.fullmatch(text.partition("?")[0])
            if found:
                yield found[1] + (found[2] or "")


def _label(carrier: Carrier, target: Target) -> Iterator[str]:
    """`www-site-test.translate.goog`: the label in front of the carrier's own name, hyphens undone."""
    for host in carrier.hosts:
        if target.host.endswith("." + host):
            label = target.host.removesuffix("." + host).rpartition(".")[2]
            if _FIRST_LABEL.fullmatch(label):
                yield label.replace("--", "\0").replace("-", ".").replace("\0", "-") + target.path
