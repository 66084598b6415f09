"""The files by which `desist status` knows running sessions, and the folder that they share with armed processes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from desist.enforce.options import Options
from desist.enforce.sessions import SessionFile, running
from desist.enforce.signing import open_ledger
from desist.enforce.state import state_ledger


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home without a runtime folder, as cron and containers have it, under the usual umask."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    before = os.umask(0o022)
    yield tmp_path
    os.umask(before)


def mode(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode)


def test_each_folder_on_the_way_is_private(home: Path) -> None:
    """Those that are made; one that is there stays as it is."""
    (home / ".local").mkdir(mode=0o755)
    SessionFile("one", home / "l.db").write("revision", 1)
    assert [one.session for one in running()] == ["one"]
    state = home / ".local" / "state"
    assert [mode(folder) for folder in (state, state / "desist", state / "desist" / "running")] == [0o700] * 3
    assert mode(home / ".local") == 0o755


def test_armed_processes_have_their_ledger_after_the_first_crawl(home: Path) -> None:
    """It lies in the folder that the session's file was the first to make, and refuses one that others can reach."""
    SessionFile("one", home / "l.db").write("revision", 1)
    open_ledger(Options(), state_ledger(), "process").close()
    assert state_ledger().is_file()
