"""What was refused and permitted for one platform in one time, session by session, and what that rests on.

The time is a stretch of the ledger: from the first entry whose clock lies in it to the last one, and everything
between them counts, whatever its own clock says. In each session the counters of permitted requests before and after
the stretch differ by the permits in it: where they are equal there was none.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ..errors import UsageError
from ..ledger.entry import Entry
from ..ledger.opener import Opener
from ..ledger.query import Reader
from ..ledger.verify import when
from .docket import Stage, stage_of

__all__ = ["Absence", "Mark", "Permit", "Rule", "Span", "absence"]


class Mark(NamedTuple):
    """An entry that names the platform, with its session's counters after it: entries that permit, that refuse."""

    seq: int
    n: int
    t: int
    permitted: int
    refused: int
    permits: bool
    """Whether the entry itself is a permit, which its counter then holds."""


class Permit(NamedTuple):
    """A request that was let through."""

    seq: int
    w: str
    n: int
    t: int
    name: str
    """The platform's slug, or the tag under which the session spoke of one of its domains."""
    gate: str
    basis: str
    rule: str
    observed: bool
    """Whether it would have been refused, had DESIST_OBSERVE_UNTIL not been set."""


class Rule(NamedTuple):
    """What refusals that are counted together have in common."""

    stage: Stage
    basis: str
    rule: str
    docket: str


@dataclass
class Span:
    """One session, as far as it lies in the time."""

    w: str
    role: str
    opened: int
    open_seq: int
    spider: str = ""
    last: int = 0
    last_seq: int = 0
    closed: bool = False
    before: dict[str, Mark] = field(default_factory=dict)
    """By name: the last entry before the time that names the platform; none: the session had counted nothing yet."""
    inside: dict[str, Mark] = field(default_factory=dict)
    after: dict[str, Mark] = field(default_factory=dict)
    permits: Counter[str] = field(default_factory=Counter)

    @property
    def named(self) -> list[str]:
        """Under which names the session speaks of the platform."""
        return sorted({*self.before, *self.inside, *self.after})

    def grown(self, name: str) -> int:
        """By how much the counter of permits grew in the time."""
        start, after = self.before.get(name), self.after.get(name)
        end = after or self.inside.get(name) or start
        counted = end.permitted if end else 0
        return counted - (after is not None and after.permits) - (start.permitted if start else 0)


@dataclass
class Absence:
    """The answer for one platform and one ledger; instants in microseconds since 1970."""

    platform: str
    since: int
    until: int
    first_open: int
    last_entry: int
    size: int
    first_seq: int = 0
    """The stretch of the ledger, both ends included; `last_seq` is one less where no entry lies in the time."""
    last_seq: int = 0
    spans: list[Span] = field(default_factory=list)
    permits: list[Permit] = field(default_factory=list)
    refused: Counter[Rule] = field(default_factory=Counter)
    """Requests: one entry can speak of many that were taken out of a queue together."""
    refusals: list[int] = field(default_factory=list)
    """Places in the ledger of the entries that refuse."""
    tagged: int = 0
    """Permits in the time for hosts that no policy named, under tags that are not known to be the platform's or not."""
    told_apart: int = 0
    """Those among the others whose tags were compared with the platform's domains, and differ."""
    strays: int = 0
    """Entries of the stretch whose own clock lies outside the time."""
    open_before: list[Span] = field(default_factory=list)
    """Sessions without `close` whose last entry stands before the time: whether they went on is not on record."""
    domains: tuple[str, ...] = ()

    @property
    def unrecorded(self) -> tuple[int, int] | None:
        """The part of the time before the ledger's first `open`."""
        return (self.since, min(self.first_open, self.until)) if self.since < self.first_open else None

    def requests(self, stage: Stage) -> int:
        """Refused requests of one stage."""
        return sum(requests for rule, requests in self.refused.items() if rule.stage == stage)

    @property
    def names(self) -> list[str]:
        """The platform's slug, and the tags under which sessions spoke of its domains."""
        return sorted({self.platform, *(name for span in self.spans for name in span.named)})

    @property
    def rests_on(self) -> list[int]:
        """The entries that show the answer: of each session that names the platform its first, its last, its marks."""
        seqs = {permit.seq for permit in self.permits}
        for span in self.spans:
            if span.named:
                seqs |= {span.open_seq, span.last_seq}
            seqs |= {mark.seq for marks in (span.before, span.inside, span.after) for mark in marks.values()}
        return sorted(seqs)


def absence(
    reader: Reader,
    platform: str,
    since: int,
    until: int = 0,
    *,
    openers: Sequence[Opener] = (),
    domains: Sequence[str] = (),
    size: int = 0,
) -> Absence:
    """Read one ledger, or its first `size` entries; `until` 0 is the last one of them.

    With counsel's keys, permits under tags of `domains` count too.

    Raises UsageError where no entry names the platform (a slip of the pen must not look like a clean record), and where
    the whole of the time lies before the first entry or behind the last.
    """
    result = _stretch(reader, platform, since, until, size)
    result.domains = tuple(domains)
    walk = _Walk(reader, result, openers, domains)
    for seq, entry, details in reader.entries(openers):
        if seq > result.size:
            break
        walk.add(seq, entry, str((details or {}).get("spider", "")))
    walk.finish()
    return result


def _stretch(reader: Reader, platform: str, since: int, until: int, most: int) -> Absence:
    """Where in the ledger the time lies, and whether the ledger can speak of it at all."""
    first_open = last_entry = size = begins = first = last = 0
    names: set[str] = set()
    for seq, entry, _ in reader.entries():
        if most and seq > most:
            break
        first_open, last_entry, size = first_open or entry.t, max(last_entry, entry.t), seq
        names.update(entry.platforms)
        begins = begins or (seq if entry.t >= since else 0)
        if since <= entry.t <= (until or entry.t):
            first, last = first or seq, seq
    if platform not in names:
        known = ", ".join(sorted(name for name in names if not name.startswith("~"))) or "none"
        raise UsageError(f"no entry names a platform `{platform}`", help=f"named are: {known}")
    until = until or last_entry
    if until < first_open or since > last_entry:
        span = f"from {when(first_open)} to {when(last_entry)}"
        raise UsageError("nothing is on record of that time", help=f"the record reaches {span}")
    first = first or begins
    return Absence(platform, since, until, first_open, last_entry, size, first, max(last, first - 1))


class _Walk:
    """One pass over the entries in order."""

    def __init__(self, reader: Reader, result: Absence, openers: Sequence[Opener], domains: Sequence[str]) -> None:
        self._reader, self._result, self._openers, self._domains = reader, result, openers, domains
        self._spans: dict[str, Span] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self._comparable: dict[str, bool] = {}

    def add(self, seq: int, entry: Entry, spider: str) -> None:
        """The next entry."""
        span = self._spans.get(entry.w) or self._open(seq, entry, spider)
        span.last, span.last_seq, span.closed = entry.t, seq, entry.k == "close"
        result = self._result
        within = result.first_seq <= seq <= result.last_seq
        result.strays += within and not result.since <= entry.t <= result.until
        if within and entry.k == "permit":
            self._tagged(entry)
        for name in self._names[entry.w]:
            if name in entry.platforms:
                self._mark(span, name, seq, entry, within=within)

    def _open(self, seq: int, entry: Entry, spider: str) -> Span:
        role = str(entry.facts.get("role", ""))
        span = self._spans[entry.w] = Span(entry.w, role, entry.t, seq, spider)
        tag = functools.partial(self._reader.tag, self._openers, entry.w)
        tags = tuple(filter(None, map(tag, self._domains)))
        self._names[entry.w] = (self._result.platform, *tags)
        self._comparable[entry.w] = bool(self._domains) and len(tags) == len(self._domains)
        return span

    def _tagged(self, entry: Entry) -> None:
        """Count a permit for hosts that no policy named, unless its tag is one of the platform's."""
        if not all(name.startswith("~") for name in entry.platforms) or not entry.platforms:
            return
        if self._comparable[entry.w]:
            self._result.told_apart += not set(self._names[entry.w]).intersection(entry.platforms)
        else:
            self._result.tagged += 1

    def _mark(self, span: Span, name: str, seq: int, entry: Entry, *, within: bool) -> None:
        mark = Mark(seq, entry.n, entry.t, *entry.platforms[name], permits=entry.k == "permit")
        if within:
            span.inside[name] = mark
            self._count(span, name, seq, entry)
        elif seq < self._result.first_seq:
            span.before[name] = mark
        elif name not in span.after:
            span.after[name] = mark

    def _count(self, span: Span, name: str, seq: int, entry: Entry) -> None:
        result = self._result
        if entry.k == "permit":
            observed = bool(entry.facts.get("observed"))
            permit = Permit(seq, entry.w, entry.n, entry.t, name, entry.gate, entry.basis, entry.rule, observed)
            span.permits[name] += 1
            result.permits.append(permit)
        elif entry.k == "refuse":
            rule = Rule(stage_of(entry.gate), entry.basis, entry.rule, entry.docket)
            result.refused[rule] += int(entry.facts.get("requests", 1))
            result.refusals.append(seq)

    def finish(self) -> None:
        """Keep the sessions that reach into the time, without those that only read (and name no platform)."""
        result = self._result
        for span in self._spans.values():
            if span.role == "reader" and not span.named:
                continue
            if span.open_seq <= result.last_seq and span.last_seq >= result.first_seq:
                result.spans.append(span)
            elif not span.closed and span.last_seq < result.first_seq:
                result.open_before.append(span)
