"""What a site's files and pages say, for code without a loop: each file is fetched when it is due, one after the other.

The same as `FilesGate` and `MetaGate` do for a crawl: tdmrep.json and ai.txt where the purposes ask for them, the
statements of robots.txt, RSL licences, meta elements. A file that could not be had leaves an `unknown` statement, which
refuses AI purposes; a licence that could not be had refuses.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple
from urllib.parse import urljoin

from ..model import ALL_PURPOSES, Purpose, Signal
from ..optout import (
    AI_TXT_PATH,
    Mode,
    files_wanted,
    read_ai_txt,
    read_headers,
    read_html,
    read_robots,
    read_rsl,
    read_tdmrep_file,
    rsl_links,
    rsl_of_robots,
)
from ..optout.rsl import licences_to_read, rsl_of_headers
from ..patterns import normalise_path, path_of
from ..robots import Robots
from ..robots.statements import judge_ai_txt, statements_of
from .places import place_of

__all__ = ["Brought", "SiteFiles"]

_DAY: Final = 86_400.0
_AGAIN: Final = 300.0
"""Seconds until a file that could not be had is tried anew."""
_HOPS: Final = 5
_MOST: Final = 1000
_MOST_OCTETS: Final = 1 << 20
"""Of one file; only what came with status 200 is kept."""
_ALL_OCTETS: Final = 64 << 20
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class Brought(NamedTuple):
    """An answer: its status (0 where there was none that counts), the target of a redirect, the body."""

    status: int = 0
    location: str = ""
    body: bytes = b""


class _File(NamedTuple):
    status: int
    body: bytes
    hops: int
    until: float


class SiteFiles:
    """The files of all sites that one adapter asks; threads that need the same at once each fetch it."""

    def __init__(
        self,
        fetch: Callable[[str], Brought],
        addresses: Callable[[str], Iterable[str]],
        purposes: Iterable[Purpose] | None,
        agent: str,
        mode: Mode,
    ) -> None:
        self._fetch = fetch
        """Decides, records and asks for one URL, without following redirects; never raises."""
        self._addresses = addresses
        """Those of a URL's host, each of them decided; raises where it is not to be asked, or has none."""
        self._wanted = files_wanted(frozenset(purposes) if purposes is not None else ALL_PURPOSES)
        self._agent, self._mode = agent, mode
        self._files: OrderedDict[str, _File] = OrderedDict()
        self._lock = threading.Lock()
        """Guards `_files`; never held while anything is fetched."""

    def of_site(self, url: str, authority: str, robots: Robots | None) -> tuple[Signal, ...]:
        """What the authority's files say of a URL that its robots.txt allows."""
        found: list[Signal] = []
        if robots is not None:
            said = statements_of(robots, self._agent, self._mode)
            found += read_robots(said, url, self._mode)
            found += self._licences(rsl_of_robots(said.licences, f"{authority}/robots.txt"), url)
        for path in self._wanted:
            found += self._read(authority + path, url)
        return tuple(found)

    def of_page(self, url: str, headers: Sequence[tuple[str, str]], kind: str, markup: bytes) -> tuple[Signal, ...]:
        """What a response says of itself; `markup` is its body where it is a page, in ASCII or a superset."""
        now = time.time()
        found = [*read_headers(headers, kind, now, self._agent, self._mode)]
        found += read_html(markup, now, self._agent, self._mode) if markup else ()
        named = (*rsl_of_headers(headers, url), *(urljoin(url, href) for href in rsl_links(markup) if markup))
        return (*found, *self._licences(named, url))

    def _licences(self, named: Sequence[str], url: str) -> list[Signal]:
        urls, signals = licences_to_read(tuple(named))
        found = list(signals)
        for licence in urls:
            file = self._have(licence, url)
            found += read_rsl(file.status, file.body, url, licence)
        return found

    def _read(self, file_url: str, url: str) -> tuple[Signal, ...]:
        file = self._have(file_url, url)
        if file_url.endswith(AI_TXT_PATH):
            known = judge_ai_txt(file.body, url, self._agent, self._mode) if file.status == 200 else None
            return read_ai_txt(file.status, known)
        strict = self._mode == "strict"
        return read_tdmrep_file(
            file.status, file.body, normalise_path(path_of(url)), strict=strict, redirects=file.hops
        )

    def _have(self, url: str, cause: str) -> _File:
        with self._lock:
            file = self._files.get(url)
        if file is not None and file.until > time.time():
            return file
        file = self._hops(url, cause)
        with self._lock:
            self._files.pop(url, None)
            self._files[url] = file
            while len(self._files) > _MOST or sum(len(one.body) for one in self._files.values()) > _ALL_OCTETS:
                self._files.popitem(last=False)
        return file

    def _hops(self, url: str, cause: str) -> _File:
        at = url
        for hop in range(_HOPS + 1):
            if place_of(at).host != place_of(cause).host and self._is_inside(at) and not self._is_inside(cause):
                break  # what a site writes must not aim a crawler at its own network
            answer = self._fetch(at)
            if answer.status not in _REDIRECTS or not answer.location:
                if len(answer.body) > _MOST_OCTETS:
                    break
                had = 0 < answer.status < 500 and answer.status != 429
                body = answer.body if answer.status == 200 else b""
                return _File(answer.status, body, hop, time.time() + (_DAY if had else _AGAIN))
            at = urljoin(at, answer.location).partition("#")[0]
        return _File(0, b"", 0, time.time() + _AGAIN)

    def _is_inside(self, url: str) -> bool:
        """Whether a URL's host has an address that is not public."""
        try:
            return not all(ipaddress.ip_address(address).is_global for address in self._addresses(url))
        except Exception:  # noqa: BLE001 - it is not asked for either: the fetch meets the same refusal or failure
            return False
