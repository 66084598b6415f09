"""Permits ahead of the wire: more requests are taken up, no more are carried."""

from __future__ import annotations

from desist.testing import Page, Site
from desist.testing.fixtures import Crawler, Webs
from desist.testing.ready import OPEN_ROBOTS

SPIDER = """
import scrapy
class S(scrapy.Spider):
    name = "s"
    custom_settings = {{"DESIST_PURPOSES": ["index"], "CONCURRENT_REQUESTS": 2}}
    async def start(self):
        for url in {urls!r}:
            yield scrapy.Request(url)
    def parse(self, response):
        yield {{"url": response.url}}
"""
DELAY = 0.3


def test_no_more_requests_are_carried_than_concurrent_requests_says(sites: Webs, crawl: Crawler) -> None:
    """Over several hosts, whose slots would take more, by the servers' own record; every page arrives."""
    names = [f"{name}.test" for name in ("one", "two", "three", "four")]
    web = sites(*(Site(name, robots=OPEN_ROBOTS, pages={"/p/*": Page("page", delay=DELAY)}) for name in names))
    urls = [web.url(name, f"/p/{number}") for number in range(3) for name in names]
    done = crawl(SPIDER.format(urls=urls))
    assert {item["url"] for item in done.items} == set(urls)
    arrived = sorted(hit.arrived_ns for name in names for hit in web[name].hits if hit.path.startswith("/p/"))
    together = [sum(at <= other < at + DELAY * 1e9 for other in arrived) for at in arrived]
    assert max(together) == 2
