"""DESIST_OBSERVE_UNTIL: what passes while a project moves in, what never does, and for how long."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desist.enforce.observe import MAX_DAYS, Observation, is_observed, refuse_renewal
from desist.enforce.verdicts import refusal
from desist.errors import UsageError
from desist.ledger.ledger import Ledger
from desist.ledger.opener import Opener
from desist.model import Basis
from desist.testing.recorded import entries_of

KEY = Opener.generate()
PASSING = {Basis.ROBOTS, Basis.ROBOTS_UNAVAILABLE, Basis.OPTOUT, Basis.PROCESS, Basis.PROXY}


def soon(days: float = 1) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds")


@pytest.mark.parametrize("basis", Basis)
def test_only_robots_signals_and_undeclared_destinations_pass(basis) -> None:
    """Never an order, a notice, terms, or what cannot be read."""
    decision = refusal("http://a.test/", basis, "rule", "why")
    observed = Observation.read(soon()).of(decision)
    assert is_observed(observed) == (basis in PASSING)
    assert (observed.effect == "allow") == (basis in PASSING)


def test_it_ends(monkeypatch) -> None:
    """After its date everything is refused again."""
    decision = refusal("http://a.test/", Basis.ROBOTS, "rule", "why")
    assert Observation.read("2020-01-01").of(decision).refused
    assert Observation().of(decision).refused


@pytest.mark.parametrize("text", ["2999-01-01", "soon", "14 days"])
def test_no_date_beyond_fourteen_days(text) -> None:
    """An open-ended observation is an open gate."""
    with pytest.raises(UsageError):
        Observation.read(text)
    with pytest.raises(UsageError):
        Observation.read(soon(MAX_DAYS + 1))
    assert Observation.read(soon(MAX_DAYS - 1)).on


def test_crawl_passes_robots_and_undeclared_destinations_on_record(project, web, spider) -> None:
    """The page that robots.txt refuses is fetched, `requests` reaches an ordinary site; the platform stays shut."""
    private, face = web.url("gazette.test", "/private"), web.url("media.pictogram.test", "/face.png")
    text = spider(web.url("gazette.test"), private, face)
    text += f"""
    def closed(self, reason):  # nothing is in flight any more whose grant could cover it
        import requests
        for url in ({web.url("gazette.test")!r}, {face!r}):
            try:
                print("ASIDE", requests.get(url, timeout=5).status_code, flush=True)
            except requests.RequestException as error:
                print("ASIDE", type(error).__name__, flush=True)
"""
    done = project.run(text, DESIST_OBSERVE_UNTIL=soon(), DESIST_COUNSEL_KEY=str(KEY.counsel))
    assert done.code == 0, done.out
    assert "/private" in [hit.path for hit in web["gazette.test"].hits]
    assert "ASIDE 200" in done.out
    assert "ASIDE ConnectionError" in done.out
    assert web["pictogram.test"].was_never_contacted()
    observed = [entry for entry in entries_of(project.ledger) if entry.facts.get("observed")]
    assert {"robots", "process"} <= {entry.basis for entry in observed}
    assert [entry for entry in entries_of(project.ledger) if entry.facts.get("observe_until")]


@pytest.fixture
def old(project, monkeypatch) -> Path:
    """The project's record, in which a session began to observe fifteen days ago."""
    now = time.time_ns
    with monkeypatch.context() as past:
        past.setattr(time, "time_ns", lambda: now() - (MAX_DAYS + 1) * 86_400 * 10**9)
        with Ledger.open(project.ledger, counsel_key=KEY.counsel) as ledger:
            ledger.record("outcome", gate="process", facts={"observe_until": 1})
    return project.ledger


def test_an_observation_is_not_renewed_for_ever(old) -> None:
    """Fourteen days from its first session on, whatever date is set anew, and though the clock is set back."""
    with pytest.raises(UsageError, match="observes since"):
        refuse_renewal(old)
    began = time.time() - (MAX_DAYS + 1) * 86_400
    refuse_renewal(old, now=began + (MAX_DAYS - 1) * 86_400)
    with Ledger.open(old, counsel_key=KEY.counsel):
        pass
    with pytest.raises(UsageError, match="observes since"):
        refuse_renewal(old, now=began + 60)
    refuse_renewal(old.with_name("none.db"))


def test_a_crawl_that_would_renew_its_observation_does_not_start(project, web, spider, old) -> None:
    """Exit code 2 before the first packet; without the line it starts, and refuses."""
    private, words = web.url("gazette.test", "/private"), {"DESIST_COUNSEL_KEY": str(KEY.counsel)}
    done = project.run(spider(private), DESIST_OBSERVE_UNTIL=soon(), **words)
    assert (done.code, "observes since" in done.out, web["gazette.test"].hits) == (2, True, [])
    assert project.run(spider(private), **words).code == 0
    assert [hit.path for hit in web["gazette.test"].hits] == ["/robots.txt"]


def test_without_observation_the_same_crawl_is_refused(project, web, spider) -> None:
    """The control: robots.txt holds."""
    private = web.url("gazette.test", "/private")
    project.run(spider(private))
    assert "/private" not in [hit.path for hit in web["gazette.test"].hits]


def test_spider_and_command_line_cannot_observe(project, web, spider) -> None:
    """Project settings only."""
    done = project.run(
        spider(web.url("gazette.test"), body=f"custom_settings = {{'DESIST_OBSERVE_UNTIL': {soon()!r}}}")
    )
    assert done.code == 2
    done = project.run(spider(web.url("gazette.test")), "-s", f"DESIST_OBSERVE_UNTIL={soon()}")
    assert done.code == 2
    assert not web["gazette.test"].hits
