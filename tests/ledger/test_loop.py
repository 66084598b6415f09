"""A ledger beside an event loop: what a turn makes is written together, synced once, and never lost."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from desist.errors import LedgerLost
from desist.ledger.ledger import Ledger

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
