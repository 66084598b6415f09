"""Sessions and receipts: nothing is acknowledged that is not durable, and what is made stands as it is."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import apsw
import pytest

from desist.errors import LedgerLost, LedgerUnusable
from desist.ledger import ledger as ledger_module
from desist.ledger.entry import decode, leaf_hash
from desist.ledger.ledger import Ledger
from desist.ledger.opener import Opener
from desist.ledger.query import Reader
from desist.ledger.verify import verify

from .sample import KEY, kinds, rows


def test_a_session_opens_announces_and_closes(path: Path) -> None:
    """`open` is the first entry, the policy's revision the second, `close` the last."""
    with Ledger.open(path, revision="ab" * 32) as ledger:
        receipt = ledger.record("refuse", platforms=["pictogram"], basis="notice")
    assert kinds(path) == ["open", "policy", "refuse", "close"]
    assert (receipt.w, receipt.n, receipt.leaf_hash) == (ledger.session, 3, leaf_hash(rows(path)[2][2]))


def test_a_receipt_means_durable(path: Path) -> None:
    """When the future resolves, another connection reads the entry."""
    with Ledger.open(path) as ledger:
        receipt = ledger.append("permit", domain="shop.test").result()
        assert receipt.leaf_hash in {leaf_hash(leaf) for _, _, leaf in rows(path)}


def test_threads_append_in_one_gapless_chain(path: Path) -> None:
    """Four threads at once: every receipt is kept, the numbers have no gap, counters add up."""
    with Ledger.open(path) as ledger:

        def work() -> None:
            for _ in range(100):
                ledger.append("refuse", platforms=["pictogram"])

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with Reader(path) as reader:
        result = verify(reader.rows())
    assert (result.complete, result.sessions[ledger.session].counters) == (True, {"pictogram": [0, 400]})


def test_entries_together_are_one_transaction(path: Path) -> None:
    """`append_all` gives all receipts at once, in order."""
    with Ledger.open(path) as ledger:
        receipts = ledger.append_all([("refuse", {"platforms": ["pictogram"]})] * 600).result()
    assert [receipt.n for receipt in receipts] == list(range(2, 602))
    assert len(rows(path)) == 602


def test_two_sessions_share_a_ledger(path: Path) -> None:
    """Two crawls on one ledger: each has its own chain, and both are complete."""
    with Ledger.open(path) as one, Ledger.open(path) as other:
        futures = [ledger.append("permit", domain=f"{n}.test") for n in range(50) for ledger in (one, other)]
        assert len({future.result().leaf_hash for future in futures}) == 100
    with Reader(path) as reader:
        result = verify(reader.rows())
    assert (result.complete, len(result.sessions)) == (True, 2)


def test_after_close_nothing_is_recorded(path: Path) -> None:
    """A closed session refuses."""
    with Ledger.open(path) as ledger:
        pass
    with pytest.raises(LedgerLost, match="this session is closed"):
        ledger.record("permit", domain="shop.test")
    ledger.close()
    assert kinds(path) == ["open", "close"]


def test_beats_come_by_themselves(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An idle session writes `beat` with its totals."""
    monkeypatch.setattr(ledger_module, "BEAT_SECONDS", 0.01)
    with Ledger.open(path) as ledger:
        ledger.record("refuse", platforms=["pictogram"])
        deadline = time.monotonic() + 20
        while "beat" not in kinds(path) and time.monotonic() < deadline:
            time.sleep(0.005)
    beat = next(decode(leaf) for _, _, leaf in rows(path) if decode(leaf).k == "beat")
    assert beat.facts["refused"] in (0, 1)
    with Reader(path) as reader:
        assert verify(reader.rows()).complete


def test_a_clock_that_goes_back_is_kept_and_flagged(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry holds the time as the machine had it, and by how much it is behind."""
    with Ledger.open(path) as ledger:
        honest = time.time_ns
        monkeypatch.setattr(time, "time_ns", lambda: honest() - 3_600_000_000_000)
        ledger.record("permit", domain="shop.test")
        monkeypatch.undo()
    entries = [decode(leaf) for _, _, leaf in rows(path)]
    assert entries[1].t < entries[0].t
    assert int(entries[1].facts["clock_back"]) > 3_500_000_000
    with Reader(path) as reader:
        assert verify(reader.rows()).intact


def test_what_may_not_stand_in_the_clear_is_refused(path: Path) -> None:
    """A URL as a platform, a URL as a fact: no entry is made, and the session goes on."""
    with Ledger.open(path) as ledger:
        with pytest.raises(ValueError, match=r"`https://shop\.test` is no platform's slug"):
            ledger.append("permit", platforms=["https://shop.test"])
        with pytest.raises(ValueError, match="`where` is no fact"):
            ledger.append("permit", facts={"where": "https://shop.test/"})
        with pytest.raises(KeyError):
            ledger.append("permit", revision="cd" * 32)
    assert kinds(path) == ["open", "close"]


def test_another_key_needs_a_handing_over(path: Path) -> None:
    """Whoever sets a key of their own does not get the details of a ledger that is sealed to counsel."""
    with Ledger.open(path, operator="Example Crawls", counsel_key=KEY.counsel):
        pass
    with pytest.raises(LedgerUnusable, match="sealed to counsel's key") as caught:
        Ledger.open(path, counsel_key=Opener.generate().counsel)
    assert "rotate-key" in caught.value.help


def test_a_cancelled_future_is_recorded_all_the_same(path: Path) -> None:
    """What is on its way to the disk cannot be called back."""
    with Ledger.open(path) as ledger:
        future = ledger.append("permit", domain="shop.test")
        assert not future.cancel()
    assert kinds(path) == ["open", "permit", "close"]


def test_entries_can_be_neither_deleted_nor_changed(path: Path) -> None:
    """The table itself refuses both."""
    with Ledger.open(path):
        pass
    db = apsw.Connection(str(path))
    for statement in ("DELETE FROM entry", "UPDATE entry SET leaf = x'00'"):
        with pytest.raises(apsw.ConstraintError, match="an entry is never"):
            db.execute(statement)
