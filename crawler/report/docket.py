"""The docket of a notice: received, entered, in force for each session, and what was refused and fetched around it.

Read from the ledger alone, in two passes: a notice may be entered after the fetches that it speaks of. What the ledger
cannot know it says: nothing is on record before its first `open`, and platforms that no policy named yet stand under
tags, which counsel's key is needed to read.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from ..ledger.entry import Entry
from ..ledger.query import Reader
from ..ledger.seal import Opener

__all__ = ["STAGES", "Docket", "NoticeFacts", "SessionFacts", "Stage", "dockets", "stage_of"]

Stage = Literal["links not followed", "requests stopped", "ways round the gates"]
STAGES: Final[tuple[Stage, ...]] = get_args(Stage)
_BY_GATE: Final[dict[str, Stage]] = {"early": "links not followed", "process": "ways round the gates"}


def stage_of(gate: str) -> Stage:
    """What a refusal stopped: a dropped link is not an attempt, and an attempt round the gates is not a request."""
    return _BY_GATE.get(gate, "requests stopped")


@dataclass
class NoticeFacts:
    """What the ledger says of a notice itself; instants in microseconds since 1970, 0 where it does not say."""

    received_at: int = 0
    entered_at: int = 0
    assumed: bool = False
    """Whether the instant of receipt is the earliest that the sources allow, and not known."""
    addressed: str = ""
    platforms: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


@dataclass
class SessionFacts:
    """One session under one docket."""

    w: str
    spider: str
    opened: int
    in_force: int = 0
    """When the session put the notice into force; 0 where it never did."""
    vanished: int = 0
    """When the session found that the notice, in force in an earlier one, is gone from the documents."""
    last_permit_before: int = 0
    fetches_between: int = 0
    """Permits for the notice's platforms from its receipt until it was in force here."""
    fetches_after: int = 0
    refused: dict[Stage, int] = field(default_factory=dict)


@dataclass
class Docket:
    """Everything that is filed under one id."""

    name: str
    first_open: int
    notice: NoticeFacts | None = None
    sessions: list[SessionFacts] = field(default_factory=list)
    spiders_without: list[str] = field(default_factory=list)
    """Spiders of the project, as far as details name them, of which no session had the notice in force."""

    @property
    def unrecorded(self) -> tuple[int, int] | None:
        """The time from receipt to the ledger's first `open`, of which there is no record; None where there is none."""
        received = self.notice.received_at if self.notice else 0
        return (received, self.first_open) if 0 < received < self.first_open else None

    def refused(self, stage: Stage) -> int:
        """Refusals of all sessions."""
        return sum(session.refused.get(stage, 0) for session in self.sessions)


def dockets(reader: Reader, openers: Sequence[Opener] = (), name: str = "") -> list[Docket]:
    """The dockets of a ledger, notices first, or the one called `name`; an empty list where there is none."""
    files: dict[str, Docket] = {}
    known: set[str] = set()
    first_open = 0
    for _, entry, details in reader.entries(openers):
        first_open = first_open or entry.t
        known.update((details or {}).get("spiders", ()) if entry.k == "open" else ())
        if entry.docket and entry.k in ("notice", "refuse") and name in ("", entry.docket):
            docket = files.setdefault(entry.docket, Docket(entry.docket, first_open))
            if entry.k == "notice":
                docket.notice = _notice(entry, details, docket.notice)
    _second_pass(reader, openers, files)
    for docket in files.values():
        docket.sessions = [session for session in docket.sessions if _concerns(session)]
        forced = {session.spider for session in docket.sessions if session.in_force}
        docket.spiders_without = sorted(known - forced) if docket.notice else []
    return sorted(files.values(), key=lambda docket: (docket.notice is None, docket.name))


def _notice(entry: Entry, details: dict[str, Any] | None, before: NoticeFacts | None) -> NoticeFacts:
    """The facts of a notice; the first entry's instants stand, since a later one must not move them."""
    facts = entry.facts
    now = NoticeFacts(
        int(facts.get("received_at", 0)),
        int(facts.get("entered_at", 0)) or entry.t,
        bool(facts.get("assumed", 0)),
        str(facts.get("addressed", "")),
        tuple(entry.platforms),
        tuple((details or {}).get("domains", ())),
    )
    if before is None:
        return now
    before.platforms = tuple(dict.fromkeys(before.platforms + now.platforms))
    before.domains = tuple(dict.fromkeys(before.domains + now.domains))
    before.received_at = min(filter(None, (before.received_at, now.received_at)), default=0)
    return before


def _second_pass(reader: Reader, openers: Sequence[Opener], files: dict[str, Docket]) -> None:
    rows: dict[str, dict[str, SessionFacts]] = {}
    names: dict[str, dict[str, list[Docket]]] = {}
    for _, entry, details in reader.entries(openers):
        if entry.w not in rows:
            spider = str((details or {}).get("spider", ""))
            rows[entry.w] = {docket: SessionFacts(entry.w, spider, entry.t) for docket in files}
            names[entry.w] = _names(files.values(), functools.partial(reader.tag, openers, entry.w))
            for docket in files.values():
                docket.sessions.append(rows[entry.w][docket.name])
        mine = rows[entry.w]
        if entry.k == "notice" and entry.docket in mine:
            _force(mine[entry.docket], entry)
        elif entry.k == "refuse" and entry.docket in mine:
            refused = mine[entry.docket].refused
            requests = int(entry.facts.get("requests", 1))  # a purge records all that it takes out in one entry
            refused[stage_of(entry.gate)] = refused.get(stage_of(entry.gate), 0) + requests
        elif entry.k == "permit":
            for docket in {id(d): d for name in entry.platforms for d in names[entry.w].get(name, ())}.values():
                _permit(docket, mine[docket.name], entry.t)


def _names(files: Iterable[Docket], tag: Callable[[str], str]) -> dict[str, list[Docket]]:
    """Under which names a session's permits concern which notice: its platforms, and the tags of its domains."""
    result: dict[str, list[Docket]] = {}
    for docket in files:
        if docket.notice:
            for name in (*docket.notice.platforms, *filter(None, map(tag, docket.notice.domains))):
                result.setdefault(name, []).append(docket)
    return result


def _force(session: SessionFacts, entry: Entry) -> None:
    """In force from its first entry; one that says `vanished` says that the documents no longer hold it."""
    if entry.facts.get("vanished"):
        session.vanished = entry.t
    else:
        session.in_force = session.in_force or entry.t


def _permit(docket: Docket, session: SessionFacts, t: int) -> None:
    if session.in_force:
        session.fetches_after += 1
        return
    session.last_permit_before = t
    received = docket.notice.received_at if docket.notice else 0
    session.fetches_between += t >= received


def _concerns(session: SessionFacts) -> bool:
    return bool(
        session.in_force or session.vanished or session.last_permit_before or session.fetches_after or session.refused
    )
