"""Gate 2, engine side: whatever reaches the downloader, from wherever, is decided before any other middleware sees it.

Redirects, retries, media and files pipelines, `engine.download_async`, requests out of a JOBDIR and pages that the HTTP
cache would answer all pass here. Responses pass on the way out, last of all: what a middleware made of a page is judged
once more where it is another page than the one that came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Decision
from .carriage import first_host
from .warden import Warden

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

__all__ = ["EngineGate"]


class EngineGate:
    """The outermost downloader middleware."""

    def __init__(self, crawler: Crawler) -> None:
        self._warden = Warden.of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> EngineGate:
        """Built by Scrapy from DOWNLOADER_MIDDLEWARES."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Let a request on, or raise Refused once the refusal is on record."""
        decision = self._warden.judge(request.url)
        if not decision.refused:
            try:
                decision = await self._ask(request)
            except Exception as error:  # noqa: BLE001 - no answer is no permission
                robots = self._warden.robots_trouble(request.url, error)
                decision = self._warden.judge(request.url, robots=robots)
        if decision.refused:
            raise await self._warden.refuse(decision, "engine")

    async def _ask(self, request: Request) -> Decision:
        """The decision by all that may be asked; nothing is fetched on behalf of a request that may not travel so."""
        way = first_host(self._warden, request)
        return way if isinstance(way, Decision) else await self._warden.site.ask(request)

    async def process_response(self, request: Request, response: Response) -> Response:
        """Let a page out to the spider unless it withholds itself."""
        try:
            decision = await self._warden.site.handed_over(request, response)
        except Exception as error:  # noqa: BLE001 - an erring gate withholds the page
            decision = self._warden.trouble(request.url, f"judging the page failed: {type(error).__name__}: {error}")
        if decision is not None:
            raise await self._warden.refuse(decision, "meta")
        return response
