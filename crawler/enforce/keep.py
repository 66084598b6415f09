"""Gate 2, before anything can keep a page: what signals withhold never reaches a cache or a store.

Scrapy's HTTP cache, and every middleware that keeps something, stores on the way in, long before the engine gate sees
the page. So this gate is the innermost downloader middleware: a response passes here first, whether it came off the
wire or out of a cache. A licence that the page names is fetched from here and not at the wire, where the page would
hold the very place that the licence waits for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .warden import Warden

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

__all__ = ["KeepGate"]

_NOT_MODIFIED: Final = 304


class KeepGate:
    """The innermost downloader middleware."""

    def __init__(self, crawler: Crawler) -> None:
        self._warden = Warden.of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> KeepGate:
        """Built by Scrapy from DOWNLOADER_MIDDLEWARES."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Keep a host to its delay, after the last middleware that may name a slot of its own."""
        self._warden.site.pace(request)

    async def process_response(self, request: Request, response: Response) -> Response:
        """Let a page on to what may keep it unless it withholds itself; raises Refused."""
        try:
            decision = await self._warden.site.page(request, _what_is_kept(request, response))
        except Exception as error:  # noqa: BLE001 - an erring gate withholds the page
            decision = self._warden.trouble(request.url, f"judging the page failed: {type(error).__name__}: {error}")
        if decision is None:
            return response
        if response.status >= 500:  # it may be tried again, by a middleware further out
            return self._warden.site.bare(request, response, decision)
        raise await self._warden.refuse(decision, "meta")


def _what_is_kept(request: Request, response: Response) -> Response:
    """The response; where it says that a cached page still holds, that page, which is stored anew (RFC 9111 4.3.4)."""
    cached: Response | None = request.meta.get("cached_response") if response.status == _NOT_MODIFIED else None
    return cached or response
