"""A decision taken apart: how the URL is read, every rule considered, who governs, what would change the answer.

Nothing here decides: the answer is the one that `Judge` gives, and what would change it is found by asking again with
one thing changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from ..model import ALL_PURPOSES, Basis, Decision, Place, Role, Signal
from ..policy.rules import ALWAYS, NEVER, ChangeKind, Permit, PlatformRecord, Reach, Rule, moment
from ..urls import Target, read
from .judge import Judge, Robots
from .routes import routes
from .state import cover_of, reaches

__all__ = ["Considered", "Explanation", "HostMatch", "explain"]


class HostMatch(msgspec.Struct, frozen=True):
    """A host rule that a host falls under."""

    host: str
    rule: str
    platform: str
    role: Role
    place: Place
    via: str = ""


class Considered(msgspec.Struct, frozen=True):
    """One rule or permission that was looked at, and what came of it."""

    kind: str
    """notice, terms or permission."""
    id: str
    platform: str
    standing: str
    """`governs`, `refuses too`, `lifted by ID`, or why it does not speak here."""
    message: str
    place: Place
    since: str
    until: str
    docket: str = ""
    via: str = ""


class Explanation(msgspec.Struct, frozen=True):
    """All that led to a decision."""

    decision: Decision
    target: Target
    at: str
    hosts: tuple[HostMatch, ...]
    routes: tuple[str, ...]
    considered: tuple[Considered, ...]
    changes: tuple[str, ...]
    """What would have to change for the answer to change, one sentence each."""


def explain(judge: Judge, url: str, robots: Robots, signals: Sequence[Signal] = ()) -> Explanation:
    """Take the decision on one URL apart."""
    at = judge.now()
    fixed = _asked_again(judge, at=at)
    decision = fixed.decide(url, robots=robots, signals=signals)
    target = read(url)
    ways = [(host, "") for host in target.hosts]
    found = routes(target)
    ways += [(host, route.via) for route in found for host in route.hosts]
    hosts = tuple(dict.fromkeys(match for host, via in ways for match in _matches(judge, host, via)))
    considered: dict[str, Considered] = {}
    for host, via in ways:
        for one in _considered(fixed, host, via, decision, at):
            considered.setdefault(one.id, one)
    ways_found = tuple(route.via for route in found)
    changes = tuple(_changes(fixed, url, decision, robots, signals, target))
    return Explanation(decision, target, moment(at), hosts, ways_found, tuple(considered.values()), changes)


def _asked_again(judge: Judge, **changed: object) -> Judge:
    """The same question with one thing changed."""
    question = judge.question
    asked: dict[str, object] = {
        "agent": question.agent,
        "purposes": question.purposes if question.declared else None,
        "options": question.options,
        "at": judge.at,
        "known_at": question.known_at,
    }
    return Judge(judge.policies, **(asked | changed))  # type: ignore[arg-type]


def _matches(judge: Judge, host: str, via: str) -> Iterator[HostMatch]:
    """The host rules of every owner that this host falls under."""
    for number, _ in judge.policies.owners(host):
        record, details = judge.policies.record(number), judge.policies.details(number)
        for held in details.hosts:
            if host == held.host or (not held.exact and host.endswith("." + held.host)):
                yield HostMatch(host, held.host, record.slug, held.role, held.place, via)


def _considered(judge: Judge, host: str, via: str, decision: Decision, at: int) -> Iterator[Considered]:
    """Every rule and permission of the host's platforms."""
    for number, reach in judge.policies.owners(host):
        record = judge.policies.record(number)
        for rule in record.rules:
            kind = "terms" if rule.basis is Basis.TERMS else "notice"
            standing = _spoken(rule, decision) or _silent(rule, judge, host, reach, at)
            since, until = _span(rule.life.start, rule.life.end)
            yield Considered(
                kind, rule.id, record.slug, standing, rule.message, rule.place, since, until, rule.document, via
            )
        for permit in record.permits:
            since, until = _span(permit.life.start, permit.life.end)
            standing = _permit_standing(permit, judge, host, record, decision, at)
            message = f"overrides {', '.join(permit.overrides) or 'nothing'}"
            yield Considered(
                "permission", permit.id, record.slug, standing, message, permit.place, since, until, via=via
            )


def _span(start: int, end: int) -> tuple[str, str]:
    """From when and until when, in words."""
    return moment(start), "" if end >= NEVER else moment(end)


def _spoken(rule: Rule, decision: Decision) -> str:
    """How a rule that speaks stands in the decision; empty for one that does not speak."""
    for reason in decision.reasons:
        if (reason.basis, reason.rule) == (rule.basis, rule.id):
            if reason.lifted_by:
                return f"lifted by {reason.lifted_by}"
            return "governs" if reason is decision.governing else "refuses too"
    return ""


def _silent(rule: Rule, judge: Judge, host: str, reach: Reach, at: int) -> str:
    """Why a rule does not speak here, the first reason that holds."""
    question = judge.question
    if rule.idle:
        return f"refuses nothing: {rule.idle}"
    if rule.basis is Basis.NOTICE_TO_OTHER and question.options.notices_to_others == "record":
        return "docket only: notices to others are recorded"
    if rule.life.known > question.known_at:
        return f"was not on file before {moment(rule.life.known)}"
    if at < rule.life.start:
        return "not yet in force"
    if at >= rule.life.end:
        return "no longer in effect"
    if not reaches(rule.scope, host, reach):
        return "does not reach this host: " + ("other hosts" if rule.scope.hosts not in ((), ("all",)) else "its role")
    if cover_of(rule.scope, rule.life, host, reach, at, question.known_at) is None:
        return _ended(rule, at, question.known_at)
    if not set(rule.scope.purposes) & question.purposes:
        return f"speaks of other purposes: {', '.join(rule.scope.purposes)}"
    return "speaks of other paths, or is narrowed to others"


def _ended(rule: Rule, at: int, known_at: int) -> str:
    """Which change keeps a rule from speaking."""
    changes = [c for c in rule.life.changes if c.start <= at < c.end and c.known <= known_at]
    stops = [c for c in changes if c.kind is ChangeKind.ENDS or c.scope is None or c.scope.hosts]
    last = next((change for change in reversed(stops) if change.kind is not ChangeKind.RESTORES), None)
    if last is None:
        return "does not speak here"
    word = {ChangeKind.ENDS: "ended", ChangeKind.SPARES: "suspended"}.get(last.kind, "narrowed")
    return f"{word} since {moment(last.start)}" + (f": {last.why}" if last.why else "")


def _permit_standing(
    permit: Permit, judge: Judge, host: str, record: PlatformRecord, decision: Decision, at: int
) -> str:
    """What a permission does here, or why it does nothing."""
    question = judge.question
    if permit.idle:
        return f"lifts nothing: {permit.idle}"
    if any(reason.lifted_by == permit.id for reason in decision.reasons):
        return "lifts"
    if permit.agent and permit.agent.lower() != question.agent.lower():
        return f"lifts nothing: it is given for the agent `{permit.agent}`"
    if cover_of(permit.scope, permit.life, host, Reach.ORDINARY, at, question.known_at) is None:
        return "lifts nothing: not in force, or for other hosts"
    named = [rule for rule in record.rules if rule.document in permit.overrides and not rule.idle]
    if not named:
        return "lifts nothing: no rule that it names is on file"
    if all(rule.basis is not Basis.TERMS and rule.life.start > permit.life.start for rule in named):
        return "lifts nothing: the notice is later than the permission"
    where = " on some paths" if permit.scope.paths else ""
    return f"lifts nothing here: given for {', '.join(permit.scope.purposes)}{where}"


def _changes(
    judge: Judge, url: str, decision: Decision, robots: Robots, signals: Sequence[Signal], target: Target
) -> Iterator[str]:
    """What would change the answer; each is tried, not guessed."""

    def answer(**changed: object) -> str:
        return _asked_again(judge, **changed).decide(url, robots=robots, signals=signals).effect

    for purpose in sorted(ALL_PURPOSES):
        if answer(purposes=[purpose]) != decision.effect:
            yield f"declaring only `{purpose}`: {_would(decision)}"
    options = judge.question.options
    other = "record" if options.notices_to_others == "refuse" else "refuse"
    if answer(options=msgspec.structs.replace(options, notices_to_others=other)) != decision.effect:
        yield f"DESIST_NOTICES_TO_OTHERS set to `{other}`: {_would(decision)}"
    yield from _by_date(judge, url, decision, robots, signals)
    yield from _by_permission(decision, _own(judge, target))
    if target.trouble is Basis.AMBIGUOUS:
        plain = f"{target.scheme}://{target.host}{target.path}"
        yield f"written as {plain}: {judge.decide(plain).effect}"
    if "robots" in decision.unchecked and not decision.refused:
        yield "robots.txt and signals were not asked: --robots FILE, --header 'NAME: VALUE'"


def _would(decision: Decision) -> str:
    return "allowed" if decision.refused else "refused"


def _by_date(judge: Judge, url: str, decision: Decision, robots: Robots, signals: Sequence[Signal]) -> Iterator[str]:
    """The nearest moments before and after at which the answer is another."""
    now = judge.now()
    target = read(url)
    hosts = {*target.hosts, *(host for route in routes(target) for host in route.hosts)}
    records = {n: judge.policies.record(n) for host in hosts for n, _ in judge.policies.owners(host)}
    instants = {
        instant
        for record in records.values()
        for life in (*(r.life for r in record.rules), *(p.life for p in record.permits))
        for instant in life.instants
        if ALWAYS < instant < NEVER
    }
    for instant in sorted(i for i in instants if i > now):
        if _asked_again(judge, at=instant).decide(url, robots=robots, signals=signals).effect != decision.effect:
            yield f"from {moment(instant)} on: {_would(decision)}"
            break
    for instant in sorted((i for i in instants if i <= now), reverse=True):
        if _asked_again(judge, at=instant - 1).decide(url, robots=robots, signals=signals).effect != decision.effect:
            yield f"before {moment(instant)}: it was {_would(decision)}"
            break


def _own(judge: Judge, target: Target) -> frozenset[str]:
    """The user's own decisions among the rules of every platform on the way."""
    hosts = {*target.hosts, *(host for route in routes(target) for host in route.hosts)}
    records = (judge.policies.record(number) for host in hosts for number, _ in judge.policies.owners(host))
    return frozenset(rule.id for record in records for rule in record.rules if rule.own)


def _by_permission(decision: Decision, own: frozenset[str]) -> Iterator[str]:
    """What a permission would have to name, and which decision of one's own would have to be withdrawn."""
    documents = {Basis.COURT_ORDER, Basis.REGULATOR_ORDER, Basis.NOTICE, Basis.TERMS, Basis.NOTICE_TO_OTHER}
    refusing = [r for r in decision.reasons if not r.lifted_by]
    if not all(r.basis in documents for r in refusing):
        return
    for rule in dict.fromkeys(r.rule for r in refusing if r.rule in own):
        yield f"your own decision taken back: desist policy withdraw {rule}"
    if named := [r for r in refusing if r.rule not in own]:
        overrides = ", ".join(dict.fromkeys(r.rule.partition(":")[0] for r in named))
        giver = ", ".join(dict.fromkeys(p for r in named for p in r.platforms)) or "the platform"
        yield f"a permission of {giver} that overrides {overrides}, given after the last of these notices"
