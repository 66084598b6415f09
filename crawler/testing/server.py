"""The HTTP(S) server of a simulated web: one listener an address, one site a listener, every connection on record."""

from __future__ import annotations

import asyncio
import itertools
import re
import socket
import ssl
from collections.abc import Iterable, Mapping

import msgspec

from .dialogue import Dialogue, Http1
from .exchange import Request
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


class _Service(msgspec.Struct, frozen=True):
    """The `Service` of one listener's connections."""

    server: SiteServer
    listener: Listener

    def note(self, connection: Connection, request: Request) -> Hit:
        return self.server.note(connection, self.listener, request)

    def page(self, request: Request) -> Page:
        return self.server.page(self.listener, request)


class SiteServer:
    """Owned by one event loop; `hits` and `connections` are appended to by that loop only and never shrink."""

    def __init__(self, sites: Iterable[Site], ports: Mapping[str, int]) -> None:
        self.hits: list[Hit] = []
        self.connections: list[Connection] = []
        self.faults: list[BaseException] = []
        """What a description raised while it was served, `generate` for example."""
        self._sites = tuple(sites)
        self._listeners: list[Listener] = []
        self._wires: dict[Wire, Listener] = {}
        """Open connections, also those on which nothing has been said yet."""
        self._dialogues: dict[Wire, Dialogue] = {}
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
        for wire in list(self._wires):
            wire.read()
            if wire.gone.is_set():
                self._wires.pop(wire, None)

    def close(self) -> None:
        """Stop listening, drop every connection."""
        self.settle()
        for listener in self._listeners:
            asyncio.get_running_loop().remove_reader(listener.sock.fileno())
            listener.sock.close()
        self._listeners.clear()
        for task in self._tasks:
            task.cancel()
        for wire in list(self._wires):
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
        self._wires[wire] = listener

    def _received(self, wire: Wire, data: bytes, arrived_ns: int) -> None:
        if wire not in self._dialogues:
            self._begin(wire)
        self._dialogues[wire].take(data, arrived_ns)

    def _begin(self, wire: Wire) -> None:
        """Speak what the first octets came in: ALPN is part of the handshake before them."""
        service = _Service(self, self._wires[wire])
        dialogue = self._dialogues[wire] = _dialogue(wire, service)
        task = asyncio.create_task(dialogue.run())
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._over(done, wire))

    def _over(self, task: asyncio.Task[None], wire: Wire) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            self.faults.append(fault)
        self._wires.pop(wire, None)
        del self._dialogues[wire]

    def note(self, connection: Connection, listener: Listener, request: Request) -> Hit:
        """Put a request that came to `listener` on record."""
        connection.requests += 1
        hit = Hit(
            site=self._site_for(request, listener).name,
            at_site=listener.site.name,
            arrived_ns=request.arrived_ns,
            scheme=listener.scheme,
            method=request.method,
            host=request.named,
            path=request.target,
            headers=request.headers,
            connection=connection.id,
            bytes_in=request.size,
            protocol=request.protocol,
        )
        self.hits.append(hit)
        return hit

    def page(self, listener: Listener, request: Request) -> Page:
        """What is served for it, with the ports of this web in its links."""
        return self._ported(self._site_for(request, listener).answer(request.target))

    def _site_for(self, request: Request, listener: Listener) -> Site:
        return next((site for site in self._sites if site.serves(request.host)), listener.site)


def _dialogue(wire: Wire, service: _Service) -> Dialogue:
    if wire.protocol != "h2":
        return Http1(wire, service)
    from .http2 import Http2  # noqa: PLC0415 - only simulated webs with HTTP/2 need the library

    return Http2(wire, service)


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
