"""What a ledger does not survive, and what it leaves alone: nothing goes on after a failure."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from desist.errors import LedgerLost, LedgerUnusable
from desist.ledger import files, store
from desist.ledger.ledger import Ledger
from desist.ledger.query import Reader
from desist.ledger.verify import verify

from .sample import kinds


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


@pytest.mark.parametrize("version", ["3.40.1", "3.51.2", "3.7.17"])
def test_an_old_sqlite_is_refused(version: str) -> None:
    """Libraries with the WAL-reset bug can lose what they acknowledged."""
    with pytest.raises(LedgerUnusable, match=r"3\.51\.3 or newer is needed"):
        store.require_sqlite(version)


def test_the_oldest_good_sqlite_is_taken() -> None:
    """3.51.3 has the mend."""
    store.require_sqlite("3.51.3")


def test_a_fork_in_the_middle_of_an_append_does_not_hang(path: Path) -> None:
    """Nobody is left in the child who would let go of the ledger's locks."""
    ledger = Ledger.open(path)
    with ledger._lock:
        pid = os.fork()
        if pid == 0:
            signal.alarm(20)
            error = ledger.append("permit", domain="shop.test").exception()
            ledger.close()
            os._exit(7 if isinstance(error, LedgerLost) else 8)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    ledger.close()


def test_who_hears_of_a_failure_may_close_at_once(path: Path) -> None:
    """On the very thread that failed, where the session's locks are held."""
    told: list[str] = []

    def hear(lost: LedgerLost) -> None:
        with pytest.raises(LedgerLost):
            ledger.close()
        told.append(lost.message)

    turns: list[Callable[[], None]] = []
    ledger = Ledger.open(path, deliver=turns.append, on_failure=hear)
    intruder = apsw.Connection(str(path))
    intruder.execute("CREATE TRIGGER no BEFORE INSERT ON entry BEGIN SELECT RAISE(ABORT, 'disk on strike'); END")
    intruder.close()
    future = ledger.append("permit", domain="shop.test")
    signal.alarm(60)
    turns[0]()
    assert isinstance(future.exception(timeout=20), LedgerLost)
    signal.alarm(0)
    assert len(told) == 1
