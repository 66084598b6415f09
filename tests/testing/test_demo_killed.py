"""Kill -9 in the middle of the demo's crawl: what the crawl acted on is on record.

The spider writes its own log, synced line by line: an errback that was called, with the URL, the number of the ledger
entry and the count of refusals so far. That log, and the crawl's log lines, are held against the ledger.
"""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from desist.ledger.opener import Opener
from desist.ledger.query import Reader
from desist.ledger.verify import verify
from desist.testing import Web
from desist.testing.demo.events import Event, EventLog
from desist.testing.demo.project import Project
from desist.testing.demo.world import NAMES, SITES
from desist.testing.recorded import Recorded

_WHOLE = 700  # refusals of a demo that nobody kills, roughly
_ACKNOWLEDGE_FIRST = """
from desist.ledger.ledger import Ledger

def _write(self, most=512, *, here=False):
    for item in self._take(most):
        item.future.set_result(item.result)

Ledger._write = _write
"""


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    """The demo's sites, served for all kills."""
    with Web(SITES, names=NAMES) as web:
        yield web


def _killed(
    folder: Path, web: Web, refusals: int, *, letter: int = _WHOLE, settings: str = ""
) -> tuple[Project, list[Event], list[Recorded]]:
    """A crawl that is killed once its spider has noted so many refusals: its events, and what is on record.

    The letter is delivered after `letter` refusals, so that some kills fall into the purge that it causes.
    """
    opener = Opener.generate()
    settings = f"DEMO_FSYNC = True\nDESIST_COUNSEL_KEY = {str(opener.counsel)!r}\n{settings}"
    project = Project.create(folder, web, settings=settings)
    log, events = EventLog(project.events), list[Event]()
    child = project.crawl()
    try:
        while child.poll() is None and (count := sum(event.what == "refused" for event in events)) < refusals:
            if count >= letter:
                project.deliver_letter()
                letter = _WHOLE
            events += log.new()
            time.sleep(0.002)
        assert child.poll() is None, project.log.read_text()[-2000:]
    finally:
        child.kill()
        child.wait()
    return project, events + log.new(), Recorded.read(project.ledger, opener.private_text())


def _missing(project: Project, events: list[Event], record: list[Recorded]) -> list[str]:
    """Refusals that were acted on (an errback called, a stat counted, a line logged) and are not on record."""
    refusals = [one for one in record if one.effect == "refuse"]
    filed = {(one.number, one.url) for one in refusals}
    acted = [event for event in events if event.what == "refused"]
    missing = [
        f"errback of {event.url}, entry {event.receipt}" for event in acted if (event.receipt, event.url) not in filed
    ]
    counted = max((event.counted for event in acted), default=0)
    if counted > len(refusals):
        missing.append(f"{counted} counted, {len(refusals)} on record")
    urls = {url for _, url in filed}
    logged = re.findall(r"refused (http://[^\s:]+:\d+[^\s:]*):", project.log.read_text())
    return missing + [f"log line of {url}" for url in logged if url not in urls]


def _check(folder: Path, web: Web, refusals: int, letter: int) -> None:
    project, events, record = _killed(folder, web, refusals, letter=letter)
    assert _missing(project, events, record) == []
    with Reader(project.ledger) as reader:
        assert verify(reader.rows(), boxes=reader.boxes()).findings == []


@pytest.mark.parametrize(("refusals", "letter"), [(14, _WHOLE), (210, 200), (300, 240)])
def test_no_refusal_is_lost(refusals: int, letter: int, web: Web, tmp_path: Path) -> None:
    """Killed early, while the letter's purge runs, after it: what was acted on is on record, and that is intact."""
    _check(tmp_path / "demo", web, refusals, letter)


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(20))
def test_no_refusal_is_lost_in_twenty_kills(seed: int, web: Web, tmp_path: Path) -> None:
    """Twenty kills at random moments, half of them soon after the letter."""
    moment = random.Random(seed).randrange(1, _WHOLE - 100)
    _check(tmp_path / "demo", web, moment, moment - 20 if seed % 2 else _WHOLE)


def test_the_harness_finds_what_is_lost(web: Web, tmp_path: Path) -> None:
    """The control: a ledger that acknowledges before it writes loses refusals, and the harness says which."""
    project, events, record = _killed(tmp_path / "demo", web, 50, settings=_ACKNOWLEDGE_FIRST)
    missing = _missing(project, events, record)
    assert len(missing) >= 50
    assert any(one.startswith("errback of http://") for one in missing)
    assert any(one.startswith("log line of http://") for one in missing)


def test_the_crawl_is_a_process_of_its_own(web: Web, tmp_path: Path) -> None:
    """What is killed is the crawl itself: the process that was started is the one that writes the events."""
    project = Project.create(tmp_path / "demo", web)
    child = project.crawl()
    try:
        while not project.events.exists():
            assert child.poll() is None, project.log.read_text()[-2000:]
            time.sleep(0.01)
        held = {os.path.realpath(link) for link in Path(f"/proc/{child.pid}/fd").iterdir()}
        assert os.path.realpath(project.events) in held
    finally:
        child.kill()
        child.wait()
