"""A ledger beside an event loop: what a turn makes is committed together, and never lost."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from desist.errors import LedgerLost
from desist.ledger import files, pace, store
from desist.ledger.ledger import Ledger
from desist.ledger.query import Reader
from desist.ledger.verify import verify

from .sample import kinds, rows


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


class SlowDisk(apsw.VFS):
    """A disk below SQLite, each of whose syncs is held back until it is let go."""

    def __init__(self) -> None:
        super().__init__("slow", "unix", makedefault=True)
        self.begun, self.go = threading.Semaphore(0), threading.Semaphore(0)
        self.number = 0
        self.held = self.fails = False

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        """A file of this disk."""
        return SlowFile(self, name, flags)

    def sync(self) -> None:
        """Wait until it is let go."""
        if not self.held:
            return
        self.number += 1
        self.begun.release()
        assert self.go.acquire(timeout=60)
        if self.fails:
            raise apsw.IOError("no sync today")


class SlowFile(apsw.VFSFile):
    """A file whose sync waits for its disk."""

    def __init__(self, disk: SlowDisk, name: Any, flags: list[int]) -> None:
        super().__init__("unix", name, flags)
        self.disk = disk

    def xSync(self, flags: int) -> None:
        """Sync, once the disk lets it."""
        self.disk.sync()
        super().xSync(flags)


@pytest.fixture
def disk() -> Iterator[SlowDisk]:
    """Every ledger of the test lies on it."""
    disk = SlowDisk()
    yield disk
    disk.unregister()


def slowly(ledger: Ledger) -> None:
    """As after commits that took their time."""
    for _ in range(32):
        ledger._pace.add(60.0)


def test_the_loop_goes_on_while_a_slow_disk_syncs(path: Path, disk: SlowDisk) -> None:
    """What is made meanwhile is committed together after it; no receipt comes before its sync."""

    async def crawl() -> None:
        ledger = Ledger.open(path, deliver=asyncio.get_running_loop().call_soon_threadsafe)
        slowly(ledger)
        disk.held = True
        first = ledger.append("permit", domain="shop.test")
        await until(lambda: disk.begun.acquire(blocking=False))
        later = []
        for _ in range(5):
            later.append(ledger.append("permit", domain="shop.test"))
            await asyncio.sleep(0.001)
        assert not any(future.done() for future in (first, *later))
        disk.go.release()
        await asyncio.wrap_future(first)
        assert not any(future.done() for future in later)
        disk.go.release()
        await asyncio.gather(*map(asyncio.wrap_future, later))
        assert disk.number == 2
        disk.held = False
        ledger.close()

    asyncio.run(crawl())


def test_a_slow_disk_is_the_threads_and_a_quick_one_the_loops(
    path: Path, disk: SlowDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One slow commit is let pass; many send the loop away from the disk for a while."""
    monkeypatch.setattr(pace, "SLOW_SECONDS", 1.0)

    async def crawl() -> list[int]:
        ledger = Ledger.open(path, deliver=asyncio.get_running_loop().call_soon_threadsafe)
        threads: list[int] = []
        disk.sync = lambda: threads.append(threading.get_ident())  # type: ignore[method-assign]
        for times in (1, 32):
            await asyncio.wrap_future(ledger.append("permit", domain="shop.test"))
            for _ in range(times):
                ledger._pace.add(100.0)
        await asyncio.wrap_future(ledger.append("permit", domain="shop.test"))
        ledger._pace._away_until = 0.0
        await asyncio.wrap_future(ledger.append("permit", domain="shop.test"))
        ledger.close()
        return threads[:4]

    here = threading.get_ident()
    first, second, third, fourth = asyncio.run(crawl())
    assert first == second == fourth == here != third


def test_the_loop_does_not_wait_for_another_process(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While somebody else holds the ledger's lock the thread waits for it."""
    monkeypatch.setattr(files, "LOCK_SECONDS", 60.0)

    async def crawl() -> None:
        ledger = Ledger.open(path, deliver=asyncio.get_running_loop().call_soon_threadsafe)
        other = files.open_private(path.with_name("ledger.db.lock"))
        with files.locked(other):
            waiting = asyncio.wrap_future(ledger.append("permit", domain="shop.test"))
            for _ in range(20):
                await asyncio.sleep(0.001)
            assert not waiting.done()
        assert (await waiting).n == 2
        os.close(other)
        ledger.close()

    asyncio.run(crawl())


def test_a_turn_of_the_loop_is_one_transaction(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What gathers in one turn is written together, and much of it in several turns."""
    monkeypatch.setattr(pace, "SLOW_SECONDS", 600.0)

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


def test_a_failed_sync_fails_what_was_made_meanwhile(path: Path, disk: SlowDisk) -> None:
    """After a failed sync a second one could succeed without having written: it is never asked for."""
    heard: list[LedgerLost] = []

    async def crawl() -> Ledger:
        loop = asyncio.get_running_loop()
        ledger = Ledger.open(path, deliver=loop.call_soon_threadsafe, on_failure=heard.append)
        slowly(ledger)
        disk.held = disk.fails = True
        futures = [ledger.append("permit", domain="shop.test")]
        await until(lambda: disk.begun.acquire(blocking=False))
        futures.append(ledger.append("permit", domain="shop.test"))
        disk.go.release(2)
        for future in futures:
            with pytest.raises(LedgerLost, match="the disk failed"):
                await asyncio.wrap_future(future)
        with pytest.raises(LedgerLost):
            ledger.close()
        assert disk.number == 1
        return ledger

    assert asyncio.run(crawl()).lost is heard[0]
    assert len(heard) == 1


def test_nothing_recorded_together_is_no_failure(path: Path) -> None:
    """An empty list of entries resolves to no receipts, and the session goes on."""
    with Ledger.open(path) as ledger:
        assert ledger.append_all([]).result(timeout=20) == []
        assert ledger.record("permit", domain="shop.test").n == 2


AT_EXIT = """
import atexit, sys
from desist.ledger.ledger import Ledger
from desist.ledger.query import Reader
from desist.ledger.verify import verify
def last():
    with Ledger.open(sys.argv[1]) as ledger:
        futures = [ledger.append("permit", domain="shop.test") for _ in range(3)]
        print([future.result(timeout=20).n for future in futures], ledger.record("permit", domain="shop.test").n)
atexit.register(last)
"""


def test_a_session_may_begin_while_the_interpreter_ends(path: Path) -> None:
    """From Python 3.12 on no thread can be started then; what is attempted then is on record all the same."""
    done = subprocess.run(
        [sys.executable, "-c", AT_EXIT, str(path)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "[2, 3, 4] 5\n"
    assert kinds(path) == ["open", *["permit"] * 4, "close"]


def test_a_session_without_a_thread_commits_what_is_appended(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same on any Python: the thread cannot be started."""

    def cannot(self: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", cannot)
    with Ledger.open(path) as ledger:
        assert ledger.append("permit", domain="shop.test").done()
        assert ledger.append_all([("permit", {"domain": "shop.test"})] * 300).done()
    assert kinds(path)[-1] == "close"


def test_a_worker_that_closes_resolves_nothing_off_the_loop(path: Path) -> None:
    """`close` may wait in a thread of its own; the futures belong to the loop all the same."""
    turns: list[Callable[[], None]] = []
    seen: list[int] = []
    ledger = Ledger.open(path, deliver=turns.append)
    ledger.append("permit", domain="shop.test").add_done_callback(lambda _: seen.append(threading.get_ident()))
    worker = threading.Thread(target=ledger.close)
    worker.start()
    worker.join()
    assert seen == []
    for turn in turns:
        turn()
    assert seen == [threading.get_ident()]


def test_a_disk_that_fills_while_the_log_is_folded_in_leaves_a_whole_record(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the loop commits meanwhile comes before the last words, with numbers of its own."""
    turns: list[Callable[[], None]] = []
    ledger = Ledger.open(path, deliver=turns.append)
    folding, go = threading.Event(), threading.Event()

    def full() -> None:
        folding.set()
        assert go.wait(timeout=60)
        raise LedgerLost("the disk is full", help="free some") from apsw.FullError("database or disk is full")

    insert = ledger._store.insert

    def slow(*words: Any) -> Any:
        result = insert(*words)
        go.set()
        time.sleep(0.2)  # long enough for the thread to fail in the middle of this commit
        return result

    monkeypatch.setattr(ledger._store, "fold", full)
    monkeypatch.setattr(store, "CHECKPOINT_FRAMES", -1)
    ledger.append("permit", domain="shop.test")
    turns.pop()()
    assert folding.wait(timeout=60)
    waiting = ledger.append("permit", domain="shop.test")
    monkeypatch.setattr(ledger._store, "insert", slow)
    turns.pop()()
    assert waiting.result(timeout=20).n == 3
    monkeypatch.setattr(ledger._store, "insert", insert)
    until_lost = time.monotonic() + 60
    while ledger.lost is None and time.monotonic() < until_lost:
        time.sleep(0.01)
    with pytest.raises(LedgerLost):
        ledger.close()
    assert kinds(path) == ["open", "permit", "permit", "fault", "close"]
    with Reader(path) as reader:
        assert verify(reader.rows()).intact
