"""Names of a simulated web for clients of this process that ask the system: httpx, aiohttp, requests, urllib."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import dns.message
import dns.query
import dns.rdatatype

__all__ = ["reachable"]

_SECONDS = 10.0
_KINDS: dict[int, tuple[str, ...]] = {socket.AF_INET: ("A",), socket.AF_INET6: ("AAAA",)}


@contextmanager
def reachable(nameserver: tuple[str, int], known: Callable[[str], bool]) -> Iterator[None]:
    """While entered, `socket.getaddrinfo` puts names that are `known` to the name server; others go where they went."""
    before = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, family: int = 0, *rest: Any, **kinds: Any) -> Any:
        name = (host.decode("ascii") if isinstance(host, bytes) else host or "").lower().rstrip(".")
        if not known(name):
            return before(host, port, family, *rest, **kinds)
        found = [one for kind in _KINDS.get(family, ("A", "AAAA")) for one in _ask(nameserver, name, kind)]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, f"the simulated web has no address for `{name}`")
        return [entry for address in found for entry in before(address, port, family, *rest, **kinds)]

    socket.getaddrinfo = getaddrinfo
    try:
        yield
    finally:
        socket.getaddrinfo = before


def _ask(nameserver: tuple[str, int], name: str, kind: str) -> list[str]:
    """The addresses of one question, through every alias; each question is on record."""
    host, port = nameserver
    answer = dns.query.udp(dns.message.make_query(name, kind), host, port=port, timeout=_SECONDS)
    wanted = dns.rdatatype.from_text(kind)
    return [data.address for rrset in answer.answer if rrset.rdtype == wanted for data in rrset]
