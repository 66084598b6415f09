"""A ledger that fails in the middle of a crawl stops it; what was acted on is on record, killed or not."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from desist.testing.recorded import Recorded

FILLS_DISK = """
custom_settings = {"CONCURRENT_REQUESTS": 1}
def parse(self, response):
    import os, resource
    print("GOT", response.url, flush=True)
    ledger = self.settings["DESIST_LEDGER"]
    size = max(os.path.getsize(ledger + suffix) for suffix in ("", "-wal"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    for number in range(1, 6):
        yield scrapy.Request(response.urljoin(f"/article/{number}"), errback=self.failed, callback=self.more)
def more(self, response):
    print("MORE", response.url, flush=True)
"""
RUNNERS = {"async": {}, "process": {"FORCE_CRAWLER_PROCESS": True}, "reactor-less": {"TWISTED_REACTOR_ENABLED": False}}


def without_parse(text: str) -> str:
    """The spider's own `parse` instead of the one that follows it."""
    return re.sub(
        r"    def parse\(self, response\):\n        print\(\"GOT\", response.url, flush=True\)\n(?=    def failed)",
        "",
        text,
    )


@pytest.mark.parametrize("runner", RUNNERS)
def test_full_disk_stops_the_crawl_with_an_exit_code(project, spider, web, runner) -> None:
    """No page is fetched that could not be recorded, and the exit code says so."""
    done = project.run(without_parse(spider(web.url("gazette.test"), body=FILLS_DISK)), **RUNNERS[runner])
    assert done.code == 2, done.out
    assert f"GOT {web.url('gazette.test')}" in done.out
    fetched = [hit.path for hit in web["gazette.test"].hits if hit.path.startswith("/article/")]
    permits = [one for one in done.decisions if one.effect == "allow"]
    assert len(fetched) <= max(0, len(permits) - 2)
    assert "nothing is fetched that cannot be recorded" in done.out


LINKS = """
async def start(self):
    for number in range(100000):
        yield scrapy.Request(f"http://pictogram.test/{number}", errback=self.failed)
        if number % 50 == 0:
            import asyncio
            await asyncio.sleep(0.001)
"""


@pytest.mark.parametrize("delay", [0.2, 0.5, 0.9])
def test_killed_crawl_has_every_refusal_that_it_acted_on(project, spider, web, delay) -> None:
    """SIGKILL in the middle: each receipt that an errback was given is in the ledger."""
    links = "".join(f"    {line}\n" for line in LINKS.strip().splitlines())
    text = re.sub(r"    async def start.*?(?=    def parse)", lambda _: links, spider(), flags=re.DOTALL)
    project.write(text)
    with subprocess.Popen(
        [sys.executable, "-m", "scrapy", "crawl", "s"],
        cwd=project.folder,
        env={**os.environ, "PYTHONPATH": str(project.folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        time.sleep(delay)
        child.send_signal(signal.SIGKILL)
        lines = [first, *child.stdout.read().splitlines()[:-1]]
    acted_on = {int(number) for line in lines for number in re.findall(r"Refused (\d+)$", line.strip())}
    on_record = {one.number for one in Recorded.read(project.ledger) if one.effect == "refuse"}
    assert acted_on
    assert acted_on <= on_record
