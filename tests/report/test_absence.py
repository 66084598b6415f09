"""Absence: what is on record of one platform in one time, and what the record cannot say."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest

from desist.commands.main import main
from desist.errors import UsageError
from desist.ledger.entry import leaf_hash
from desist.ledger.ledger import Ledger
from desist.ledger.merkle import included
from desist.ledger.opener import Opener
from desist.ledger.query import Reader
from desist.report.absence import Absence, absence

KEY = Opener.generate()
NOTICE = "2026-01-pictogram"
FAR_BACK = 1_000_000
"""One second after 1970: long before any ledger."""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a ledger may be made, in a home without keys."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("DESIST_COUNSEL_KEY", str(KEY.counsel))
    return tmp_path / "ledger" / "ledger.db"


def crawl(path: Path, **more: Any) -> Ledger:
    return Ledger.open(path, revision="ab" * 32, spider="faces", counsel_key=KEY.counsel, **more)


def permit(ledger: Ledger, **more: Any) -> None:
    ledger.record("permit", **({"platforms": ["pictogram"], "gate": "wire"} | more))


def refuse(ledger: Ledger, **more: Any) -> None:
    given = {"platforms": ["pictogram"], "basis": "notice", "rule": NOTICE, "docket": NOTICE, "gate": "early"}
    ledger.record("refuse", **(given | more))


def now() -> int:
    """An instant that no entry shares."""
    time.sleep(0.002)
    stamp = time.time_ns() // 1000
    time.sleep(0.002)
    return stamp


def find(path: Path, since: int = FAR_BACK, until: int = 0, **more: Any) -> Absence:
    with Reader(path) as reader:
        return absence(reader, "pictogram", since, until, **more)


def test_equal_counters_before_and_after_mean_no_permit(path: Path) -> None:
    """A session that went there before and after, and not in between."""
    with crawl(path) as ledger:
        permit(ledger)
        permit(ledger)
        since = now()
        refuse(ledger)
        until = now()
        permit(ledger)
    found = find(path, since, until)
    (span,) = found.spans
    marks = [span.before["pictogram"], span.inside["pictogram"], span.after["pictogram"]]
    assert [(mark.permitted, mark.refused) for mark in marks] == [(2, 0), (2, 1), (3, 1)]
    assert (span.grown("pictogram"), found.permits) == (0, [])
    assert set(found.rests_on) == {span.open_seq, span.last_seq, *(mark.seq for mark in marks)}


def test_every_permit_in_the_time_is_listed(path: Path) -> None:
    """With its entry, and whether observation let it pass."""
    with crawl(path) as ledger:
        since = now()
        permit(ledger)
        permit(ledger, basis="robots", rule="robots.txt:2", facts={"observed": 1})
        until = now()
        permit(ledger)
    found = find(path, since, until)
    assert [(one.n, one.observed, one.rule) for one in found.permits] == [(3, False, ""), (4, True, "robots.txt:2")]
    assert found.spans[0].grown("pictogram") == 2


def test_a_time_without_an_entry_lies_between_two(path: Path) -> None:
    """Counters before and after it are compared all the same."""
    with crawl(path) as ledger:
        permit(ledger)
        since, until = now(), now()
        permit(ledger)
    found = find(path, since, until)
    assert (found.permits, found.spans[0].grown("pictogram")) == ([], 0)
    assert (found.spans[0].before["pictogram"].n, found.spans[0].after["pictogram"].n) == (3, 4)


def test_refusals_are_counted_apart_and_by_requests(path: Path) -> None:
    """A purge takes many requests out in one entry; an attempt round the gates is no request."""
    with crawl(path) as ledger:
        refuse(ledger)
        refuse(ledger, gate="reload", facts={"requests": 10})
        refuse(ledger, gate="process")
    found = find(path)
    stages = ("links not followed", "requests stopped", "attempts that went round the gates")
    assert [found.requests(stage) for stage in stages] == [1, 10, 1]
    assert len(found.refusals) == 3


def test_a_clock_that_goes_back_hides_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of entries decides: a permit between two entries of the time belongs to it, whatever its clock says."""
    with crawl(path) as ledger:
        since = now()
        refuse(ledger)
        real = time.time_ns
        monkeypatch.setattr("desist.ledger.session.time.time_ns", lambda: real() - 3_600_000_000_000)
        permit(ledger)
        monkeypatch.undo()
        refuse(ledger)
    found = find(path, since)
    assert (len(found.permits), found.strays) == (1, 1)


def test_a_session_without_an_end_is_said(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One that was killed before the time, and one within: what they did later is not on record."""
    before = crawl(path)
    permit(before)
    since = now()
    within = crawl(path)
    refuse(within)
    found = find(path, since)
    assert [span.w for span in found.open_before] == [before.session]
    assert [span.closed for span in found.spans] == [False]
    assert main(["ledger", "absence", str(path), "--platform", "pictogram", "--since", NOTICE]) == 2
    main(["ledger", "absence", str(path), "--platform", "pictogram", "--since", "2020-01-01"])
    out = capsys.readouterr().out
    for session in (before.session, within.session):
        assert f"Session {session} has no closing entry" in out
    before.close()
    within.close()


def test_permits_that_no_policy_named_are_not_passed_over(path: Path) -> None:
    """They stand under tags: unknown without counsel's key, the platform's or another's with it."""
    with crawl(path) as ledger:
        refuse(ledger)
        for domain in ("pictogram.test", "shop.test", "shop.test"):
            permit(ledger, platforms=[], domain=domain, details={"url": f"https://{domain}/"})
    blind = find(path)
    assert (blind.permits, blind.tagged, blind.told_apart) == ([], 3, 0)
    seen = find(path, openers=[KEY], domains=["pictogram.test"])
    assert ([one.n for one in seen.permits], seen.tagged, seen.told_apart) == ([4], 0, 2)
    assert seen.permits[0].name.startswith("~")
    other = find(path, openers=[Opener.generate()], domains=["pictogram.test"])
    assert (other.permits, other.tagged, other.told_apart) == ([], 3, 0)


def test_a_slip_of_the_pen_is_no_clean_record(path: Path) -> None:
    """A platform that no entry names, and a time of which nothing is on record, are errors and not absences."""
    with crawl(path) as ledger:
        refuse(ledger)
    with Reader(path) as reader, pytest.raises(UsageError, match="no entry names a platform `pictogran`"):
        absence(reader, "pictogran", FAR_BACK)
    for since, until in ((FAR_BACK, FAR_BACK + 1), (now() + 10**12, 0)):
        with pytest.raises(UsageError, match="nothing is on record of that time"):
            find(path, since, until)


def test_the_verb_answers_and_exits(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0 without a permit, 1 with one, which it says first; the read is on record before."""
    with crawl(path) as ledger:
        permit(ledger)
        received = now()
        ledger.record("notice", docket=NOTICE, platforms=["pictogram"], facts={"received_at": received})
        refuse(ledger)
    words = ["ledger", "absence", str(path), "--platform", "pictogram", "--since"]
    assert main([*words, NOTICE, "--why", "letter"]) == 0
    clean = capsys.readouterr().out
    assert "no permit is on record" in clean.splitlines()[1]
    assert "Not anchored" in clean
    assert main([*words, "2020-01-01"]) == 1
    assert capsys.readouterr().out.splitlines()[1].startswith("PERMITTED: 1 requests to pictogram")
    with Reader(path) as reader:
        reads = [one.details for one in reader.entries([KEY]) if one.entry.k == "read"]
    assert [read and read["why"] for read in reads] == ["letter", "absence"]
    assert main([*words, "2021-01-01", "--until", "2020-01-01"]) == 2
    assert main([*words, "someday"]) == 2


def test_each_entry_that_it_rests_on_comes_with_its_proof(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As JSON: leaves as stored, each under the same root."""
    for _ in range(3):
        with crawl(path) as ledger:
            permit(ledger)
            refuse(ledger)
    assert (
        main(["ledger", "absence", str(path), "--platform", "pictogram", "--since", "2020-01-01", "--format", "json"])
        == 1
    )
    row = json.loads(capsys.readouterr().out)
    rests = row["rests_on"]
    root = base64.b64decode(rests["root"])
    assert len(rests["entries"]) == 3 * 3  # of each session its first, its permit, and the `close` with its counters
    for one in rests["entries"]:
        proof = [base64.b64decode(digest) for digest in one["proof"]]
        assert included(one["seq"] - 1, rests["size"], leaf_hash(one["leaf"].encode()), proof, root)
    assert any("nothing about other programs" in limit for limit in row["limits"])


def test_a_record_that_was_changed_proves_nothing(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 3, said before the answer."""
    import apsw

    with crawl(path) as ledger:
        permit(ledger)
        refuse(ledger)
    db = apsw.Connection(str(path))
    db.execute("DROP TRIGGER entry_same")
    db.execute("UPDATE entry SET leaf = CAST(replace(CAST(leaf AS TEXT), 'permit', 'refuse') AS BLOB) WHERE seq = 3")
    db.close()
    path.chmod(0o400)
    assert main(["ledger", "absence", str(path), "--platform", "pictogram", "--since", "2020-01-01"]) == 3
    out = capsys.readouterr().out
    assert out.splitlines()[1].startswith("NOT INTACT")
    assert "The record is not intact" in out
