"""What a decision is asked with, besides the URL: purposes, agent, moment, and the two settings that change answers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

from ..errors import UsageError
from ..model import ALL_PURPOSES, Purpose
from ..policy.rules import micros

__all__ = ["DEFAULT", "Options", "instant_of", "purposes_of"]


class Options(msgspec.Struct, frozen=True):
    """The settings of the same names."""

    notices_to_others: Literal["refuse", "record"] = "refuse"
    """DESIST_NOTICES_TO_OTHERS: whether somebody else's letter refuses, or is a docket only."""
    unknown_platform: Literal["robots", "refuse"] = "robots"
    """DESIST_UNKNOWN_PLATFORM: what happens to a host that no document names."""
    mode: Literal["rfc", "strict"] = "strict"
    """DESIST_ROBOTS_MODE, for signals: whether one that cannot be read refuses."""


DEFAULT: Final = Options()
"""What holds where a project sets nothing."""


def purposes_of(purposes: Iterable[Purpose | str] | str | None) -> frozenset[Purpose] | None:
    """The declared purposes; None where none is declared. UsageError names a word that is none."""
    if purposes is None:
        return None
    words = [purposes] if isinstance(purposes, str) else list(purposes)
    unknown = [word for word in words if word not in ALL_PURPOSES]
    if unknown:
        known = ", ".join(sorted(ALL_PURPOSES))
        raise UsageError(f"`{unknown[0]}` is not a purpose", help=f"purposes are {known}")
    return frozenset(map(Purpose, words)) or None


def instant_of(at: datetime | int | str | None) -> int | None:
    """An instant in microseconds; text is ISO 8601, UTC where it names no zone. UsageError where it is none."""
    if at is None or isinstance(at, int):
        return at
    try:
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
        return micros(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError) as error:
        raise UsageError(f"`{at}` is not a moment", help="write 2026-01-05T09:30:00Z or 2026-01-05") from error
