"""Crawl-delay and Request-rate of robots.txt as floors of a host's delay in Scrapy's downloader.

A floor is laid under the slot when a request of its host comes by, and once more after each response, since
AutoThrottle lowers the delay there. Random variation would reach below the floor, so that it is switched off there.
The slot keeps requests from waiting in each other's way; that no two leave sooner is held at the wire, where a request
passes that came by another slot, or by none.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from scrapy import signals
from scrapy.utils.asyncio import call_later
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.defer import Deferred

from ..robots import Robots
from .places import place_of
from .robots_gate import RobotsGate

if TYPE_CHECKING:
    from scrapy import Request

    from .warden import Warden

__all__ = ["Delays"]


class Delays:
    """The floors of one crawl, by canonical host; belongs to the thread of the event loop."""

    def __init__(self, warden: Warden, robots: RobotsGate) -> None:
        self._warden = warden
        self._robots = robots
        self._floors: dict[str, float] = {}
        """Seconds; of several authorities on one host the longest counts."""
        self._next: dict[str, float] = {}
        """When the next request to a host may leave, monotonic seconds."""
        self._asked: WeakKeyDictionary[Robots, float] = WeakKeyDictionary()

    def apply(self, request: Request) -> None:
        """Keep the slot of a request to what the robots.txt of its host asks."""
        seconds = self._of_file(request.url)
        if not seconds and not self._floors:
            return
        host = place_of(request.url).host
        floor = max(seconds, self._floors.get(host, 0.0))
        if not floor:
            return
        if not self._floors:
            self._warden.crawler.signals.connect(self._responded, signals.response_downloaded)
        self._floors[host] = floor
        request.meta.pop("download_slot", None)  # a slot of its own would be a queue beside the host's
        _lift(self._warden.crawler.engine.downloader._get_slot(request)[1], floor)

    async def turn(self, request: Request) -> None:
        """Wait until the host may be asked again, whatever slot its requests come from."""
        host = place_of(request.url).host
        floor = self._floors.get(host, 0.0)
        if not floor:
            return
        now = time.monotonic()
        at = max(now, self._next.get(host, 0.0))
        self._next[host] = at + floor
        if at > now:
            over: Deferred[None] = Deferred()
            call_later(at - now, over.callback, None)
            await maybe_deferred_to_future(over)

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
        floor = self._floors.get(place_of(request.url).host)
        if floor:
            downloader = self._warden.crawler.engine.downloader
            _lift(downloader._get_slot(request)[1], floor)


def _lift(slot: Any, floor: float) -> None:
    """Let no two requests of a slot start within `floor` seconds."""
    if slot.delay * (1 - min(slot.jitter, 1.0)) < floor:
        slot.delay = max(slot.delay, floor)
        slot.jitter = 0.0
