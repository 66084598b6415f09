"""What a site's own files say beside robots.txt: tdmrep.json and ai.txt where the purposes ask for them, RSL licences.

Each is fetched once, judged by documents and robots.txt on every hop, and believed only as captured at the wire. A file
that could not be had leaves an `unknown` statement behind, which refuses AI purposes; a licence that could not be had
refuses the fetch.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urljoin
from weakref import WeakKeyDictionary

from ..model import ALL_PURPOSES, Signal
from ..optout import AI_TXT_PATH, files_wanted, read_ai_txt, read_robots, read_rsl, read_tdmrep_file, rsl_of_robots
from ..patterns import normalise_path, path_of
from ..robots import Robots
from ..robots.statements import Statements, judge_ai_txt, statements_of
from .courier import Brought, Courier
from .once import Once
from .robots_gate import RobotsGate, authority_of

if TYPE_CHECKING:
    from scrapy import Request

    from .warden import Warden

__all__ = ["FilesGate"]

_DAY: Final = 86_400.0
_AGAIN: Final = 300.0
"""Seconds until a file that could not be had is tried anew."""
_LEAD: Final = 150.0
"""Seconds before a file's time runs out at which it is fetched anew: what waits for its slot must still hold one."""
_MOST_OCTETS: Final = 1024 * 1024
_SECONDS: Final = 30.0
_HOPS: Final = 5
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MOST_FILES: Final = 20_000
_NOTHING: Final = Statements([], [], [])


class _File(NamedTuple):
    """One file as it came: status 0 where it could not be had."""

    status: int
    body: bytes
    hops: int
    until: float
    """Seconds since 1970 until which it is used."""


class FilesGate:
    """All such files of one crawl; belongs to the thread of the event loop."""

    def __init__(self, warden: Warden, courier: Courier, robots: RobotsGate) -> None:
        self._warden = warden
        self._courier = courier
        self._robots = robots
        self._wanted = files_wanted(warden.purposes or ALL_PURPOSES)
        self._files: OrderedDict[str, _File] = OrderedDict()
        self.edition = 0
        """Counts the files that came: what was read of them before is to be read again."""
        self._flights: Once[None] = Once()
        self._statements: WeakKeyDictionary[Robots, Statements] = WeakKeyDictionary()

    async def signals(self, request: Request) -> tuple[Signal, ...]:
        """What the files of the request's authority say of it, after fetching those that are due."""
        if self._courier.errand(request):
            return ()
        if not self._wanted and self._said(request.url) is _NOTHING:
            return ()
        authority = authority_of(request.url)
        for url in (*self._own(authority), *self._licences(request, authority)):
            await self._have(url, request)
        return self.on_hand(request)

    def on_hand(self, request: Request) -> tuple[Signal, ...]:
        """The same without ever fetching: what was not captured is `unknown`, or refuses."""
        if self._courier.errand(request):
            return ()
        said = self._said(request.url)
        if said is _NOTHING and not self._wanted:
            return ()
        authority = authority_of(request.url)
        mode = self._warden.options.robots_mode
        found: list[Signal] = list(read_robots(said, request.url, mode)) if said is not _NOTHING else []
        for url in self._own(authority):
            found += self._read(url, request.url)
        for url in self._licences(request, authority):
            found += self.licence(url, request.url)
        return tuple(found)

    async def licences(self, urls: tuple[str, ...], request: Request) -> tuple[Signal, ...]:
        """What the licences that a response names say of its request."""
        found: list[Signal] = []
        for url in urls:
            await self._have(url, request)
            found += self.licence(url, request.url)
        return tuple(found)

    def licence(self, licence_url: str, url: str) -> tuple[Signal, ...]:
        """What a licence on hand says of `url`."""
        file = self._kept(licence_url)
        return read_rsl(file.status, file.body, url, licence_url)

    def _own(self, authority: str) -> tuple[str, ...]:
        return tuple(authority + path for path in self._wanted)

    def _licences(self, request: Request, authority: str) -> tuple[str, ...]:
        lines = self._said(request.url).licences
        return rsl_of_robots(lines, f"{authority}/robots.txt") if lines else ()

    def _said(self, url: str) -> Statements:
        """The statements in the authority's robots.txt; worked out once a file."""
        known = self._robots.known(url)
        mode = self._warden.options.robots_mode
        robots = known.robots(mode) if known is not None else None
        if robots is None:
            return _NOTHING
        said = self._statements.get(robots)
        if said is None:
            said = statements_of(robots, self._warden.options.agent or "Mozilla", mode)
            self._statements[robots] = said if any(said) else _NOTHING
        return self._statements[robots]

    def _read(self, file_url: str, url: str) -> tuple[Signal, ...]:
        file = self._kept(file_url)
        options = self._warden.options
        if file_url.endswith(AI_TXT_PATH):
            verdict = None
            if file.status == 200:
                verdict = judge_ai_txt(file.body, url, options.agent or "Mozilla", options.robots_mode)
            return read_ai_txt(file.status, verdict)
        path = normalise_path(path_of(url))
        strict = options.robots_mode == "strict"
        return read_tdmrep_file(file.status, file.body, path, strict=strict, redirects=file.hops)

    def _kept(self, url: str) -> _File:
        """A file while it may be believed; one that was not had afterwards."""
        file = self._files.get(url)
        return file if file is not None and file.until > time.time() else _File(0, b"", 0, 0.0)

    async def _have(self, url: str, cause: Request) -> None:
        file = self._files.get(url)
        if file is None or file.until - _LEAD <= time.time():
            await self._flights.get(url, lambda: self._fetch(url, cause))
        else:
            self._files.move_to_end(url)

    async def _fetch(self, url: str, cause: Request) -> None:
        """Ask for a file, hop by hop."""
        file = _File(0, b"", 0, time.time() + _AGAIN)
        try:
            file = await self._hops(url, cause)
        finally:
            self._files[url] = file
            self.edition += 1
            if len(self._files) > _MOST_FILES:
                self._files.popitem(last=False)

    async def _hops(self, url: str, cause: Request) -> _File:
        now = time.time()
        unread = _File(0, b"", 0, now + _AGAIN)
        until, at = now + _SECONDS, url
        for hop in range(_HOPS + 1):
            answer = await self._courier.fetch(at, cause, most=_MOST_OCTETS, until=until)
            if not isinstance(answer, Brought) or answer.cut:
                return unread
            location = next((value for name, value in answer.headers if name.lower() == "location"), "")
            if answer.status not in _REDIRECTS or not location:
                kept = _DAY if answer.status < 500 and answer.status != 429 else _AGAIN
                return _File(answer.status, answer.body, hop, now + kept)
            at = urljoin(at, location).partition("#")[0]
        return unread
