"""Permits become durable while others are on the wire.

A permit takes as long as a disk takes to sync. A request that held its place at the wire meanwhile would keep the
network waiting for the disk, so the downloader takes up some requests more than CONCURRENT_REQUESTS allows, their
permits are put on record first, and then they wait for one of the places, of which there are as many as that setting
says. Where a host has a delay its requests wait for that anyway, and are permitted when their turn comes.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from scrapy.utils.asyncio import is_asyncio_available
from twisted.internet.defer import Deferred

from .places import place_of
from .wire import WireGate

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.core.downloader import Downloader
    from scrapy.http import Response

__all__ = ["Ahead"]


class Ahead:
    """Stands between a downloader's middlewares and its slots; belongs to the thread of the event loop."""

    def __init__(self, downloader: Downloader) -> None:
        self._downloader: Any = downloader
        self._enqueue = downloader._enqueue_request
        self._places = downloader.total_concurrency
        self._free = self._places
        self._waiting: deque[Callable[[], bool]] = deque()
        """Each lets one request go on, and says whether it still waited."""

    @classmethod
    def install(cls, downloader: Any) -> None:
        """Stand in `downloader`; nothing when done twice, or where it takes up any number of requests anyway."""
        if downloader.total_concurrency and not isinstance(getattr(downloader._enqueue_request, "__self__", None), cls):
            ahead = cls(downloader)
            downloader._enqueue_request = ahead.enqueue
            downloader.total_concurrency += (ahead._places + 1) // 2

    async def enqueue(self, request: Request) -> Response:
        """Put the permit on record, wait for a place, and hand the request to its slot; raises Refused."""
        gate = self._gate(request)
        if gate is not None:
            await gate.prepare(request)
        await self._take()
        try:
            return await self._enqueue(request)
        finally:
            self._give()

    def _gate(self, request: Request) -> WireGate | None:
        """The gate that permits a request; None where it is better asked when the request's turn comes."""
        gate = self._downloader.handlers._get_handler(place_of(request.url).scheme)
        return gate if isinstance(gate, WireGate) and not self._downloader._get_slot(request)[1].delay else None

    async def _take(self) -> None:
        if self._free > 0:
            self._free -= 1
            return
        if not is_asyncio_available():
            turn: Deferred[None] = Deferred()
            self._waiting.append(partial(_fire, turn))
            await turn
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(partial(_land, future))
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():  # its turn had come
                self._give()
            raise

    def _give(self) -> None:
        """Hand a place to who waits longest."""
        while self._waiting:
            if self._waiting.popleft()():
                return
        self._free += 1


def _land(turn: asyncio.Future[None]) -> bool:
    """Whether somebody still waits, who now goes on."""
    if turn.done():
        return False
    turn.set_result(None)
    return True


def _fire(turn: Deferred[None]) -> bool:
    """The same under reactors that know no asyncio."""
    if turn.called:
        return False
    turn.callback(None)
    return True
