"""What a site's own files say beside robots.txt: tdmrep.json and ai.txt where the purposes ask for them, RSL licences.

Each is fetched once, judged by documents and robots.txt on every hop, and believed only as captured at the wire. A file
that could not be had leaves an `unknown` statement behind, which refuses AI purposes; a licence that could not be had
refuses the fetch.
"""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urljoin
from weakref import WeakKeyDictionary

from scrapy.exceptions import CannotResolveHostError

from ..model import ALL_PURPOSES, Decision, Signal
from ..optout import (
    AI_TXT_PATH,
    files_wanted,
    licence_unread,
    licences_to_read,
    read_ai_txt,
    read_robots,
    read_rsl,
    read_tdmrep_file,
    rsl_of_robots,
)
from ..patterns import normalise_path, path_of
from ..robots import Robots
from ..robots.statements import Statements, judge_ai_txt, statements_of
from ..urls import is_address
from .courier import Brought, Courier
from .once import Once
from .places import place_of
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
_MOST_KEPT: Final = 64 * 1024 * 1024
"""Octets of files that are kept, each counted with what keeping it costs: those not asked for the longest go."""
_OVERHEAD: Final = 1024
_INSIDE: Final = "it lies at an address that is not public, and the page that it speaks of does not"
_NOTHING: Final = Statements([], [], [])


class _File(NamedTuple):
    """One file as it came: status 0 where it could not be had."""

    status: int
    body: bytes
    hops: int
    until: float
    """Seconds since 1970 until which it is used."""
    why: str = ""
    """Why it was not asked for."""

    @property
    def weight(self) -> int:
        return len(self.body) + _OVERHEAD


_ABSENT: Final = _File(0, b"", 0, 0.0)


class FilesGate:
    """All such files of one crawl; belongs to the thread of the event loop."""

    def __init__(self, warden: Warden, courier: Courier, robots: RobotsGate) -> None:
        self._warden = warden
        self._courier = courier
        self._robots = robots
        self._wanted = files_wanted(warden.purposes or ALL_PURPOSES)
        self._files: OrderedDict[str, _File] = OrderedDict()
        self._weight = 0
        """Of all of them."""
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
        named, _ = self._licences(request, authority)
        for url in (*self._own(authority), *named):
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
        named, too_many = self._licences(request, authority)
        for url in named:
            found += self.licence(url, request.url)
        return (*found, *too_many)

    async def licences(self, urls: tuple[str, ...], request: Request) -> tuple[Signal, ...]:
        """What the licences that a response names say of its request."""
        found: list[Signal] = []
        named, too_many = licences_to_read(urls)
        for url in named:
            await self._have(url, request)
            found += self.licence(url, request.url)
        return (*found, *too_many)

    def licence(self, licence_url: str, url: str) -> tuple[Signal, ...]:
        """What a licence on hand says of `url`."""
        file = self._kept(licence_url)
        if file.why:
            return (licence_unread(licence_url, file.why),)
        return read_rsl(file.status, file.body, url, licence_url)

    def _own(self, authority: str) -> tuple[str, ...]:
        return tuple(authority + path for path in self._wanted)

    def _licences(self, request: Request, authority: str) -> tuple[tuple[str, ...], tuple[Signal, ...]]:
        """The licences that robots.txt names, and what refuses where they are too many."""
        lines = self._said(request.url).licences
        return licences_to_read(rsl_of_robots(lines, f"{authority}/robots.txt") if lines else ())

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
        return file if file is not None and file.until > time.time() else _ABSENT

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
            self._keep(url, file)

    def _keep(self, url: str, file: _File) -> None:
        """Keep a file in the place of an earlier one; where all together weigh too much the oldest ones go."""
        self._weight += file.weight - (self._files.pop(url).weight if url in self._files else 0)
        self._files[url] = file
        self.edition += 1
        while self._weight > _MOST_KEPT and len(self._files) > 1:
            _, gone = self._files.popitem(last=False)
            self._weight -= gone.weight

    async def _hops(self, url: str, cause: Request) -> _File:
        now = time.time()
        unread = _File(0, b"", 0, now + _AGAIN)
        until, at = now + _SECONDS, url
        for hop in range(_HOPS + 1):
            if await self._leads_inside(at, cause):
                return _File(0, b"", 0, now + _AGAIN, _INSIDE)
            answer = await self._courier.fetch(at, cause, most=_MOST_OCTETS, until=until)
            if not isinstance(answer, Brought) or answer.cut:
                return unread
            location = next((value for name, value in answer.headers if name.lower() == "location"), "")
            if answer.status not in _REDIRECTS or not location:
                kept = _DAY if answer.status < 500 and answer.status != 429 else _AGAIN
                return _File(answer.status, answer.body if answer.status == 200 else b"", hop, now + kept)
            at = urljoin(at, location).partition("#")[0]
        return unread

    async def _leads_inside(self, url: str, cause: Request) -> bool:
        """Whether what a site wrote would make the crawler ask within its own network, where the site itself is not."""
        if place_of(url).host == place_of(cause.url).host:
            return False
        return await self._is_inside(url, cause) and not await self._is_inside(cause.url, cause)

    async def _is_inside(self, url: str, cause: Request) -> bool:
        """Whether a URL's host has an address that is not public; behind a proxy only an address as such can tell."""
        host = place_of(url).host
        if not host or ("proxy" in cause.meta and not is_address(host)):
            return False
        try:
            route = await self._warden.route(url, host)
        except CannotResolveHostError:
            return False
        if isinstance(route, Decision):
            return False  # it is not asked for either: the fetch meets the same refusal and puts it on record
        return not all(ipaddress.ip_address(address).is_global for address in route.addresses)
