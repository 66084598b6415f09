"""Crawl-delay whatever slot a request comes from, by the arrival times at the site's own server."""

from __future__ import annotations

from itertools import pairwise

import pytest

from desist.testing import Site, Web
from desist.testing.fixtures import Crawler, Webs
from desist.testing.ready import platform_with_notice

ENOUGH = 750_000_000
"""Nanoseconds. A request leaves after the delay and arrives later still; half is for ways that differ."""
ROBOTS = "User-agent: *\nCrawl-delay: 1.5\nDisallow:\n"
SPIDER = """
import asyncio
import scrapy
{extra}
class S(scrapy.Spider):
    name = "s"
    start_urls = {urls!r}
    custom_settings = {{"DESIST_PURPOSES": ["index"]}}
    def parse(self, response):
        pass
"""
LATE = """
class Late:
    def process_request(self, request):
        request.meta["download_slot"] = request.url
"""
STUBBORN = """
class Slots(dict):
    def __contains__(self, key):
        return key == "download_slot" or dict.__contains__(self, key)
    def get(self, key, default=None):
        return self["url"] if key == "download_slot" else dict.get(self, key, default)
    def pop(self, key, default=None):
        return dict.pop(self, key, default)
class Late:
    def process_request(self, request):
        if not isinstance(request.meta, Slots):
            request._meta = Slots(request.meta, url=request.url)
"""
BESIDE = """
    def parse(self, response):
        handlers = self.crawler.engine.downloader.handlers
        urls = [response.url + str(number) for number in range(3)]
        return asyncio.gather(*(handlers.download_request_async(scrapy.Request(url)) for url in urls))
"""
WAYS = {
    "a later middleware": (LATE, ""),
    "a slot that stays": (STUBBORN, ""),
    "the handlers themselves": ("", BESIDE.replace("    def", "    async def").replace("return", "await")),
}


def arrivals(web: Web) -> list[int]:
    """When the four pages of a crawl were asked for, nanoseconds."""
    arrived = [hit.arrived_ns for hit in web.hits if hit.path != "/robots.txt"]
    assert len(arrived) == 4
    return arrived


def least_gap(web: Web) -> int:
    return min(later - sooner for sooner, later in pairwise(arrivals(web)))


@pytest.mark.parametrize("way", WAYS)
def test_no_slot_goes_round_the_delay(way: str, sites: Webs, crawl: Crawler) -> None:
    """No two requests for a host reach it within the delay, from whatever queue they come, or from none."""
    extra, parse = WAYS[way]
    web = sites(Site("calm.test", robots=ROBOTS, pages={"/p/*": "page"}), platform_with_notice())
    urls = [web.url("calm.test", f"/p/{number}") for number in range(1 if parse else 4)]
    text = SPIDER.format(urls=urls, extra=extra).partition("    def parse" if parse else "\0")[0] + parse
    crawl(text, settings={"DOWNLOADER_MIDDLEWARES": {"crawled_spider.Late": 10_000}} if extra else {})
    assert least_gap(web) >= ENOUGH


def test_another_spelling_of_a_host_shares_its_delay(sites: Webs, crawl: Crawler) -> None:
    """A final dot makes another slot and no other host."""
    web = sites(Site("calm.test", robots=ROBOTS, pages={"/p/*": "page"}), platform_with_notice())
    urls = [web.url("calm.test", f"/p/{number}") for number in range(4)]
    urls = [url.replace("calm.test", "calm.test.") if number % 2 else url for number, url in enumerate(urls)]
    crawl(SPIDER.format(urls=urls, extra=""))
    assert least_gap(web) >= ENOUGH
