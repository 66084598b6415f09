"""Two processes read a ledger as one does, whatever is wrong with it, and whatever becomes of the second."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from desist.commands import beside
from desist.ledger.verify import Row, Verification, blocks, read_blocks, verify

from ..ledger.sample import rechained

_SESSION = "01a20684-2152-7019-8966-2981c2de9798"


def leaf(number: int) -> bytes:
    """An entry that is of the right form, and breaks some rule of the order of entries."""
    text = f'{{"k":"permit","m":{number},"n":{number + 1},"p":"{"A" * 43}=","t":{number},"v":1,"w":"{_SESSION}"}}'
    return text.encode()


@pytest.fixture
def rows() -> list[Row]:
    """3,000 rows, some of them off in each way that a row can be by itself."""
    made = rechained([leaf(number) for number in range(3000)])
    for place in random.Random(3).sample(range(len(made)), 60):
        seq, chain, text = made[place]
        made[place] = (seq, bytes(32), text) if place % 3 else (seq, chain, text + b" " * (place % 2 * 90_000 + 1))
    return made


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The process ids of all second processes; each was waited for at the end."""
    pids: list[int] = []
    fork = os.fork

    def noted() -> int:
        pid = fork()
        if pid:
            pids.append(pid)
        return pid

    monkeypatch.setattr(os, "fork", noted)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(beside, "_ALONE", 1)
    yield pids
    for pid in pids:
        with pytest.raises(ChildProcessError):
            os.waitpid(pid, 0)


def checked(rows: list[Row], **how: Any) -> tuple[Verification, list[bytes]]:
    """What is found, and the leaf hashes on the way."""
    hashes: list[bytes] = []
    return verify(rows, each=hashes.append, **how), hashes


def test_two_processes_find_what_one_finds(rows: list[Row], started: list[int]) -> None:
    """Findings, running hash and leaf hashes are the same, entry by entry."""
    assert checked(rows, reading=beside.read_beside) == checked(rows)
    assert len(started) == 1


@pytest.mark.parametrize("after", [0, 1, 5])
def test_a_second_process_that_dies_is_done_without(rows: list[Row], started: list[int], after: int) -> None:
    """Killed on the way, its work is done here, and nothing is lost or told twice."""

    def killed(these: Any) -> Iterator[Any]:
        for place, read in enumerate(beside.read_beside(these)):
            yield read
            if place == after + 1:
                os.kill(started[0], signal.SIGKILL)

    assert checked(rows, reading=killed) == checked(rows)


def test_a_reading_that_breaks_off_ends_the_second_process(rows: list[Row], started: list[int]) -> None:
    """Whoever stops half-way leaves no process behind."""
    reading = beside.read_beside(blocks(rows))
    for _ in range(3):
        next(reading)
    reading.close()  # type: ignore[attr-defined]
    assert len(started) == 1


def test_a_short_ledger_takes_no_second_process(rows: list[Row], started: list[int]) -> None:
    """The first blocks are read here."""
    assert checked(rows[:300], reading=beside.read_beside) == checked(rows[:300])
    assert started == []


def refuse() -> int:
    raise PermissionError


@pytest.mark.parametrize("why", ["one processor", "no process to be had", "threads"])
def test_where_there_is_no_second_process_all_is_done_here(
    rows: list[Row], started: list[int], monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    """A fork beside threads is none to rely on; a process gate refuses one."""
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    changes: dict[str, Callable[[], object]] = {
        "one processor": lambda: monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}),
        "no process to be had": lambda: monkeypatch.setattr(os, "fork", refuse),
        "threads": thread.start,
    }
    changes[why]()
    try:
        assert checked(rows, reading=beside.read_beside) == checked(rows)
    finally:
        stop.set()
        if thread.ident:
            thread.join()
    assert started == []


def test_reading_keeps_the_order_of_blocks(rows: list[Row], started: list[int]) -> None:
    """Block by block it is what `read_blocks` gives."""
    assert list(beside.read_beside(blocks(rows))) == list(read_blocks(blocks(rows)))
    assert len(started) == 1
