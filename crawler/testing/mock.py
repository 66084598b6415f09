"""The same descriptions as a registry of the library `responses`, for code that uses `requests`.

Nothing is served: a delay passes at once, and a failure is the exception that `requests` would have raised.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import requests
import responses

from ..errors import UsageError
from .hits import Hit
from .seen import Seen
from .site import Failure, Page, Site

__all__ = ["MockedSite", "Mounted", "mount"]

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Mounted:
    """The sites in one registry, and every request that it answered, by arrival."""

    def __init__(self, sites: Iterable[Site]) -> None:
        self.sites = tuple(sites)
        self.hits: list[Hit] = []

    def __getitem__(self, name: str) -> MockedSite:
        """The site of that name or alias; raises UsageError."""
        for site in self.sites:
            if site.serves(name):
                return MockedSite(self, site)
        known = ", ".join(name for site in self.sites for name in site.names)
        raise UsageError(f"no site of this registry is called `{name}`", help=f"its names: {known}")

    def answer(self, request: requests.PreparedRequest) -> tuple[int, Any, bytes]:
        """The callback of the registry: log the request, then answer or fail as described."""
        url = urlsplit(str(request.url))
        target = url.path + (f"?{url.query}" if url.query else "")
        site = next(site for site in self.sites if site.serves(url.hostname or ""))
        page = site.answer(target)
        hit = Hit(
            site=site.name,
            at_site=site.name,
            arrived_ns=time.time_ns(),
            scheme=url.scheme,
            method=str(request.method),
            host=url.netloc,
            path=target,
            headers=tuple((name, str(value)) for name, value in request.headers.items()),
            connection=0,
            bytes_in=0,
        )
        self.hits.append(hit)
        if page.failure not in (None, Failure.DRIP):
            raise _exception(page)
        hit.status, hit.bytes_out = page.code, len(page.content)
        return page.code, page.header_lines(), b"" if request.method == "HEAD" else page.content


class MockedSite(Seen):
    """A site in a registry: what was asked of it."""

    def __init__(self, mounted: Mounted, site: Site) -> None:
        self._mounted = mounted
        self.site = site
        self.name = site.name

    @property
    def hits(self) -> list[Hit]:
        """Requests for one of its names, by arrival."""
        return [hit for hit in self._mounted.hits if hit.site == self.name]


def mount(sites: Iterable[Site], registry: responses.RequestsMock) -> Mounted:
    """Make `registry` answer for every name of `sites`, over http and https, on any port."""
    mounted = Mounted(sites)
    for site in mounted.sites:
        for name in site.names:
            host = r"[^/:@]+" + re.escape(name[1:]) if name.startswith("*.") else re.escape(name)
            for method in _METHODS:
                registry.add_callback(method, re.compile(rf"https?://{host}(:\d+)?([/?#]|$)"), mounted.answer)
    return mounted


def _exception(page: Page) -> requests.RequestException:
    match page.failure:
        case Failure.HANG:
            return requests.ReadTimeout("simulated: no answer")
        case Failure.TRUNCATED:
            return requests.exceptions.ChunkedEncodingError("simulated: the body ended early")
        case _:
            return requests.ConnectionError(f"simulated: {page.failure}")
