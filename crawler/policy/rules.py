"""What documents are compiled into: the records of one platform, and the image of a whole set.

All instants are integer microseconds since 1970 (UTC). Records are written as arrays (msgpack), one platform at a time;
a set of a hundred thousand documents is open at once, and only the platforms that a crawl meets are decoded.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Final

import msgspec

from ..model import Basis, Place, Purpose, Role

__all__ = [
    "ALWAYS",
    "NEVER",
    "Change",
    "ChangeKind",
    "Filing",
    "HostRecord",
    "Life",
    "Permit",
    "PlatformDetails",
    "PlatformRecord",
    "Reach",
    "Rule",
    "Scope",
    "micros",
    "moment",
]

ALWAYS: Final = -(2**62)
"""Before every instant."""
NEVER: Final = 2**62
"""After every instant."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def micros(instant: datetime) -> int:
    """An aware datetime as microseconds since 1970, exactly."""
    return (instant - _EPOCH) // _MICROSECOND


def moment(instant: int) -> str:
    """An instant as ISO 8601 in UTC; `always` and `never` for what lies outside the calendar."""
    try:
        text = (_EPOCH + timedelta(microseconds=instant)).isoformat()
    except OverflowError:
        return "always" if instant < 0 else "never"
    return text.replace("+00:00", "Z")


class Reach(IntEnum):
    """Which rules of a platform a host of it is subject to."""

    ORDINARY = 0
    """All of them."""
    RESERVED = 1
    """Infrastructure, project, defensive: only a notice that says `hosts: all` or names the host."""
    LISTED = 2
    """Not one of the platform's hosts: only the notices that name it."""


class Scope(msgspec.Struct, frozen=True, array_like=True):
    """What a rule, change or permission covers."""

    purposes: tuple[Purpose, ...]
    hosts: tuple[str, ...] = ()
    """Empty: the platform's ordinary hosts. `("all",)`: every one. Else these names and all below them."""
    paths: tuple[str, ...] = ()
    """Empty: every path. RFC 9309 patterns otherwise."""


class ChangeKind(IntEnum):
    """What a change does to a rule while it lasts."""

    RESTORES = 0
    ENDS = 1
    NARROWS = 2
    """From then on it covers `scope` in place of its own."""
    SPARES = 3
    """An order suspends it, for `scope` or altogether."""
    LIMITS = 4
    """An order narrows it to `scope`."""
    WIDENS = 5


class Change(msgspec.Struct, frozen=True, array_like=True):
    """One line of a rule's history."""

    kind: ChangeKind
    start: int
    end: int
    known: int
    scope: Scope | None = None
    why: str = ""


class Life(msgspec.Struct, frozen=True, array_like=True):
    """Since when, until when, and what became of it."""

    start: int
    end: int = NEVER
    known: int = ALWAYS
    """When it was entered here: `--known-at` before it does not see it."""
    changes: tuple[Change, ...] = ()
    """In the order in which they were said: of those that run, the last one holds."""

    @property
    def instants(self) -> tuple[int, ...]:
        """Every instant at which it may change its answer."""
        return (self.start, self.end, *(at for change in self.changes for at in (change.start, change.end)))


class Rule(msgspec.Struct, frozen=True, array_like=True):
    """One prohibition: a notice, or one clause of terms."""

    id: str
    document: str
    """The id that permissions name."""
    basis: Basis
    message: str
    scope: Scope
    life: Life
    place: Place
    filed: str = ""
    idle: str = ""
    """Why it refuses nothing: context, left to robots.txt, ... Kept for explanations; empty for a rule that refuses."""
    weight: int = 0
    """Its place among rules of one basis, the lowest governs."""
    own: bool = False
    """The user's own decision: what ends it is a withdrawal, not a permission."""


class Permit(msgspec.Struct, frozen=True, array_like=True):
    """One permission of a platform."""

    id: str
    overrides: tuple[str, ...]
    scope: Scope
    life: Life
    place: Place
    agent: str = ""
    """The product token that it is given for; empty: any."""
    idle: str = ""
    """Why it lifts nothing: it names no purposes, has one name only, is somebody else's, ..."""


class Filing(msgspec.Struct, frozen=True, array_like=True):
    """A document that refusals of a platform may be filed under, in the order in which they are tried."""

    document: str
    label: str
    """`filed under N, addressed to X (as reported)`."""
    life: Life
    other: bool
    """Somebody else's letter."""


class HostRecord(msgspec.Struct, frozen=True, array_like=True):
    """One host rule of a platform, for explanations and lists."""

    host: str
    exact: bool
    role: Role
    reach: Reach
    place: Place


class PlatformRecord(msgspec.Struct, frozen=True, array_like=True):
    """All that a decision needs to know of one platform."""

    slug: str
    name: str
    rules: tuple[Rule, ...] = ()
    permits: tuple[Permit, ...] = ()
    filings: tuple[Filing, ...] = ()
    named: bool = True
    """False for the stand-in of a notice that names hosts and no platform."""


class PlatformDetails(msgspec.Struct, frozen=True, array_like=True):
    """What only explanations and lists need."""

    hosts: tuple[HostRecord, ...] = ()
    networks: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
