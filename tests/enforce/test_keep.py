"""What signals withhold is not kept: judged by the files of Scrapy's HTTP cache and stores after the crawl."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brotli
import pytest

from desist.testing import Page, Site, Web
from desist.testing.fixtures import Crawler, Webs
from desist.testing.ready import OPEN_ROBOTS, platform_with_notice

HTTPX = "scrapy.core.downloader.handlers._httpx.HttpxDownloadHandler"
HANDLERS: dict[str, dict[str, Any]] = {
    "http11": {},
    "http2": {"DOWNLOAD_HANDLERS": {"https": "scrapy.core.downloader.handlers.http2.H2DownloadHandler"}},
    "aiohttp": {"TWISTED_REACTOR_ENABLED": False},
    "httpx": {"DOWNLOAD_HANDLERS": {"http": HTTPX, "https": HTTPX}},
}
SETTINGS: dict[str, Any] = {
    "DESIST_PURPOSES": ["train-ai"],
    "HTTPCACHE_ENABLED": True,
    "HTTPERROR_ALLOW_ALL": True,
    "RETRY_ENABLED": False,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
    "DOWNLOAD_TIMEOUT": 20,
}
SPIDER = """
import scrapy
{extra}
class S(scrapy.Spider):
    name = "s"
    start_urls = {urls!r}
    def parse(self, response):
        yield {{"url": response.url}}
"""
# Without the gates nothing asks the name server of the web, so the control's own process is told the names.
NAMES = """
import socket
names, ask = {names!r}, socket.getaddrinfo
socket.gethostbyname = names.__getitem__
socket.getaddrinfo = lambda host, *rest, **more: ask(names.get(host, host), *rest, **more)
"""
SECRET = "the page's own words"
RSL = (
    '<rsl xmlns="https://rslstandard.org/rsl"><content url="/"><license><prohibits type="usage">ai-train</prohibits>'
    "</license></content></rsl>"
)


def head(*tags: str) -> str:
    return f"<html><head>{''.join(tags)}</head><body>{SECRET}</body></html>"


NOAI = head('<meta name="robots" content="noai">')
WAYS: dict[str, Page] = {
    "meta": Page(NOAI),
    "tdm": Page(head('<meta name="tdm-reservation" content="1">')),
    "licence": Page(head('<link rel="license" type="application/rsl+xml" href="/rsl.xml">')),
    "gzip": Page(gzip.compress(NOAI.encode()), headers={"Content-Encoding": "gzip"}),
    "brotli": Page(brotli.compress(NOAI.encode()), headers={"Content-Encoding": "br"}),
    "sniffed": Page(
        gzip.compress(NOAI.encode()), headers={"Content-Encoding": "gzip"}, media_type="application/octet-stream"
    ),
    "wide": Page(NOAI.encode("utf-16-le"), media_type="text/html; charset=utf-16le"),
    "missing": Page(NOAI, 404),
    "failing": Page(NOAI, 503),
    "moved": Page(NOAI, 301, headers={"Location": "/elsewhere"}),
}


OPEN = {"open", "pack"}


def sites_of_all_ways() -> list[Site]:
    """One that withholds its page in each way, and two that do not."""
    more: dict[str, str | Page] = {"/rsl.xml": Page(RSL, media_type="application/rsl+xml"), "/elsewhere": head()}
    shy = [Site(f"{way}.test", robots=OPEN_ROBOTS, pages={"/": page, **more}) for way, page in WAYS.items()]
    packed = Page(gzip.compress(head().encode()), headers={"Content-Encoding": "gzip"})
    free: dict[str, str | Page] = {"open": head(), "pack": packed}
    return [*shy, *(Site(f"{name}.test", robots=OPEN_ROBOTS, pages={"/": page}) for name, page in free.items())]


def spider(*urls: str, extra: str = "") -> str:
    return SPIDER.format(urls=list(urls), extra=extra)


def names_of(web: Web) -> str:
    return NAMES.format(names={name: one.address for one in web for name in one.site.names})


def kept_bodies(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Site and body of every page that Scrapy's own cache of files holds."""
    for body in folder.glob("**/response_body"):
        meta = (body.parent / "meta").read_text()
        yield meta.split("://")[1].split(".test")[0], body.read_bytes()


def has_words(body: bytes) -> bool:
    """Whether a page's words can be had from what is kept of it."""
    for undo in (bytes, gzip.decompress, brotli.decompress, lambda octets: octets.decode("utf-16-le").encode()):
        try:
            if SECRET.encode() in undo(body):
                return True
        except (OSError, EOFError, ValueError, brotli.error):
            continue
    return False


def kept(folder: Path) -> set[str]:
    return {site for site, body in kept_bodies(folder) if has_words(body)}


@pytest.mark.parametrize("handler", HANDLERS)
def test_withheld_page_is_not_in_the_http_cache(handler: str, sites: Webs, crawl: Crawler, tmp_path: Path) -> None:
    """Meta elements, a licence, codings, alphabets, errors, redirects; what nothing withholds is kept as ever."""
    web = sites(*sites_of_all_ways(), platform_with_notice(), **({"http2": True} if handler == "http2" else {}))
    urls = [web.url(f"{name}.test", "/", "https" if handler == "http2" else "http") for name in (*WAYS, *OPEN)]
    done = crawl(spider(*urls), settings={**SETTINGS, **HANDLERS[handler], "HTTPCACHE_DIR": str(tmp_path / "cache")})
    assert kept(tmp_path / "cache") == OPEN
    assert len(done.items) == len(OPEN)
    assert len(done.refused) == len(WAYS)


def test_the_same_pages_lie_in_the_cache_without_gates(sites: Webs, crawl: Crawler, tmp_path: Path) -> None:
    """The control, and what a session without gates left behind: with them it is withheld on its way out."""
    web = sites(*sites_of_all_ways(), platform_with_notice())
    urls = [web.url(f"{name}.test") for name in (*WAYS, *OPEN)]
    settings = {**SETTINGS, "HTTPCACHE_DIR": str(tmp_path / "cache")}
    crawl(spider(*urls, extra=names_of(web)), settings={**settings, "ADDONS": {}})
    assert kept(tmp_path / "cache") == {*WAYS, *OPEN}
    pages = len(pages_asked_for(web))
    done = crawl(spider(*urls), settings=settings)
    assert sorted(item["url"] for item in done.items) == sorted(web.url(f"{name}.test") for name in OPEN)
    assert len(pages_asked_for(web)) == pages


def pages_asked_for(web: Web) -> list[str]:
    return [hit.site for hit in web.hits if hit.path == "/"]


def test_cached_page_that_the_server_confirms_is_judged(sites: Webs, crawl: Crawler, tmp_path: Path) -> None:
    """304 (RFC 9111 4.3.3): what the page of then says counts, in its header too, and it is not stored anew."""

    def answers(body: str, **more: str) -> Site:
        asked: list[str] = []

        def answer(path: str) -> Page | None:
            if path != "/":
                return None
            asked.append(path)
            fresh = {"ETag": '"1"', "Cache-Control": "max-age=0"}
            return Page(status=304, headers=fresh) if len(asked) > 1 else Page(body, headers={**fresh, **more})

        return Site("stale.test", robots=OPEN_ROBOTS, generate=answer)

    ways = {"meta": answers(NOAI), "header": answers(head(), **{"X-Robots-Tag": "noai"}), "open": answers(head())}
    for way, site in ways.items():
        settings = {
            **SETTINGS, "HTTPCACHE_DIR": str(tmp_path / way),
            "HTTPCACHE_POLICY": "scrapy.extensions.httpcache.RFC2616Policy",
        }  # fmt: skip
        web = sites(site, platform_with_notice())
        url = web.url("stale.test")
        crawl(spider(url, extra=names_of(web)), settings={**settings, "ADDONS": {}})
        before = stored_at(tmp_path / way)
        done = crawl(spider(url), settings={**settings, "DESIST_NAMESERVERS": [web.nameserver]})
        assert len(pages_asked_for(web)) == 2
        assert ([item["url"] for item in done.items], stored_at(tmp_path / way) == before) == (
            ([url], False) if way == "open" else ([], True)
        )


def stored_at(folder: Path) -> set[int]:
    return {body.stat().st_mtime_ns for body in folder.glob("**/response_body")}


def test_error_of_the_server_that_withholds_its_page_is_tried_again(sites: Webs, crawl: Crawler) -> None:
    """Error pages say `noindex` as a rule: that keeps nobody from asking again; the last one is withheld."""
    answers = [Page(NOAI, 503), Page(head()), Page(NOAI, 503), Page(NOAI, 503), Page(NOAI, 503)]
    busy = Site("busy.test", robots=OPEN_ROBOTS, generate=lambda path: answers.pop(0) if path == "/" else None)
    web = sites(busy, platform_with_notice())
    settings = {**SETTINGS, "RETRY_ENABLED": True, "HTTPCACHE_ENABLED": False}
    assert len(crawl(spider(web.url("busy.test")), settings=settings).items) == 1
    done = crawl(spider(web.url("busy.test")), settings=settings)
    assert (done.items, len(pages_asked_for(web))) == ([], 5)
    assert [(one.basis, one.rule) for one in done.refused] == [("optout", "meta-robots")]


STORES = """
from scrapy.pipelines.files import FilesPipeline
class All(FilesPipeline):
    def file_path(self, request, response=None, info=None, *, item=None):
        return request.url.split("/")[2].split(".")[0]
"""
ITEMS = """
    def parse(self, response):
        yield {{"url": response.url, "file_urls": {files!r}}}
"""


def test_withheld_page_is_not_in_the_files_store(sites: Webs, crawl: Crawler, tmp_path: Path) -> None:
    """A files pipeline keeps what it fetches; the control, without gates, keeps all of it."""
    ways = sites_of_all_ways()
    web = sites(*ways, platform_with_notice())
    files = [web.url(site.name) for site in ways if site.name not in {"missing.test", "failing.test", "moved.test"}]
    start = [web.url("open.test", "/none")]
    both: dict[str, set[str]] = {}
    for name, changes in {"gated": {}, "bare": {"ADDONS": {}}}.items():
        extra = STORES + (names_of(web) if name == "bare" else "")
        store = {"ITEM_PIPELINES": {"crawled_spider.All": 1}, "FILES_STORE": str(tmp_path / name)}
        text = spider(*start, extra=extra).partition("    def parse")[0] + ITEMS.format(files=files)
        crawl(text, settings={**SETTINGS, "HTTPCACHE_ENABLED": False, **store, **changes})
        both[name] = {path.name for path in (tmp_path / name).glob("*")}
    assert both == {"gated": OPEN, "bare": {web_url.split("/")[2].split(".")[0] for web_url in files}}
