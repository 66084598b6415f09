"""What one rule or permission covers at one instant, as far as was known at another.

A rule's history is replayed up to the instant: the last change of status holds, orders limit, spare or widen for as
long as they run. Prohibitions reach a path by any of its readings, whatever lifts must cover every reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import msgspec

from ..model import ALL_PURPOSES, Purpose
from ..patterns import Pattern
from ..policy.rules import Change, ChangeKind, Life, Reach, Scope

__all__ = ["NOWHERE", "Cover", "alive", "cover_of", "reaches", "stands"]

NOWHERE: Final[frozenset[Purpose]] = frozenset()
"""No purpose at all."""


class _Reached(msgspec.Struct, frozen=True):
    """A scope on one host: for what, and on which paths (none: every path)."""

    purposes: frozenset[Purpose]
    paths: tuple[Pattern, ...]

    def any_of(self, readings: Sequence[str] | None) -> frozenset[Purpose]:
        """The purposes where some reading of the path is covered; None: the path is not known, so it may be."""
        if not self.paths or readings is None:
            return self.purposes
        return self.purposes if any(p.matches(r) for r in readings for p in self.paths) else NOWHERE

    def all_of(self, readings: Sequence[str] | None) -> frozenset[Purpose]:
        """The purposes where every reading of the path is covered; None: the path is not known, so it may not be."""
        if not self.paths:
            return self.purposes
        if readings is None:
            return NOWHERE
        return self.purposes if all(any(p.matches(r) for p in self.paths) for r in readings) else NOWHERE


class Cover(msgspec.Struct, frozen=True):
    """What a rule covers on one host: the union of `scopes`, within each of `limits`, less what `spared` says."""

    scopes: tuple[_Reached, ...]
    limits: tuple[_Reached, ...] = ()
    spared: tuple[_Reached, ...] = ()

    @property
    def pathless(self) -> bool:
        """Whether the answer is the same for every path."""
        return not any(part.paths for part in (*self.scopes, *self.limits, *self.spared))

    def refuses(self, readings: Sequence[str] | None) -> frozenset[Purpose]:
        """The purposes that a prohibition refuses on this path."""
        found = NOWHERE.union(*(scope.any_of(readings) for scope in self.scopes))
        for limit in self.limits:
            found &= limit.any_of(readings)
        return found.difference(*(spare.all_of(readings) for spare in self.spared))

    def lifts(self, readings: Sequence[str] | None) -> frozenset[Purpose]:
        """The purposes that a permission lifts on this path."""
        return NOWHERE.union(*(scope.all_of(readings) for scope in self.scopes))


def alive(life: Life, at: int, known_at: int) -> bool:
    """Whether a document is in force at `at`, by what was on file at `known_at`."""
    return cover_of(_EVERYWHERE, life, "", Reach.ORDINARY, at, known_at) is not None


def stands(life: Life, at: int) -> bool:
    """Whether a rule with this life refuses anything anywhere at an instant, by what was on file then."""
    return _running(life, at, at) is not None


def _running(life: Life, at: int, known_at: int) -> list[Change] | None:
    """What holds of its history at an instant: the last change of status, and the orders; None where all has ended."""
    if not (life.start <= at < life.end and life.known <= known_at):
        return None
    running = [c for c in life.changes if c.start <= at < c.end and c.known <= known_at]
    status = [c for c in running if c.kind <= ChangeKind.NARROWS][-1:]
    orders = [c for c in running if c.kind > ChangeKind.NARROWS]
    if any(c.kind is ChangeKind.ENDS for c in status):
        return None
    return None if any(c.kind is ChangeKind.SPARES and c.scope is None for c in orders) else status + orders


def cover_of(scope: Scope, life: Life, host: str, reach: Reach, at: int, known_at: int) -> Cover | None:
    """What a rule with this scope and life covers on a host; None where nothing."""
    running = _running(life, at, known_at) if reaches(scope, host, reach) else None
    if running is None:
        return None
    limits = [c for c in running if c.kind <= ChangeKind.NARROWS or c.kind is ChangeKind.LIMITS]
    return _cover(scope, host, limits, running)


def _cover(scope: Scope, host: str, limits: Sequence[Change], orders: Sequence[Change]) -> Cover | None:
    """Put the parts together; a limit to other hosts leaves nothing."""
    kept = [change.scope for change in limits if change.scope is not None]
    if not all(_within(part.hosts, host) for part in kept):
        return None
    wider = [c.scope for c in orders if c.kind is ChangeKind.WIDENS and c.scope is not None]
    spared = [c.scope for c in orders if c.kind is ChangeKind.SPARES and c.scope is not None]
    return Cover(
        tuple(_reached(part) for part in (scope, *wider)),
        tuple(_reached(part) for part in kept),
        tuple(_reached(part) for part in spared if _within(part.hosts, host)),
    )


def reaches(scope: Scope, host: str, reach: Reach) -> bool:
    """Whether a rule's hosts take this one in."""
    if not scope.hosts:
        return reach is Reach.ORDINARY
    if scope.hosts == ("all",):
        return reach is not Reach.LISTED
    return _within(scope.hosts, host)


def _within(names: tuple[str, ...], host: str) -> bool:
    """Whether a host is one of the names or below one; no names mean every host."""
    return not names or names == ("all",) or any(host == name or host.endswith("." + name) for name in names)


def _reached(scope: Scope) -> _Reached:
    return _Reached(frozenset(scope.purposes), _patterns(scope.paths))


@lru_cache(maxsize=4096)
def _patterns(paths: tuple[str, ...]) -> tuple[Pattern, ...]:
    return tuple(map(Pattern, paths))


_EVERYWHERE: Final = Scope(tuple(sorted(ALL_PURPOSES)))
