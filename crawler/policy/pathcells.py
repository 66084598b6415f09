"""One path for every way in which a set of path patterns can match: no sampling.

Patterns (RFC 9309 2.2.3) are small automata. Their product is walked breadth first, octet by octet, and for each
combination of patterns that some path matches the shortest such path is kept. Two policy sets that agree on these paths
agree on every path that has one reading.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from ..patterns import Pattern

__all__ = ["MAX_STATES", "PathsTooMany", "representatives"]

MAX_STATES: Final = 60_000
"""How many combinations of patterns are looked at, at most."""
_TOKEN: Final = re.compile(r"%[0-9A-F]{2}|.")
_SPARE: Final = "zqxjkvwy0123456789"
"""Octets that stand for every octet which no pattern names."""
_ANY: Final = "*"

State = tuple[frozenset[int], ...]


class PathsTooMany(Exception):
    """The patterns combine in more ways than are enumerated."""


class _Automaton:
    """One pattern: a chain of tokens, `*` staying where it is; a set of positions is a state."""

    def __init__(self, pattern: Pattern) -> None:
        body = _ANY.join(pattern.parts)
        self.tokens: list[str] = _TOKEN.findall(body)
        if not pattern.anchored:
            self.tokens.append(_ANY)
        self.start = self._closed({0})

    def _closed(self, positions: Iterable[int]) -> frozenset[int]:
        """The positions, and those behind a `*` that matches nothing."""
        found = set(positions)
        for position in sorted(found):
            at = position
            while at < len(self.tokens) and self.tokens[at] == _ANY:
                at += 1
                found.add(at)
        return frozenset(found)

    def step(self, state: frozenset[int], token: str) -> frozenset[int]:
        """The state after one more octet."""
        if not state:
            return state
        moved = set()
        for position in state:
            if position < len(self.tokens):
                if self.tokens[position] == _ANY:
                    moved.add(position)
                elif self.tokens[position] == token:
                    moved.add(position + 1)
        return self._closed(moved)

    def accepts(self, state: frozenset[int]) -> bool:
        """Whether the octets so far match."""
        return len(self.tokens) in state


def representatives(patterns: Sequence[str]) -> list[str]:
    """The shortest path of each combination of matching patterns, `/` first; PathsTooMany beyond MAX_STATES states."""
    automata = [_Automaton(Pattern(text)) for text in dict.fromkeys(patterns)]
    alphabet = _alphabet(automata)
    found: dict[tuple[bool, ...], str] = {}
    for state, path in _walk(automata, alphabet):
        found.setdefault(tuple(a.accepts(s) for a, s in zip(automata, state, strict=True)), path)
    return list(found.values())


def _alphabet(automata: Iterable[_Automaton]) -> list[str]:
    """Every octet that a pattern names, and one that none does."""
    named = {token for automaton in automata for token in automaton.tokens} - {_ANY}
    spare = next((octet for octet in _SPARE if octet not in named), "~")
    return [spare, *sorted(named)]


def _walk(automata: Sequence[_Automaton], alphabet: Sequence[str]) -> Iterator[tuple[State, str]]:
    """Every reachable state of the product with the shortest path to it; all paths begin with `/`."""
    first = tuple(automaton.step(automaton.start, "/") for automaton in automata)
    seen = {first}
    queue: deque[tuple[State, str]] = deque([(first, "/")])
    while queue:
        state, path = queue.popleft()
        yield state, path
        for token in alphabet:
            after = tuple(a.step(s, token) for a, s in zip(automata, state, strict=True))
            if after not in seen:
                if len(seen) >= MAX_STATES:
                    raise PathsTooMany
                seen.add(after)
                queue.append((after, path + token))
