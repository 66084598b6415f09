"""The HTTP(S) server of a simulated web: one listener an address, one site a listener, every connection on record."""

from __future__ import annotations

import asyncio
import itertools
import re
import socket
import ssl
from collections.abc import Iterable, Mapping

import msgspec

from .exchange import BadRequest, Request, RequestReader, render
from .hits import Connection, Hit
from .site import Failure, Page, Site
from .wire import Wire, established, stamp

__all__ = ["Listener", "SiteServer"]


class Listener(msgspec.Struct, frozen=True):
    """A listening socket and whose it is; `context` makes it HTTPS."""

    sock: socket.socket
    site: Site
    address: str
    port: int
    context: ssl.SSLContext | None = None

    @property
    def scheme(self) -> str:
        """`http` or `https`."""
        return "https" if self.context else "http"


class _Dialogue(msgspec.Struct):
    """A connection under way: its wire, whose it is, the requests that wait for their answer."""

    listener: Listener
    reader: RequestReader
    waiting: asyncio.Queue[tuple[Request, Hit] | None]


class SiteServer:
    """Owned by one event loop; `hits` and `connections` are appended to by that loop only and never shrink."""

    def __init__(self, sites: Iterable[Site], ports: Mapping[str, int]) -> None:
        self.hits: list[Hit] = []
        self.connections: list[Connection] = []
        self._sites = tuple(sites)
        self._listeners: list[Listener] = []
        self._dialogues: dict[Wire, _Dialogue] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._ids = itertools.count(1)
        self._ported = _Ports(self._sites, ports)

    def listen(self, listener: Listener) -> None:
        """Serve on `listener` from now on."""
        listener.sock.setblocking(False)
        stamp(listener.sock)
        self._listeners.append(listener)
        asyncio.get_running_loop().add_reader(listener.sock.fileno(), self._accept, listener)

    def settle(self) -> None:
        """Take in all that has reached the sockets of this server, so that the logs miss nothing."""
        for listener in self._listeners:
            self._accept(listener)
        for wire in list(self._dialogues):
            wire.read()

    def close(self) -> None:
        """Stop listening, drop every connection."""
        self.settle()
        for listener in self._listeners:
            asyncio.get_running_loop().remove_reader(listener.sock.fileno())
            listener.sock.close()
        self._listeners.clear()
        for task in self._tasks:
            task.cancel()
        for wire in list(self._dialogues):
            wire.close()

    def _accept(self, listener: Listener) -> None:
        while True:
            try:
                sock, peer = listener.sock.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            log = Connection(
                id=next(self._ids),
                site=listener.site.name,
                address=listener.address,
                port=listener.port,
                peer_port=peer[1],
                tls=listener.context is not None,
                opened_ns=established(sock),
            )
            self.connections.append(log)
            self._start(Wire(sock, log, listener.context, self._received), listener)

    def _start(self, wire: Wire, listener: Listener) -> None:
        if listener.site.failure is Failure.RESET_ON_CONNECT:
            wire.reset()
            return
        dialogue = self._dialogues[wire] = _Dialogue(listener, RequestReader(), asyncio.Queue())
        task = asyncio.create_task(self._serve(wire, dialogue))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _received(self, wire: Wire, data: bytes, arrived_ns: int) -> None:
        dialogue = self._dialogues[wire]
        try:
            for request in dialogue.reader.feed(data, arrived_ns):
                dialogue.waiting.put_nowait((request, self._log(wire, dialogue.listener, request)))
        except BadRequest as error:
            wire.log.error = str(error)
            dialogue.waiting.put_nowait(None)

    def _log(self, wire: Wire, listener: Listener, request: Request) -> Hit:
        wire.log.requests += 1
        hit = Hit(
            site=self._site_for(request, listener).name,
            at_site=listener.site.name,
            arrived_ns=request.arrived_ns,
            scheme=listener.scheme,
            method=request.method,
            host=request.header("host"),
            path=request.target,
            headers=request.headers,
            connection=wire.log.id,
            bytes_in=request.size,
        )
        self.hits.append(hit)
        return hit

    def _site_for(self, request: Request, listener: Listener) -> Site:
        return next((site for site in self._sites if site.serves(request.host)), listener.site)

    async def _serve(self, wire: Wire, dialogue: _Dialogue) -> None:
        left = asyncio.create_task(wire.gone.wait())
        try:
            while not wire.gone.is_set():
                asked = asyncio.create_task(dialogue.waiting.get())
                await asyncio.wait({asked, left}, return_when=asyncio.FIRST_COMPLETED)
                if not asked.done():
                    asked.cancel()
                    return
                entry = asked.result()
                if entry is None or not await self._reply(wire, dialogue.listener, *entry):
                    return
        finally:
            left.cancel()
            wire.close()
            del self._dialogues[wire]

    async def _reply(self, wire: Wire, listener: Listener, request: Request, hit: Hit) -> bool:
        """Answer one request; False where the connection is over."""
        page = self._ported(self._site_for(request, listener).answer(request.target))
        if page.delay:
            await wire.pause(page.delay)
        keep_alive = request.keep_alive
        data = render(page, head_only=request.method == "HEAD", keep_alive=keep_alive)
        if page.failure is not None:
            return await _fail(wire, page, data, hit)
        if not wire.gone.is_set():
            hit.status, hit.bytes_out = page.code, len(data)
            await wire.send(data)
        return keep_alive


async def _fail(wire: Wire, page: Page, data: bytes, hit: Hit) -> bool:
    match page.failure:
        case Failure.RESET:
            wire.reset()
        case Failure.HANG:
            await wire.gone.wait()
        case Failure.DRIP:
            hit.status = page.code
            await _drip(wire, data, page.drip, hit)
        case Failure.TRUNCATED:
            hit.status, half = page.code, data[: len(data) - len(page.content) // 2 - 1]
            hit.bytes_out = len(half)
            await wire.send(half)
        case Failure.GARBAGE:
            await wire.send(b"\x00\xff this is no HTTP \r\n\r\n")
    return False


async def _drip(wire: Wire, data: bytes, seconds: float, hit: Hit) -> None:
    for byte in data:
        if wire.gone.is_set():
            return
        await wire.send(bytes((byte,)))
        hit.bytes_out += 1
        await wire.pause(seconds)


class _Ports:
    """Puts the port into links that name a site of this web: descriptions are written without ports."""

    def __init__(self, sites: tuple[Site, ...], ports: Mapping[str, int]) -> None:
        names = [re.escape(name) for site in sites for name in site.names if not name.startswith("*.")]
        wild = [r"[\w.-]+" + re.escape(name[1:]) for site in sites for name in site.names if name.startswith("*.")]
        self._pattern = re.compile(rf"\b(https?)://({'|'.join(names + wild)})(?![\w.:-])")
        self._ports = ports

    def __call__(self, page: Page) -> Page:
        if not isinstance(page.body, str) and not page.redirect:
            return page
        body = self._pattern.sub(self._put, page.body) if isinstance(page.body, str) else page.body
        return msgspec.structs.replace(page, body=body, redirect=self._pattern.sub(self._put, page.redirect))

    def _put(self, match: re.Match[str]) -> str:
        scheme, name = match[1], match[2]
        port = self._ports.get(scheme, 0)
        usual = {"http": 80, "https": 443}[scheme]
        return match[0] if port in (0, usual) else f"{scheme}://{name}:{port}"
