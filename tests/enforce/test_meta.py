"""Pages that speak of themselves: withheld, or handed over without their links."""

from __future__ import annotations

import gzip

from desist.ledger.opener import Opener
from desist.ledger.query import Reader
from desist.testing import Page, Site
from desist.testing.fixtures import Crawler, TestLedger, Webs
from desist.testing.ready import OPEN_ROBOTS, platform_with_notice

SPIDER = """
import scrapy
class S(scrapy.Spider):
    name = "s"
    start_urls = {urls!r}
    custom_settings = {{"DESIST_PURPOSES": ["index"]}}
    def parse(self, response):
        yield {{"url": response.url}}
        yield scrapy.Request(response.url + "?again", dont_filter=True, callback=self.done)
        for href in response.css("a::attr(href)").getall():
            yield response.follow(href)
    def done(self, response):
        pass
"""


def head(*tags: str) -> str:
    return f"<html><head>{''.join(tags)}</head><body><a href='/next'>next</a></body></html>"


def test_links_of_a_page_that_says_nofollow_are_not_followed(sites: Webs, crawl: Crawler) -> None:
    """In a meta element or a header; the page itself comes, and links of other pages are followed (control)."""
    nofollow = head('<meta name="robots" content="nofollow">')
    header = Page(head(), headers={"X-Robots-Tag": "nofollow"})
    texts: dict[str, str | Page] = {"meta": nofollow, "header": header, "open": head()}
    made = [
        Site(f"{name}.test", robots=OPEN_ROBOTS, pages={"/": page, "/?again": "again", "/next": "<p>next</p>"})
        for name, page in texts.items()
    ]
    web = sites(*made, platform_with_notice())
    done = crawl(SPIDER.format(urls=[web.url(site.name) for site in made]))
    assert {hit.site for hit in web.hits if hit.path == "/next"} == {"open.test"}
    assert {hit.site for hit in web.hits if hit.path == "/"} == {site.name for site in made}
    early = {(one.rule, one.basis, one.gate) for one in done.refused}
    assert early == {("meta-robots", "optout", "early"), ("x-robots-tag", "optout", "early")}


def test_page_that_says_noindex_is_withheld(sites: Webs, crawl: Crawler) -> None:
    """The spider never sees it, and so follows nothing of it; the refusal is the meta gate's."""
    page = head('<meta name="robots" content="noindex">')
    web = sites(Site("shy.test", robots=OPEN_ROBOTS, pages={"/": page, "/next": "next"}), platform_with_notice())
    done = crawl(SPIDER.format(urls=[web.url("shy.test")]))
    assert [hit.path for hit in web.hits] == ["/robots.txt", "/"]
    assert done.items == []
    assert [(one.basis, one.rule) for one in done.refused] == [("optout", "meta-robots")]


def test_signals_under_which_a_page_was_allowed_are_on_record(sites: Webs, crawl: Crawler, ledger: TestLedger) -> None:
    """An outcome entry holds what was said of the page, sealed, and how much, in the clear."""
    page = Page(head('<meta name="robots" content="noai">'), headers={"tdm-reservation": "1"})
    web = sites(Site("said.test", robots=OPEN_ROBOTS, pages={"/": page, "/next": "next"}), platform_with_notice())
    crawl(SPIDER.format(urls=[web.url("said.test")]))
    with Reader(ledger.path) as reader:
        found = [read for read in reader.entries([Opener.parse(ledger.private_key)]) if read.entry.k == "outcome"]
    first = next(read for read in found if read.details and read.details["url"] == web.url("said.test"))
    assert first.entry.facts["signals"] == 2
    assert first.details is not None
    assert "tdmrep=disallow" in str(first.details["signals"])
    assert "noai" in str(first.details["said"])


def test_pages_in_other_alphabets_and_codings_are_read(sites: Webs, crawl: Crawler) -> None:
    """UTF-16 without a mark, and gzip that nobody undid: what the page says of itself is heard."""
    page = head('<meta name="robots" content="noindex">')
    ways = {
        "wide": Page(page.encode("utf-16-le"), media_type="text/html; charset=utf-16le"),
        "packed": Page(gzip.compress(page.encode()), headers={"Content-Encoding": "gzip"}),
        "odd": Page(bytes(octet ^ 0x80 for octet in page.encode()), headers={"Content-Encoding": "unheard-of"}),
        "open": Page(gzip.compress(head().encode()), headers={"Content-Encoding": "gzip"}),
    }
    made = [Site(f"{name}.test", robots=OPEN_ROBOTS, pages={"/*": page}) for name, page in ways.items()]
    web = sites(*made, platform_with_notice())
    text = SPIDER.format(urls=[web.url(site.name) for site in made]).partition("        yield scrapy.Request")[0]
    done = crawl(text, settings={"COMPRESSION_ENABLED": False})
    assert [item["url"] for item in done.items] == [web.url("open.test")]
    assert {(one.basis, one.rule) for one in done.refused} == {("optout", "meta-robots"), ("policy-error", "gate")}
