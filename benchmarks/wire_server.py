"""The server of the wire benchmark: pages after a fixed delay over HTTP/1.1 and HTTP/2, with a record of them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.request import urlopen

import h2.config
import h2.connection
import h2.events

from desist.testing.authority import TestAuthority

__all__ = ["DELAY", "HOST", "Ports", "seen", "server"]

DELAY: Final = 0.05
HOST: Final = "site.localhost"
"""The gates' own resolver answers it (RFC 6761); for bare Scrapy the machine's resolver is told to."""
BODY: Final = b"<html><body>" + b"<p>a page of some length</p>" * 200 + b"</body></html>"
_ABSENT: Final = ("/.well-known", "/ai.txt", "/rsl.xml")


class Ports(NamedTuple):
    """Where it listens."""

    plain: int
    tls: int


class Record:
    """What the server saw since it was asked last."""

    active = 0

    def __init__(self) -> None:
        self.peak = self.pages = self.connections = 0
        self.busy = self.first = self.last = 0.0

    def begin(self) -> None:
        Record.active += 1
        self.pages += 1
        self.peak = max(self.peak, Record.active)
        self.first = self.first or time.perf_counter()

    def end(self) -> None:
        Record.active -= 1
        self.busy += DELAY
        self.last = time.perf_counter()

    def told(self) -> dict[str, float]:
        span = self.last - self.first
        return {
            "peak": self.peak,
            "mean": self.busy / span if span else 0.0,
            "connections": self.connections,
            "pages": self.pages,
        }


RECORD = Record()


def plainly(path: str) -> tuple[int, str, bytes] | None:
    """Status, media type and body of what is answered at once; None for a page."""
    global RECORD
    if path == "/robots.txt":
        return 200, "text/plain", b"User-agent: *\nDisallow: /private\n"
    if path == "/seen":
        told, RECORD = RECORD.told(), Record()
        return 200, "application/json", json.dumps(told).encode()
    return (404, "text/plain", b"") if path.startswith(_ABSENT) else None


class Http11(asyncio.Protocol):
    """HTTP/1.1 with keep-alive."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.buffer = b""
        RECORD.connections += 1

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
            at_once = plainly(head.split(b" ", 2)[1].decode())
            if at_once is not None:
                self.answer(*at_once)
            else:
                RECORD.begin()
                asyncio.get_running_loop().call_later(DELAY, self.late)

    def late(self) -> None:
        RECORD.end()
        self.answer(200, "text/html", BODY)

    def answer(self, status: int, kind: str, body: bytes) -> None:
        head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        self.transport.write(head.encode() + body)


class Http2(asyncio.Protocol):
    """HTTP/2, as the H2 download handler speaks it."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        RECORD.connections += 1
        config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        self.conn = h2.connection.H2Connection(config)
        self.conn.initiate_connection()
        self.waiting: dict[int, bytes] = {}
        transport.write(self.conn.data_to_send())

    def data_received(self, data: bytes) -> None:
        for event in self.conn.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                self.asked(event.stream_id, dict(event.headers)[":path"])
            elif isinstance(event, h2.events.WindowUpdated):
                for stream in list(self.waiting):
                    self.send(stream)
        self.transport.write(self.conn.data_to_send())

    def asked(self, stream: int, path: str) -> None:
        at_once = plainly(path)
        if at_once is not None:
            self.answer(stream, *at_once)
        else:
            RECORD.begin()
            asyncio.get_running_loop().call_later(DELAY, self.late, stream)

    def late(self, stream: int) -> None:
        RECORD.end()
        self.answer(stream, 200, "text/html", BODY)
        self.transport.write(self.conn.data_to_send())

    def answer(self, stream: int, status: int, kind: str, body: bytes) -> None:
        headers = [(":status", str(status)), ("content-type", kind), ("content-length", str(len(body)))]
        self.conn.send_headers(stream, headers)
        self.waiting[stream] = body
        self.send(stream)

    def send(self, stream: int) -> None:
        """As much of a body as the windows allow (RFC 9113 5.2)."""
        body = self.waiting.pop(stream)
        room = min(self.conn.local_flow_control_window(stream), self.conn.max_outbound_frame_size)
        self.conn.send_data(stream, body[:room], end_stream=len(body) <= room)
        if len(body) > room:
            self.waiting[stream] = body[room:]


async def listen(loop: asyncio.AbstractEventLoop, protocol: type[asyncio.Protocol], **how: Any) -> asyncio.Server:
    """On a port of four digits: five are rare in URLs, and the gates read them the long way."""
    for port in range(8100, 9900):
        with contextlib.suppress(OSError):
            return await loop.create_server(protocol, "127.0.0.1", port, **how)
    raise SystemExit("no port is free")


def serve(ports: Any, folder: str) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        context = TestAuthority(Path(folder)).context([HOST], "127.0.0.1")
        context.set_alpn_protocols(["h2"])
        plain = await listen(loop, Http11)
        tls = await listen(loop, Http2, ssl=context)
        ports.put(Ports(*(one.sockets[0].getsockname()[1] for one in (plain, tls))))
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(plain.serve_forever(), tls.serve_forever())

    asyncio.run(main())


@contextmanager
def server(folder: Path) -> Iterator[Ports]:
    """A server in a process of its own, for as long as the block lasts."""
    ports: Any = multiprocessing.Queue()
    process = multiprocessing.Process(target=serve, args=(ports, str(folder)), daemon=True)
    process.start()
    try:
        yield ports.get(timeout=30)
    finally:
        process.terminate()
        process.join()


def seen(ports: Ports) -> dict[str, float]:
    """What the server saw since this was asked last: peak and mean concurrency, connections, pages."""
    with urlopen(f"http://127.0.0.1:{ports.plain}/seen") as answer:
        found: dict[str, float] = json.load(answer)
    return found
