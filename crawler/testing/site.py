"""The description of a simulated site: what it is called, what it serves, and how it fails.

A description knows nothing of sockets. `desist.testing.web` mounts it on a real server, `desist.testing.mock` in a
registry of the library `responses`, and both ask `Site.answer` what to serve.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from urllib.parse import urlsplit

import msgspec

from ..errors import UsageError

__all__ = ["NOTICE_PATH", "TERMS_PATH", "Failure", "Page", "Site"]

TERMS_PATH = "/terms"
"""Where a simulated site serves its terms."""
NOTICE_PATH = "/legal/notice"
"""Where a simulated site serves its notice."""
_NAME = re.compile(r"(\*\.)?[^\sA-Z/:@?#*]+")


class Failure(StrEnum):
    """How a server lets a client down instead of answering; over HTTP/2 a stream does so, where there is a way."""

    RESET = "reset"
    """RST once the request has been read; over HTTP/2 RST_STREAM."""
    RESET_ON_CONNECT = "reset-on-connect"
    """RST as soon as the connection is accepted; only as the failure of a whole site."""
    CLOSE = "close"
    """An orderly close once the request has been read, without a byte; over HTTP/2 GOAWAY, then a close."""
    HANG = "hang"
    """No answer, until the client gives up."""
    DRIP = "drip"
    """The whole answer, one byte every `Page.drip` seconds; over HTTP/2 the body."""
    TRUNCATED = "truncated"
    """The full Content-Length and half of the body, then a close; over HTTP/2 the end of the stream."""
    GARBAGE = "garbage"
    """Bytes that are no HTTP."""


class Page(msgspec.Struct, frozen=True):
    """One answer. Links to names of the same simulated web get that web's port when they are served."""

    body: str | bytes = ""
    """Text goes out as UTF-8."""
    status: int = 200
    """The HTTP status code."""
    headers: Mapping[str, str | list[str]] = {}
    """Further header fields; a list stands for several fields of one name."""
    media_type: str = "text/html; charset=utf-8"
    """The Content-Type; empty sends none."""
    redirect: str = ""
    """The Location; the status becomes 302 unless a 3xx is given."""
    delay: float = 0.0
    """Seconds before the first byte."""
    failure: Failure | None = None
    """How it fails; None answers."""
    drip: float = 0.05
    """Seconds between two bytes of `Failure.DRIP`."""

    @property
    def code(self) -> int:
        """The status that goes out."""
        return 302 if self.redirect and not 300 <= self.status < 400 else self.status

    @property
    def content(self) -> bytes:
        """The body as bytes, text as UTF-8."""
        return self.body.encode() if isinstance(self.body, str) else self.body

    def header_lines(self) -> list[tuple[str, str]]:
        """All header fields in the order of sending, a list of values as one field each."""
        lines = [("Content-Type", self.media_type)] if self.media_type else []
        if self.redirect:
            lines.append(("Location", self.redirect))
        for name, values in self.headers.items():
            lines.extend((name, value) for value in ([values] if isinstance(values, str) else values))
        return lines


_NOT_FOUND = Page("not found\n", status=404, media_type="text/plain; charset=utf-8")


class Site(msgspec.Struct, frozen=True):
    """One site: its names, its well-known files, its pages, and the policy documents that a crawler holds about it."""

    name: str
    """The first host name, for example `pictogram.test`."""
    aliases: tuple[str, ...] = ()
    """Further names; `*.pictogram.test` stands for every name below."""
    robots: str | Page | None = None
    """The text of robots.txt; None answers 404."""
    terms: str = ""
    """The text of the terms, served at `/terms`."""
    notice: str = ""
    """The text of a notice, served at `/legal/notice`."""
    pages: Mapping[str, str | Page] = {}
    """By path with query, by path, or by a prefix that ends in `*`; the most exact one answers."""
    headers: Mapping[str, str] = {}
    """Added to every answer, robots.txt included."""
    delay: float = 0.0
    """Seconds before the first byte of every answer; a page's own delay comes on top."""
    failure: Failure | None = None
    """Every request fails so."""
    address: str = ""
    """An address of its own; empty: the simulated web gives it one of 127.0.0.0/8."""
    documents: Mapping[str, str] = {}
    """Policy documents about this site, YAML text by path below `policies/`."""
    generate: Callable[[str], Page | None] | None = None
    """Makes a page for a path with query that `pages` does not have; None: 404."""

    def __post_init__(self) -> None:
        """A description that could never be served as it stands is refused: `UsageError`."""
        for name in self.names:
            if not _NAME.fullmatch(name):
                raise UsageError(
                    f"`{name}` is no host name", help="as in `a.test`: lower case, no scheme, port or path"
                )
        for path in self.pages:
            if not path.startswith(("/", "*")):
                raise UsageError(f"page `{path}` of {self.name} is no path", help=f"write `/{path}`")
        texts = {"robots": self.robots or "", **{f"pages[{path!r}]": page for path, page in self.pages.items()}}
        for place, page in texts.items():
            if not isinstance(page, (str, Page)):
                kind = type(page).__name__
                raise UsageError(f"{place} of {self.name} is a {kind}", help="a text, or Page(...) for anything else")

    @property
    def names(self) -> tuple[str, ...]:
        """All names, the first one first."""
        return (self.name, *self.aliases)

    def serves(self, host: str) -> bool:
        """Whether `host` (lower case, without port) is one of the names."""
        return any(host == name or (name.startswith("*.") and host.endswith(name[1:])) for name in self.names)

    def answer(self, target: str) -> Page:
        """What the site serves for a request target in origin form, for example `/p/1?page=2`."""
        page = self._find(target)
        if self.headers:
            page = msgspec.structs.replace(page, headers={**self.headers, **page.headers})
        if self.delay:
            page = msgspec.structs.replace(page, delay=self.delay + page.delay)
        return msgspec.structs.replace(page, failure=self.failure) if self.failure else page

    def _find(self, target: str) -> Page:
        path = urlsplit(target).path or "/"
        written = self.pages.get(target, self.pages.get(path))
        if written is not None:
            return _page(written)
        if path == "/robots.txt":
            return _NOT_FOUND if self.robots is None else _page(self.robots, media_type="text/plain; charset=utf-8")
        for place, text in ((TERMS_PATH, self.terms), (NOTICE_PATH, self.notice)):
            if path == place and text:
                return Page(text)
        return self._by_prefix(target) or (self.generate(target) if self.generate else None) or _NOT_FOUND

    def _by_prefix(self, target: str) -> Page | None:
        prefixes = [key for key in self.pages if key.endswith("*") and target.startswith(key[:-1])]
        return _page(self.pages[max(prefixes, key=len)]) if prefixes else None


def _page(written: str | Page, media_type: str = "text/html; charset=utf-8") -> Page:
    return Page(written, media_type=media_type) if isinstance(written, str) else written
