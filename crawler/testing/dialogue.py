"""HTTP/1.1 on one accepted connection: requests are answered one after the other, or fail as described."""

from __future__ import annotations

import asyncio
from typing import Protocol

from .exchange import BadRequest, Request, RequestReader, render
from .hits import Connection, Hit
from .site import Failure, Page
from .wire import Wire

__all__ = ["Dialogue", "Http1", "Service"]


class Service(Protocol):
    """Whose connections these are: what is on record of them, and what they are answered."""

    def note(self, connection: Connection, request: Request) -> Hit:
        """Put a request on record as soon as its head is there."""

    def page(self, request: Request) -> Page:
        """What the site says to it."""


class Dialogue(Protocol):
    """What is spoken on one connection."""

    def take(self, data: bytes, arrived_ns: int) -> None:
        """Read what has arrived; never waits."""

    async def run(self) -> None:
        """Answer until the connection is over, then close it."""


class Http1:
    """`Dialogue` in HTTP/1.1: a queue of requests, since answers keep their order."""

    def __init__(self, wire: Wire, service: Service) -> None:
        self._wire = wire
        self._service = service
        self._reader = RequestReader()
        self._waiting: asyncio.Queue[tuple[Request, Hit] | None] = asyncio.Queue()

    def take(self, data: bytes, arrived_ns: int) -> None:
        """Put each request on record as soon as its head is complete."""
        try:
            for request in self._reader.feed(data, arrived_ns):
                self._waiting.put_nowait((request, self._service.note(self._wire.log, request)))
        except BadRequest as error:
            self._wire.log.error = str(error)
            self._waiting.put_nowait(None)

    async def run(self) -> None:
        """Answer in order until either side has had enough."""
        left = asyncio.create_task(self._wire.gone.wait())
        try:
            while not self._wire.gone.is_set():
                asked = asyncio.create_task(self._waiting.get())
                await asyncio.wait({asked, left}, return_when=asyncio.FIRST_COMPLETED)
                if not asked.done():
                    asked.cancel()
                    return
                entry = asked.result()
                if entry is None or not await self._reply(*entry):
                    return
        finally:
            left.cancel()
            self._wire.close()

    async def _reply(self, request: Request, hit: Hit) -> bool:
        """Answer one request; False where the connection is over."""
        page = self._service.page(request)
        if page.delay:
            await self._wire.pause(page.delay)
        keep_alive = request.keep_alive
        data = render(page, head_only=request.method == "HEAD", keep_alive=keep_alive)
        if page.failure is not None:
            return await self._fail(page, data, hit)
        if not self._wire.gone.is_set():
            hit.status, hit.bytes_out = page.code, len(data)
            await self._wire.send(data)
        return keep_alive

    async def _fail(self, page: Page, data: bytes, hit: Hit) -> bool:
        match page.failure:
            case Failure.RESET:
                self._wire.reset()
            case Failure.HANG:
                await self._wire.gone.wait()
            case Failure.DRIP:
                hit.status = page.code
                await self._drip(data, page.drip, hit)
            case Failure.TRUNCATED:
                hit.status, half = page.code, data[: len(data) - len(page.content) // 2 - 1]
                hit.bytes_out = len(half)
                await self._wire.send(half)
            case Failure.GARBAGE:
                await self._wire.send(b"\x00\xff this is no HTTP \r\n\r\n")
        return False

    async def _drip(self, data: bytes, seconds: float, hit: Hit) -> None:
        for byte in data:
            if self._wire.gone.is_set():
                return
            await self._wire.send(bytes((byte,)))
            hit.bytes_out += 1
            await self._wire.pause(seconds)
