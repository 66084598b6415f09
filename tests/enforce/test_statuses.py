"""Refusing statuses whose bodies break off or never end: judged with the headers, by the servers' own hit logs."""

from __future__ import annotations

from typing import Any

import pytest

from desist.testing import Failure, Page, Site
from desist.testing.fixtures import Crawler, Webs
from desist.testing.ready import OPEN_ROBOTS, platform_with_notice

HTTPX = "scrapy.core.downloader.handlers._httpx.HttpxDownloadHandler"
HANDLERS: dict[str, dict[str, Any]] = {
    "http11": {},
    "http2": {"DOWNLOAD_HANDLERS": {"https": "scrapy.core.downloader.handlers.http2.H2DownloadHandler"}},
    "aiohttp": {"TWISTED_REACTOR_ENABLED": False},
    "httpx": {"DOWNLOAD_HANDLERS": {"http": HTTPX, "https": HTTPX}},
}
SETTINGS: dict[str, Any] = {"DESIST_PURPOSES": ["index"], "DOWNLOAD_TIMEOUT": 30, "RETRY_TIMES": 1}
SPIDER = """
import scrapy
class S(scrapy.Spider):
    name = "s"
    start_urls = {urls!r}
    async def start(self):
        for url in self.start_urls:
            yield scrapy.Request(url, errback=self.failed)
    def parse(self, response):
        yield {{"url": response.url, "ends": "page"}}
    def failed(self, failure):
        url = failure.request.url
        yield {{"url": url, "ends": type(failure.value).__name__}}
        if "again" not in url:
            yield scrapy.Request(url.replace("/p", "/again"), errback=self.failed)
            yield scrapy.Request(url + "#again", errback=self.failed, dont_filter=True)
"""
ENDS = {"breaks-off": Failure.TRUNCATED, "slow": Failure.DRIP}


@pytest.mark.parametrize("handler", HANDLERS)
def test_refusing_status_holds_whatever_becomes_of_its_body(handler: str, sites: Webs, crawl: Crawler) -> None:
    """402, 403 and 451 close the URL and 429 the authority (RFC 6585 4), at the headers: nothing is tried again.

    A slow answer takes a second here for its headers and 17 minutes for its body, which nobody awaits.
    """

    def answer(status: int, failure: Failure) -> Page:
        return Page("x" * 200_000, status, {"Retry-After": "600"} if status == 429 else {}, failure=failure, drip=0.005)

    made = {
        f"s{status}-{end}.test": answer(status, failure)
        for status in (402, 403, 429, 451)
        for end, failure in ENDS.items()
    }
    more = [Site(name, robots=OPEN_ROBOTS, pages={"/p": page, "/again": "page"}) for name, page in made.items()]
    web = sites(*more, platform_with_notice(), **({"http2": True} if handler == "http2" else {}))
    scheme = "https" if handler == "http2" else "http"
    text = SPIDER.format(urls=[web.url(name, "/p", scheme) for name in made])
    done = crawl(text, settings={**SETTINGS, **HANDLERS[handler]})
    asked = {name: [hit.path for hit in web[name].hits if hit.path != "/robots.txt"] for name in made}
    assert asked == {name: ["/p"] if "s429" in name else ["/p", "/again"] for name in made}
    ends = {(item["url"].split("/", 3)[-1].split("#")[0], item["ends"]) for item in done.items}
    assert ends == {("p", "Refused"), ("again", "Refused"), ("again", "page")}
    assert {one.rule for one in done.refused} == {"status"}
