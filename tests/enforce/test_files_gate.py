"""A site's files decide where a crawler asks next: how many licences, at whose addresses, and how much is kept."""

from __future__ import annotations

import pytest

from desist.testing import Answer, Page, Site
from desist.testing.fixtures import Crawler, Webs
from desist.testing.ready import OPEN_ROBOTS, platform_with_notice

SPIDER = """
import scrapy
class S(scrapy.Spider):
    name = "s"
    start_urls = {urls!r}
    async def start(self):
        for url in self.start_urls:
            yield scrapy.Request(url, errback=self.failed)
    def parse(self, response):
        yield {{"url": response.url, "error": ""}}
    def failed(self, failure):
        yield {{"url": failure.request.url, "error": str(failure.value)}}
"""
FREE = """<rsl xmlns="https://rslstandard.org/rsl"><content url="/"><license>
<permits type="usage">all</permits></license></content></rsl>"""
ROBOTS, PAGE = "robots.txt", "page"


def shop(where: str, count: int) -> Site:
    """A site whose robots.txt, or whose page, names so many licences."""
    urls = [f"/l/{number}" for number in range(count)]
    lines = "".join(f"License: {url}\n" for url in urls) if where == ROBOTS else ""
    links = "".join(f'<link rel="license" type="application/rsl+xml" href="{url}">' for url in urls)
    page = f"<html><head>{links if where == PAGE else ''}</head><body>page</body></html>"
    licence = Page(FREE, media_type="application/rsl+xml")
    return Site("shop.test", robots=OPEN_ROBOTS + lines, pages={"/": page, "/2": page, "/l/*": licence})


@pytest.mark.parametrize("where", [ROBOTS, PAGE])
@pytest.mark.parametrize(("count", "asked"), [(4, 4), (5, 0), (400, 0)])
def test_so_many_licences_are_asked_for_and_no_more(
    where: str, count: int, asked: int, sites: Webs, crawl: Crawler
) -> None:
    """Four are read, each once; who names more refuses his own pages, and nobody is asked for a licence."""
    web = sites(shop(where, count), platform_with_notice())
    done = crawl(
        SPIDER.format(urls=[web.url("shop.test", "/"), web.url("shop.test", "/2")]),
        settings={"DESIST_PURPOSES": ["index"], "CONCURRENT_REQUESTS": 1},
    )
    assert len({hit.path for hit in web.hits if hit.path.startswith("/l/")}) == asked
    assert len([hit for hit in web.hits if hit.path.startswith("/l/")]) == asked
    for item in done.items:
        assert ("more than 4 licences are named" in item["error"]) == (count > 4)
        assert bool(item["error"]) == (count > 4)
    assert len(done.items) == 2


FROM_WITHIN = """
import scrapy
from desist.enforce import files_gate
from desist.enforce.warden import Warden
class S(scrapy.Spider):
    name = "s"
    async def start(self):
        files = Warden.of(self.crawler).site._files
        for page in {pages!r}:
            for licence in {licences!r}:
                said = await files.licences((licence,), scrapy.Request(page))
                yield {{"page": page, "licence": licence, "said": [one.text for one in said]}}
        files_gate._MOST_KEPT = 10_000
        for number in range(50):
            files._keep(f"http://big.test/{{number}}", files_gate._File(200, b"x" * 3000, 0, 1e12))
        files._keep("http://huge.test/", files_gate._File(200, b"x" * 30_000, 0, 1e12))
        yield {{"kept": list(files._files), "weight": files._weight, "refused": [
            len(file.body) for file in files._files.values() if file.status != 200]}}
        files._keep("http://huge.test/", files_gate._File(200, b"", 0, 1e12))
        yield {{"weight": files._weight}}
"""


def test_licence_within_our_own_network_is_not_asked_for_on_behalf_of_a_page_outside(
    sites: Webs, crawl: Crawler
) -> None:
    """An address, a name that leads to one, `localhost`: none is asked; a page that lies there itself may name them."""
    licence = Page(FREE, media_type="application/rsl+xml")
    inner = Site("inner.test", robots=OPEN_ROBOTS, pages={"/rsl.xml": licence, "/big": "page"})
    names = {"outside.test": Answer(a=("8.8.8.8",), ttl=60)}
    web = sites(inner, Site("page.test", robots=OPEN_ROBOTS), platform_with_notice(), names=names)
    named = [web.url("inner.test", "/rsl.xml"), "http://169.254.169.254/rsl.xml", "http://localhost:1/rsl.xml"]
    outside = "http://outside.test/"
    text = FROM_WITHIN.format(pages=[outside], licences=named)
    *said, kept, emptied = crawl(text, settings={"DESIST_PURPOSES": ["index"]}).items
    why = "it lies at an address that is not public, and the page that it speaks of does not"
    assert [item["said"] for item in said] == [[why]] * 3
    assert web["inner.test"].hits == []
    assert (kept["kept"], emptied["weight"]) == (["http://huge.test/"], 1024)
    text = FROM_WITHIN.format(pages=[web.url("page.test", "/")], licences=named[:1])
    item, *_ = crawl(text, settings={"DESIST_PURPOSES": ["index"]}).items
    assert item["said"] == ["permits, payment free: ai-input, archive, index, search, tdm, train-ai"]
    assert [hit.path for hit in web["inner.test"].hits] == ["/robots.txt", "/rsl.xml"]


def test_body_of_an_answer_that_is_no_file_is_not_kept(sites: Webs, crawl: Crawler) -> None:
    """A page that says that there is no such file is not the file."""
    web = sites(Site("page.test", robots=OPEN_ROBOTS), platform_with_notice())
    text = FROM_WITHIN.format(pages=[web.url("page.test", "/")], licences=[web.url("page.test", "/none.xml")])
    text = text.replace("files_gate._MOST_KEPT = 10_000", "files_gate._MOST_KEPT = 10**9")
    item, kept, _ = crawl(text, settings={"DESIST_PURPOSES": ["index"]}).items
    assert item["said"] == ["the licence could not be retrieved: 404"]
    assert kept["refused"] == [0]
