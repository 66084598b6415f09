"""What the foreign projects have on loopback: a bucket, a set, a browser."""

from __future__ import annotations

import http.client
import socketserver
import threading
from typing import Any
from urllib.parse import parse_qs, urlsplit


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class Service:
    """A server in a thread; `seen` holds what it was told."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        service = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                service.serve(self)

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.place = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def serve(self, talk: Any) -> None:
        raise NotImplementedError

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _head(talk: Any) -> tuple[str, str, dict[str, str]]:
    method, target, _ = talk.rfile.readline().decode().split(" ", 2)
    headers = {}
    while line := talk.rfile.readline().decode().strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return method, target, headers


class Bucket(Service):
    """Keeps what is PUT, as (path, bytes)."""

    def serve(self, talk: Any) -> None:
        _, path, headers = _head(talk)
        self.seen.append((path, talk.rfile.read(int(headers["content-length"]))))
        talk.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")


class Redis(Service):
    """SADD in the RESP protocol, and nothing else."""

    def serve(self, talk: Any) -> None:
        while line := talk.rfile.readline():
            words = []
            for _ in range(int(line[1:])):
                length = int(talk.rfile.readline()[1:])
                words.append(talk.rfile.read(length + 2)[:-2])
            new = words[2] not in self.seen
            self.seen += [words[2]] if new else []
            talk.wfile.write(b":1\r\n" if new else b":0\r\n")


class Browser(Service):
    """Fetches the page that it is asked for; `addresses` says where the simulated names are."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: dict[str, str] = {}

    def serve(self, talk: Any) -> None:
        _, path, _ = _head(talk)
        url = urlsplit(parse_qs(urlsplit(path).query)["url"][0])
        self.seen.append(url.geturl())
        page = http.client.HTTPConnection(self.addresses[url.hostname or ""], url.port or 80, timeout=5)
        page.request("GET", url.path or "/", headers={"Host": url.netloc})
        answer = page.getresponse()
        body = answer.read()
        talk.wfile.write(b"HTTP/1.0 %d OK\r\nContent-Length: %d\r\n\r\n%s" % (answer.status, len(body), body))
