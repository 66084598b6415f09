"""Observation is said first, in every report."""

from __future__ import annotations

from pathlib import Path

import pytest

from desist.commands.main import main
from desist.ledger.ledger import Ledger
from desist.ledger.query import Reader
from desist.report.observed import observation_in_words, observations

UNTIL = 1_800_000_000


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A crawl that observes, the process gate's own session, and one crawl that does not."""
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / "ledger" / "ledger.db"
    with Ledger.open(path, revision="ab" * 32) as crawl:
        crawl.record("outcome", gate="process", facts={"observe_until": UNTIL})
        crawl.record("permit", platforms=["pictogram"], basis="robots", rule="robots.txt:2", facts={"observed": 1})
        crawl.record("permit", domain="shop.test", gate="wire")
        crawl.record("refuse", platforms=["pictogram"], docket="2026-01-pictogram", gate="early")
    with Ledger.open(path, role="process") as gate:
        gate.record("permit", domain="queue.test", gate="process", facts={"observed": 1})
    with Ledger.open(path, revision="ab" * 32) as crawl:
        crawl.record("permit", domain="shop.test", gate="wire")
    return path


def test_requests_and_destinations_are_counted_apart(path: Path) -> None:
    """A destination is on record once, however often it was used; a request each time."""
    with Reader(path) as reader:
        crawl, gate = observations(reader)
    assert (crawl.requests, crawl.destinations, crawl.until) == (1, 0, UNTIL * 1_000_000)
    assert (gate.requests, gate.destinations, gate.until) == (0, 1, 0)


def test_it_is_one_sentence_with_its_end_date() -> None:
    """And no sentence where nobody observed."""
    assert observation_in_words([]) == ""


@pytest.mark.parametrize("words", [["docket"], ["absence", "--platform", "pictogram", "--since", "2020-01-01"]])
def test_reports_say_it_first(path: Path, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    """Before any figure."""
    main(["ledger", words[0], str(path), *words[1:]])
    lines = [line for line in capsys.readouterr().out.splitlines() if line != str(path)]
    assert lines[0].startswith("observation: DESIST_OBSERVE_UNTIL 2027-01-15T08:00:00Z: from 20")
    assert "1 requests and 1 destinations were let through" in lines[0]
