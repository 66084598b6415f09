"""Queues after a letter: what is refused is gone, what is allowed comes, each once and in its order."""

from __future__ import annotations

import re
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from desist.ledger.opener import Opener
from desist.ledger.query import Reader
from desist.testing import Page, Site
from desist.testing.fixtures import Crawler, PolicyFolder, TestLedger, Webs
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
    custom_settings = {{"DESIST_PURPOSES": ["index"]}}
    start_urls = [{start!r}]
    def parse(self, response):
        yield scrapy.Request({slow!r}, callback=self.seen, priority=1)
        for url in {urls!r}:
            yield scrapy.Request(url, callback=self.seen)
    def seen(self, response):
        yield {{"url": response.url}}
"""
EACH = 120
QUEUES: dict[str, dict[str, Any]] = {
    "memory, last in first out": {},
    "memory, first in first out": {"SCHEDULER_MEMORY_QUEUE": "scrapy.squeues.FifoMemoryQueue"},
    "disk, last in first out": {"JOBDIR": "job"},
    "disk, first in first out": {"JOBDIR": "job", "SCHEDULER_DISK_QUEUE": "scrapy.squeues.PickleFifoDiskQueue"},
    "disk, SQLite": {"JOBDIR": "job", "SCHEDULER_DISK_QUEUE": "scrapy.squeues.PickleLifoSQLiteQueue"},
    "one queue for all hosts": {"SCHEDULER_PRIORITY_QUEUE": "scrapy.pqueues.ScrapyPriorityQueue"},
    "one queue for all hosts, disk": {
        "SCHEDULER_PRIORITY_QUEUE": "scrapy.pqueues.ScrapyPriorityQueue",
        "JOBDIR": "job",
    },
}


@pytest.mark.parametrize("queue", QUEUES)
def test_refused_requests_leave_the_queue_and_the_others_keep_their_order(
    queue: str, sites: Webs, crawl: Crawler, policy_set: PolicyFolder, ledger: TestLedger
) -> None:
    """While one slow page holds the only place, a letter comes; then the allowed pages come as they would have."""
    late = Site("late.test", robots=OPEN_ROBOTS, pages={"/*": "x"}, documents={"platforms/late.yaml": PLATFORM})
    pages = {"/": "page", "/slow": Page("page", delay=3.0), "/p/*": "page"}
    web = sites(late, Site("gazette.test", robots=OPEN_ROBOTS, pages=pages), platform_with_notice())
    names = ("late.test", "gazette.test")
    urls = [web.url(name, f"/p/{number}") for number in range(EACH) for name in names]
    text = SPIDER.format(start=web.url("gazette.test"), slow=web.url("gazette.test", "/slow"), urls=urls)

    came_at: list[int] = []

    def letter() -> None:
        while not any(hit.path == "/slow" for hit in web["gazette.test"].hits):
            time.sleep(0.02)
        time.sleep(1.0)
        draft = policy_set.path / "notices" / ".late"
        draft.write_text(LETTER)
        came_at.append(time.time_ns())
        draft.rename(draft.with_name("late.yaml"))

    thread = threading.Thread(target=letter)
    thread.start()
    settings = {"CONCURRENT_REQUESTS": 1, "CONCURRENT_REQUESTS_PER_DOMAIN": 1, **QUEUES[queue]}
    done = crawl(text, settings=settings)
    thread.join()
    came = [int(hit.path.rpartition("/")[2]) for hit in web["gazette.test"].hits if hit.path.startswith("/p/")]
    assert sorted(came) == list(range(EACH))
    step = 1 if "first in first out" in queue else -1
    # Some may have been taken out of the queue before all were in it, and before it was purged.
    assert sum(b - a == step for a, b in pairwise(came)) >= EACH - 5, came
    assert not web["late.test"].hits_after(came_at[0])
    assert sum(item["url"].endswith("/slow") for item in done.items) == 1
    purged = _purged(ledger)
    assert {url for url in purged if "late.test" in url} == set(purged)
    assert len(purged) >= EACH - 2
    # One that was taken up already is refused on its own, and so is the robots.txt that was asked for it.
    others = [one.url for one in done.refused if "late.test/p/" in _plain(one.url) and one.gate != "reload"]
    before = [hit for hit in web["late.test"].hits if hit.path != "/robots.txt"]
    assert len(purged) + len(others) + len(before) == EACH


def _plain(url: str) -> str:
    """A URL without its port."""
    return re.sub(r":\d+/", "/", url)


def _purged(ledger: TestLedger) -> list[str]:
    """The URLs that entries of the reload gate name; their count stands in the clear."""
    with Reader(Path(ledger.path)) as reader:
        found = [read for read in reader.entries([Opener.parse(ledger.private_key)]) if read.entry.gate == "reload"]
    urls = [url for read in found for url in (read.details or {})["urls"]]
    assert sum(int(read.entry.facts["requests"]) for read in found) == len(urls)
    return urls
