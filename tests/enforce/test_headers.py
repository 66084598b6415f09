"""Signals in headers, files and status, judged by what reaches the spider and the sites' hit logs."""

from __future__ import annotations

from typing import Any

import pytest

from desist.testing import Page, Site
from desist.testing.fixtures import Crawler, Webs
from desist.testing.ready import OPEN_ROBOTS, opt_outs, ordinary, platform_with_notice

SPIDER = """
import scrapy
class S(scrapy.Spider):
    name = "s"
    start_urls = {urls!r}
    custom_settings = {custom!r}
    async def start(self):
        for url in self.start_urls:
            yield scrapy.Request(url, errback=self.failed, dont_filter=True)
    def parse(self, response):
        yield {{"url": response.url, "seen": True}}
    def failed(self, failure):
        yield {{"url": failure.request.url, "seen": False, "error": type(failure.value).__name__}}
"""
SETTINGS: dict[str, Any] = {"CONCURRENT_REQUESTS": 1, "HTTPERROR_ALLOW_ALL": True}
HANDLERS: dict[str, dict[str, Any]] = {
    "http11": {},
    "aiohttp": {"TWISTED_REACTOR_ENABLED": False},
    "httpx": {"DOWNLOAD_HANDLERS": {"http": "scrapy.core.downloader.handlers._httpx.HttpxDownloadHandler"}},
}
OF_AI = {"tdm-header", "tdm-file", "tdm-meta", "content-usage", "ai-txt", "rsl-link"}
OF_AI |= {"robots-content-usage", "robots-content-signal", "robots-rsl"}
"""Ways of opting out that leave an index alone."""


def spider(*urls: str, extra: str = "", **custom: Any) -> str:
    return extra + SPIDER.format(urls=list(urls), custom=custom)


def run(crawl: Crawler, text: str, purposes: list[str], **settings: Any) -> dict[str, Any]:
    """What became of each URL, by host; and the log."""
    done = crawl(text, settings={**SETTINGS, "DESIST_PURPOSES": purposes, **settings})
    return {item["url"].split("//")[1].split(":")[0].removesuffix(".test"): item for item in done.items} | {
        "log": done.log
    }


@pytest.mark.parametrize("handler", HANDLERS)
def test_no_signal_lets_a_page_for_training_through(handler: str, sites: Webs, crawl: Crawler) -> None:
    """Header, file, meta element, licence and status each keep the page from the spider; an ordinary one comes."""
    ways = opt_outs()
    web = sites(*ways.values(), ordinary(), platform_with_notice())
    urls = [web.url(site.name) for site in ways.values()]
    found = run(crawl, spider(*urls, web.url("gazette.test")), ["train-ai"], **HANDLERS[handler])
    assert {way for way in ways if found[way]["seen"]} == set()
    assert {found[way]["error"] for way in ways} == {"Refused"}
    assert found["gazette"]["seen"]


def test_signals_speak_for_their_purposes_only(sites: Webs, crawl: Crawler) -> None:
    """Opting out of mining leaves an index alone; noindex and refusing statuses do not."""
    ways = opt_outs()
    web = sites(*ways.values(), platform_with_notice())
    found = run(crawl, spider(*(web.url(site.name) for site in ways.values())), ["index"])
    assert {way for way in ways if found[way]["seen"]} == OF_AI


def test_files_are_fetched_only_where_the_purposes_ask_for_them(sites: Webs, crawl: Crawler) -> None:
    """tdmrep.json and ai.txt: once an authority for training, never for an index."""
    web = sites(ordinary(), platform_with_notice())
    urls = [web.url("gazette.test", f"/article/{number}") for number in (1, 2, 3)]
    run(crawl, spider(*urls), ["index"])
    assert [hit.path for hit in web.hits if "article" not in hit.path] == ["/robots.txt"]
    run(crawl, spider(*urls), ["train-ai"])
    paths = [hit.path for hit in web.hits if "article" not in hit.path]
    assert paths == ["/robots.txt", "/robots.txt", "/.well-known/tdmrep.json", "/ai.txt"]


def test_body_is_not_awaited_where_headers_refuse(sites: Webs, crawl: Crawler) -> None:
    """The download stops at the headers: a body that breaks off is no error, and what was saved is counted."""
    from desist.testing import Failure

    broken = Page("x" * 500, headers={"X-Robots-Tag": "noindex"}, failure=Failure.TRUNCATED)
    web = sites(Site("half.test", robots=OPEN_ROBOTS, pages={"/": broken}), platform_with_notice())
    found = run(crawl, spider(web.url("half.test")), ["index"])
    assert found["half"]["error"] == "Refused"
    assert "'desist/bytes_saved': 500" in found["log"]


ERRING = """
from desist.enforce import headers
def erring(*_):
    raise RuntimeError("a bug")
headers.read_headers = erring
"""
DEAF = """
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.core.downloader.handlers import http11
class Deaf(HTTP11DownloadHandler):
    async def download_request(self, request):
        http11.check_stop_download = lambda *_, **__: None
        return await super().download_request(request)
"""


def test_error_in_reading_headers_refuses_the_page(sites: Webs, crawl: Crawler) -> None:
    """Scrapy lets a page through where a handler of `headers_received` errs; here it does not come."""
    web = sites(ordinary(), platform_with_notice())
    found = run(crawl, spider(web.url("gazette.test"), extra=ERRING), ["index"])
    assert found["gazette"]["error"] == "Refused"
    assert "reading headers failed: RuntimeError: a bug" in found["log"]


def test_handler_that_sends_no_signal_hands_over_no_refused_page(sites: Webs, crawl: Crawler) -> None:
    """What was not seen at `headers_received` is judged when the handler is done."""
    shy = Site("shy.test", robots=OPEN_ROBOTS, pages={"/": Page("page", headers={"X-Robots-Tag": "noindex"})})
    web = sites(shy, ordinary(), platform_with_notice())
    handlers = {"DOWNLOAD_HANDLERS": {"http": "crawled_spider.Deaf"}}
    urls = web.url("shy.test"), web.url("gazette.test")
    found = run(crawl, spider(*urls, extra=DEAF), ["index"], **handlers)
    assert not found["shy"]["seen"]
    assert "'desist/refused_at/headers': 1" in found["log"]
    assert found["gazette"]["seen"]


def test_refusing_status_is_remembered(sites: Webs, crawl: Crawler) -> None:
    """403 closes the URL for a day, 429 the authority until Retry-After; neither is asked again (RFC 6585 4)."""
    pages: dict[str, str | Page] = {
        "/no": Page("no", 403),
        "/yes": "page",
        "/slow": Page("no", 429, {"Retry-After": "600"}),
    }
    web = sites(Site("shut.test", robots=OPEN_ROBOTS, pages=pages), platform_with_notice())
    paths = ["/no", "/no", "/yes", "/slow", "/slow", "/yes"]
    run(crawl, spider(*(web.url("shut.test", path) for path in paths)), ["index"])
    assert [hit.path for hit in web.hits] == ["/robots.txt", "/no", "/yes", "/slow"]


def test_status_is_remembered_however_the_url_is_spelled(sites: Webs, crawl: Crawler) -> None:
    """A fragment, an escape of the same page: it was said of what is sent."""
    web = sites(Site("shut.test", robots=OPEN_ROBOTS, pages={"/no": Page("no", 403)}), platform_with_notice())
    urls = [web.url("shut.test", path) for path in ("/no", "/no#part", "/x/../no")]
    run(crawl, spider(*urls, web.url("shut.test", "/no").replace("shut", "SHUT")), ["index"])
    assert [hit.path for hit in web.hits] == ["/robots.txt", "/no"]


@pytest.mark.parametrize("handler", HANDLERS)
def test_status_counts_beside_what_headers_say(handler: str, sites: Webs, crawl: Crawler) -> None:
    """Error pages say `noindex` as a rule: the download stops there, and the authority rests all the same."""
    busy = Page("no", 429, {"Retry-After": "600", "X-Robots-Tag": "noindex"})
    web = sites(Site("shut.test", robots=OPEN_ROBOTS, pages={"/": busy, "/yes": "page"}), platform_with_notice())
    then = "        if failure.request.url.endswith('/'):\n"
    then += "            yield scrapy.Request(failure.request.url + 'yes', errback=self.failed)\n"
    run(crawl, spider(web.url("shut.test")) + then, ["index"], **HANDLERS[handler])
    assert [hit.path for hit in web.hits] == ["/robots.txt", "/"]


def test_429_of_a_sites_own_file_rests_the_authority(sites: Webs, crawl: Crawler) -> None:
    """tdmrep.json is asked for on the page's behalf: its server has had enough, of pages too."""
    pages: dict[str, str | Page] = {"/.well-known/tdmrep.json": Page("no", 429, {"Retry-After": "600"}), "/p/*": "x"}
    web = sites(Site("shut.test", robots=OPEN_ROBOTS, pages=pages), platform_with_notice())
    run(crawl, spider(*(web.url("shut.test", f"/p/{n}") for n in range(3))), ["research"])
    assert [hit.path for hit in web.hits if hit.path.startswith("/p/")] == []


def test_other_user_agent_than_the_one_that_was_judged_is_refused(sites: Webs, crawl: Crawler) -> None:
    """robots.txt was read for our own token: a request that names itself otherwise does not leave."""
    web = sites(Site("open.test", robots=OPEN_ROBOTS, pages={"/p/*": "x"}), platform_with_notice())
    text = spider(*(web.url("open.test", f"/p/{n}") for n in range(2)))
    text = text.replace(
        "errback=self.failed", "errback=self.failed, headers={'User-Agent': 'OtherBot/2.0'} if '0' in url[-1:] else {}"
    )
    found = crawl(text, settings={**SETTINGS, "DESIST_PURPOSES": ["index"]})
    assert [hit.path for hit in web.hits if hit.path.startswith("/p/")] == ["/p/1"]
    assert {(one.basis, one.rule) for one in found.refused} == {("ambiguous", "user-agent")}
