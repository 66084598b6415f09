"""A change of policies that is still taking force when the crawl ends: nothing is lost, of the queue or the record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from desist.ledger.query import Reader
from desist.testing import Page, Site
from desist.testing.fixtures import Crawler, PolicyFolder, TestLedger, Webs
from desist.testing.ready import OPEN_ROBOTS, platform_with_notice

QUEUED = 1_000
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
import asyncio, os, scrapy
LETTER, DRAFT, BASE, QUEUED, WHEN = {letter!r}, {draft!r}, {base!r}, {queued}, {when!r}
class S(scrapy.Spider):
    name = "s"
    custom_settings = {{"DESIST_PURPOSES": ["index"], "CONCURRENT_REQUESTS": 4}}
    async def start(self):
        for number in range(QUEUED):
            yield scrapy.Request(f"{{BASE}}/p/{{number}}", errback=self.failed)
        if WHEN == "never":
            return
        scheduler, engine, stats = self.crawler.engine.scheduler, self.crawler.engine, self.crawler.stats
        before = len(scheduler)
        os.rename(DRAFT, LETTER)
        while not (stats.get_value("desist/reloads") if WHEN == "swapped" else len(scheduler) < before - 100):
            await asyncio.sleep(0)
        asyncio.ensure_future(engine.close_spider_async(reason="in the middle"))
    def failed(self, failure):
        pass
"""
QUEUES: dict[str, dict[str, Any]] = {"memory": {}, "disk": {"JOBDIR": "job"}}


@pytest.mark.parametrize("queue", QUEUES)
@pytest.mark.parametrize("when", ["swapped", "purging"])
def test_crawl_may_end_while_the_queue_is_purged(
    when: str, queue: str, sites: Webs, crawl: Crawler, policy_set: PolicyFolder, ledger: TestLedger, tmp_path: Path
) -> None:
    """The change has its certificate, the session its end, and each queued request is on record or still queued."""
    documents = {"platforms/late.yaml": PLATFORM}
    site = Site("late.test", robots=OPEN_ROBOTS, pages={"/p/*": Page("page", delay=30.0)}, documents=documents)
    web = sites(site, platform_with_notice())
    policy_set.write()
    draft, letter = tmp_path / "late.yaml", policy_set.path / "notices" / "late.yaml"
    draft.write_text(LETTER)
    base = web.url("late.test", "")
    words = {"letter": str(letter), "draft": str(draft), "base": base, "queued": QUEUED}
    settings = {name: str(tmp_path / value) for name, value in QUEUES[queue].items()}
    done = crawl(SPIDER.format(**words, when=when), settings=settings)
    assert "Traceback" not in done.log, done.log[-4000:]
    entries = entries_of(ledger.path)
    assert entries[-1].k == "close"
    certificate = [entry.facts for entry in entries if "in_force" in entry.facts]
    by_reload = {one.url for one in done.refused if one.gate == "reload"}
    assert sum(facts["purged"] for facts in certificate) == len(by_reload)
    if queue == "disk":
        crawl(SPIDER.format(**{**words, "queued": 0}, when="never"), settings=settings)
        known = {one.url for one in ledger.decisions()}
        assert {f"{base}/p/{number}" for number in range(QUEUED)} <= known


def entries_of(ledger: Path) -> list[Any]:
    with Reader(ledger) as reader:
        return [read.entry for read in reader.entries()]
