"""Gate 5, headers: what a response says of itself before its body arrives.

Scrapy lets the page through when a handler of `headers_received` errs, and other download handlers may never send that
signal. So every error here stops the download, and what was not seen at the signal is judged when the inner handler is
done, before anybody else sees the response.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from scrapy import signals
from scrapy.exceptions import StopDownload

from ..model import Decision, Signal
from ..optout import read_headers, read_status
from .courier import Courier, pairs_of
from .robots_gate import authority_of

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Headers, Response

    from .warden import Warden

__all__ = ["HeadersGate"]

_MOST: Final = 100_000
"""Refusals by status that are remembered."""


class HeadersGate:
    """One a crawl; belongs to the thread of the event loop."""

    def __init__(self, warden: Warden, courier: Courier) -> None:
        self._warden = warden
        self._courier = courier
        self._read: WeakKeyDictionary[Request, tuple[Signal, ...]] = WeakKeyDictionary()
        """What the headers of a request's response said; for each that the signal has shown."""
        self._stopped: WeakKeyDictionary[Request, Decision] = WeakKeyDictionary()
        self._resting: OrderedDict[str, tuple[float, Signal]] = OrderedDict()
        """URLs and authorities that a status keeps closed, and until when (seconds since 1970)."""
        warden.crawler.signals.connect(self._received, signals.headers_received)

    def remembered(self, request: Request) -> tuple[Signal, ...]:
        """Refusals by status that still hold for a URL or for its whole authority."""
        self._read.pop(request, None)
        if not self._resting or self._courier.errand(request):
            return ()
        now = time.time()
        found = [self._resting.get(request.url), self._resting.get(authority_of(request.url))]
        return tuple(signal for until, signal in filter(None, found) if until > now)

    def said(self, request: Request, response: Response) -> tuple[Signal, ...]:
        """What the headers of a page say that may have come from elsewhere than the wire, for example a cache."""
        found = self._read.get(request)
        return self._signals(response.headers) if found is None else found

    def stopped(self, request: Request) -> Decision | None:
        """The refusal that stopped this request's download, or None."""
        return self._stopped.pop(request, None)

    def after(self, request: Request, response: Response) -> Decision | None:
        """The refusal of a response as the inner handler handed it over: stopped, its status, headers not yet seen."""
        if self._courier.errand(request):
            return None
        if (stopped := self.stopped(request)) is not None:
            return stopped
        seen = self._read.get(request)
        found = (*self._status(request, response.status, response.headers), *(seen or ()))
        if seen is None:
            self._read[request] = of_headers = self._signals(response.headers)
            found += of_headers
        return self._refusal(request.url, found)

    def _received(self, headers: Headers, body_length: object, request: Request) -> None:
        try:
            if self._courier.errand(request):
                return
            self._read[request] = found = self._signals(headers)
            decision = self._refusal(request.url, found)
        except Exception as error:  # noqa: BLE001 - an erring gate refuses
            decision = self._warden.trouble(request.url, f"reading headers failed: {type(error).__name__}: {error}")
        if decision is not None:
            self._stopped[request] = decision
            if isinstance(body_length, int):  # Twisted has a text for a length that is not known
                self._warden.crawler.stats.inc_value("desist/bytes_saved", body_length)
            raise StopDownload(fail=True)

    def _signals(self, headers: Headers) -> tuple[Signal, ...]:
        pairs = pairs_of(headers)
        kind = (headers.get("Content-Type") or b"").decode("latin-1")
        return read_headers(pairs, kind, time.time(), self._warden.options.agent or "Mozilla")

    def _status(self, request: Request, status: int, headers: Headers) -> tuple[Signal, ...]:
        found = read_status(status, pairs_of(headers), time.time()) if status >= 400 else ()
        for signal in found:
            key = authority_of(request.url) if signal.covers == "authority" else request.url
            self._resting[key] = (time.time() + signal.seconds, signal)
            if len(self._resting) > _MOST:
                self._resting.popitem(last=False)
        return found

    def _refusal(self, url: str, found: tuple[Signal, ...]) -> Decision | None:
        if not found:
            return None
        decision = self._warden.judge(url, signals=found)
        return decision if decision.refused else None
