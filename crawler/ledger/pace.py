"""Whether commits are quick enough for the event loop to wait for."""

from __future__ import annotations

import time
from typing import Final

__all__ = ["SLOW_SECONDS", "Pace"]

SLOW_SECONDS: Final = 0.0015
"""A commit longer than this, in the mean of the last ones, is not the loop's to wait for."""
_AWAY_SECONDS: Final = 10.0
"""How long a thread commits, once commits are slow, before the loop tries again."""


class Pace:
    """How long the last commits took."""

    def __init__(self) -> None:
        self._mean = self._away_until = 0.0

    def add(self, seconds: float) -> None:
        """One took so long; a single long one makes no slow disk."""
        self._mean += (min(seconds, 4 * SLOW_SECONDS) - self._mean) / 32
        if self._mean > SLOW_SECONDS:
            self._mean, self._away_until = 0.0, time.monotonic() + _AWAY_SECONDS

    @property
    def is_slow(self) -> bool:
        """Whether the loop is to leave the disk alone for now."""
        return time.monotonic() < self._away_until
