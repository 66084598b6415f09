"""Crawl-delay as a floor under the host's delay, by the arrival times at the site's own server."""

from __future__ import annotations

from itertools import pairwise

from desist.testing import Site
from desist.testing.fixtures import Crawler, Webs
from desist.testing.ready import platform_with_notice

SPIDER = """
import scrapy
class S(scrapy.Spider):
    name = "s"
    start_urls = {urls!r}
    custom_settings = {{"DESIST_PURPOSES": ["index"]}}
    def parse(self, response):
        pass
"""


def test_crawl_delay_is_a_floor_that_nothing_lowers(sites: Webs, crawl: Crawler) -> None:
    """Neither a smaller DOWNLOAD_DELAY, nor random variation, nor AutoThrottle starts two requests sooner."""
    robots = "User-agent: *\nCrawl-delay: 1.5\nDisallow:\n"
    web = sites(Site("calm.test", robots=robots, pages={"/p/*": "page"}), platform_with_notice())
    hasty = {"AUTOTHROTTLE_ENABLED": True, "AUTOTHROTTLE_START_DELAY": 0.01, "DOWNLOAD_DELAY": 0.01}
    crawl(SPIDER.format(urls=[web.url("calm.test", f"/p/{number}") for number in range(6)]), settings=hasty)
    arrived = [hit.arrived_ns for hit in web["calm.test"].hits if hit.path != "/robots.txt"]
    assert len(arrived) == 6
    # The request leaves after the delay and arrives later still; a fifth is for the way, which differs between two.
    assert min(later - sooner for sooner, later in pairwise(arrived)) >= 1_200_000_000


def test_a_slot_of_ones_own_goes_round_no_delay(sites: Webs, crawl: Crawler) -> None:
    """The delay is the host's: `download_slot` names no way past it."""
    web = sites(
        Site("calm.test", robots="User-agent: *\nCrawl-delay: 1.5\nDisallow:\n", pages={"/p/*": "page"}),
        platform_with_notice(),
    )
    own = "    async def start(self):\n        for number, url in enumerate(self.start_urls):\n"
    own += "            yield scrapy.Request(url, meta={'download_slot': str(number)})\n"
    crawl(SPIDER.format(urls=[web.url("calm.test", f"/p/{number}") for number in range(4)]) + own)
    arrived = [hit.arrived_ns for hit in web["calm.test"].hits if hit.path != "/robots.txt"]
    assert len(arrived) == 4
    assert min(later - sooner for sooner, later in pairwise(arrived)) >= 750_000_000
