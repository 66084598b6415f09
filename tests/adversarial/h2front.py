"""Simulated sites over HTTP/2: TLS, ALPN `h2`, every connection and request logged by the address it came to."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h2.config
import h2.connection
import h2.events

from desist.testing.authority import TestAuthority

Answer = Callable[[str, str], tuple[int, dict[str, str], bytes]]


class H2Front:
    """Listens on one port of every address; `answer(host, path)` gives status, headers and body."""

    def __init__(self, addresses: Mapping[str, str], port: int, folder: Path, answer: Answer) -> None:
        self.hits: list[tuple[str, str, str]] = []
        """(site whose address it came to, authority, path)"""
        self.connections: list[str] = []
        self._addresses, self._port, self._answer = addresses, port, answer
        self._authority = TestAuthority(folder)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> H2Front:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            self._loop.call_soon_threadsafe(server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _listen(self) -> None:
        self._servers = []
        for site, address in self._addresses.items():
            context = self._authority.context([site, f"*.{site}"], address)
            context.set_alpn_protocols(["h2"])
            server = await self._loop.create_server(
                lambda site=site: _Connection(self, site), address, self._port, ssl=context
            )
            self._servers.append(server)


class _Connection(asyncio.Protocol):
    def __init__(self, front: H2Front, site: str) -> None:
        self._front, self._site = front, site
        self._conn = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._front.connections.append(self._site)
        self._conn.initiate_connection()
        transport.write(self._conn.data_to_send())

    def data_received(self, data: bytes) -> None:
        for event in self._conn.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                self._serve(event)
        self._transport.write(self._conn.data_to_send())

    def _serve(self, event: h2.events.RequestReceived) -> None:
        fields = dict(event.headers)
        authority, path = fields[":authority"], fields[":path"]
        self._front.hits.append((self._site, authority, path))
        status, headers, body = self._front._answer(authority.split(":")[0], path)
        sent = [(":status", str(status)), ("content-length", str(len(body))), *headers.items()]
        self._conn.send_headers(event.stream_id, [(name.lower(), value) for name, value in sent])
        self._conn.send_data(event.stream_id, body, end_stream=True)


__all__ = ["H2Front"]
