"""The docket of a notice: received, entered, in force for each session, and what was refused and fetched around it.

Read from the ledger alone, in two passes: a notice may be entered after the fetches that it speaks of. What the ledger
cannot know it says: nothing is on record before its first `open`, and platforms that no policy named yet stand under
tags, which counsel's key is needed to read.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from ..ledger.entry import Entry
from ..ledger.opener import Opener
from ..ledger.query import Reader

__all__ = ["STAGES", "Docket", "NoticeFacts", "SessionFacts", "Stage", "dockets", "figure", "stage_of"]

Stage = Literal["links not followed", "requests stopped", "attempts that went round the gates"]
"""How far a refused fetch had come: these are counted apart."""
STAGES: Final[tuple[Stage, ...]] = get_args(Stage)
"""In the order in which they are shown."""
_BY_GATE: Final[dict[str, Stage]] = {"early": "links not followed", "process": "attempts that went round the gates"}


def stage_of(gate: str) -> Stage:
    """What a refusal stopped: a dropped link is not an attempt, and an attempt round the gates is not a request."""
    return _BY_GATE.get(gate, "requests stopped")


def figure(entry: Entry, name: str, otherwise: int = 0) -> int:
    """A fact that is a figure; what else a forged entry says there counts as not said."""
    value = entry.facts.get(name, otherwise)
    return value if isinstance(value, int) else otherwise


@dataclass
class NoticeFacts:
    """What the ledger says of a notice itself; instants in microseconds since 1970, 0 where it does not say."""

    received_at: int = 0
    entered_at: int = 0
    """When its document says that it was entered, else when the ledger first heard of it."""
    dated: bool = False
    """Whether its document says so."""
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
    role: str = "crawl"
    """`crawl`, or `process`: what the process gate records has a session of its own, which holds no notices."""
    sealed: bool = False
    """Whether its details are sealed to counsel; otherwise they were not kept, and nobody can open them."""
    in_force: int = 0
    """When the session put the notice into force, by the certificate of the change where there is one; 0: never."""
    idle: int = 0
    """Since when it refuses nothing here: withdrawn, suspended, not yet or no longer in force; 0: it does."""
    vanished: int = 0
    """When the session found that the notice, in force in an earlier one, is gone from the documents."""
    last_permit_before: int = 0
    fetches_between: int = 0
    """Permits for the notice's platforms from its receipt until it was in force here."""
    fetches_after: int = 0
    """Permits for the notice's platforms while it was in force here; the record does not hold why."""
    fetches_idle: int = 0
    """The same while it was idle."""
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
    spiders_known: bool = False
    """Whether any details that a key opened name the project's spiders."""

    @property
    def unrecorded(self) -> tuple[int, int] | None:
        """The time from receipt to the ledger's first `open`, of which there is no record; None where there is none."""
        received = self.notice.received_at if self.notice else 0
        return (received, self.first_open) if 0 < received < self.first_open else None

    @property
    def tells(self) -> bool:
        """Whether anything was refused or fetched under it, or it has vanished."""
        return any(
            session.refused or session.last_permit_before or session.fetches_after or session.fetches_idle
            or session.vanished for session in self.sessions
        )  # fmt: skip

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
        docket.spiders_known = bool(known)
    return sorted(files.values(), key=lambda docket: (docket.notice is None, docket.name))


def _notice(entry: Entry, details: dict[str, Any] | None, before: NoticeFacts | None) -> NoticeFacts:
    """The facts of a notice; the first entry's instants stand, since a later one must not move them."""
    facts = entry.facts
    now = NoticeFacts(
        figure(entry, "received_at"),
        figure(entry, "entered_at") or entry.t,
        "entered_at" in facts,
        bool(figure(entry, "assumed")),
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
    certificates: dict[str, _Certificates] = {}
    for _, entry, details in reader.entries(openers):
        if entry.w not in rows:
            rows[entry.w] = _rows(files, entry, str((details or {}).get("spider", "")))
            names[entry.w] = _names(files.values(), functools.partial(reader.tag, openers, entry.w))
        mine, named = rows[entry.w], names[entry.w]
        certificates.setdefault(entry.w, _Certificates()).see(entry)
        if entry.k == "notice" and entry.docket in mine:
            _force(mine[entry.docket], entry)
        elif entry.k == "refuse":
            for docket in _filed(entry, named) & mine.keys():
                refused = mine[docket].refused
                requests = figure(entry, "requests", 1)  # a purge records all that it takes out in one entry
                refused[stage_of(entry.gate)] = refused.get(stage_of(entry.gate), 0) + requests
        elif entry.k == "permit":
            for concerned in {id(d): d for name in entry.platforms for d in named.get(name, ())}.values():
                _permit(concerned, mine[concerned.name], entry.t)
    for w, mine in rows.items():
        for name, session in mine.items():
            certificates[w].date(name, session)


def _rows(files: dict[str, Docket], entry: Entry, spider: str) -> dict[str, SessionFacts]:
    """A row under each docket for a session that opens."""
    role, sealed = str(entry.facts.get("role", "")), entry.facts.get("sealed_to", "nobody") != "nobody"
    rows = {docket: SessionFacts(entry.w, spider, entry.t, role, sealed) for docket in files}
    for docket in files.values():
        docket.sessions.append(rows[docket.name])
    return rows


def _filed(entry: Entry, named: Mapping[str, Sequence[Docket]]) -> set[str]:
    """The dockets of a refusal: its own; for an attempt that documents did not judge, the notices of its platforms."""
    if entry.gate == "process" and entry.docket.startswith("house:"):
        return {entry.docket, *(docket.name for name in entry.platforms for docket in named.get(name, ()))}
    return {entry.docket}


@dataclass
class _Certificates:
    """When each revision of one session took force, and which revisions are known to hold which notice."""

    in_force: dict[int, int] = field(default_factory=dict)
    holding: dict[str, set[int]] = field(default_factory=dict)

    def see(self, entry: Entry) -> None:
        """A certificate dates its revision; a notice's entry, and a refusal under it, say that theirs holds it."""
        if entry.k == "policy" and "in_force" in entry.facts:
            self.in_force.setdefault(entry.rev, figure(entry, "in_force"))
        elif entry.k in ("notice", "refuse") and entry.docket and entry.rev:
            self.holding.setdefault(entry.docket, set()).add(entry.rev)

    def date(self, docket: str, session: SessionFacts) -> None:
        """A notice's own entry may stand a moment after the change; where a permit contradicts that, it stands."""
        for rev in self.holding.get(docket, ()):
            moment = self.in_force.get(rev, 0)
            if session.last_permit_before < moment < session.in_force:
                session.in_force = moment


def _names(files: Iterable[Docket], tag: Callable[[str], str]) -> dict[str, list[Docket]]:
    """Under which names a session's permits concern which notice: its platforms, and the tags of its domains."""
    result: dict[str, list[Docket]] = {}
    for docket in files:
        if docket.notice:
            for name in (*docket.notice.platforms, *filter(None, map(tag, docket.notice.domains))):
                result.setdefault(name, []).append(docket)
    return result


def _force(session: SessionFacts, entry: Entry) -> None:
    """In force from its first entry that is not `idle`; `vanished` says that the documents no longer hold it."""
    if "vanished" in entry.facts:
        session.vanished = entry.t
    elif "idle" in entry.facts:
        session.idle = session.idle or entry.t
    else:
        session.idle, session.in_force = 0, session.in_force or entry.t


def _permit(docket: Docket, session: SessionFacts, t: int) -> None:
    if session.idle:
        session.fetches_idle += 1
        return
    if session.in_force:
        session.fetches_after += 1
        return
    session.last_permit_before = t
    received = docket.notice.received_at if docket.notice else 0
    session.fetches_between += t >= received


def _concerns(session: SessionFacts) -> bool:
    held = session.in_force or session.idle or session.vanished
    return bool(held or session.last_permit_before or session.refused)
