"""Sessions, receipts and failures: nothing is acknowledged that is not durable, and nothing goes on after a failure."""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from desist.errors import LedgerLost, LedgerUnusable
from desist.ledger import files, store
from desist.ledger import ledger as ledger_module
from desist.ledger.entry import decode, leaf_hash
from desist.ledger.ledger import Ledger
from desist.ledger.query import Reader
from desist.ledger.seal import Opener
from desist.ledger.verify import verify

from .sample import KEY, rows


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a ledger may be made."""
    return tmp_path / "ledger" / "ledger.db"


def kinds(path: Path) -> list[str]:
    """The kinds of all entries in order."""
    return [decode(leaf).k for _, _, leaf in rows(path)]


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


def test_futures_resolve_where_deliver_says(path: Path) -> None:
    """With a loop's `call_soon_threadsafe` they resolve on its thread, where `close` does not wait for itself."""

    async def crawl() -> list[int]:
        loop, seen = asyncio.get_running_loop(), []
        with Ledger.open(path, deliver=loop.call_soon_threadsafe) as ledger:
            future = ledger.append("permit", domain="shop.test")
            future.add_done_callback(lambda _: seen.append(threading.get_ident()))
            await asyncio.wrap_future(future)
        return seen

    assert asyncio.run(crawl()) == [threading.get_ident()]


async def until(ready: Callable[[], bool]) -> None:
    """Let the loop turn until that is so."""
    while not ready():  # noqa: ASYNC110 - what is waited for belongs to another thread or file
        await asyncio.sleep(0)


class SlowDisk:
    """The syncs of a ledger's log, each held back until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, fails: bool = False) -> None:
        self.fails = fails
        self.begun, self.go = threading.Semaphore(0), threading.Semaphore(0)
        self.number = 0
        self._sync = os.fdatasync
        monkeypatch.setattr(os, "fdatasync", self._held)

    def _held(self, fd: int) -> None:
        self.number += 1
        self.begun.release()
        assert self.go.acquire(timeout=60)
        if self.fails:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self._sync(fd)


def test_the_loop_goes_on_while_the_disk_syncs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is made meanwhile is written at once, and one sync makes all of it durable; no receipt comes before."""

    async def crawl() -> None:
        loop = asyncio.get_running_loop()
        ledger = Ledger.open(path, deliver=loop.call_soon_threadsafe)
        disk = SlowDisk(monkeypatch)
        first = ledger.append("permit", domain="shop.test")
        await until(lambda: disk.begun.acquire(blocking=False))
        later = []
        for _ in range(5):
            later.append(ledger.append("permit", domain="shop.test"))
            await asyncio.sleep(0.001)
        await until(lambda: len(kinds(path)) == 7)
        assert not any(future.done() for future in (first, *later))
        disk.go.release()
        await asyncio.wrap_future(first)
        assert not any(future.done() for future in later)
        disk.go.release()
        await asyncio.gather(*map(asyncio.wrap_future, later))
        assert disk.number == 2
        monkeypatch.undo()
        ledger.close()

    asyncio.run(crawl())


def test_a_turn_of_the_loop_is_one_transaction(path: Path) -> None:
    """What gathers in one turn is written together, and much of it in several turns."""

    async def crawl() -> list[int]:
        loop, sizes = asyncio.get_running_loop(), [1]
        ledger = Ledger.open(path, deliver=loop.call_soon_threadsafe)
        futures = [ledger.append("permit", domain="shop.test") for _ in range(600)]
        while sizes[-1] < 601:
            await asyncio.sleep(0)
            if (size := len(rows(path))) != sizes[-1]:
                sizes.append(size)
        await asyncio.gather(*map(asyncio.wrap_future, futures))
        ledger.close()
        return sizes

    assert asyncio.run(crawl()) == [1, 257, 513, 601]


def test_a_loop_that_turns_no_more_loses_nothing(path: Path) -> None:
    """What was made in the loop's last turn is written by `close`."""
    turns: list[Callable[[], None]] = []
    ledger = Ledger.open(path, deliver=turns.append)
    waiting = ledger.append("permit", domain="shop.test")
    ledger.close()
    assert kinds(path) == ["open", "permit", "close"]
    for turn in turns:
        turn()
    assert waiting.result(timeout=0).n == 2


def test_a_loop_that_has_ended_loses_nothing(path: Path) -> None:
    """What is made after it is written by the ledger's thread."""

    async def crawl() -> Ledger:
        return Ledger.open(path, deliver=asyncio.get_running_loop().call_soon_threadsafe)

    ledger = asyncio.run(crawl())
    assert ledger.append("permit", domain="shop.test").result(timeout=20).n == 2
    ledger.close()


def test_a_failed_sync_fails_what_was_written_meanwhile(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a failed sync a second one could succeed without having written: it is never asked for."""
    heard: list[LedgerLost] = []

    async def crawl() -> Ledger:
        loop = asyncio.get_running_loop()
        ledger = Ledger.open(path, deliver=loop.call_soon_threadsafe, on_failure=heard.append)
        disk = SlowDisk(monkeypatch, fails=True)
        futures = [ledger.append("permit", domain="shop.test")]
        await until(lambda: disk.begun.acquire(blocking=False))
        futures.append(ledger.append("permit", domain="shop.test"))
        await until(lambda: len(kinds(path)) == 3)
        disk.go.release(2)
        for future in futures:
            with pytest.raises(LedgerLost, match="the disk failed: Input/output error"):
                await asyncio.wrap_future(future)
        with pytest.raises(LedgerLost):
            ledger.close()
        assert disk.number == 1
        return ledger

    assert asyncio.run(crawl()).lost is heard[0]
    assert len(heard) == 1


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


def test_a_failure_fails_all_waiters_and_everything_after(path: Path) -> None:
    """When a commit fails, those who wait and those who come later get LedgerLost, and one callback is called."""
    heard: list[LedgerLost] = []
    ledger = Ledger.open(path, on_failure=heard.append)
    intruder = apsw.Connection(str(path))
    intruder.execute("CREATE TRIGGER no BEFORE INSERT ON entry BEGIN SELECT RAISE(ABORT, 'disk on strike'); END")
    intruder.close()
    futures = [ledger.append("permit", domain="shop.test") for _ in range(5)]
    for future in futures:
        with pytest.raises(LedgerLost, match="disk on strike"):
            future.result(timeout=20)
    with pytest.raises(LedgerLost):
        ledger.record("permit", domain="shop.test")
    with pytest.raises(LedgerLost):
        ledger.close()
    assert heard == [ledger.lost]
    assert kinds(path) == ["open"]


def test_a_lock_that_is_held_loses_the_ledger(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process that keeps the lock does not hang the crawl for ever."""
    monkeypatch.setattr(files, "LOCK_SECONDS", 0.05)
    ledger = Ledger.open(path)
    fd = files.open_private(path.with_name("ledger.db.lock"))
    with files.locked(fd), pytest.raises(LedgerLost, match="has held the ledger's lock"):
        ledger.record("permit", domain="shop.test")
    os.close(fd)


def test_a_fork_never_writes_with_its_parents_session(path: Path) -> None:
    """The child gets LedgerLost, its exit harms nothing, and the parent goes on."""
    ledger = Ledger.open(path)
    ledger.record("permit", domain="shop.test")
    pid = os.fork()
    if pid == 0:
        try:
            ledger.record("permit", domain="shop.test")
        except LedgerLost as error:
            ledger.close()
            del ledger
            os._exit(7 if "fork" in error.message else 8)
        os._exit(9)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    ledger.record("permit", domain="shop.test")
    ledger.close()
    assert kinds(path) == ["open", "permit", "permit", "close"]
    with Reader(path) as reader:
        assert verify(reader.rows()).complete


FORK = """
import os, sys
from desist.ledger.ledger import Ledger
ledger = Ledger.open(sys.argv[1])
futures = [ledger.append("permit", domain="shop.test") for _ in range(2000)]
for _ in range(5):
    if os.fork() == 0:
        sys.exit(0)  # with all of Python's tidying up
    futures += [ledger.append("permit", domain="shop.test") for _ in range(200)]
    os.wait()
for future in futures:
    future.result()
ledger.close()
"""


def test_forks_in_the_middle_of_writing_harm_nothing(path: Path) -> None:
    """Children that exit in the ordinary way, while the parent writes, leave file and log alone."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORK, str(path)],  # Python 3.12 warns of any fork
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    with Reader(path) as reader:
        result = verify(reader.rows())
    assert (result.complete, result.size) == (True, 3002)


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


@pytest.mark.parametrize("prepare", [lambda p: p.write_bytes(b""), lambda p: p.write_bytes(b"not ours" * 100)])
def test_a_foreign_file_is_left_alone(path: Path, prepare: Callable[[Path], object]) -> None:
    """A file that is not a ledger is neither overwritten nor added to."""
    path.parent.mkdir(mode=0o700)
    prepare(path)
    path.chmod(0o600)
    before = path.read_bytes()
    with pytest.raises(LedgerUnusable, match="is not a ledger of Desist"):
        Ledger.open(path)
    assert path.read_bytes() == before


def test_a_foreign_database_is_left_alone(path: Path) -> None:
    """Another program's SQLite file is not ours either."""
    path.parent.mkdir(mode=0o700)
    db = apsw.Connection(str(path))
    db.execute("CREATE TABLE theirs(x)")
    db.close()
    path.chmod(0o600)
    with pytest.raises(LedgerUnusable, match="is not a ledger of Desist"):
        Ledger.open(path)


def test_entries_can_be_neither_deleted_nor_changed(path: Path) -> None:
    """The table itself refuses both."""
    with Ledger.open(path):
        pass
    db = apsw.Connection(str(path))
    for statement in ("DELETE FROM entry", "UPDATE entry SET leaf = x'00'"):
        with pytest.raises(apsw.ConstraintError, match="an entry is never"):
            db.execute(statement)


@pytest.mark.parametrize("version", ["3.40.1", "3.51.2", "3.7.17"])
def test_an_old_sqlite_is_refused(version: str) -> None:
    """Libraries with the WAL-reset bug can lose what they acknowledged."""
    with pytest.raises(LedgerUnusable, match=r"3\.51\.3 or newer is needed"):
        store.require_sqlite(version)


def test_the_oldest_good_sqlite_is_taken() -> None:
    """3.51.3 has the mend."""
    store.require_sqlite("3.51.3")
