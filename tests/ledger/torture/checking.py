"""What every harness asks of a ledger afterwards: is all that was acknowledged there, and does it hold together."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from desist.ledger.entry import leaf_hash
from desist.ledger.ledger import Ledger
from desist.ledger.query import Reader
from desist.ledger.store import Store
from desist.ledger.verify import verify

from .workload import KEY


def recover(path: Path) -> None:
    """Open for writing, as the next crawl would, and close."""
    Store(path).close()


def lost(path: Path, acks: Iterable[str]) -> set[str]:
    """Acknowledged entries that are not in the ledger."""
    if not path.exists():
        return set(acks)
    with Reader(path) as reader:
        return set(acks) - {leaf_hash(leaf).hex() for _, _, leaf in reader.rows()}


def assert_holds(path: Path, acks: Iterable[str]) -> None:
    """Nothing acknowledged is lost, every chain holds, details open, and the next entry can be written."""
    recover(path)
    assert lost(path, acks) == set()
    with Ledger.open(path, counsel_key=KEY.counsel) as ledger:
        ledger.record("permit", platforms=["pictogram"])
    with Reader(path) as reader:
        assert verify(reader.rows(), boxes=reader.boxes()).findings == []
        for read in reader.entries([KEY]):
            assert (read.details is not None) == bool(read.entry.c)


def lost_after_cut(state: Path, acks: list[str]) -> set[str]:
    """The entries that a power cut took, and a check that what is left holds together; the state is deleted."""
    path = state / "ledger.db"
    missing = set(acks)
    if path.exists():
        recover(path)
        missing = lost(path, acks)
        with Reader(path) as reader:
            findings = verify(reader.rows()).findings
        assert findings == [], findings
    shutil.rmtree(state)
    return missing
