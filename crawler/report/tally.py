"""What a ledger adds up to, in one pass: counts by platform, basis, rule, docket, spider and time.

URLs are counted only where `urls` asks for them and counsel's key opens them. Instants are microseconds since 1970.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from ..ledger.entry import Entry
from ..ledger.opener import Opener
from ..ledger.query import Reader
from .docket import Docket, figure, stage_of

__all__ = ["DAY", "NO_POLICY", "SEALED", "Cell", "Pair", "SessionRow", "Tally", "UrlRow", "spans", "tally"]

NO_POLICY: Final = "no policy names it"
"""Stands for the platforms that no document names: the ledger knows them as keyed tags."""
SEALED: Final = "sealed"
"""Stands for what only counsel's key opens: a spider's name, a docket that names a host."""
_STEPS: Final = tuple(
    [n * unit for unit in (1_000, 10_000, 100_000, 1_000_000, 10_000_000) for n in (1, 2, 5)]
    + [n * 60_000_000 for n in (1, 2, 5, 10, 30)]
    + [n * 3_600_000_000 for n in (1, 2, 6, 12)]
    + [n * 86_400_000_000 for n in (1, 2, 7, 30, 90, 365)]
)
_BINS: Final = 72
DAY: Final = 86_400_000_000
"""Microseconds of a day."""


class Cell(NamedTuple):
    """What refusals that are counted together have in common."""

    platforms: str
    basis: str
    rule: str
    docket: str
    stage: str
    spider: str


class UrlRow(NamedTuple):
    """The same for one URL, which counsel's key opened."""

    url: str
    basis: str
    rule: str


@dataclass
class Pair:
    """Requests permitted and refused."""

    permitted: int = 0
    refused: int = 0

    def add(self, entry: Entry, requests: int) -> None:
        """Count one entry."""
        if entry.k == "permit":
            self.permitted += requests
        else:
            self.refused += requests


@dataclass
class SessionRow:
    """One session of a crawl, or of the process gate."""

    w: str
    role: str
    spider: str
    opened: int
    last: int
    closed: bool = False
    sealed_to: str = ""
    counts: Pair = field(default_factory=Pair)


@dataclass
class Tally:
    """All counts of one ledger. A request that concerns two platforms counts for each of them in `platforms`."""

    first: int = 0
    last: int = 0
    step: int = 1_000_000
    """The width of a bin of time, microseconds."""
    total: Pair = field(default_factory=Pair)
    cells: Counter[Cell] = field(default_factory=Counter)
    platforms: dict[str, Pair] = field(default_factory=dict)
    bases: Counter[str] = field(default_factory=Counter)
    spiders: dict[str, Pair] = field(default_factory=dict)
    days: dict[int, Pair] = field(default_factory=dict)
    """By the day's number since 1970, UTC."""
    bins: dict[int, Pair] = field(default_factory=dict)
    """By (t - first) // step."""
    around: dict[str, dict[int, Pair]] = field(default_factory=dict)
    """For each notice, by (t - in force) // step: bin -1 ends, and bin 0 begins, at the moment of force."""
    forces: dict[str, int] = field(default_factory=dict)
    sessions: list[SessionRow] = field(default_factory=list)
    urls: Counter[UrlRow] = field(default_factory=Counter)


def spans(first: int, last: int) -> int:
    """A round step, microseconds, that cuts the time from `first` to `last` into at most 72 bins."""
    wanted = max(0, last - first) / _BINS
    return next((step for step in _STEPS if step >= wanted), _STEPS[-1])


def tally(
    reader: Reader, openers: Sequence[Opener], files: Sequence[Docket], span: tuple[int, int], *, urls: bool = False
) -> Tally:
    """Count every entry of a ledger that lasts for `span`; `files` are its dockets."""
    result = Tally(span[0], span[1], spans(*span))
    result.forces = {docket.name: force for docket in files if docket.notice and (force := _force(docket))}
    pass_ = _Pass(result, reader, openers, files, urls=urls)
    for _, entry, details in reader.entries(openers):
        pass_.add(entry, details or {})
    return result


def _force(docket: Docket) -> int:
    """When the first session put a notice into force; 0 where none did."""
    return min((session.in_force for session in docket.sessions if session.in_force), default=0)


class _Pass:
    """One walk over the entries in order."""

    def __init__(
        self, result: Tally, reader: Reader, openers: Sequence[Opener], files: Sequence[Docket], *, urls: bool
    ) -> None:
        self._result, self._reader, self._openers, self._urls = result, reader, openers, urls
        self._files = [docket for docket in files if docket.name in result.forces]
        self._rows: dict[str, SessionRow] = {}
        self._notices: dict[str, dict[str, list[str]]] = {}

    def add(self, entry: Entry, details: Mapping[str, Any]) -> None:
        """Count one entry."""
        row = self._rows.get(entry.w) or self._open(entry, details)
        row.last, row.closed = entry.t, entry.k == "close"
        if entry.k not in ("permit", "refuse"):
            return
        result, requests = self._result, figure(entry, "requests", 1)
        names = _names(entry)
        day, place = entry.t // DAY, (entry.t - result.first) // result.step
        for pair in (
            result.total,
            row.counts,
            result.spiders.setdefault(row.spider, Pair()),
            result.days.setdefault(day, Pair()),
            result.bins.setdefault(place, Pair()),
            *(result.platforms.setdefault(name, Pair()) for name in names),
        ):
            pair.add(entry, requests)
        self._around(entry, requests)
        if entry.k == "refuse":
            self._refuse(entry, details, ", ".join(names), row.spider, requests)

    def _open(self, entry: Entry, details: Mapping[str, Any]) -> SessionRow:
        role = str(entry.facts.get("role", ""))
        row = SessionRow(entry.w, role, str(details.get("spider") or SEALED), entry.t, entry.t)
        row.sealed_to = str(entry.facts.get("sealed_to", ""))
        self._rows[entry.w] = row
        if role != "reader":
            self._result.sessions.append(row)
        notices: dict[str, list[str]] = {}
        for docket in self._files:
            known = docket.notice
            tags = (self._reader.tag(self._openers, entry.w, name) for name in (known.domains if known else ()))
            for name in (*(known.platforms if known else ()), *filter(None, tags)):
                notices.setdefault(name, []).append(docket.name)
        self._notices[entry.w] = notices
        return row

    def _around(self, entry: Entry, requests: int) -> None:
        """Permits for a notice's platforms, and refusals filed under it, by the time from its force."""
        if entry.k == "permit":
            mine = self._notices[entry.w]
            dockets = {docket for name in entry.platforms for docket in mine.get(name, ())}
        else:
            dockets = {entry.docket} & self._result.forces.keys()
        for docket in dockets:
            place = (entry.t - self._result.forces[docket]) // self._result.step
            if entry.k == "refuse":
                place = max(place, 0)  # what is filed under a notice obeys it: its entry may follow a moment later
            self._result.around.setdefault(docket, {}).setdefault(place, Pair()).add(entry, requests)

    def _refuse(self, entry: Entry, details: Mapping[str, Any], names: str, spider: str, requests: int) -> None:
        docket = SEALED if entry.docket.startswith("~") else entry.docket
        result = self._result
        result.cells[Cell(names, entry.basis, entry.rule, docket, stage_of(entry.gate), spider)] += requests
        result.bases[entry.basis or "not said"] += requests
        if self._urls:
            for url in [*filter(None, [details.get("url")]), *details.get("urls", ())]:
                result.urls[UrlRow(str(url), entry.basis, entry.rule)] += 1


def _names(entry: Entry) -> list[str]:
    """The platforms that policies name; one word for all those that none does."""
    return sorted({NO_POLICY if name.startswith("~") else name for name in entry.platforms}) or [NO_POLICY]
