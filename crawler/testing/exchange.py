"""HTTP/1.1 on the server's side without I/O: bytes to requests, pages to bytes."""

from __future__ import annotations

from http import HTTPStatus

import msgspec

from .site import Page

__all__ = ["BadRequest", "Request", "RequestReader", "render"]

_MAX_HEAD = 64 * 1024


class BadRequest(ValueError):
    """What arrived is no HTTP/1.1 request."""


class Request(msgspec.Struct, frozen=True):
    """A request's head, and how many bytes it took with its body."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    arrived_ns: int
    size: int
    protocol: str = "http/1.1"
    """As ALPN names it (RFC 7301): `http/1.1`, `h2`."""
    authority: str = ""
    """HTTP/2's `:authority`, which stands for the Host header (RFC 9113 8.3.1)."""

    def header(self, name: str) -> str:
        """The first field of that name (lower case), empty where there is none."""
        return next((value for field, value in self.headers if field.lower() == name), "")

    @property
    def keep_alive(self) -> bool:
        """Whether the client wants the connection to stay."""
        return "close" not in self.header("connection").lower()

    @property
    def named(self) -> str:
        """The host and port that the client asked for, as received."""
        return self.authority or self.header("host")

    @property
    def host(self) -> str:
        """The name among them: lower case, without port and trailing dot."""
        whole = self.named.lower()
        name, _, port = whole.rpartition(":")
        return (name if name and port.isdigit() else whole).rstrip(".")


class RequestReader:
    """Collects bytes and gives out each request as soon as its head is complete; a body is counted and dropped."""

    def __init__(self) -> None:
        self._buffer = b""
        self._skip = 0

    def feed(self, data: bytes, arrived_ns: int) -> list[Request]:
        """The requests whose heads `data` completes, which arrived at `arrived_ns`; raises BadRequest."""
        dropped = min(self._skip, len(data))
        self._skip -= dropped
        self._buffer += data[dropped:]
        found = []
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head, rest = self._buffer[:end], self._buffer[end + 4 :]
            (method, target, protocol), headers = _parse(head)
            length = _body_length(headers)
            self._skip, self._buffer = max(0, length - len(rest)), rest[length:]
            found.append(Request(method, target, headers, arrived_ns, end + 4 + length, protocol.lower()))
        if len(self._buffer) > _MAX_HEAD:
            raise BadRequest("head too long")
        return found


def _parse(head: bytes) -> tuple[list[str], tuple[tuple[str, str], ...]]:
    line, *fields = head.decode("latin-1").split("\r\n")
    words = line.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise BadRequest(f"not a request line: {line[:80]!r}")
    pairs = (field.partition(":") for field in fields)
    return words, tuple((name.strip(), value.strip()) for name, _, value in pairs)


def _body_length(headers: tuple[tuple[str, str], ...]) -> int:
    fields = {name.lower(): value for name, value in headers}
    if "transfer-encoding" in fields:
        raise BadRequest("chunked request bodies are not simulated")
    length = fields.get("content-length", "0")
    if not length.isdigit():
        raise BadRequest(f"not a length: {length[:80]!r}")
    return int(length)


def render(page: Page, *, head_only: bool, keep_alive: bool) -> bytes:
    """The answer as bytes; `Failure.TRUNCATED` and the like are the server's business."""
    body = page.content
    lines = [("Content-Length", str(len(body))), ("Connection", "keep-alive" if keep_alive else "close")]
    present = {name.lower() for name, _ in page.header_lines()}
    lines = page.header_lines() + [(name, value) for name, value in lines if name.lower() not in present]
    phrase = HTTPStatus(page.code).phrase if page.code in HTTPStatus._value2member_map_ else "Unnamed"
    head = f"HTTP/1.1 {page.code} {phrase}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines) + "\r\n"
    return head.encode("latin-1") + (b"" if head_only else body)
