"""Documents to records: every date an instant, every scope explicit, every rule with its sentence and its place.

What is unclear compiles to the stricter reading: a condition that nothing here can show to be met refuses, a suffix
rule on a public suffix reaches that name alone, a change that loosens without its evidence is left out (documents.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ..model import ALL_PURPOSES, Basis, Place, Purpose, Role
from ..urls import canonical_host, is_address
from .documents import (
    Clause,
    CrawlEffect,
    Instrument,
    Notice,
    Permission,
    Platform,
    Terms,
    Topic,
    why_it_replaces_nothing,
)
from .load import Entry, Loaded
from .parts import Limit, LimitEffect, Status, StatusChange
from .parts import Scope as WrittenScope
from .publicsuffix import suffixes
from .rules import (
    ALWAYS,
    NEVER,
    Change,
    ChangeKind,
    Filing,
    HostRecord,
    Life,
    Permit,
    PlatformDetails,
    PlatformRecord,
    Reach,
    Rule,
    Scope,
    micros,
)
from .when import When
from .wording import (
    clause_message,
    filed_under_notice,
    filed_under_terms,
    notice_message,
    why_permission_is_idle,
)

__all__ = ["CompiledPlatform", "compile_documents"]

EVERY: Final = tuple(sorted(ALL_PURPOSES))
_RESERVED: Final = frozenset({Role.INFRASTRUCTURE, Role.PROJECT, Role.DEFENSIVE})
_BASES: Final = {
    Instrument.COURT_ORDER: Basis.COURT_ORDER,
    Instrument.CONSENT_ORDER: Basis.COURT_ORDER,
    Instrument.REGULATOR_ORDER: Basis.REGULATOR_ORDER,
}
_TOPIC_PURPOSES: Final[Mapping[Topic, tuple[Purpose, ...]]] = {
    Topic.AUTOMATED_ACCESS: EVERY,
    Topic.PERSONAL_DATA: EVERY,  # a URL cannot tell whose data it shows
    Topic.AI_TRAINING: (Purpose.TRAIN_AI,),
    Topic.COMMERCIAL_REUSE: (Purpose.COMMERCIAL_REUSE,),
    Topic.FACE_OR_BIOMETRIC: (Purpose.BIOMETRIC,),
    Topic.CACHING: (Purpose.ARCHIVE,),
    Topic.CIRCUMVENTION: (),
    Topic.DOWNSTREAM_ROUTE: (),
}
_TERMS_KINDS: Final = ("tos", "aup", "guidelines", "developer", "commercial", "robots", "other")
"""Kinds of terms, the one that speaks to everybody first: of several that refuse the first one is quoted."""
_STATUS_KINDS: Final = {Status.IN_FORCE: ChangeKind.RESTORES, Status.NARROWED: ChangeKind.NARROWS}
_LIMIT_KINDS: Final = {
    LimitEffect.SUSPENDS: ChangeKind.SPARES,
    LimitEffect.NARROWS: ChangeKind.LIMITS,
    LimitEffect.WIDENS: ChangeKind.WIDENS,
}


@dataclass
class CompiledPlatform:
    """One platform while it is put together."""

    slug: str
    name: str = ""
    named: bool = True
    hosts: dict[tuple[str, bool, Reach], HostRecord] = field(default_factory=dict)
    networks: list[str] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    permits: list[Permit] = field(default_factory=list)
    filings: list[tuple[tuple[int, ...], Filing]] = field(default_factory=list)

    @property
    def record(self) -> PlatformRecord:
        """What decisions need, rules in governing order.

        By basis; of terms a clause on automated access before others, the Terms of Service before other documents;
        then the rule that forbids for the most purposes.
        """
        rules = tuple(sorted(self.rules, key=lambda r: (r.basis.rank, r.weight, -len(r.scope.purposes), r.id)))
        filings = tuple(filing for _, filing in sorted(self.filings, key=lambda pair: (pair[0], pair[1].document)))
        return PlatformRecord(self.slug, self.name or self.slug, rules, tuple(self.permits), filings, self.named)

    @property
    def details(self) -> PlatformDetails:
        """What explanations need."""
        return PlatformDetails(tuple(self.hosts.values()), tuple(self.networks), tuple(self.places))

    def add_host(self, host: str, *, exact: bool, role: Role, reach: Reach, place: Place) -> None:
        """Add a host rule; the first place that names it counts."""
        if exact or role is Role.TENANT or is_address(host) or suffixes().is_public_suffix(host):
            exact = True
        self.hosts.setdefault((host, exact, reach), HostRecord(host, exact, role, reach, place))


def compile_documents(loaded: Loaded) -> list[CompiledPlatform]:
    """Every platform of `loaded`, sorted by slug, with all that documents say of it."""
    platforms: dict[str, CompiledPlatform] = {}
    for platform in loaded.platforms:
        _add_platform(platforms, platform)
    superseded = _superseding(loaded)
    for notice in loaded.notices:
        _add_notice(platforms, notice, superseded[notice.doc.key])
    for terms in loaded.terms:
        _add_terms(platforms, terms, superseded[terms.doc.key])
    for permission in loaded.permissions:
        _add_permission(platforms, permission, superseded[permission.doc.key])
    return [platforms[slug] for slug in sorted(platforms)]


def _known(entered_at: When | None) -> int:
    """When something was entered; always known where it does not say."""
    return micros(entered_at.earliest) if entered_at is not None else ALWAYS


def _superseding(loaded: Loaded) -> Mapping[str, tuple[Change, ...]]:
    """Id -> the changes by which later documents of its kind take its place."""
    ends: dict[str, list[Change]] = defaultdict(list)
    documents = [entry.doc for entries in (loaded.notices, loaded.terms, loaded.permissions) for entry in entries]
    held: dict[str, list[Notice | Terms | Permission]] = defaultdict(list)
    for doc in documents:
        held[doc.key].append(doc)
    for doc in documents:
        start = doc.force
        if start is None:
            continue
        for old in doc.supersedes:
            if not any(why_it_replaces_nothing(doc, one) for one in held[old]):
                why = f"superseded by {doc.key}"
                ends[old].append(Change(ChangeKind.ENDS, micros(start), NEVER, _known(doc.entered_at), None, why))
    return defaultdict(tuple, {old: tuple(changes) for old, changes in ends.items()})


def _in_order(changes: Iterable[Change], dates: Iterable[When], ends: Iterable[Change]) -> tuple[Change, ...]:
    """Changes of status and supersessions in the order in which they were said, the later one last."""
    said = [(micros(date.earliest), change) for date, change in zip(dates, changes, strict=True)]
    said += [(end.start, end) for end in ends]
    return tuple(change for _, change in sorted(said, key=lambda pair: pair[0]))


def _get(platforms: dict[str, CompiledPlatform], slug: str) -> CompiledPlatform:
    return platforms.setdefault(slug, CompiledPlatform(slug))


def _add_platform(platforms: dict[str, CompiledPlatform], entry: Entry[Platform]) -> None:
    """Hosts and networks; a platform that an earlier folder named is extended."""
    doc = entry.doc
    compiled = _get(platforms, doc.key)
    compiled.name = doc.name or compiled.name
    compiled.places.append(entry.place)
    compiled.networks += doc.addresses
    for number, rule in enumerate(doc.hosts):
        reach = Reach.RESERVED if rule.role in _RESERVED else Reach.ORDINARY
        exact = rule.match == "exact"
        compiled.add_host(
            canonical_host(rule.host), exact=exact, role=rule.role, reach=reach, place=entry.at("hosts", number)
        )


def _add_notice(platforms: dict[str, CompiledPlatform], entry: Entry[Notice], ends: tuple[Change, ...]) -> None:
    """A rule of each platform that the notice names; where it names none, of each host that it names."""
    notice = entry.doc
    hosts = tuple(h if h == "all" else canonical_host(h) for h in notice.hosts or ())
    rule = _notice_rule(entry, hosts, ends)
    filing = Filing(notice.key, rule.filed, rule.life, notice.addressed_to == "other")
    listed = () if hosts == ("all",) else hosts
    for slug in notice.platforms or listed:
        compiled = _get(platforms, slug)
        if not notice.platforms:
            compiled.named = compiled.named and bool(compiled.places)
        compiled.rules.append(rule)
        if not rule.idle:
            compiled.filings.append((_filing_rank(notice), filing))
        for host in listed if notice.platforms else (slug,):
            compiled.add_host(host, exact=False, role=Role.SITE, reach=Reach.LISTED, place=entry.at("hosts"))


def _notice_rule(entry: Entry[Notice], hosts: tuple[str, ...], ends: tuple[Change, ...]) -> Rule:
    notice = entry.doc
    said = _in_order(map(_status_change, notice.changes), (change.at for change in notice.changes), ends)
    life = Life(micros(notice.force), NEVER, _known(notice.entered_at), (*said, *_orders(notice.orders)))
    basis = Basis.NOTICE_TO_OTHER if notice.addressed_to == "other" else _BASES.get(notice.instrument, Basis.NOTICE)
    idle = "it asks for nothing that a fetch could breach" if notice.crawl_effect is CrawlEffect.NONE else ""
    scope = Scope(_sorted(notice.scope.purposes), hosts, notice.scope.paths or ())
    place = entry.at("crawl_effect" if idle else "notice")
    filed, own = filed_under_notice(notice), notice.instrument is Instrument.OWN_DECISION
    return Rule(notice.key, notice.key, basis, notice_message(notice), scope, life, place, filed, idle, own=own)


def _filing_rank(notice: Notice) -> tuple[int, ...]:
    """Which notice speaks for a platform: ours, then by basis, then the widest, then the latest."""
    basis = _BASES.get(notice.instrument, Basis.NOTICE)
    return (
        notice.addressed_to == "other",
        basis.rank,
        notice.crawl_effect is not CrawlEffect.BLOCK,
        len(ALL_PURPOSES) - len(notice.scope.purposes),
        -len(notice.platforms),
        -micros(notice.force),
    )


def _status_change(change: StatusChange) -> Change:
    kind = _STATUS_KINDS.get(change.status, ChangeKind.ENDS)
    scope = None
    if change.scope is not None or change.hosts is not None:
        scope = _scope(change.scope, tuple(canonical_host(host) for host in change.hosts or ()))
    return Change(kind, micros(change.force), NEVER, _known(change.entered_at), scope, change.reason or "")


def _orders(limits: Iterable[Limit]) -> Iterator[Change]:
    for limit in limits:
        kind, start = _LIMIT_KINDS.get(limit.effect), limit.force
        if kind is None or start is None or (kind is ChangeKind.SPARES and _untellable(limit.scope)):
            continue
        end = _until(limit.until.early_end if limit.effect.loosens else limit.until.late_end) if limit.until else NEVER
        scope = _scope(limit.scope) if limit.scope else None
        yield Change(kind, micros(start), end, _known(limit.entered_at), scope, limit.order)


def _untellable(scope: WrittenScope | None) -> bool:
    """Whether a scope says what no URL shows: then it spares nothing."""
    return scope is not None and bool(
        scope.content or scope.people or scope.territory or scope.acts or scope.visibility != "both"
    )


def _scope(scope: WrittenScope | None, hosts: tuple[str, ...] = ()) -> Scope:
    return Scope(EVERY, hosts) if scope is None else Scope(_sorted(scope.purposes), hosts, scope.paths or ())


def _sorted(purposes: Iterable[Purpose]) -> tuple[Purpose, ...]:
    return tuple(sorted(purposes))


def _until(end: datetime | None) -> int:
    return NEVER if end is None else micros(end)


def _add_terms(platforms: dict[str, CompiledPlatform], entry: Entry[Terms], ends: tuple[Change, ...]) -> None:
    """A rule a clause; clauses that refuse nothing are kept for explanations."""
    terms = entry.doc
    compiled = _get(platforms, terms.platform)
    life = Life(micros(terms.force), _until(terms.end), _known(terms.entered_at), ends)
    filed = filed_under_terms(terms)
    rank = (2, terms.kind != "tos", not terms.clauses, 0, 0, -life.start)
    compiled.filings.append((tuple(map(int, rank)), Filing(terms.key, filed, life, other=False)))
    for number, clause in enumerate(terms.clauses):
        name = _clause_id(terms, number)
        purposes = _sorted(clause.purposes) if clause.purposes else _TOPIC_PURPOSES[clause.topic]
        idle = _why_clause_is_idle(terms, clause, purposes)
        message = clause_message(compiled.name or compiled.slug, terms, clause)
        scope = Scope(purposes, (), clause.paths or ())
        place = entry.at("clauses", number)
        weight = _TERMS_KINDS.index(terms.kind) + len(_TERMS_KINDS) * (clause.topic is not Topic.AUTOMATED_ACCESS)
        compiled.rules.append(Rule(name, terms.key, Basis.TERMS, message, scope, life, place, filed, idle, weight))


def _clause_id(terms: Terms, number: int) -> str:
    """`TERMS:SECTION`; with the topic, then the number too, where a section says several things."""
    clause = terms.clauses[number]
    same = [i for i, other in enumerate(terms.clauses) if other.section == clause.section]
    name = f"{terms.key}:{clause.section or number + 1}"
    if clause.section is None or same[0] == number:
        return name
    twice = any(terms.clauses[i].topic == clause.topic for i in same if i < number)
    return f"{name}:{clause.topic}" + (f":{number + 1}" if twice else "")


def _why_clause_is_idle(terms: Terms, clause: Clause, purposes: tuple[Purpose, ...]) -> str:
    """Why a clause refuses no fetch by itself; empty where it refuses."""
    if clause.effect == "permits":
        return "terms that permit lift nothing: only a permission does"
    if not purposes:
        return "it speaks of what is done around a fetch"
    if clause.scope == "narrow" and not (clause.purposes or clause.paths):
        return "it speaks of some conduct only, not of fetching as such"
    if (
        clause.effect == "conditional"
        and clause.conditions == ("robots_txt",)
        and terms.robots_is_not_permission != "yes"
    ):
        return "it leaves the answer to robots.txt"
    return ""


def _add_permission(platforms: dict[str, CompiledPlatform], entry: Entry[Permission], ends: tuple[Change, ...]) -> None:
    permission = entry.doc
    idle = why_permission_is_idle(permission)
    start = micros(permission.force) if permission.force else NEVER
    life = Life(start, _until(permission.end), _known(permission.entered_at), ends)
    hosts = tuple(h if h == "all" else canonical_host(h) for h in permission.hosts or ())
    scope = Scope(_sorted(permission.purposes or ()), hosts, permission.paths or ())
    permit = Permit(permission.key, permission.overrides, scope, life, entry.place, permission.user_agent or "", idle)
    for slug in permission.platforms:
        _get(platforms, slug).permits.append(permit)
