"""Attempts of forked children: each is on record, however long, and none is acknowledged that is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from desist.ledger.query import Reader

FORKS = """
import os, subprocess, sys
from desist.enforce.options import Options
from desist.enforce.process import GATE
policies, ledger = sys.argv[1:]
GATE.arm(Options(policies=(policies,), ledger=ledger, agent="ExampleBot"), "test")
def child(words):
    pid = os.fork()
    if pid == 0:
        try:
            subprocess.run(words)
        except BaseException as error:
            print(type(error).__name__, flush=True)
        os._exit(0)
    os.waitpid(pid, 0)
{before}
for words in {words}:
    child(words)
GATE.attempts.close()
"""
LONG = (
    '[["curl", "https://zed.test/1"], ["curl", "https://zed.test/" + "a" * 100_000], '
    '["curl", "https://zed.test/\\udcff" + "\\udc80" * 100_000], ["x" * 100_000], ["curl", "https://zed.test/2"]]'
)
DEAF = """
def fails(*_, **__):
    raise ValueError("no record")
GATE.attempts._append = fails
"""


def forks(folder: Path, *, before: str = "", words: str) -> subprocess.CompletedProcess[str]:
    """An armed process whose forked children try to start programs."""
    (folder / "pol").mkdir()
    (folder / "pol" / "zed.yaml").write_text("platform: zed\nname: Zed\nhosts: [zed.test]\n")
    code = FORKS.format(before=before, words=words)
    where = [str(folder / "pol"), str(folder / "evidence" / "l.db")]
    return subprocess.run(
        [sys.executable, "-c", code, *where], capture_output=True, text=True, timeout=120, check=False
    )


def test_attempt_of_a_child_is_on_record_however_long_it_is(tmp_path: Path) -> None:
    """A URL or program of 100 kB, octets that are no text: as many entries as refusals, and nobody complains."""
    done = forks(tmp_path, words=LONG)
    assert done.stdout.count("SpawnRefused") == 5
    assert "could not be recorded" not in done.stderr
    with Reader(tmp_path / "evidence" / "l.db") as reader:
        assert sum(entry.k == "refuse" for _, entry, _ in reader.entries()) == 5


def test_attempt_that_is_not_on_record_is_not_acknowledged(tmp_path: Path) -> None:
    """The child says so too, and the next attempt is received as ever."""
    done = forks(tmp_path, before=DEAF, words='[["curl", "https://zed.test/1"], ["curl", "https://zed.test/2"]]')
    assert done.stdout.count("SpawnRefused") == 2
    assert done.stderr.count("could not be recorded: the process that forked this one has not said that it did") == 2
    assert done.stderr.count("could not be recorded: no record") == 1
