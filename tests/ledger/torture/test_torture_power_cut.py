"""No acknowledged entry is lost in any state that a power cut could leave."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from .checking import lost_after_cut
from .power_cut import record, states

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
WORKLOAD = str(Path(__file__).with_name("workload.py"))


def losses(tmp_path: Path, synchronous: str, entries: int, count: int, seed: int = 7) -> tuple[int, int]:
    """In how many of `count` states an acknowledged entry is missing, and how many entries were acknowledged in all."""
    ledger, trace = tmp_path / "ledger" / "ledger.db", tmp_path / "trace"
    code, printed = record([sys.executable, WORKLOAD, str(ledger), str(entries), synchronous], trace)
    assert code == 0
    cuts = [bool(lost_after_cut(*state)) for state in states(trace, ledger.parent, tmp_path, count, seed)]
    assert len(cuts) == count
    return sum(cuts), printed.count("ack ")


def test_power_cut_loses_nothing_acknowledged(tmp_path: Path) -> None:
    """With every commit synced, 200 states hold all that was acknowledged before the cut."""
    assert losses(tmp_path, "FULL", 120, 200) == (0, 120)


def test_power_cut_control_loses(tmp_path: Path) -> None:
    """The control: with `synchronous=NORMAL` the same harness finds entries lost, so it can find them."""
    lost, _ = losses(tmp_path, "NORMAL", 120, 60)
    assert lost > 0


@pytest.mark.nightly
def test_power_cut_loses_nothing_in_2000_states(tmp_path: Path) -> None:
    """2,000 states, with the log folded in and started anew some forty times."""
    assert losses(tmp_path, "FULL", 900, 2000, seed=11) == (0, 900)
