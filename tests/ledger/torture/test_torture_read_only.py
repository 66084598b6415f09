"""A file system that is read-only, or becomes so: no session begins on it, and none goes on without its record."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .test_torture_faults import count_calls, inject


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What was said on a tmpfs whose mount changes."""
    folder = tmp_path_factory.mktemp("read-only")
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs a mount namespace")
    script = str(Path(__file__).with_name("read_only.py"))
    command = ["unshare", "-rm", sys.executable, script, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("ledger", ["absent", "there"])
def test_no_session_begins_on_a_read_only_file_system(report: Any, ledger: str) -> None:
    """Whether there is a ledger already or not: it says so, with a mend."""
    said = report["said"]
    assert (said["made read-only before"], said["made read-only after"]) == ("", "")
    assert "read-only" in said[ledger].lower()
    assert "help: " in said[ledger]


def test_an_open_ledger_keeps_its_file_system_writable(report: Any) -> None:
    """The kernel refuses to make a mount read-only while a session has files open for writing: nothing is lost."""
    assert "busy" in report["said"]["in the middle"]
    assert report["kinds"] == ["open", "permit", "permit", "close"]


@pytest.mark.parametrize("call", ["pwrite64", "fdatasync"])
def test_a_disk_that_turns_read_only_in_mid_session_ends_it(call: str, tmp_path: Path) -> None:
    """What a kernel does by itself after a disk error (ext4, `errors=remount-ro`): EROFS, and nothing is lost."""
    inject(tmp_path, call, count_calls(tmp_path)[call] // 2, "error=EROFS")
    inject(tmp_path, call, count_calls(tmp_path)[call] // 3, "error=EROFS")
