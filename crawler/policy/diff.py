"""What differs between two policy sets, proved by cells: hosts x paths x dates x purposes x agents, no sampling.

What documents say of a URL depends on its host, path, date, purpose and agent only through finitely many boundaries:
the names and networks of both sets, their path patterns, the instants at which something begins or ends. Between these
nothing changes, so one URL for each cell stands for all of its kind. Cells whose platforms are alike in both sets need
no question. A difference comes with the URL of a cell that shows it; no difference in any cell is a proof that there is
none, for every URL whose path has one reading. Paths that read in two ways are asked about by dot segments.

Routes (`?url=`, archives) are judged as their targets, which are URLs like these. `--known-at` is not compared.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from ..model import Decision, Place, Purpose
from ..urls import is_address
from .pathcells import PathsTooMany, representatives
from .policyset import PolicySet
from .rules import ALWAYS, NEVER, Filing, Life, Permit, PlatformRecord, Rule, Scope

__all__ = ["Ask", "Cell", "Difference", "Report", "diff"]

_MAX_PAIRS: Final = 400
"""Pairs of paths that are also asked about as two readings of one URL, for each kind of host."""


class Cell(NamedTuple):
    """One question."""

    url: str
    at: int
    purpose: Purpose | None
    """None: undeclared, judged as all."""
    agent: str


Ask = Callable[[PolicySet, Cell], Decision]
"""Decides one cell under one set."""
Signature = tuple[object, ...]


class Difference(NamedTuple):
    """One rule that does something else, with the first cell that shows it."""

    rule: str
    change: str
    """`refuses now`, `refuses no longer`, `lifted now`, `lifted no longer`, `filed elsewhere`, ..."""
    cell: Cell
    before: Decision
    after: Decision


class Report(NamedTuple):
    """All differences, one a rule and kind of change, and what was looked at."""

    differences: list[Difference]
    cells: int
    """Questions asked of both sets."""
    alike: int
    """Kinds of host whose platforms are the same in both, so that no question was needed."""
    unproven: list[str]
    """Hosts whose path patterns combine in too many ways to enumerate."""


def diff(old: PolicySet, new: PolicySet, ask: Ask, now: int) -> Report:
    """Compare two sets; `now` is asked about first, so that counterexamples are of the present where they can be."""
    sides = (_Side(old), _Side(new))
    found: dict[tuple[str, str], Difference] = {}
    unproven: list[str] = []
    cells = alike = 0
    for host in _hosts(sides):
        if sides[0].keys(host) == sides[1].keys(host):
            alike += 1
            continue
        records = [side.records(host) for side in sides]
        try:
            urls = _urls(host, [record for side in records for record in side])
        except PathsTooMany:
            unproven.append(host)
            urls = [_url(host, "/")]
        for cell in _cells(urls, records, now):
            cells += 1
            for difference in _compare(cell, ask(old, cell), ask(new, cell)):
                found.setdefault((difference.rule, difference.change), difference)
    return Report(list(found.values()), cells, alike, unproven)


class _Side:
    """One of the two sets, with its platforms as comparable values."""

    def __init__(self, policies: PolicySet) -> None:
        self.policies = policies
        self._keys: dict[int, bytes] = {}

    def records(self, host: str) -> list[PlatformRecord]:
        """The platforms of a host."""
        return [self.policies.record(number) for number, _ in self.policies.owners(host)]

    def keys(self, host: str) -> Signature:
        """The platforms of a host by what they say, wherever it is written, and how far their rules reach it."""
        return tuple(sorted((self._key(number), int(reach)) for number, reach in self.policies.owners(host)))

    def _key(self, number: int) -> bytes:
        key = self._keys.get(number)
        if key is None:
            key = self._keys[number] = _content(self.policies.record(number))
        return key

    def scopes(self) -> Iterator[Scope]:
        """Every scope of every platform."""
        for _, record in self.policies.platforms():
            yield from _scopes_of(record)


def _content(record: PlatformRecord) -> bytes:
    """A platform without the places of its rules."""
    nowhere = Place("")
    return msgspec.msgpack.encode(
        msgspec.structs.replace(
            record,
            rules=tuple(msgspec.structs.replace(rule, place=nowhere) for rule in record.rules),
            permits=tuple(msgspec.structs.replace(permit, place=nowhere) for permit in record.permits),
        )
    )


def _scopes_of(record: PlatformRecord) -> Iterator[Scope]:
    ones: tuple[Rule | Permit, ...] = (*record.rules, *record.permits)
    for one in ones:
        yield one.scope
        yield from (change.scope for change in one.life.changes if change.scope is not None)


def _lives(record: PlatformRecord) -> Iterator[Life]:
    ones: tuple[Rule | Permit | Filing, ...] = (*record.rules, *record.permits, *record.filings)
    for one in ones:
        yield one.life


def _hosts(sides: tuple[_Side, _Side]) -> Iterator[str]:
    """One host for each kind: what both sets say of it depends on nothing that another host of its kind has not."""
    scoped = {name for side in sides for scope in side.scopes() for name in scope.hosts} - {"all"}
    named = {name for side in sides for name in side.policies.image.hosts} | scoped
    seen: set[Signature] = set()
    for host in _candidates(named, _networks(sides)):
        inside = tuple(sorted(name for name in _chain(host) if name in scoped))
        kind = (*(tuple(side.policies.owners(host)) for side in sides), inside)
        if kind not in seen:
            seen.add(kind)
            yield host


def _chain(host: str) -> list[str]:
    """The name and all names above it."""
    labels = host.split(".")
    return [".".join(labels[start:]) for start in range(len(labels))]


def _candidates(named: set[str], networks: list[str]) -> Iterator[str]:
    """Each name itself, a name below it that nobody names, and an address of each network in no smaller one."""
    for name in sorted(named):
        yield name
        if not is_address(name):
            yield next(f"{label}.{name}" for label in _labels() if f"{label}.{name}" not in named)
    addresses = {name for name in named if is_address(name)}
    for network in networks:
        found = _address_within(network, networks, addresses)
        if found:
            yield found


def _labels() -> Iterator[str]:
    yield "www"
    number = 0
    while True:
        yield f"x{number}"
        number += 1


def _networks(sides: tuple[_Side, _Side]) -> list[str]:
    return sorted({network for side in sides for network, _ in side.policies.image.networks})


def _address_within(network: str, networks: Iterable[str], named: set[str]) -> str:
    """An address of `network` that is in none of the smaller networks and is not named itself; empty if all are."""
    whole = ipaddress.ip_network(network)
    free = [whole]
    for other in map(ipaddress.ip_network, networks):
        if other != whole and other.version == whole.version and other.subnet_of(whole):  # type: ignore[arg-type]
            free = [part for piece in free for part in _without(piece, other)]
    for piece in free:
        for offset in range(min(piece.num_addresses, len(named) + 1)):
            address = str(piece[offset])
            if address not in named:
                return address
    return ""


def _without(
    piece: ipaddress.IPv4Network | ipaddress.IPv6Network, taken: ipaddress.IPv4Network | ipaddress.IPv6Network
) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """What is left of a network without another."""
    if piece.subnet_of(taken):  # type: ignore[arg-type]
        return []
    return list(piece.address_exclude(taken)) if taken.subnet_of(piece) else [piece]  # type: ignore[arg-type]


def _url(host: str, path: str) -> str:
    return f"https://{f'[{host}]' if ':' in host else host}{path}"


def _urls(host: str, records: Iterable[PlatformRecord]) -> list[str]:
    """A URL for every way in which the platforms' path patterns can match, and for pairs of them in one URL."""
    patterns = [path for record in records for scope in _scopes_of(record) for path in scope.paths]
    if not patterns:
        return [_url(host, "/")]
    paths = representatives(sorted(set(patterns)))
    pairs = [f"{one.partition('?')[0]}{'/..' * one.count('/')}{two}" for one in paths for two in paths if one != two]
    return [_url(host, path) for path in (*paths, *pairs[:_MAX_PAIRS])]


def _cells(urls: Iterable[str], records: list[list[PlatformRecord]], now: int) -> Iterator[Cell]:
    """Every URL at every date of either set, for every purpose and agent."""
    every = [record for side in records for record in side]
    said = {instant for record in every for life in _lives(record) for instant in life.instants}
    instants = sorted(instant for instant in said if ALWAYS < instant < NEVER)
    dates = [now, *instants, *([instants[0] - 1] if instants else [])]
    purposes = [None, *_purposes(every)]
    agents = ["", *sorted({permit.agent for record in every for permit in record.permits if permit.agent})]
    for url in urls:
        for at in dates:
            for purpose in purposes:
                for agent in agents:
                    yield Cell(url, at, purpose, agent)


def _purposes(records: Iterable[PlatformRecord]) -> list[Purpose]:
    """One purpose for each kind: two that every scope names or leaves out together are answered alike."""
    scopes = {frozenset(scope.purposes) for record in records for scope in _scopes_of(record)}
    kinds = {tuple(purpose in scope for scope in scopes): purpose for purpose in reversed(Purpose)}
    return sorted(kinds.values())


def _compare(cell: Cell, before: Decision, after: Decision) -> Iterator[Difference]:
    """Every rule that does something else in this cell."""
    was, now = _outcome(before), _outcome(after)
    for rule in sorted({*was, *now}):
        change = _change(was.get(rule), now.get(rule))
        if change:
            yield Difference(rule[1], change, cell, before, after)
    if was == now and (before.docket, before.platforms) != (after.docket, after.platforms):
        subject = before.docket or after.docket or f"platforms {', '.join({*before.platforms, *after.platforms})}"
        yield Difference(subject, "filed elsewhere", cell, before, after)


def _outcome(decision: Decision) -> Mapping[tuple[str, str], str]:
    """Rule -> the permission that lifts it, or nothing."""
    return {(str(reason.basis), reason.rule): reason.lifted_by for reason in decision.reasons}


def _change(was: str | None, now: str | None) -> str:
    """What became of one rule: None is silent, an empty text refuses, any other names what lifts it."""
    if was == now:
        return ""
    if now == "":
        return "refuses now" if was is None else "lifted no longer"
    if was == "":
        return "refuses no longer" if now is None else "lifted now"
    return "would be lifted now" if was is None else "lifted by another" if now else "silent now"
