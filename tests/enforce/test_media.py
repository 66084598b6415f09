"""A files pipeline and its store: copies of what is refused now are not served."""

from __future__ import annotations

from pathlib import Path

from desist.testing import Page, Site
from desist.testing.fixtures import Crawler, PolicyFolder, Webs
from desist.testing.ready import OPEN_ROBOTS, platform_with_notice

PLATFORM = "platform: late\nname: Late\nhosts: [late.test]\n"
LETTER = """notice: 2026-02-late
instrument: cease_and_desist
sender: Late, Inc.
recipient: Example Crawls Ltd
platforms: [late]
received_at: 2026-02-05T09:30:00Z
crawl_effect: block
"""
SPIDER = """
import scrapy
class S(scrapy.Spider):
    name = "s"
    start_urls = [{page!r}]
    custom_settings = {{"DESIST_PURPOSES": ["index"]}}
    def parse(self, response):
        yield {{"file_urls": [{file!r}]}}
"""


def test_store_serves_no_copy_of_what_a_letter_forbids(
    sites: Webs, crawl: Crawler, policy_set: PolicyFolder, tmp_path: Path
) -> None:
    """Fetched once, then out of the store without a request (control); once the letter is there, not at all."""
    face = Page(b"\x89PNG", media_type="image/png")
    late = Site("late.test", robots=OPEN_ROBOTS, pages={"/face.png": face}, documents={"platforms/late.yaml": PLATFORM})
    web = sites(late, Site("gazette.test", robots=OPEN_ROBOTS, pages={"/": "page"}), platform_with_notice())
    text = SPIDER.format(page=web.url("gazette.test"), file=web.url("late.test", "/face.png"))
    stored = {"ITEM_PIPELINES": {"scrapy.pipelines.files.FilesPipeline": 1}, "FILES_STORE": str(tmp_path / "store")}
    states = [[file["status"] for file in crawl(text, settings=stored).items[0]["files"]] for _ in range(2)]
    assert states == [["downloaded"], ["uptodate"]]
    assert [hit.path for hit in web["late.test"].hits].count("/face.png") == 1
    notices = policy_set.path / "notices"
    (notices / "late.yaml").write_text(LETTER)
    done = crawl(text, settings=stored)
    assert done.items[0]["files"] == []
    assert [(one.rule, one.url) for one in done.refused] == [("2026-02-late", web.url("late.test", "/face.png"))]
