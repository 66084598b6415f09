"""HTTP/2 on one accepted connection (RFC 9113): the same descriptions, each request on a stream of its own.

A failure is that of its stream wherever HTTP/2 knows such a thing, so that one page that fails leaves the others alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

from .dialogue import Service
from .exchange import Request
from .hits import Hit
from .site import Failure, Page
from .wire import Wire

__all__ = ["Http2"]

_PREFACE = 24  # octets of the client's preface, RFC 9113 3.4
_HEAD = 9  # octets of a frame's header, RFC 9113 4.1
_LARGEST = 16_384  # octets of a frame's payload where nothing else was agreed on, RFC 9113 4.2
# Fields of one connection's own, which an HTTP/2 message must not have (RFC 9113 8.2.2).
_OF_THE_CONNECTION = frozenset({"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"})


class _Frames:
    """Splits what arrives into the preface and whole frames, so that octets can be counted for each stream."""

    def __init__(self) -> None:
        self._buffer = b""
        self._prefaced = False

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Stream and octets of each frame that `data` completes; what no peer may send goes on as it is."""
        self._buffer += data
        if not self._prefaced and len(self._buffer) >= _PREFACE:
            self._prefaced = True
            yield 0, self._cut(_PREFACE)
        while self._prefaced and len(self._buffer) >= _HEAD:
            size = int.from_bytes(self._buffer[:3])
            if size > _LARGEST:
                yield 0, self._cut(len(self._buffer))
            elif len(self._buffer) >= _HEAD + size:
                yield int.from_bytes(self._buffer[5:9]) & 0x7FFF_FFFF, self._cut(_HEAD + size)
            else:
                return

    def _cut(self, size: int) -> bytes:
        first, self._buffer = self._buffer[:size], self._buffer[size:]
        return first


class Http2:
    """A `Dialogue` in HTTP/2: a task a stream, which ends with its stream or with the connection."""

    def __init__(self, wire: Wire, service: Service) -> None:
        self._wire = wire
        self._service = service
        self._frames = _Frames()
        config = h2.config.H2Configuration(client_side=False, header_encoding=None, validate_outbound_headers=False)
        self._h2 = h2.connection.H2Connection(config)
        self._h2.initiate_connection()
        self._answers: dict[int, asyncio.Task[None]] = {}
        self._sizes: dict[int, int] = {}
        """Octets that have arrived on a stream whose request is not on record yet."""
        self._hits: dict[int, Hit] = {}
        self._fault: BaseException | None = None
        self._window = asyncio.Event()
        """Set whenever more may be sent than before."""

    def take(self, data: bytes, arrived_ns: int) -> None:
        """Put each request on record as soon as its head is complete, and begin its answer."""
        try:
            for stream, octets in self._frames.feed(data):
                self._count(stream, len(octets))
                for event in self._h2.receive_data(octets):
                    self._on(event, arrived_ns)
        except h2.exceptions.ProtocolError as error:
            self._wire.log.error = f"HTTP/2: {error or type(error).__name__}"
            self._post()
            self._end()
        self._post()

    async def run(self) -> None:
        """Wait for the end of the connection, and end its answers with it."""
        try:
            await self._wire.gone.wait()
        finally:
            self._end()
        if self._fault is not None:
            raise self._fault

    def _end(self) -> None:
        for answer in self._answers.values():
            answer.cancel()
        self._wire.close()

    def _count(self, stream: int, octets: int) -> None:
        if stream in self._hits:
            self._hits[stream].bytes_in += octets
        elif stream:
            self._sizes[stream] = self._sizes.get(stream, 0) + octets

    def _on(self, event: h2.events.Event, arrived_ns: int) -> None:
        match event:
            case h2.events.RequestReceived():
                self._begin(event, arrived_ns)
            case h2.events.DataReceived():
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.StreamReset():
                if answer := self._answers.get(event.stream_id):
                    answer.cancel()
            case h2.events.WindowUpdated() | h2.events.RemoteSettingsChanged():
                self._window.set()

    def _begin(self, event: h2.events.RequestReceived, arrived_ns: int) -> None:
        fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers]
        pseudo = {name: value for name, value in fields if name.startswith(":")}
        request = Request(
            method=pseudo[":method"],
            target=pseudo.get(":path", ""),
            headers=tuple(field for field in fields if not field[0].startswith(":")),
            arrived_ns=arrived_ns,
            size=self._sizes.pop(event.stream_id, 0),
            protocol="h2",
            authority=pseudo.get(":authority", ""),
        )
        hit = self._hits[event.stream_id] = self._service.note(self._wire.log, request)
        answer = asyncio.create_task(self._answer(event.stream_id, request, hit))
        self._answers[event.stream_id] = answer
        answer.add_done_callback(lambda done: self._answered(event.stream_id, done))

    def _answered(self, stream: int, answer: asyncio.Task[None]) -> None:
        del self._answers[stream]
        if not answer.cancelled() and (fault := answer.exception()) is not None:
            self._fault = fault
            self._end()

    def _post(self, hit: Hit | None = None) -> None:
        """Send all that is ready; what `hit` has just been answered with counts as its own."""
        data = self._h2.data_to_send()
        self._wire.put(data)
        if hit is not None:
            hit.bytes_out += len(data)

    async def _answer(self, stream: int, request: Request, hit: Hit) -> None:
        page = self._service.page(request)
        if page.delay:
            await asyncio.sleep(page.delay)
        if page.failure in (None, Failure.DRIP, Failure.TRUNCATED):
            await self._say(stream, page, hit, b"" if request.method == "HEAD" else page.content)
        else:
            await self._fail(stream, page.failure)

    async def _say(self, stream: int, page: Page, hit: Hit, body: bytes) -> None:
        """Head and body; a truncated one ends its stream early, and only its Content-Length gives that away."""
        hit.status = page.code
        self._h2.send_headers(stream, _head(page), end_stream=not body)
        self._post(hit)
        if not body:
            return
        if page.failure is Failure.TRUNCATED:
            body = body[: len(body) - len(body) // 2 - 1]
        if page.failure is Failure.DRIP:
            for place in range(len(body) - 1):
                await self._send(stream, body[place : place + 1], hit, last=False)
                await asyncio.sleep(page.drip)
            body = body[-1:]
        await self._send(stream, body, hit, last=True)

    async def _fail(self, stream: int, failure: Failure | None) -> None:
        match failure:
            case Failure.RESET:
                self._h2.reset_stream(stream, h2.errors.ErrorCodes.INTERNAL_ERROR)
                self._post()
            case Failure.HANG:
                await self._wire.gone.wait()
            case Failure.GARBAGE:
                await self._wire.send(b"\x00\xff this is no HTTP \r\n\r\n")
                self._end()
            case _:
                self._h2.close_connection()
                self._post()
                self._end()

    async def _send(self, stream: int, data: bytes, hit: Hit, *, last: bool) -> None:
        """Send `data` as the client's windows allow (RFC 9113 5.2)."""
        while len(data) > (room := self._room(stream)):
            if room:
                self._h2.send_data(stream, data[:room])
                self._post(hit)
                data = data[room:]
                continue
            self._window.clear()
            await self._window.wait()
        self._h2.send_data(stream, data, end_stream=last)
        self._post(hit)

    def _room(self, stream: int) -> int:
        return max(0, min(self._h2.local_flow_control_window(stream), self._h2.max_outbound_frame_size))


def _head(page: Page) -> list[tuple[bytes, bytes]]:
    """The same fields as over HTTP/1.1, but for those of a connection."""
    lines = [(name.lower(), value) for name, value in page.header_lines()]
    fields = [(name, value) for name, value in lines if name not in _OF_THE_CONNECTION]
    if not any(name == "content-length" for name, _ in fields):
        fields.append(("content-length", str(len(page.content))))
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in [(":status", str(page.code)), *fields]]
