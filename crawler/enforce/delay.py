"""Crawl-delay and Request-rate of robots.txt as floors of a host's delay in Scrapy's downloader.

A floor is laid under the slot when a request of its host comes by, and once more after each response, since
AutoThrottle lowers the delay there. Random variation would reach below the floor, so that it is switched off there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from scrapy import signals

from ..robots import Robots
from .robots_gate import RobotsGate

if TYPE_CHECKING:
    from scrapy import Request

    from .warden import Warden

__all__ = ["Delays"]


class Delays:
    """The floors of one crawl, by download slot; belongs to the thread of the event loop."""

    def __init__(self, warden: Warden, robots: RobotsGate) -> None:
        self._warden = warden
        self._robots = robots
        self._floors: dict[str, float] = {}
        """Seconds; of several authorities on one host the longest counts."""
        self._asked: WeakKeyDictionary[Robots, float] = WeakKeyDictionary()

    def apply(self, request: Request) -> None:
        """Keep the host of a request to what its robots.txt asks."""
        seconds = self._of_file(request.url)
        if not seconds and not self._floors:
            return
        if seconds and "download_slot" in request.meta:
            del request.meta["download_slot"]  # the delay is the host's: a slot of its own would go round it
        downloader = self._warden.crawler.engine.downloader
        key = downloader.get_slot_key(request)
        if seconds > self._floors.get(key, 0.0):
            if not self._floors:
                self._warden.crawler.signals.connect(self._responded, signals.response_downloaded)
            self._floors[key] = seconds
        if key in self._floors:
            _lift(downloader._get_slot(request)[1], self._floors[key])

    def _of_file(self, url: str) -> float:
        known = self._robots.known(url)
        mode = self._warden.options.robots_mode
        robots = known.robots(mode) if known is not None else None
        if known is None or robots is None:
            return 0.0
        seconds = self._asked.get(robots)
        if seconds is None:
            seconds = self._asked[robots] = known.delay(self._warden.options.agent or "Mozilla", mode)
        return seconds

    def _responded(self, request: Request) -> None:
        downloader = self._warden.crawler.engine.downloader
        key = downloader.get_slot_key(request)
        if key in self._floors and key in downloader.slots:
            _lift(downloader.slots[key], self._floors[key])


def _lift(slot: Any, floor: float) -> None:
    """Let no two requests of a slot start within `floor` seconds."""
    if slot.delay * (1 - min(slot.jitter, 1.0)) < floor:
        slot.delay = max(slot.delay, floor)
        slot.jitter = 0.0
