"""No acknowledged entry is lost when two writers are killed in the middle, again and again."""

from __future__ import annotations

import os
import random
import signal
import threading
from pathlib import Path

import pytest

from desist.ledger import ledger as ledger_module
from desist.ledger import store

from .checking import assert_holds, lost
from .workload import run


def loop(path: Path, synchronous: str, chance: random.Random, writers: int = 2) -> list[str]:
    """Start writers, kill them after some milliseconds of writing, and give what they had acknowledged."""
    pids, heard = [], []
    for _ in range(writers):
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.dup2(write, 1)
            os._exit(run(path, 0, synchronous))
        os.close(write)
        pids.append(pid)
        heard.append(read)
    texts = [b""] * writers

    def listen(place: int) -> None:
        while data := os.read(heard[place], 65536):
            texts[place] += data

    listeners = [threading.Thread(target=listen, args=(place,)) for place in range(writers)]
    for listener in listeners:
        listener.start()
    threading.Event().wait(chance.uniform(0.02, 0.12))
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    for place, listener in enumerate(listeners):
        listener.join()
        os.close(heard[place])
    return [
        line.split()[1].decode() for text in texts for line in text.splitlines(keepends=True) if line.endswith(b"\n")
    ]


def kill(tmp_path: Path, loops: int, seed: int) -> int:
    """Run the loops on one ledger, check it now and then and at the end; how many entries were acknowledged."""
    path, acks, chance = tmp_path / "ledger" / "ledger.db", [], random.Random(seed)
    for number in range(loops):
        acks += loop(path, "FULL", chance)
        if number % 25 == 0:
            assert lost(path, acks) == set()
    assert_holds(path, acks)
    return len(acks)


def test_kill_loses_nothing_acknowledged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten loops of two writers, the log folded in often."""
    monkeypatch.setattr(store, "CHECKPOINT_FRAMES", 24)
    monkeypatch.setattr(ledger_module, "SIGN_EVERY", 10)
    assert kill(tmp_path, 10, seed=1) > 10


def test_kill_control_loses(tmp_path: Path) -> None:
    """The control: a buffered file loses lines that it acknowledged."""
    path = tmp_path / "buffered"
    acks = [ack for number in range(3) for ack in loop(path, "buffered", random.Random(number))]
    assert set(acks) - set(path.read_text().split("\n"))


@pytest.mark.nightly
@pytest.mark.parametrize("loops", [200, 1000])
def test_kill_loses_nothing_in_many_loops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loops: int) -> None:
    """200 and 1,000 loops of two writers on one ledger."""
    monkeypatch.setattr(store, "CHECKPOINT_FRAMES", 24)
    monkeypatch.setattr(ledger_module, "SIGN_EVERY", 10)
    assert kill(tmp_path, loops, seed=loops) > loops
