"""The resolver gate: the only place that asks the DNS, and it judges every name of a chain before asking for it.

A system resolver tells addresses and hides the CNAME chain, so that a platform behind an alias looks like a stranger.
Here the answer's own chain is read, link by link (RFC 1034 3.6.2); what comes back is judged by the caller, pinned, and
handed to whatever opens the socket, so that a second answer (rebinding) finds nobody who asks.
"""

from __future__ import annotations

import ipaddress
import random
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver
from scrapy.exceptions import CannotResolveHostError
from scrapy.utils.asyncio import run_in_thread

from ..errors import UsageError
from .once import Once

__all__ = ["Resolution", "Resolver", "asking", "local_addresses"]

MAX_LINKS: Final = 16
"""Links of a CNAME chain; resolvers in use give up between 8 and 20."""
_MAX_KEPT: Final = 10_000
_MAX_TTL: Final = 60.0
_HOSTS: Final = Path("/etc/hosts")
_LOOPBACK: Final = ("127.0.0.1",)


class Resolution(NamedTuple):
    """Every name on the way, the one asked for first, and the addresses at its end."""

    names: tuple[str, ...]
    addresses: tuple[str, ...]
    expires: float = 0.0
    """Monotonic seconds."""


class Resolver:
    """Answers are kept for their TTL, a minute at most; the judging of them is never kept here."""

    def __init__(self, nameservers: Sequence[str], *, timeout: float = 5.0) -> None:
        self._servers = [_server(text) for text in nameservers] or _system_servers()
        self._timeout = timeout
        self._kept: dict[str, Resolution] = {}
        self._flights: Once[Resolution] = Once()
        self.sending = threading.Lock()
        """Held while a question is judged and sent, and while the policies are swapped: none leaves by the old set."""

    async def resolve(self, host: str, judge: Callable[[str], None]) -> Resolution:
        """The chain and addresses of a canonical `host`.

        `judge` is called with every name just before it is asked for; what it raises ends the lookup. Raises
        CannotResolveHostError where there is no answer.
        """
        literal = _literal(host)
        if literal:
            return Resolution((host,), (literal,))
        kept = self.kept(host)
        if kept is None:
            kept = await self._flights.get(host, lambda: run_in_thread(self.ask, host, judge))
            if len(self._kept) >= _MAX_KEPT:
                self._kept.clear()
            self._kept[host] = kept
        return kept

    def kept(self, host: str) -> Resolution | None:
        """The answer on hand for a name, where there is one that has not run out."""
        kept = self._kept.get(host)
        return kept if kept is not None and kept.expires > time.monotonic() else None

    @property
    def servers(self) -> list[tuple[str, int]]:
        """The nameservers that it asks."""
        return self._servers

    def forget(self) -> None:
        """Drop what is kept: after a change of policies every chain is asked for and judged anew."""
        self._kept.clear()

    def ask(self, host: str, judge: Callable[[str], None]) -> Resolution:
        """The same, blocking, from any thread; nothing is kept."""
        local = local_addresses(host)
        if local:
            return Resolution((host,), local, time.monotonic() + _MAX_TTL)
        found = self._follow(host, "A", judge)
        if not found.addresses:
            found = self._follow(host, "AAAA", judge)
        if not found.addresses:
            raise CannotResolveHostError(f"`{host}` has no address")
        return found

    def _follow(self, host: str, kind: str, judge: Callable[[str], None]) -> Resolution:
        names, ttl, seen = [host], _MAX_TTL, 0
        while True:
            message = self._query(names[-1], kind, judge)
            addresses, chain, least = _read(message, names[-1], kind)
            ttl = min(ttl, least)
            for name in chain:
                judge(name)
                names.append(name)
            if len(names) > MAX_LINKS:
                raise CannotResolveHostError(f"`{host}` is an alias of an alias, {len(names)} deep")
            if addresses or len(names) == seen or not chain:
                return Resolution(tuple(names), addresses, time.monotonic() + ttl)
            seen = len(names)

    def _query(self, name: str, kind: str, judge: Callable[[str], None]) -> dns.message.Message:
        trouble = ""
        for address, port in random.sample(self._servers, len(self._servers)):
            try:
                question = dns.message.make_query(dns.name.from_text(name), kind, flags=dns.flags.RD, use_edns=0)
                with _asking():
                    answer = self._exchange(question, (address, port), lambda: judge(name))
            except (dns.exception.DNSException, OSError) as error:
                trouble = f"{type(error).__name__} from {address}"
                continue
            if answer.rcode() in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
                return answer
            trouble = f"{dns.rcode.to_text(answer.rcode())} from {address}"
        raise CannotResolveHostError(f"`{name}` cannot be looked up: {trouble}")

    def _exchange(
        self, question: dns.message.Message, server: tuple[str, int], judge: Callable[[], None]
    ) -> dns.message.Message:
        """One question and its answer, by TCP where it is too long for UDP; judged again as it is sent."""
        family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
        until = time.time() + self._timeout
        with socket.socket(family, socket.SOCK_DGRAM) as udp:
            udp.setblocking(False)
            with self.sending:
                judge()
                dns.query.send_udp(udp, question, server, until)
            with suppress(dns.message.Truncated):
                short: dns.message.Message = dns.query.receive_udp(
                    udp, server, until, query=question, raise_on_truncation=True
                )[0]
                return short
        with socket.create_connection(server, self._timeout) as tcp:
            tcp.setblocking(False)
            with self.sending:
                judge()
                dns.query.send_tcp(tcp, question, until)
            answer: dns.message.Message = dns.query.receive_tcp(tcp, until)[0]
            return answer


class _Asking(threading.local):
    """Whether the running thread is the resolver's own lookup; the process gate lets no other one pass."""

    now = False

    def __enter__(self) -> None:
        self.now = True

    def __exit__(self, *_: object) -> None:
        self.now = False


_ASKING: Final = _Asking()


def _asking() -> _Asking:
    return _ASKING


def asking() -> bool:
    """Whether the running thread is in the middle of the resolver's own question."""
    return _ASKING.now


def _read(message: dns.message.Message, name: str, kind: str) -> tuple[tuple[str, ...], list[str], float]:
    """Addresses, further names and least TTL of one answer, following its own links from `name` on."""
    links: dict[str, str] = {}
    found: dict[str, list[str]] = {}
    ttl = _MAX_TTL
    for rrset in message.answer:
        owner = rrset.name.to_text(omit_final_dot=True).lower()
        ttl = min(ttl, float(rrset.ttl))
        if rrset.rdtype == dns.rdatatype.CNAME:
            links[owner] = rrset[0].target.to_text(omit_final_dot=True).lower()
        elif rrset.rdtype == dns.rdatatype.from_text(kind):
            found[owner] = [item.address for item in rrset]
    chain: list[str] = []
    at = name.lower()
    while at in links and len(chain) <= MAX_LINKS:
        at = links[at]
        chain.append(at)
    return tuple(found.get(at, ())), chain, ttl


def local_addresses(host: str) -> tuple[str, ...]:
    """What the machine itself says of a name: its hosts file, and loopback for `localhost` (RFC 6761 6.3)."""
    try:
        lines = _HOSTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    found: list[str] = []
    for line in lines:
        address, *names = line.split("#", 1)[0].split() or [""]
        if host in {name.lower().rstrip(".") for name in names} and _literal(address):
            found.append(_literal(address))
    if found:
        return tuple(sorted(set(found), key=lambda text: ":" in text))
    return _LOOPBACK if host == "localhost" or host.endswith(".localhost") else ()


@lru_cache(maxsize=4096)
def _literal(host: str) -> str:
    """The address that a host is in itself, empty for a name: every page asks this of its host."""
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return ""


def _server(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":") if text.count(":") == 1 or text.startswith("[") else (text, "", "53")
    address = _literal(host)
    if not address or not port.isdigit():
        raise UsageError(f"setting `DESIST_NAMESERVERS` has `{text}`", help="`address:port`, for example 9.9.9.9:53")
    return address, int(port)


def _system_servers() -> list[tuple[str, int]]:
    try:
        found = [str(server) for server in dns.resolver.Resolver().nameservers]
    except dns.exception.DNSException:
        found = []
    return [(server, 53) for server in found if _literal(server)] or [("127.0.0.1", 53)]
