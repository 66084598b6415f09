"""robots.txt at the gates over HTTP/2, judged by the hit logs of the sites' own servers."""

from __future__ import annotations

from typing import Any

import pytest

from desist.testing import Page, Site, Web
from desist.testing.fixtures import Crawler, Webs
from desist.testing.ready import OPEN_ROBOTS, login_wall, ordinary, platform_with_notice, robots_failures

HTTPX = "scrapy.core.downloader.handlers._httpx.HttpxDownloadHandler"
HANDLERS: dict[str, dict[str, Any]] = {
    "http2": {"DOWNLOAD_HANDLERS": {"https": "scrapy.core.downloader.handlers.http2.H2DownloadHandler"}},
    "httpx": {"DOWNLOAD_HANDLERS": {"http": HTTPX, "https": HTTPX}, "HTTPX_HTTP2_ENABLED": True},
}
SETTINGS = {"DESIST_PURPOSES": ["index"], "DOWNLOAD_TIMEOUT": 4, "RETRY_ENABLED": False}
SPIDER = """
import scrapy
{extra}
class S(scrapy.Spider):
    name = "s"
    start_urls = {urls!r}
    custom_settings = {{"CONCURRENT_REQUESTS": 1000, "CONCURRENT_REQUESTS_PER_DOMAIN": 100}}
    def parse(self, response):
        yield {{"url": response.url, "protocol": response.protocol}}
"""
# Without the gates nothing asks the name server of the web, so the control's own process is told the names.
NAMES = """
import socket
names, ask = {names!r}, socket.getaddrinfo
socket.gethostbyname = names.__getitem__
def known(host, *rest, **more):
    host = host.decode() if isinstance(host, bytes) else host
    return ask(names.get(host, host), *rest, **more)
socket.getaddrinfo = known
"""


def spider(*urls: str, extra: str = "") -> str:
    return SPIDER.format(urls=list(urls), extra=extra)


def page_of(web: Web, name: str, path: str = "/") -> str:
    return web.url(name, path, "https")


def names_of(web: Web) -> str:
    return NAMES.format(names={name: one.address for one in web for name in one.site.names})


def more_cases() -> list[Site]:
    """Files that are there, and a platform's name behind a redirect, beside the ready-made failures."""
    lure = Page(redirect="https://pictogram.test/robots.txt")
    return [
        Site("forbids.test", robots="User-agent: *\nDisallow: /\n", pages={"/": "page"}),
        Site("status-403.test", robots=Page("no", 403), pages={"/": "page"}),
        Site("lure.test", robots=lure, pages={"/": "page"}),
        login_wall(),
    ]


@pytest.mark.parametrize("handler", HANDLERS)
def test_no_page_where_robots_txt_fails_over_http_2(handler: str, sites: Webs, crawl: Crawler) -> None:
    """Errors, resets, silence, drips, loops, walls, bombs and wrong encodings: the page is not fetched (2.3.1, 2.5).

    The control is the same crawl of the same sites without the gates: it gets every page.
    """
    closed = [*robots_failures().values(), *more_cases()]
    missing = Site("missing.test", pages={"/": "page"})
    web = sites(*closed, ordinary(), missing, platform_with_notice(), http2=True)
    open_urls = [page_of(web, "gazette.test"), page_of(web, "missing.test")]
    shut_urls = [page_of(web, site.name) for site in closed]
    done = crawl(spider(*shut_urls, *open_urls), settings={**SETTINGS, **HANDLERS[handler]})
    assert {hit.site for hit in web.hits if hit.path == "/"} == {"gazette.test", "missing.test"}, done.log[-3000:]
    assert {one.url for one in done.refused} >= set(shut_urls)
    assert sorted(item["url"] for item in done.items) == sorted(open_urls)
    assert {hit.protocol for hit in web.hits} == {"h2"}
    assert web["pictogram.test"].was_never_contacted()
    seen = len(web.hits)
    crawl(spider(*shut_urls, extra=names_of(web)), settings={**SETTINGS, **HANDLERS[handler], "ADDONS": {}})
    assert {hit.site for hit in web.hits[seen:] if hit.path == "/"} == {site.name for site in closed}


@pytest.mark.parametrize("handler", HANDLERS)
def test_one_fetch_an_authority_and_no_page_before_its_answer_over_http_2(
    handler: str, sites: Webs, crawl: Crawler
) -> None:
    """300 concurrent requests on one connection make one robots fetch, and wait for its answer."""
    robots = Page(OPEN_ROBOTS, media_type="text/plain", delay=0.5)
    web = sites(Site("busy.test", robots=robots, pages={"/p/*": "page"}), platform_with_notice(), http2=True)
    urls = [page_of(web, "busy.test", f"/p/{number}") for number in range(300)]
    crawl(spider(*urls), settings={**SETTINGS, **HANDLERS[handler], "DOWNLOAD_TIMEOUT": 60})
    hits = web["busy.test"].hits
    asked = [hit.arrived_ns for hit in hits if hit.path == "/robots.txt"]
    pages = [hit.arrived_ns for hit in hits if hit.path != "/robots.txt"]
    assert (len(asked), len(pages)) == (1, 300)
    assert min(pages) >= asked[0] + 500_000_000
    assert {hit.protocol for hit in hits} == {"h2"}


def test_a_host_that_speaks_both_protocols_is_one_authority(sites: Webs, crawl: Crawler) -> None:
    """RFC 9309 2.3: scheme, host and port make the authority, not what is spoken; each name has its file."""
    site = Site("apart.test", ("www.apart.test",), robots=OPEN_ROBOTS, pages={"/*": "page"})
    web = sites(site, platform_with_notice(), http2=True)
    urls = [page_of(web, host, path) for host in site.names for path in ("/1", "/2")]
    done = crawl(spider(*urls), settings={**SETTINGS, **HANDLERS["http2"]})
    asked = sorted(hit.host.split(":")[0] for hit in web.hits if hit.path == "/robots.txt")
    assert asked == sorted(site.names)
    assert sorted(item["url"] for item in done.items) == sorted(urls)
