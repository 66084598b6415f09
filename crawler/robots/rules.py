"""The rules of one agent, kept for many questions: which rule wins a path, and which one it beat."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from ..patterns import Pattern, PatternIndex
from .records import Kind, Record

__all__ = ["NO_RULE", "Answer", "Rules"]

_NONE: Final = (-1, 0)


class Answer(NamedTuple):
    """The most specific rule for a path, and the most specific one of the other effect; None where there is none."""

    winner: Record | None
    octets: int
    runner_up: Record | None
    runner_up_octets: int

    refuses: bool
    """Whether the path is forbidden; no rule at all allows (RFC 9309 2.2.2)."""


class Rules:
    """Allow and Disallow lines that are combined for one agent, in the order of the file."""

    def __init__(self, records: Iterable[Record]) -> None:
        allow, disallow = Kind.ALLOW, Kind.DISALLOW
        self.records = [r for r in records if r.value and (r.kind is allow or r.kind is disallow)]
        patterns = [Pattern(record.value) for record in self.records]
        self._allows = [record.kind is allow for record in self.records]
        self._index = PatternIndex(patterns)
        counts = dict.fromkeys([tuple(p.octets for p in patterns), tuple(p.encoded_octets for p in patterns)])
        self._counts = list(counts)
        """What decides between matching rules: most octets, then the earlier line. Two countings where some rule holds
        a `$` that is no anchor; a refusal by either one holds."""

    def answer(self, path: str) -> Answer:
        """Judge a normalised path: most octets win, a tie allows (2.2.2). Equal rules: the first one is named."""
        found = self._index.matching(path)
        if not found:
            return NO_RULE
        answer = self._weighed(found, self._counts[0])
        if answer.refuses or len(self._counts) == 1:
            return answer
        return self._weighed(found, self._counts[1])

    def _weighed(self, found: list[int], octets: tuple[int, ...]) -> Answer:
        """The winner by one counting."""
        allow = disallow = _NONE
        for position in found:
            weight = (octets[position], -position)
            if self._allows[position]:
                allow = max(allow, weight)
            else:
                disallow = max(disallow, weight)
        if disallow[0] > allow[0]:
            return Answer(*self._named(disallow), *self._named(allow), refuses=True)
        return Answer(*self._named(allow), *self._named(disallow), refuses=False)

    def _named(self, weight: tuple[int, int]) -> tuple[Record | None, int]:
        return (None, 0) if weight is _NONE else (self.records[-weight[1]], weight[0])


NO_RULE: Final = Answer(None, 0, None, 0, refuses=False)
"""The answer where nothing matches."""
