"""A real DNS server on loopback, UDP and TCP, that logs every question and can answer in every awkward way.

It answers as a recursive resolver does: a CNAME chain comes whole, as far as this server knows the names of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator, Mapping, Sequence

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import msgspec

from .hits import Query
from .wire import arrival, stamp

__all__ = ["Answer", "NameServer"]

_CHAIN_LIMIT = 32
_DATAGRAM = 65535


class Answer(msgspec.Struct, frozen=True):
    """What one name answers once: addresses, or a CNAME, or an error code, or silence."""

    a: tuple[str, ...] = ()
    """IPv4 addresses."""
    aaaa: tuple[str, ...] = ()
    """IPv6 addresses."""
    cname: str = ""
    """The name that this one is an alias of."""
    ttl: int = 0
    """Seconds."""
    rcode: str = "NOERROR"
    """The response code: `NXDOMAIN`, `SERVFAIL`, ..."""
    silent: bool = False
    """No answer at all."""


class NameServer:
    """`zone` maps a name (or `*.name`) to one answer, or to several that are given in turn: that is rebinding."""

    def __init__(self, zone: Mapping[str, Answer | Sequence[Answer]]) -> None:
        self.queries: list[Query] = []
        self.address: tuple[str, int] = ("", 0)
        self._zone = {name.lower().rstrip("."): answer for name, answer in zone.items()}
        self._asked: dict[tuple[str, str], int] = {}
        self._udp: socket.socket | None = None
        self._server: asyncio.Server | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen on one UDP and one TCP port of the same number."""
        self._server = await asyncio.start_server(self._serve_tcp, host, port)
        self.address = (host, self._server.sockets[0].getsockname()[1])
        self._udp = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        stamp(self._udp)
        self._udp.setblocking(False)
        self._udp.bind(self.address)
        asyncio.get_running_loop().add_reader(self._udp.fileno(), self.read)

    def close(self) -> None:
        """Stop listening."""
        if self._udp:
            self.read()
            asyncio.get_running_loop().remove_reader(self._udp.fileno())
            self._udp.close()
        if self._server:
            self._server.close()

    def read(self) -> None:
        """Answer every datagram that has arrived."""
        while self._udp is not None:
            try:
                data, ancillary, _, peer = self._udp.recvmsg(_DATAGRAM, 256)
            except (BlockingIOError, InterruptedError):
                return
            if (answer := self.reply(data, "udp", arrival(ancillary))) is not None:
                with contextlib.suppress(OSError):
                    self._udp.sendto(answer, peer)

    def reply(self, wire: bytes, transport: str, at_ns: int) -> bytes | None:
        """The answer to one message; None where there is none to give."""
        try:
            question = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None
        response = dns.message.make_response(question, recursion_available=True)
        for asked in question.question:
            name, kind = asked.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(asked.rdtype)
            self.queries.append(Query(at_ns=at_ns, name=name, kind=kind, transport=transport))
            if not self._fill(response, name, kind):
                return None
        return response.to_wire()

    def _fill(self, response: dns.message.Message, name: str, kind: str) -> bool:
        for link, answer in self._chain(name, kind):
            if answer is None or answer.rcode != "NOERROR":
                response.set_rcode(dns.rcode.from_text(answer.rcode if answer else "NXDOMAIN"))
                return True
            if answer.silent:
                return False
            data = [answer.cname + "."] if answer.cname else list({"A": answer.a, "AAAA": answer.aaaa}.get(kind, ()))
            if data:
                shown = "CNAME" if answer.cname else kind
                response.answer.append(dns.rrset.from_text(link + ".", answer.ttl, "IN", shown, *data))
        return True

    def _chain(self, name: str, kind: str) -> Iterator[tuple[str, Answer | None]]:
        for _ in range(_CHAIN_LIMIT):
            answer = self._next(name, kind)
            yield name, answer
            if answer is None or not answer.cname:
                return
            name = answer.cname.lower().rstrip(".")

    def _next(self, name: str, kind: str) -> Answer | None:
        found = self._zone.get(name)
        parent = name
        while found is None and "." in parent:
            parent = parent.partition(".")[2]
            found = self._zone.get("*." + parent)
        if found is None or isinstance(found, Answer):
            return found
        turn = self._asked.get((name, kind), 0)
        self._asked[name, kind] = turn + 1
        return found[turn % len(found)]

    async def _serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(2), "big")
                answer = self.reply(await reader.readexactly(size), "tcp", time.time_ns())
                if answer is None:
                    return
                writer.write(len(answer).to_bytes(2, "big") + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            return
        finally:
            writer.close()
