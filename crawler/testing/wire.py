"""One accepted connection: bytes with the kernel's time of arrival, plain or under TLS.

asyncio's own transports know neither that time nor a connection whose TLS handshake failed; both are evidence here.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import time
from collections.abc import Callable

from .hits import Connection

__all__ = ["Wire", "arrival", "established", "stamp"]

# Linux: asm-generic/socket.h. The socket module does not name it.
_SO_TIMESTAMPNS = 35
# struct tcp_info of linux/tcp.h: eight octets, then words of 32 bits, of which this is tcpi_last_ack_recv, in ms.
_LAST_ACK = 8 + 4 * 12
_CHUNK = 65536


def stamp(sock: socket.socket) -> None:
    """Have the kernel note when bytes arrive; sockets accepted from `sock` inherit it."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


def arrival(ancillary: list[tuple[int, int, bytes]]) -> int:
    """The kernel's time of arrival in what `recvmsg` gave, Unix time in ns; now where it gave none."""
    for level, kind, value in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(value) == 16:
            seconds, nanoseconds = struct.unpack("qq", value)
            return int(seconds) * 1_000_000_000 + int(nanoseconds)
    return time.time_ns()


def established(sock: socket.socket) -> int:
    """When the client last spoke on a connection that is being accepted: to the kernel's tick, at most 10 ms late."""
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAST_ACK + 4)
    return time.time_ns() - int(struct.unpack_from("I", info, _LAST_ACK)[0]) * 1_000_000


class Wire:
    """Reads as soon as there is something to read, so that a close is seen at once whatever the handler is doing."""

    def __init__(
        self,
        sock: socket.socket,
        log: Connection,
        context: ssl.SSLContext | None,
        on_bytes: Callable[[Wire, bytes, int], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._sock = sock
        self._on_bytes = on_bytes
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True) if context else None
        self._handshake_done = context is None
        self._to_send = b""
        self._drained = asyncio.Event()
        self._drained.set()
        self._open = True
        self.log = log
        self.gone = asyncio.Event()
        """Set as soon as the client closed or reset the connection, or the server closed it."""
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._loop.add_reader(sock.fileno(), self.read)

    def read(self) -> None:
        """Take in all that has arrived."""
        while self._open:
            try:
                data, ancillary, _, _ = self._sock.recvmsg(_CHUNK, 256)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                self._ended(str(error))
                return
            if not data:
                self._ended("")
                return
            self.log.bytes_in += len(data)
            self._take(data, arrival(ancillary))

    def _take(self, data: bytes, arrived_ns: int) -> None:
        if self._tls is None:
            self._on_bytes(self, data, arrived_ns)
            return
        self._incoming.write(data)
        try:
            if not self._handshake_done:
                self._tls.do_handshake()
                self._handshake_done = True
            while self._open and (plain := self._tls.read(_CHUNK)):
                self._on_bytes(self, plain, arrived_ns)
            if self._open:  # nothing left to read and no more awaited: close_notify (RFC 8446 6.1)
                self._tls.unwrap()
                self._flush_tls()
                self.close()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self.log.error = f"TLS: {error.reason}"
            self._flush_tls()
            self.close()
            return
        self._flush_tls()

    def _flush_tls(self) -> None:
        if data := self._outgoing.read():
            self._queue(data)

    @property
    def protocol(self) -> str:
        """What client and server agreed to speak (ALPN); empty where they did not, or not yet."""
        return (self._tls and self._tls.selected_alpn_protocol()) or ""

    def put(self, data: bytes) -> None:
        """Have `data` sent, as soon as the client takes it; nothing where the client is gone."""
        if not self._open or not data:
            return
        if self._tls is None:
            self._queue(data)
        else:
            self._tls.write(data)
            self._flush_tls()

    async def send(self, data: bytes) -> None:
        """Send all of `data`; returns early where the client is gone."""
        self.put(data)
        await self._drained.wait()

    def _queue(self, data: bytes) -> None:
        self._to_send += data
        self._write()

    def _write(self) -> None:
        try:
            sent = self._sock.send(self._to_send) if self._to_send else 0
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError as error:
            self._ended(str(error))
            return
        self.log.bytes_out += sent
        self._to_send = self._to_send[sent:]
        if self._to_send:
            self._drained.clear()
            self._loop.add_writer(self._sock.fileno(), self._write)
        elif not self._drained.is_set():
            self._loop.remove_writer(self._sock.fileno())
            self._drained.set()

    async def pause(self, seconds: float) -> None:
        """Wait, or less where the client leaves meanwhile."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.gone.wait(), seconds)

    def reset(self) -> None:
        """Close with RST (SO_LINGER of 0 s)."""
        if self._open:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._ended("")

    def close(self) -> None:
        """Close in order; nothing is owed to a client that has left."""
        self._ended("")

    def _ended(self, error: str) -> None:
        if not self._open:
            return
        self._open = False
        self.log.closed_ns = time.time_ns()
        self.log.error = self.log.error or error
        self._loop.remove_reader(self._sock.fileno())
        self._loop.remove_writer(self._sock.fileno())
        self._sock.close()
        self._drained.set()
        self.gone.set()
