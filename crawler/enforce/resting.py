"""Refusals by status that are remembered: a URL for a day, an authority for as long as its Retry-After says."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from ..model import Signal
from ..urls import read
from .places import place_of

__all__ = ["Resting"]

_MOST: Final = 100_000


class Resting:
    """What statuses keep closed, one a crawl; the one that was heard of least recently is forgotten first."""

    def __init__(self) -> None:
        self._until: OrderedDict[str, tuple[float, Signal]] = OrderedDict()
        """By authority, or by authority and path as sent; seconds since 1970."""

    def add(self, url: str, signals: Iterable[Signal]) -> None:
        """Keep what the answer to `url` says; a shorter rest never ends a longer one."""
        for signal in signals:
            key = place_of(url).authority if signal.covers == "authority" else _page(url)
            until = time.time() + signal.seconds
            held = self._until.pop(key, (0.0, signal))
            self._until[key] = held if held[0] > until else (until, signal)
            if len(self._until) > _MOST:
                self._until.popitem(last=False)

    def of(self, url: str) -> tuple[Signal, ...]:
        """The refusals that still hold for `url`, its authority's among them."""
        if not self._until:
            return ()
        now = time.time()
        found = (self._until.get(_page(url)), self._until.get(place_of(url).authority))
        return tuple(signal for until, signal in filter(None, found) if until > now)

    def of_authority(self, url: str) -> tuple[Signal, ...]:
        """The same, of the authority alone: what its own files are asked under."""
        until, signal = self._until.get(place_of(url).authority, (0.0, None))
        return (signal,) if signal is not None and until > time.time() else ()


def _page(url: str) -> str:
    """A URL as it is sent: however it was spelled, and without its fragment."""
    return place_of(url).authority + read(url).path
