"""The docket says what is on record around a notice, and what cannot be."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from desist.ledger.ledger import Ledger
from desist.ledger.opener import Opener
from desist.ledger.query import Reader
from desist.report.docket import Docket, dockets

KEY = Opener.generate()
NOTICE = "2026-01-pictogram"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a ledger may be made."""
    return tmp_path / "ledger" / "ledger.db"


def session(path: Path, spider: str = "faces") -> Ledger:
    """A crawl by one of three spiders of a project."""
    details = {"spiders": ["faces", "thumbs", "texts"]}
    return Ledger.open(path, operator="Example Crawls", spider=spider, counsel_key=KEY.counsel, details=details)


def enter(ledger: Ledger, received: int, **more: Any) -> None:
    """Put the notice into force in a session."""
    facts = {"received_at": received, "addressed": "us", **more}
    details = {"domains": ["pictogram.test"]}
    ledger.record("notice", docket=NOTICE, platforms=["pictogram"], facts=facts, details=details)


def permit(ledger: Ledger, *, named: bool = True) -> None:
    """Fetch from the platform, under its slug or before any policy named it."""
    ledger.record("permit", **({"platforms": ["pictogram"]} if named else {"domain": "pictogram.test"}))


def refuse(ledger: Ledger, gate: Any, docket: str = NOTICE) -> None:
    """Refuse it somewhere."""
    ledger.record("refuse", platforms=["pictogram"], gate=gate, docket=docket)


def read(path: Path, name: str = NOTICE, *, key: Opener | None = KEY) -> Docket:
    """The docket as counsel reads it, or without a key."""
    with Reader(path) as reader:
        (docket,) = dockets(reader, [key] if key else [], name)
    return docket


def micros() -> int:
    return time.time_ns() // 1000


def test_a_notice_that_arrives_in_mid_crawl(path: Path) -> None:
    """Last permit before, fetches between receipt and force, and none after."""
    with session(path) as ledger:
        permit(ledger)
        received = micros()
        permit(ledger)
        permit(ledger)
        enter(ledger, received)
        refuse(ledger, "wire")
    docket = read(path)
    (one,) = docket.sessions
    assert (one.fetches_between, one.fetches_after, one.spider) == (2, 0, "faces")
    assert received < one.last_permit_before < one.in_force
    assert docket.unrecorded is None


def test_what_was_stopped_is_counted_apart(path: Path) -> None:
    """A dropped link is no attempt, and an attempt round the gates is no request."""
    with session(path) as ledger:
        enter(ledger, micros())
        for gate in ("early", "early", "wire", "engine", "resolver", "headers", "process"):
            refuse(ledger, gate)
        refuse(ledger, "wire", docket="terms-of-another")
        ledger.record("refuse", platforms=["pictogram"], gate="reload", docket=NOTICE, facts={"requests": 10})
    (one,) = read(path).sessions
    assert one.refused == {"links not followed": 2, "requests stopped": 14, "attempts that went round the gates": 1}


def test_nothing_is_on_record_before_the_first_open(path: Path) -> None:
    """A letter that is older than the ledger leaves a time of which nothing is known, and it is said."""
    received = micros() - 86_400_000_000
    with session(path) as ledger:
        enter(ledger, received, assumed=1)
    docket = read(path)
    assert docket.notice is not None
    assert docket.unrecorded == (received, docket.first_open)
    assert (docket.notice.assumed, docket.sessions[0].last_permit_before) == (True, 0)


def test_each_session_has_its_own_force(path: Path) -> None:
    """One session had it in force, one ended before, one fetched on without it, one never went there."""
    with session(path) as early:
        permit(early)
    received = micros()
    with session(path, "thumbs") as without, session(path) as within, session(path, "texts"):
        enter(within, received)
        permit(without)
    found = {one.w: one for one in read(path).sessions}
    assert set(found) == {early.session, without.session, within.session}
    assert (found[early.session].in_force, found[early.session].fetches_between) == (0, 0)
    assert (found[without.session].in_force, found[without.session].fetches_between) == (0, 1)
    assert found[within.session].in_force > received


def test_fetches_from_before_any_policy_named_the_platform(path: Path) -> None:
    """They stand under a tag, which counsel's key can read, and nobody else."""
    received = micros()
    with session(path) as ledger:
        permit(ledger, named=False)
        enter(ledger, received)
    assert read(path).sessions[0].fetches_between == 1
    assert read(path, key=None).sessions[0].fetches_between == 0


def test_spiders_without_a_session_are_named(path: Path) -> None:
    """Spiders of the project that never ran under the notice."""
    with session(path) as ledger:
        enter(ledger, micros())
    assert read(path).spiders_without == ["texts", "thumbs"]
    assert read(path, key=None).spiders_without == []


def test_a_fetch_in_force_is_shown(path: Path) -> None:
    """What was fetched under the notice all the same is never left out."""
    with session(path) as ledger:
        enter(ledger, micros())
        permit(ledger)
    assert read(path).sessions[0].fetches_after == 1


def test_dockets_without_a_notice_are_listed_after_those_with(path: Path) -> None:
    """Refusals by robots.txt or house rules have dockets, too; one that names a host stands under a tag."""
    with session(path) as ledger:
        refuse(ledger, "early", docket="house:scheme")
        refuse(ledger, "early", docket="robots:https://shop.test:443")
        enter(ledger, micros())
    with Reader(path) as reader:
        names = [docket.name for docket in dockets(reader)]
    assert names[:2] == [NOTICE, "house:scheme"]
    assert names[2].startswith("~")


def test_an_earlier_instant_of_receipt_stands(path: Path) -> None:
    """A later entry cannot move the receipt of a notice forward."""
    received = micros()
    with session(path) as ledger:
        enter(ledger, received)
        enter(ledger, received + 5_000_000)
    notice = read(path).notice
    assert notice is not None
    assert notice.received_at == received


def test_a_notice_that_vanished_is_not_in_force(path: Path) -> None:
    """The entry that says so is no entry into force, and what is fetched then is not hidden."""
    received = micros()
    with session(path) as first:
        enter(first, received)
    with session(path) as second:
        second.record("notice", docket=NOTICE, platforms=["pictogram"], facts={"vanished": 1})
        permit(second)
    found = {one.w: one for one in read(path).sessions}
    assert (found[second.session].in_force, found[second.session].fetches_between) == (0, 1)
    assert found[second.session].vanished > found[first.session].in_force


def test_the_certificate_says_when_a_notice_took_force(path: Path) -> None:
    """The notice's own entry stands a moment after the change that its certificate dates."""
    with session(path) as ledger:
        permit(ledger)
        ledger.announce("ab" * 32).result()
        swapped = micros()
        enter(ledger, swapped)
        ledger.announce("ab" * 32, facts={"in_force": swapped, "purged": 0}).result()
    assert read(path).sessions[0].in_force == swapped


def test_a_refusal_under_the_notice_tells_which_revision_held_it(path: Path) -> None:
    """A first revision with what could be read at once, and a second one behind which the notice's entry stands."""
    with session(path) as ledger:
        ledger.announce("ab" * 32).result()
        swapped = micros()
        refuse(ledger, "wire")
        ledger.announce("ab" * 32, facts={"in_force": swapped}).result()
        ledger.announce("cd" * 32).result()
        enter(ledger, swapped)
        ledger.announce("cd" * 32, facts={"in_force": micros()}).result()
    assert read(path).sessions[0].in_force == swapped


@pytest.mark.parametrize("moment", ["of another revision", "before the last permit", "after the notice"])
def test_a_certificate_that_does_not_fit_moves_nothing(path: Path, moment: str) -> None:
    """One of an earlier change, one that a permit contradicts, and one of a later: the notice's own entry stands."""
    with session(path) as ledger:
        ledger.announce("ab" * 32).result()
        early = micros()
        if moment == "of another revision":
            ledger.announce("ab" * 32, facts={"in_force": early}).result()
            ledger.announce("cd" * 32).result()
        else:
            permit(ledger)
        enter(ledger, micros())
        if moment != "of another revision":
            late = early if moment == "before the last permit" else micros() + 1
            ledger.announce("ab" * 32, facts={"in_force": late}).result()
    with Reader(path) as reader:
        (entered,) = [entry.t for _, entry, _ in reader.entries() if entry.k == "notice"]
    assert read(path).sessions[0].in_force == entered


def test_an_attempt_is_filed_under_the_notice_of_its_platform(path: Path) -> None:
    """Attempts have a session of their own, which holds no notice; what they went for is filed all the same."""
    with session(path) as ledger:
        enter(ledger, micros())
    with Ledger.open(path, role="process", counsel_key=KEY.counsel) as gate:
        gate.record("refuse", platforms=["pictogram"], gate="process", docket="house:process")
        gate.record("refuse", platforms=["other"], gate="process", docket="house:process")
    found = {one.role: one for one in read(path).sessions}
    assert found["process"].refused == {"attempts that went round the gates": 1}
    assert found["process"].in_force == 0
