"""The resolver gate's place in an asyncio event loop: aiohttp, httpx and whatever else runs there.

aiohttp looks names up with `loop.getaddrinfo` and connects with `loop.sock_connect`; anyio, and with it httpx, ends in
`loop.create_connection`, which uses both. So two methods of the running loop see every client of it.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Any, Final, cast

from ..errors import GateError
from .pins import PINS, canonical
from .process import GATE

__all__ = ["LookupRefused", "install_on_loop", "on_loop"]

_MARK: Final = "_desist_gate"


class LookupRefused(socket.gaierror):
    """A lookup or connection that no granted request covers."""


def install_on_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Replace the loop's own lookup and connect; raises GateError for a loop that lets nobody do so (uvloop)."""
    if on_loop(loop):
        return
    lookup, connect, datagram = loop.getaddrinfo, loop.sock_connect, cast("Any", loop.create_datagram_endpoint)

    async def getaddrinfo(host: Any, port: Any, **kinds: Any) -> Any:
        if host is None or _is_literal(host) or GATE.infra.names(canonical(host)):
            return await lookup(host, port, **kinds)  # the process gate answers for what a project declares
        addresses = PINS.addresses(host)
        if not addresses:
            raise LookupRefused(socket.EAI_NONAME, f"no granted request covers a lookup of {host!r}")
        return [info for address in addresses for info in await lookup(address, port, **kinds)]

    async def sock_connect(sock: socket.socket, address: Any) -> Any:
        host, port = address[:2] if isinstance(address, tuple) else (str(address), 0)
        if not PINS.may_connect(host, port):
            raise ConnectionRefusedError(f"no granted request covers a connection to {host}")
        return await connect(sock, address)

    async def create_datagram_endpoint(*args: Any, remote_addr: Any = None, **options: Any) -> Any:
        if remote_addr is not None and not PINS.may_connect(*remote_addr[:2]):
            raise ConnectionRefusedError(f"no granted request covers datagrams to {remote_addr[0]}")
        return await datagram(*args, remote_addr=remote_addr, **options)

    try:
        loop.getaddrinfo = getaddrinfo  # type: ignore[method-assign]
        loop.sock_connect = sock_connect  # type: ignore[method-assign]
        loop.create_datagram_endpoint = create_datagram_endpoint  # type: ignore[method-assign]
        setattr(loop, _MARK, getaddrinfo)
    except AttributeError as error:
        raise GateError(
            f"the event loop `{type(loop).__name__}` takes no resolver gate",
            help="unset ASYNCIO_EVENT_LOOP: only loops written in Python can be guarded from inside",
        ) from error


def on_loop(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether the gate is what resolves in `loop`."""
    mark = getattr(loop, _MARK, None)
    return mark is not None and loop.getaddrinfo is mark


def _is_literal(host: str | bytes) -> bool:
    try:
        ipaddress.ip_address(host.decode("latin-1") if isinstance(host, bytes) else host)
    except ValueError:
        return False
    return True
