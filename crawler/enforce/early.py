"""Gate 1, early: what a spider yields is decided before it is queued.

A link that is not followed costs microseconds here and hundreds of them in a downloader middleware. Only documents are
asked; robots.txt is read where a request is really about to be made.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from scrapy import Request, signals
from scrapy.exceptions import DontCloseSpider

from .warden import Warden

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

__all__ = ["EarlyGate"]


class EarlyGate:
    """The outermost spider middleware: it sees what all others let through."""

    def __init__(self, crawler: Crawler) -> None:
        self._warden = Warden.of(crawler)
        crawler.signals.connect(self._stay_open, signals.spider_idle)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> EarlyGate:
        """Built by Scrapy from SPIDER_MIDDLEWARES."""
        return cls(crawler)

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Start items pass, start requests are decided."""
        async for item in start:
            if self._passes(item):
                yield item

    async def process_spider_output(self, response: Response, result: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Items pass, requests are decided; a page that says `nofollow` has no links to follow."""
        async for item in result:
            if self._passes(item, response):
                yield item

    def _passes(self, item: Any, page: Response | None = None) -> bool:
        if not isinstance(item, Request):
            return True
        decision = self._warden.judge(item.url)
        if not decision.refused:
            unwanted = self._warden.site.may_follow(page, item) if page is not None else None
            if unwanted is None:
                return True
            decision = unwanted
        self._warden.refuse_later(decision, "early", item)
        return False

    def _stay_open(self) -> None:
        """The crawl is not idle while refusals are on their way to the ledger and from there to an errback."""
        if self._warden.waiting:
            raise DontCloseSpider
