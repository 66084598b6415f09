"""Idle connections that download handlers keep: those to a platform that is refused from now on are closed.

Every handler keeps them in a way of its own, and none offers to close some of them. A pool of another shape than those
known here is closed by the handler's own `close`, where nothing of it is in flight, or left to its timeout and said so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from scrapy.utils.defer import deferred_from_coro

__all__ = ["close_idle"]

Refused = Callable[[str], bool]
"""Whether a host name or an address is refused from now on."""


def close_idle(handler: Any, refused: Refused) -> int:
    """Close what `handler` keeps open to hosts that are refused; how many connections that were."""
    closed = 0
    for close in list(_idle(handler, refused)):
        close()
        closed += 1
    return closed


def _idle(handler: Any, refused: Refused) -> Iterator[Callable[[], object]]:
    pool = getattr(handler, "_pool", None)
    connections = getattr(pool, "_connections", None)
    if isinstance(connections, dict):
        yield from _of_twisted(pool, connections, refused)
    connector = getattr(getattr(handler, "_session", None), "connector", None)
    if connector is not None and isinstance(getattr(connector, "_conns", None), dict):
        yield from _of_aiohttp(connector, refused)
    clients = [getattr(handler, "_default_client", None), *getattr(handler, "_proxy_clients", {}).values()]
    for client in clients:
        inner = getattr(getattr(client, "_transport", None), "_pool", None)
        if isinstance(getattr(inner, "_connections", None), list):
            yield from _of_httpx(inner, refused)


def _of_twisted(pool: Any, connections: dict[Any, Any], refused: Refused) -> Iterator[Callable[[], object]]:
    """HTTP/1.1: lists of protocols by (scheme, host, port, ...); HTTP/2: one protocol, in use or not."""
    for key, kept in list(connections.items()):
        protocols = list(kept) if isinstance(kept, list) else [kept]
        for protocol in protocols:
            if not (refused(_text(key[1])) or refused(_peer(protocol.transport))):
                continue
            if isinstance(kept, list):
                kept.remove(protocol)
                timeout = pool._timeouts.pop(protocol, None)
                if timeout is not None and timeout.active():
                    timeout.cancel()
            yield protocol.transport.abortConnection


def _of_aiohttp(connector: Any, refused: Refused) -> Iterator[Callable[[], object]]:
    for key, kept in list(connector._conns.items()):
        for entry in list(kept):
            transport = entry[0].transport
            if transport is not None and (refused(key.host) or refused(_peer(transport))):
                kept.remove(entry)
                yield transport.abort
        if not kept:
            connector._conns.pop(key, None)


def _of_httpx(pool: Any, refused: Refused) -> Iterator[Callable[[], object]]:
    for connection in list(pool._connections):
        origin = getattr(connection, "_origin", None) or getattr(connection, "_remote_origin", None)
        if connection.is_idle() and refused(_text(getattr(origin, "host", b""))):
            pool._connections.remove(connection)
            yield partial(_close, connection)


def _close(connection: Any) -> object:
    return deferred_from_coro(connection.aclose())


def _text(host: bytes | str) -> str:
    return host.decode("latin-1") if isinstance(host, bytes) else host


def _peer(transport: Any) -> str:
    """The address at the other end, empty where it is not known."""
    if transport is None:
        return ""
    if hasattr(transport, "get_extra_info"):
        found = transport.get_extra_info("peername")
        return str(found[0]) if found else ""
    try:
        return str(transport.getPeer().host)
    except AttributeError:
        return ""
