"""Large robots.txt files: parsed beside the loop, kept within bounds."""

from __future__ import annotations

from typing import Any

import pytest

from desist.testing import Site
from desist.testing.fixtures import Crawler, Webs
from desist.testing.ready import platform_with_notice

LOOPS: dict[str, dict[str, Any]] = {
    "asyncio": {},
    "no asyncio": {"TWISTED_REACTOR": "twisted.internet.epollreactor.EPollReactor"},
    "no reactor": {"TWISTED_REACTOR_ENABLED": False},
}
SETTINGS = {"DESIST_PURPOSES": ["index"]}
RULES = "".join(f"Disallow: /shut/{number}\n" for number in range(2000))
SMALL = "User-agent: *\nDisallow: /last\n"
LARGE = f"User-agent: *\n{RULES}Disallow: /last\n"
# What is parsed, by its length, and in which thread: told by the parser, not by the clock.
WATCHED = """
import threading, scrapy
import desist.robots.file as parser
import desist.enforce.robots_gate as gate
whole, seen = parser.read_records, {{}}
def watched(data, *rest):
    seen[len(data)] = threading.current_thread() is threading.main_thread()
    return whole(data, *rest)
parser.read_records = watched
{extra}
class S(scrapy.Spider):
    name = "s"
    start_urls = {urls!r}
    async def start(self):
        for url in self.start_urls:
            yield scrapy.Request(url, dont_filter=True)
    def parse(self, response):
        yield {{"url": response.url, "seen": [[size, main] for size, main in seen.items()]}}
"""


@pytest.mark.parametrize("loop", LOOPS)
def test_a_large_file_is_parsed_beside_the_loop(loop: str, sites: Webs, crawl: Crawler) -> None:
    """A small one is parsed where it is asked for (the control); both are obeyed to their last line."""
    pages = {"/open": "page", "/last": "page"}
    large = Site("large.test", robots=LARGE, pages=pages)
    small = Site("small.test", robots=SMALL, pages=pages)
    web = sites(large, small, platform_with_notice())
    urls = [web.url(site.name, path) for site in (large, small) for path in pages]
    done = crawl(WATCHED.format(urls=urls, extra=""), settings={**SETTINGS, **LOOPS[loop]})
    assert sorted(item["url"] for item in done.items) == sorted(url for url in urls if url.endswith("/open"))
    assert {hit.path for hit in web.hits} == {"/robots.txt", "/open"}
    threads = {size: main for item in done.items for size, main in item["seen"]}
    assert (threads[len(LARGE)], threads[len(SMALL)]) == (False, True)


def test_files_that_take_too_much_memory_are_forgotten_and_asked_for_again(sites: Webs, crawl: Crawler) -> None:
    """What is forgotten permits nothing: the file is fetched anew before the next page. Small files stay.

    The control is the same crawl within the usual bounds, which asks for each file once.
    """
    pages = {"/1": "page", "/2": "page", "/last": "page"}
    large = [Site(f"large-{number}.test", robots=LARGE, pages=pages) for number in (1, 2)]
    small = Site("small.test", robots=SMALL, pages=pages)
    web = sites(*large, small, platform_with_notice())
    urls = [web.url(site.name, path) for path in pages for site in (*large, small)]

    def asked(extra: str) -> dict[str, int]:
        before = len(web.hits)
        done = crawl(WATCHED.format(urls=urls, extra=extra), settings={**SETTINGS, "CONCURRENT_REQUESTS": 1})
        hits = web.hits[before:]
        assert {hit.path for hit in hits} == {"/robots.txt", "/1", "/2"}
        assert len({one.url for one in done.refused if one.url.endswith("/last")}) >= 3
        return {site.name: [hit.path for hit in hits if hit.site == site.name].count("/robots.txt") for site in web}

    usual = asked("")
    assert usual == {"large-1.test": 1, "large-2.test": 1, "small.test": 1, "pictogram.test": 0}
    tight = asked("gate._MOST_WEIGHT = 1_500_000")
    assert (tight["small.test"], min(tight["large-1.test"], tight["large-2.test"]) > 1) == (1, True), tight
