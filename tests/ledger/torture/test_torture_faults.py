"""Every write-side system call fails once, in every way: nothing acknowledged is lost, and the failure is said."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from .checking import assert_holds, lost
from .power_cut import record

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
WORKLOAD = str(Path(__file__).with_name("workload.py"))
CALLS = (
    "pwrite64",
    "fdatasync",
    "fsync",
    "ftruncate",
    "openat",
    "unlink",
    "link",
    "fallocate",
    "flock",
    "mkdir",
    "write",
)
FAULTS = ("error=EIO", "error=ENOSPC", "signal=KILL")
ENTRIES = 24


def strace(ledger: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the workload under strace, which sees only the calls on the ledger's own files."""
    endings = ("", "-wal", "-shm", ".lock", ".reserve")
    paths = [word for ending in endings for word in ("-P", f"{ledger}{ending}")]
    command = [
        "strace",
        "-f",
        *paths,
        "-P",
        str(ledger.parent),
        *options,
        sys.executable,
        WORKLOAD,
        str(ledger),
        str(ENTRIES),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def count_calls(tmp_path: Path) -> Counter[str]:
    """How often each call touches the ledger's files in an undisturbed run."""
    trace = tmp_path / "count"
    done = strace(tmp_path / "count-ledger" / "ledger.db", "-o", str(trace), "-e", f"trace={','.join(CALLS)}")
    assert done.stdout.count("ack ") == ENTRIES
    return Counter(re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.MULTILINE))


def inject(tmp_path: Path, call: str, when: int, fault: str) -> None:
    """One run with one fault: it says so unless all was acknowledged, and the ledger holds all that was."""
    folder = tmp_path / f"{call}-{when}-{fault[-4:]}"
    ledger = folder / "ledger.db"
    done = strace(ledger, "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:{fault}:when={when}")
    acks = re.findall(r"^ack (\w+)\n", done.stdout, re.MULTILINE)
    assert done.returncode != 0 or len(acks) == ENTRIES, f"{call} {when} {fault}: went on in silence"
    if fault.startswith("error") and done.returncode:
        assert "help: " in done.stderr, f"{call} {when} {fault}: {done.stderr}"
    assert_holds(ledger, acks)
    shutil.rmtree(folder)


def sweep(tmp_path: Path, step: int) -> int:
    """Inject into every `step`-th of all calls; how many runs that were."""
    chosen = [(call, when) for call, number in count_calls(tmp_path).items() for when in range(1, number + 1)]
    runs = [(call, when, fault) for place, (call, when) in enumerate(chosen) for fault in FAULTS if place % step == 0]
    for call, when, fault in runs:
        inject(tmp_path, call, when, fault)
    return len(runs)


def test_faults_lose_nothing_acknowledged(tmp_path: Path) -> None:
    """A sample of all write-side calls with EIO, ENOSPC and SIGKILL."""
    assert sweep(tmp_path, step=19) > 10


def test_faults_behind_the_last_entry_add_nothing(tmp_path: Path) -> None:
    """A disk that is full when only the last checkpoint is missing: nothing stands behind `close`."""
    last = count_calls(tmp_path)["pwrite64"]
    for when in range(last - 32, last + 1, 2):
        inject(tmp_path, "pwrite64", when, "error=ENOSPC")


def test_faults_control_loses(tmp_path: Path) -> None:
    """The control: a buffered file whose only flush fails has acknowledged lines that are nowhere."""
    path = tmp_path / "buffered"
    options = [
        "strace",
        "-f",
        "-o",
        "/dev/null",
        "-P",
        str(path),
        "-e",
        "trace=write",
        "-e",
        "inject=write:error=EIO:when=1+",
    ]
    done = subprocess.run(
        [*options, sys.executable, WORKLOAD, str(path), "2000", "buffered"], capture_output=True, text=True, check=False
    )
    assert done.stdout.count("ack ") > 0
    assert set(re.findall(r"^ack (\S+)\n", done.stdout, re.MULTILINE)) - set(path.read_text().split("\n"))


@pytest.mark.nightly
def test_faults_lose_nothing_in_any_call(tmp_path: Path) -> None:
    """Every write-side call of a run, each with EIO, ENOSPC and SIGKILL."""
    assert sweep(tmp_path, step=1) > 150


def test_the_trace_sees_the_calls(tmp_path: Path) -> None:
    """The harness reaches the syncs that it means to disturb."""
    code, _ = record([sys.executable, WORKLOAD, str(tmp_path / "l" / "ledger.db"), "4"], tmp_path / "trace")
    assert code == 0
    assert lost(tmp_path / "l" / "ledger.db", []) == set()
    assert count_calls(tmp_path)["fdatasync"] >= 8
