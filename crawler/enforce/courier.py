"""Fetches a site's own files (robots.txt, tdmrep.json, ai.txt, rsl.xml) and believes only what came off the wire.

Such a request travels like any other one, so that gates, proxies, delays and downloader middlewares apply; the answer
that counts is the one that the wire gate captured. A middleware that answers in the place of the site opens nothing.
"""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from scrapy import Request, signals
from scrapy.exceptions import StopDownload
from scrapy.http.request import NO_CALLBACK

from .codings import opened
from .refused import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapy.http import Headers, Response

    from .warden import Warden

__all__ = ["Brought", "Courier", "Failed", "pairs_of", "undo_coding"]

_TICKET: Final = "desist_errand"
_META: Final = {
    "autothrottle_dont_adjust_delay": True,
    "dont_cache": True,
    "dont_merge_cookies": True,
    "dont_redirect": True,
    "dont_retry": True,
    "download_maxsize": 0,
    "download_warnsize": 0,
    "handle_httpstatus_all": True,
}
_AS_THE_PAGE: Final = ("proxy", "bindaddress")
_REASON: Final = 200
"""Characters of an error that are kept."""


class Brought(NamedTuple):
    """An answer as it came off the wire, its content coding undone."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    cut: bool
    """Reading stopped at the size cap."""
    unmarked: bool
    """Nothing but the end of the connection marks the end of the body, so that it may be cut short (RFC 9112 6.3)."""


class Failed(NamedTuple):
    """No answer."""

    why: str
    refused: Refused | None = None
    """The gates' own refusal, where that is why."""


class _Errand:
    """One request of ours on its way."""

    __slots__ = ("captured", "is_robots", "left", "most", "until", "url")

    def __init__(self, url: str, most: int, until: float, *, is_robots: bool) -> None:
        self.url = url
        self.most = self.left = most
        self.until = until
        self.is_robots = is_robots
        self.captured: Brought | Failed | None = None


class Courier:
    """One a crawl; belongs to the thread of the event loop."""

    def __init__(self, warden: Warden) -> None:
        self._warden = warden
        self._tickets = itertools.count(1)
        self._errands: dict[int, _Errand] = {}

    def errand(self, request: Request) -> bool:
        """Whether this is one of our own requests, as it was sent out."""
        return self._find(request) is not None

    def errand_for_robots(self, request: Request) -> bool:
        """Whether it is one for a robots.txt, which no robots.txt need allow (RFC 9309 2.2.2)."""
        found = self._find(request)
        return found is not None and found.is_robots

    def capture(self, request: Request, response: Response) -> None:
        """Keep what the wire gate received, as it is now: middlewares write into the response on its way."""
        found = self._find(request)
        if found is not None:
            found.captured = undo_coding(response, found.most)

    async def fetch(
        self,
        url: str,
        cause: Request,
        *,
        headers: Mapping[str, str] | None = None,
        most: int,
        until: float,
        is_robots: bool = False,
    ) -> Brought | Failed:
        """Ask for `url` on behalf of `cause`: `most` octets, to be here by `until` (seconds since 1970)."""
        ticket = next(self._tickets)
        errand = _Errand(url, most, until, is_robots=is_robots)
        request = _request(ticket, url, cause, headers or {}, self._patience(until))
        if not self._errands:
            self._warden.crawler.signals.connect(self._received, signals.bytes_received)
        self._errands[ticket] = errand
        try:
            await self._warden.crawler.engine.download_async(request)
        except Refused as refused:
            reason = refused.decision.governing
            return Failed(f"refused: {reason.message if reason else refused}", refused)
        except Exception as error:  # noqa: BLE001 - whatever it is, the file is not on hand
            if errand.captured is None:
                return Failed(f"{type(error).__name__}: {error}"[:_REASON])
        finally:
            del self._errands[ticket]
            if not self._errands:
                self._warden.crawler.signals.disconnect(self._received, signals.bytes_received)
        return errand.captured or Failed("a middleware answered in the place of the site")

    def _patience(self, until: float) -> float:
        """Seconds that a handler may take, no more than it may take for a page."""
        usual = self._warden.crawler.settings.getfloat("DOWNLOAD_TIMEOUT") or until
        return max(1.0, min(usual, until - time.time()))

    def _find(self, request: Request) -> _Errand | None:
        found = self._errands.get(request.meta.get(_TICKET, 0)) if self._errands else None
        return found if found is not None and found.url == request.url and request.method == "GET" else None

    def _received(self, data: bytes, request: Request) -> None:
        """Keep a body within its size and time, whatever a handler takes a timeout for (httpx: between two octets)."""
        errand = self._find(request)
        if errand is None:
            return
        if time.time() > errand.until:
            raise StopDownload(fail=True)
        errand.left -= len(data)
        if errand.left < 0:
            raise StopDownload(fail=False)


def _request(ticket: int, url: str, cause: Request, headers: Mapping[str, str], seconds: float) -> Request:
    meta: dict[str, Any] = {**_META, "download_timeout": seconds, _TICKET: ticket}
    meta |= {key: cause.meta[key] for key in _AS_THE_PAGE if key in cause.meta}
    return Request(
        url, headers={"Accept-Encoding": "identity", **headers}, meta=meta, callback=NO_CALLBACK, dont_filter=True
    )


def undo_coding(response: Response, most: int) -> Brought | Failed:
    """An answer without its content coding (RFC 9110 8.4), opened to `most` octets; or why it cannot be read."""
    if "dataloss" in response.flags:
        return Failed("truncated")
    try:
        body = opened(response.body, (response.headers.get("Content-Encoding") or b"").decode("latin-1"), most)
    except ValueError as error:
        return Failed(str(error))
    headers = pairs_of(response.headers)
    return Brought(response.status, headers, body, "download_stopped" in response.flags, "partial" in response.flags)


def pairs_of(headers: Headers) -> list[tuple[str, str]]:
    """Name and value of each header line."""
    return [
        (name.decode("latin-1"), value.decode("latin-1")) for name, values in headers.items() for value in values or ()
    ]
