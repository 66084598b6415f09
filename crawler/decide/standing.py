"""How one host stands with a policy set at one instant: which rules reach it, and what they say of a path."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import unquote

import msgspec

from ..model import ALL_PURPOSES, Basis, Place, Purpose, Reason
from ..patterns import normalise_path
from ..policy.policyset import PolicySet
from ..policy.rules import NEVER, Filing, Permit, PlatformRecord, Reach, Rule
from .options import Options
from .state import Cover, alive, cover_of

__all__ = ["Finding", "Question", "Standing", "readings_of"]

_OURS: Final = frozenset({Basis.COURT_ORDER, Basis.REGULATOR_ORDER, Basis.NOTICE})


class Question(msgspec.Struct, frozen=True):
    """What every URL of a crawl is asked with."""

    purposes: frozenset[Purpose]
    """All of them where none was declared."""
    declared: bool
    agent: str
    options: Options
    known_at: int


class Finding(msgspec.Struct, frozen=True):
    """What documents say of one host and path."""

    reasons: tuple[Reason, ...] = ()
    """Lifted ones included."""
    platforms: tuple[str, ...] = ()
    docket: str = ""
    filed: str = ""


class _Live(msgspec.Struct, frozen=True):
    """A rule in force on this host, with the permissions that may lift it."""

    rule: Rule
    cover: Cover
    platform: str
    docket: str
    filed: str
    permits: tuple[tuple[Permit, Cover], ...]


class Standing:
    """The rules of one host at one instant; good until `until` (microseconds)."""

    __slots__ = ("_filing", "_lives", "_whole", "broken", "platforms", "question", "since", "until")

    def __init__(self, policies: PolicySet, host: str, question: Question, at: int) -> None:
        self.question = question
        owners = [(policies.record(number), reach) for number, reach in policies.owners(host)]
        self._lives = [life for record, reach in owners for life in _lives(record, host, reach, question, at)]
        subject = [record for record, reach in owners if _is_subject(record, reach, self._lives)]
        self.platforms = tuple(sorted({record.slug for record in subject if record.named}))
        filings = [_filing(record, at, question.known_at) for record in subject]
        self._filing = next((filing for filing in filings if filing is not None), None)
        self.broken = policies.broken_file(host, self.platforms)
        instants = [i for record, _ in owners for i in _instants(record)]
        self.since = max((i for i in instants if i <= at), default=-NEVER)
        self.until = min((i for i in instants if i > at), default=NEVER)
        pathless = all(live.cover.pathless and all(c.pathless for _, c in live.permits) for live in self._lives)
        self._whole = self._find(None) if pathless else None

    @property
    def whole(self) -> Finding | None:
        """The one finding of all paths, where no rule and no permission tells paths apart."""
        return self._whole

    def find(self, readings: Sequence[str] | None) -> Finding:
        """What documents say of a path, given in all its readings; None: of a host whose path is not known."""
        return self._whole or self._find(readings)

    def _find(self, readings: Sequence[str] | None) -> Finding:
        reasons = [reason for live in self._lives if (reason := self._reason(live, readings))]
        if self.broken:
            reasons.append(_broken(self.broken, self.platforms))
        filing = self._filing
        return Finding(
            tuple(reasons), self.platforms, filing.document if filing else "", filing.label if filing else ""
        )

    def _reason(self, live: _Live, readings: Sequence[str] | None) -> Reason | None:
        """The rule's reason, lifted or not; None where it does not speak of these purposes on this path."""
        said = live.cover.refuses(readings) & self.question.purposes
        if not said:
            return None
        left, lifting = said, ""
        for permit, cover in live.permits:
            lifted = cover.lifts(readings)
            lifting = permit.id if lifted & left else lifting
            left -= lifted
        rule = live.rule
        spoken = left or said
        return Reason(
            rule.basis,
            rule.id,
            rule.message,
            rule.place,
            platforms=(live.platform,) if live.platform else (),
            docket=live.docket,
            filed=live.filed,
            help=_mend(rule, lifting if left else ""),
            purposes=tuple(sorted(spoken)) if spoken != ALL_PURPOSES else (),
            lifted_by="" if left else lifting,
        )


def readings_of(*paths: str) -> tuple[str, ...]:
    """All readings of a path that a server may make: as sent, as written, slashes squeezed, escapes resolved."""
    readings = dict.fromkeys(normalise_path(path) for path in paths)
    for path in tuple(readings):
        if "%" in path:
            readings[normalise_path(unquote(path))] = None
        if "//" in path:
            readings[_squeeze(path)] = None
        if any(sign in path for sign in ("%", "//", "/.")):  # a server may decode before it looks for slashes and dots
            readings[normalise_path(_served(unquote(path)))] = None
    return tuple(readings)


def _squeeze(path: str) -> str:
    while "//" in path:
        path = path.replace("//", "/")
    return path


def _served(decoded: str) -> str:
    """A decoded path as a file server reads it: backslashes are slashes, double ones are one, dot segments are gone."""
    path, mark, query = decoded.partition("?")
    plain = _squeeze(path.replace("\\", "/"))
    tail = "/" if plain.endswith(("/", "/.", "/..")) and plain != "/" else ""
    return _squeeze(posixpath.normpath(plain or "/") + tail) + mark + query


def _lives(record: PlatformRecord, host: str, reach: Reach, question: Question, at: int) -> Iterable[_Live]:
    """The rules of a platform that are in force on this host."""
    filing = _filing(record, at, question.known_at)
    for rule in record.rules:
        if rule.idle or (rule.basis is Basis.NOTICE_TO_OTHER and question.options.notices_to_others == "record"):
            continue
        cover = cover_of(rule.scope, rule.life, host, reach, at, question.known_at)
        if cover is None:
            continue
        docket, filed = (rule.document, rule.filed)
        if rule.basis not in _OURS and filing is not None:
            docket, filed = filing.document, filing.label
        permits = tuple(_permits(record, rule, host, question, at))
        yield _Live(rule, cover, record.slug if record.named else "", docket, filed, permits)


def _permits(
    record: PlatformRecord, rule: Rule, host: str, question: Question, at: int
) -> Iterable[tuple[Permit, Cover]]:
    """The permissions in force that name this rule's document and are not older than its notice."""
    for permit in record.permits:
        if permit.idle or rule.document not in permit.overrides:
            continue
        if rule.basis is not Basis.TERMS and rule.life.start > permit.life.start:
            continue  # a later notice ends what an earlier permission allowed
        if permit.agent and permit.agent.lower() != question.agent.lower():
            continue
        reach = Reach.ORDINARY if permit.scope.hosts in ((), ("all",)) else Reach.LISTED
        cover = cover_of(permit.scope, permit.life, host, reach, at, question.known_at)
        if cover is not None:
            yield permit, cover


def _is_subject(record: PlatformRecord, reach: Reach, lives: Iterable[_Live]) -> bool:
    """Whether a host counts as the platform's: a reserved one only while a rule of the platform reaches it."""
    return reach is Reach.ORDINARY or any(live.rule in record.rules for live in lives)


def _filing(record: PlatformRecord, at: int, known_at: int) -> Filing | None:
    """The first of the platform's documents, in their order, that is in force."""
    return next((filing for filing in record.filings if alive(filing.life, at, known_at)), None)


def _instants(record: PlatformRecord) -> Iterable[int]:
    """Every instant at which something of the platform changes."""
    lives = [rule.life for rule in record.rules] + [permit.life for permit in record.permits]
    for life in (*lives, *(filing.life for filing in record.filings)):
        yield from life.instants


def _mend(rule: Rule, partly: str) -> str:
    """What to do about a refusal."""
    if partly:
        return f"`{partly}` lifts it for other purposes only: declare yours in DESIST_PURPOSES"
    if rule.own:
        return f"it is your own decision: desist policy withdraw {rule.document}"
    if rule.basis is Basis.NOTICE_TO_OTHER:
        return "ask the platform; or set DESIST_NOTICES_TO_OTHERS to `record`"
    return "a written permission goes in policies/permissions/"


def _broken(file: str, platforms: tuple[str, ...]) -> Reason:
    """The reason for what a file that cannot be read may have forbidden."""
    message = "a policy file that names it cannot be read, and what it says is not known"
    help_ = "mend the file: desist policy lint"
    return Reason(Basis.POLICY_ERROR, f"file:{file}", message, Place(file), platforms=platforms, help=help_)
