"""What a simulated server saw: every connection, every request, every DNS query, with the time of its arrival.

A site's hit log is the server's own count. What a crawler says about itself is never used in its place.
"""

from __future__ import annotations

import msgspec

__all__ = ["Connection", "Hit", "Query"]


class Connection(msgspec.Struct, kw_only=True):
    """One accepted TCP connection; it counts even where the client never sent a byte."""

    id: int
    """Counts up from the first connection of the simulated web."""
    site: str
    """The name of the site whose address was connected to."""
    address: str
    """The address of the site."""
    port: int
    """The port of the site."""
    peer_port: int
    """The client's port."""
    tls: bool
    """Whether it came to the HTTPS port."""
    opened_ns: int
    """Unix time in ns at which the kernel took in its handshake, known to a tick of at most 10 ms: never earlier."""
    closed_ns: int = 0
    """Unix time in ns at which the server learned that it was closed or closed it itself; 0: still open."""
    bytes_in: int = 0
    """Bytes received, TLS records included."""
    bytes_out: int = 0
    """Bytes sent."""
    requests: int = 0
    """How many requests it carried."""
    error: str = ""
    """Why it ended early, for example a failed handshake."""


class Hit(msgspec.Struct, kw_only=True):
    """One request whose head arrived in full."""

    site: str
    """The name of the site that the Host header names; where none has that name, of the site at that address."""
    at_site: str
    """The name of the site at the address that was connected to."""
    arrived_ns: int
    """Unix time in ns at which the kernel took in the head's last byte (SO_TIMESTAMPNS; else the time of reading)."""
    scheme: str
    """`http` or `https`."""
    method: str
    """`GET` and its like."""
    host: str
    """The Host header as received; over HTTP/2 `:authority`."""
    path: str
    """The request target as received."""
    headers: tuple[tuple[str, str], ...]
    """All fields as received, in their order, those of HTTP/2 that begin with a colon left out."""
    connection: int
    """`Connection.id`."""
    bytes_in: int
    """Octets of the request."""
    bytes_out: int = 0
    """Octets of the answer."""
    status: int = 0
    """0 while nothing was answered."""
    protocol: str = "http/1.1"
    """What was spoken, as ALPN names it: `http/1.1` or `h2`."""

    def header(self, name: str) -> str:
        """The first field of that name, empty where there is none."""
        return next((value for field, value in self.headers if field.lower() == name.lower()), "")

    def __str__(self) -> str:
        """One line for messages."""
        return f"{self.method} {self.scheme}://{self.host}{self.path}"


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """One DNS question."""

    at_ns: int
    """Unix time in ns at which the kernel took it in (UDP), or at which it was read (TCP)."""
    name: str
    """Lower case, without the trailing dot."""
    kind: str
    """`A`, `AAAA`, ..."""
    transport: str
    """`udp` or `tcp`."""

    def __str__(self) -> str:
        """One line for messages."""
        return f"{self.kind} {self.name} over {self.transport}"
