"""On a full file system nothing acknowledged is lost, the session says why it ended, and the next one goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the writer left on a tmpfs of 5 MB, three times filled."""
    folder = tmp_path_factory.mktemp("full")
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs a mount namespace")
    script = str(Path(__file__).with_name("full_disk.py"))
    done = subprocess.run(
        ["unshare", "-rm", sys.executable, script, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_full_disk_loses_nothing_acknowledged(report: Any) -> None:
    """Every entry that was acknowledged before the disk was full is on record."""
    assert all(one["acknowledged"] > 0 for one in report["rounds"])
    assert [one["missing"] for one in report["rounds"]] == [0, 0, 0]
    assert [one["findings"] for one in report["rounds"]] == [[], [], []]


def test_full_disk_is_the_last_thing_said(report: Any) -> None:
    """`fault` and `close` fit into the reserve; the crawl hears why, with the mend."""
    for one in report["rounds"]:
        assert (one["last"], one["gaps"], one["code"]) == (["fault", "close"], [], 9)
        assert "the disk is full" in one["said"]
        assert "help: free some disk space" in one["said"]


def test_full_disk_control_loses(report: Any) -> None:
    """The control: a buffered file has acknowledged lines that the full disk never took."""
    assert report["control_lost"] > 0
