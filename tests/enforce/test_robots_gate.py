"""robots.txt at the gates, judged by the hit logs of the sites' own servers."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from desist.ledger.query import Reader
from desist.testing import Page, Site
from desist.testing.documents import platform
from desist.testing.fixtures import Crawler, Webs
from desist.testing.ready import OPEN_ROBOTS, login_wall, ordinary, platform_with_notice, robots_failures

HTTPX = "scrapy.core.downloader.handlers._httpx.HttpxDownloadHandler"
HANDLERS: dict[str, dict[str, Any]] = {
    "http11": {},
    "no asyncio": {"TWISTED_REACTOR": "twisted.internet.epollreactor.EPollReactor"},
    "aiohttp": {"TWISTED_REACTOR_ENABLED": False},
    "httpx": {"DOWNLOAD_HANDLERS": {"http": HTTPX, "https": HTTPX}},
}
SETTINGS = {"DESIST_PURPOSES": ["index"], "DOWNLOAD_TIMEOUT": 4, "RETRY_ENABLED": False}
SPIDER = """
import scrapy
class S(scrapy.Spider):
    name = "s"
    start_urls = {urls!r}
    custom_settings = {custom!r}
    def parse(self, response):
        yield {{"url": response.url}}
"""
FORGER = """
from scrapy.http import TextResponse
class Forger:
    def process_request(self, request):
        if request.url.endswith("/robots.txt"):
            headers = {"Content-Type": "text/plain"}
            return TextResponse(request.url, body=b"User-agent: *\\nAllow: /\\n", headers=headers)
"""


def spider(*urls: str, extra: str = "", **custom: Any) -> str:
    return extra + SPIDER.format(urls=list(urls), custom=custom)


def more_failures() -> dict[str, Site]:
    """Failures that the ready-made sites do not have."""
    text, filler = "User-agent: *\nDisallow: /secret\n", "# filler\n" * 160_000
    return {
        "big": Site("big.test", robots=f"User-agent: *\n{filler}Disallow: /\n", pages={"/": "page"}),
        "latin": Site(
            "latin.test",
            robots=Page("User-agent: *\nDisallow: /caf\xe9\nDisallow: /\n".encode("latin-1"), media_type="text/plain"),
            pages={"/": "page"},
        ),
        "wide": Site("wide.test", robots=Page(text.encode("utf-16-be"), media_type="text/plain"), pages={"/": "page"}),
        "wall": login_wall(),
    }


@pytest.mark.parametrize("handler", HANDLERS)
def test_no_page_where_robots_txt_fails_rfc_9309_2_3_1(handler: str, sites: Webs, crawl: Crawler) -> None:
    """Errors, resets, silence, drips, loops, walls, bombs and wrong encodings: the page is not fetched (2.3.1, 2.5)."""
    failing = [*robots_failures().values(), *more_failures().values()]
    web = sites(*failing, ordinary(), platform_with_notice())
    urls = [web.url(site.name) for site in failing]
    done = crawl(spider(*urls, web.url("gazette.test")), settings={**SETTINGS, **HANDLERS[handler]})
    pages = {hit.site for hit in web.hits if hit.path == "/"}
    assert pages == {"gazette.test"}, done.log[-3000:]
    assert {url for one in done.refused if (url := one.url)} >= set(urls)
    assert [item["url"] for item in done.items] == [web.url("gazette.test")]


@pytest.mark.parametrize("handler", ["http11", "aiohttp", "httpx"])
def test_one_fetch_an_authority_and_no_page_before_its_answer(handler: str, sites: Webs, crawl: Crawler) -> None:
    """1,000 concurrent requests make one robots fetch, and wait for its answer, which lets every tenth go out."""
    robots = Page("User-agent: *\nDisallow: /p/\nAllow: /p/*0$\n", media_type="text/plain", delay=1.0)
    web = sites(Site("busy.test", robots=robots, pages={"/p/*": "page"}), platform_with_notice())
    at_once = {"CONCURRENT_REQUESTS": 1000, "CONCURRENT_REQUESTS_PER_DOMAIN": 100}
    urls = [web.url("busy.test", f"/p/{number}") for number in range(1000)]
    done = crawl(spider(*urls), settings={**SETTINGS, **at_once, **HANDLERS[handler], "DOWNLOAD_TIMEOUT": 60})
    hits = web["busy.test"].hits
    asked = [hit.arrived_ns for hit in hits if hit.path == "/robots.txt"]
    pages = [hit for hit in hits if hit.path != "/robots.txt"]
    assert len(asked) == 1
    assert sorted(hit.path for hit in pages) == sorted(f"/p/{number}" for number in range(0, 1000, 10))
    assert min(hit.arrived_ns for hit in pages) >= asked[0] + 1_000_000_000
    assert [one.basis for one in done.refused] == ["robots"] * 900


def test_scheme_host_and_port_have_a_file_each_rfc_9309_2_3(sites: Webs, crawl: Crawler) -> None:
    """What one authority allows says nothing of another one."""
    site = Site("apart.test", ("www.apart.test",), robots=OPEN_ROBOTS, pages={"/": "page"})
    web = sites(site, platform_with_notice(), tls=True)
    schemes: list[Any] = ["http", "https"]
    urls = [web.url(host, "/", scheme) for host in site.names for scheme in schemes]
    done = crawl(spider(*urls), settings=SETTINGS)
    asked = sorted((hit.scheme, hit.host.split(":")[0]) for hit in web.hits if hit.path == "/robots.txt")
    assert asked == sorted((scheme, host) for host in site.names for scheme in schemes)
    assert sorted(item["url"] for item in done.items) == sorted(urls)


def test_middleware_that_answers_robots_txt_opens_nothing(sites: Webs, crawl: Crawler) -> None:
    """Only bytes captured at the wire count; without the forger the open site is fetched (control)."""
    closed = Site("closed.test", robots="User-agent: *\nDisallow: /\n", pages={"/": "page"})
    web = sites(closed, ordinary(), platform_with_notice())
    urls = web.url("closed.test"), web.url("gazette.test")
    forged = {"DOWNLOADER_MIDDLEWARES": {"crawled_spider.Forger": 1}}
    done = crawl(spider(*urls, extra=FORGER), settings={**SETTINGS, **forged})
    assert not web.hits
    assert {one.basis for one in done.refused} == {"robots-unavailable"}
    crawl(spider(*urls), settings=SETTINGS)
    assert [hit.site for hit in web.hits if hit.path == "/"] == ["gazette.test"]


def test_http_cache_never_answers_robots_txt(sites: Webs, crawl: Crawler, tmp_path: Path) -> None:
    """A page may come out of the cache; the file that allows it is asked for in each crawl."""
    web = sites(ordinary(), platform_with_notice())
    cached = {"HTTPCACHE_ENABLED": True, "HTTPCACHE_DIR": str(tmp_path / "cache")}
    for _ in range(2):
        done = crawl(spider(web.url("gazette.test")), settings={**SETTINGS, **cached})
        assert len(done.items) == 1
    paths = [hit.path for hit in web["gazette.test"].hits]
    assert paths == ["/robots.txt", "/", "/robots.txt"]


def test_every_hop_of_a_robots_fetch_is_judged_by_documents(sites: Webs, crawl: Crawler) -> None:
    """A robots.txt that redirects to a forbidden platform does not lead there, and allows nothing."""
    lure = Site("lure.test", robots=Page(redirect="http://pictogram.test/robots.txt"), pages={"/": "page"})
    web = sites(lure, platform_with_notice())
    crawl(spider(web.url("lure.test")), settings=SETTINGS)
    assert [hit.path for hit in web["lure.test"].hits] == ["/robots.txt"]
    assert web["pictogram.test"].was_never_contacted()


def test_platform_that_documents_refuse_is_not_asked_for_its_robots_txt(sites: Webs, crawl: Crawler) -> None:
    """No packet at all: no robots.txt request, no DNS query."""
    web = sites(platform_with_notice())
    crawl(spider(web.url("pictogram.test")), settings=SETTINGS)
    assert web["pictogram.test"].was_never_contacted()


def test_permit_names_the_file_and_the_line_that_allowed(sites: Webs, crawl: Crawler) -> None:
    """Facts of a platform's permit: SHA-256 of the robots.txt, line of the rule; of any other site the line alone.

    By the hash whoever fetches the file would know the site.
    """
    text = "User-agent: *\nDisallow: /a\nAllow: /a/b\n"
    named = Site(
        "lined.test", robots=text, pages={"/a/b": "page"}, documents=platform("lined", "Lined", {"lined.test": "site"})
    )
    web = sites(named, Site("other.test", robots=text, pages={"/a/b": "page"}))
    done = crawl(spider(*(web.url(name, "/a/b") for name in ("lined.test", "other.test"))), settings=SETTINGS)
    with Reader(done.ledger) as reader:
        permits = [read.entry.facts for read in reader.entries() if read.entry.k == "permit"]
    said = [facts for facts in permits if "line" in facts]
    assert sorted(said, key=len) == [{"line": 3}, {"robots": hashlib.sha256(text.encode()).hexdigest(), "line": 3}]
