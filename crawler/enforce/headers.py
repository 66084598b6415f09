"""Gate 5, headers: what a response says of itself before its body arrives, its status among it.

Scrapy lets the page through when a handler of `headers_received` errs, and other download handlers may never send that
signal. So every error here stops the download, and what was not seen at the signal is judged when the inner handler is
done, before anybody else sees the response.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final, NamedTuple
from weakref import WeakKeyDictionary

from scrapy import signals
from scrapy.exceptions import StopDownload

from ..model import Decision, Signal
from ..optout import read_headers, read_status
from .courier import Courier, pairs_of
from .resting import Resting
from .statuses import STATUSES

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Headers, Response

    from .warden import Warden

__all__ = ["HeadersGate"]


_MAY_SPEAK: Final = re.compile(rb"robots|tdm|content-usage|content-signal", re.IGNORECASE)
"""In the name of every header that `read_headers` reads; nearly all responses have none of them."""


class _Read(NamedTuple):
    """Headers, and what was read of them."""

    headers: Headers
    said: tuple[Signal, ...]


class HeadersGate:
    """One a crawl; belongs to the thread of the event loop."""

    def __init__(self, warden: Warden, courier: Courier) -> None:
        self._warden = warden
        self._courier = courier
        self._read: WeakKeyDictionary[Request, _Read] = WeakKeyDictionary()
        """The headers of a request's response and what they said; for each that the signal has shown."""
        self._stopped: WeakKeyDictionary[Request, Decision] = WeakKeyDictionary()
        self._resting = Resting()
        warden.crawler.signals.connect(self._received, signals.headers_received)

    def remembered(self, request: Request) -> tuple[Signal, ...]:
        """Refusals by status that still hold for a URL or for its whole authority."""
        self._read.pop(request, None)
        if self._courier.errand_for_robots(request):
            return ()
        return (
            self._resting.of_authority(request.url) if self._courier.errand(request) else self._resting.of(request.url)
        )

    def said(self, request: Request, response: Response) -> tuple[Signal, ...]:
        """What the headers of a page say that may have come from elsewhere than the wire, for example a cache."""
        read = self._read.get(request)
        return self._signals(response.headers) if read is None or read.headers != response.headers else read.said

    def stopped(self, request: Request, response: Response | None = None) -> Decision | None:
        """The refusal that stopped this request's download, or None; with its status, where that came along."""
        if response is not None and not self._courier.errand(request):
            read = self._read.get(request)
            found = (*self._status(request, response.status, response.headers), *(read.said if read else ()))
            if (decision := self._refusal(request.url, found)) is not None:
                self._stopped.pop(request, None)
                return decision
        return self._stopped.pop(request, None)

    def after(self, request: Request, response: Response) -> Decision | None:
        """The refusal of a response as the inner handler handed it over: stopped, its status, headers not yet seen."""
        status = self._status(request, response.status, response.headers)
        if self._courier.errand(request):
            return None
        if (stopped := self.stopped(request)) is not None:
            return stopped
        said = self.said(request, response)
        self._read[request] = _Read(response.headers, said)
        return self._refusal(request.url, (*status, *said))

    def _received(self, headers: Headers, body_length: object, request: Request) -> None:
        try:
            status = self._status(request, STATUSES.pop(request, 0), headers)
            if self._courier.errand(request):
                return
            said = self._signals(headers)
            self._read[request] = _Read(headers, said)
            decision = self._refusal(request.url, (*status, *said))
        except Exception as error:  # noqa: BLE001 - an erring gate refuses
            decision = self._warden.trouble(request.url, f"reading headers failed: {type(error).__name__}: {error}")
        if decision is not None:
            self._stopped[request] = decision
            if isinstance(body_length, int):  # Twisted has a text for a length that is not known
                self._warden.crawler.stats.inc_value("desist/bytes_saved", body_length)
            raise StopDownload(fail=True)

    def _signals(self, headers: Headers) -> tuple[Signal, ...]:
        pairs = pairs_of(headers) if _MAY_SPEAK.search(b"\n".join(headers)) else []
        kind = (headers.get(b"Content-Type") or b"").decode("latin-1")
        options = self._warden.options
        return read_headers(pairs, kind, time.time(), options.agent or "Mozilla", options.robots_mode)

    def _status(self, request: Request, status: int, headers: Headers) -> tuple[Signal, ...]:
        found = read_status(status, pairs_of(headers), time.time()) if status >= 400 else ()
        self._resting.add(request.url, found)
        return found

    def _refusal(self, url: str, found: tuple[Signal, ...]) -> Decision | None:
        if not found:
            return None
        decision = self._warden.judge(url, signals=found)
        return decision if decision.refused else None
