"""The demo's spider: follows every link, asks nobody, and writes down what became of each request.

It knows nothing of policies. What it writes to `DEMO_EVENTS` is a log of its own, by which the ledger can be judged:
one line for each page that reached a callback and each refusal that reached an errback.
"""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any, Self

import msgspec
from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.http import Response, TextResponse
from twisted.python.failure import Failure

from ...enforce.refused import Refused
from .events import Event

__all__ = ["DemoSpider"]


class DemoSpider(Spider):
    """Breadth first from `DEMO_START`, a list of URLs."""

    name = "demo"

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Open the log of events; unbuffered, so that a killed crawl has written all that it acted on."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider._events = os.open(crawler.settings["DEMO_EVENTS"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        spider._sync = crawler.settings.getbool("DEMO_FSYNC")
        return spider

    _events: int
    _sync: bool

    async def start(self) -> AsyncIterator[Request]:
        """Request every URL of `DEMO_START`."""
        if not self.settings.getlist("DEMO_START"):
            self.logger.warning("no simulated sites are being served: run `desist demo`")
        for url in self.settings.getlist("DEMO_START"):
            yield self._request(url)

    def parse(self, response: Response, **_: Any) -> Iterator[Request | dict[str, Any]]:
        """Note the page, follow all its links and pictures."""
        self._note(Event(at_ns=time.time_ns(), what="fetched", url=response.url))
        if isinstance(response, TextResponse):
            for link in response.css("a::attr(href), img::attr(src)").getall():
                yield self._request(response.urljoin(link))
        yield {"url": response.url, "bytes": len(response.body)}

    def failed(self, failure: Failure) -> None:
        """Note a refusal with the number of its ledger entry, or what else went wrong."""
        error = failure.value
        url = getattr(getattr(failure, "request", None), "url", "")
        if not isinstance(error, Refused):
            self._note(Event(at_ns=time.time_ns(), what="failed", url=url, why=repr(error)[:300]))
            return
        decision = error.decision
        self._note(
            Event(
                at_ns=time.time_ns(),
                what="refused",
                url=decision.url,
                basis=decision.governing.basis if decision.governing else "",
                platforms=decision.platforms,
                stage=error.stage,
                receipt=error.receipt,
                counted=self.crawler.stats.get_value("desist/refused", 0) if self.crawler.stats else 0,
            )
        )

    def _request(self, url: str) -> Request:
        return Request(url, callback=self.parse, errback=self.failed)

    def _note(self, event: Event) -> None:
        os.write(self._events, msgspec.json.encode(event) + b"\n")
        if self._sync:
            os.fsync(self._events)
