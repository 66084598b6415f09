"""What every harness asks of a ledger afterwards: is all that was acknowledged there, and does it hold together."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from desist.ledger.anchor import Anchors, Walk, own_checkpoints
from desist.ledger.entry import leaf_hash
from desist.ledger.ledger import Ledger
from desist.ledger.query import Reader
from desist.ledger.store import Store
from desist.ledger.verify import verify

from .workload import KEY, SIGNER


def recover(path: Path) -> None:
    """Open for writing, as the next crawl would, and close."""
    Store(path).close()


def lost(path: Path, acks: Iterable[str]) -> set[str]:
    """Acknowledged entries that are not in the ledger."""
    if not path.exists():
        return set(acks)
    with Reader(path) as reader:
        return set(acks) - {leaf_hash(leaf).hex() for _, _, leaf in reader.rows()}


def assert_checkpoints_agree(path: Path) -> None:
    """Every checkpoint on record is signed, and is one of the record's own trees."""
    with Reader(path) as reader:
        good, bad = own_checkpoints(reader.checkpoints(), SIGNER.verifier)
        anchors = Anchors(good, bad)
        walk = Walk(anchors, stored=reader.tile, size=good[-1].size if good else 0)
        record = verify(reader.rows(), each=walk.add)
        walk.finish(reader.tiles())
    assert (walk.wrong, anchors.result(record.size).disagree) == ([], ())


def assert_holds(path: Path, acks: Iterable[str]) -> None:
    """Nothing acknowledged is lost, every chain holds, details open, and the next entry can be written."""
    recover(path)
    assert lost(path, acks) == set()
    with Ledger.open(path, counsel_key=KEY.counsel) as ledger:
        ledger.record("permit", platforms=["pictogram"])
    with Reader(path) as reader:
        assert verify(reader.rows(), boxes=reader.boxes()).findings == []
        assert_checkpoints_agree(path)
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
        assert_checkpoints_agree(path)
    shutil.rmtree(state)
    return missing
