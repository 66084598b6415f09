"""Crashes between append, integrate, sign, store and anchor, in any order, against a plain list.

A kill is a copy of the files as they lie at that moment, which the next crawl opens. After every step the record is the
list, the tiles are its tree, and every checkpoint that anybody ever got is of the list's own beginning.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from desist.ledger import log
from desist.ledger.anchor import Anchors, Walk, own_checkpoints
from desist.ledger.checkpoint import Checkpoint, Signer
from desist.ledger.proof import growth_from, inclusion_at
from desist.ledger.query import Reader
from desist.ledger.session import Session
from desist.ledger.store import Store
from desist.ledger.tiles import fold, grown, node_reader
from desist.ledger.verify import verify

from .test_anchor import SIGNER


class Crash(Exception):
    """The power goes."""


class Fails(Signer):
    """Signs, and the process ends before the signature is stored anywhere."""

    def __init__(self, *, after: bool) -> None:
        self.verifier = SIGNER.verifier
        self._after = after

    def sign(self, checkpoint: Checkpoint) -> str:
        if self._after:
            SIGNER.sign(checkpoint)
        raise Crash


def breaking_off(*arguments: object) -> Iterator[tuple[int, int, bytes]]:
    """The tiles, up to the first of them."""
    yield next(grown(*arguments))  # type: ignore[arg-type]
    raise Crash


class Crashes(RuleBasedStateMachine):
    """One ledger, whose writers come and go."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.entries: list[bytes] = []
        """Leaf hashes that were acknowledged: the model."""
        self.anchors: list[str] = []
        """What reached the outside."""
        self.lives = 0

    @initialize()
    def open(self) -> None:
        self.store = Store(self.path / "ledger.db")
        with self.store.transaction() as tail:
            self.session = Session(None, tail.hash)
        self.append(1)

    @property
    def path(self) -> Path:
        return self.folder / f"life-{self.lives}"

    def made(self, count: int):  # type: ignore[no-untyped-def]
        kinds = ["open" if self.session.point.n + number == 0 else "refuse" for number in range(count)]
        return [self.session.make(kind, {})[0] for kind in kinds]  # type: ignore[arg-type]

    @rule(count=st.sampled_from([1, 2, 3, 100, 255, 256, 257, 600]))
    def append(self, count: int) -> None:
        """Acknowledged when the transaction is through."""
        with self.store.transaction() as tail:
            rows = self.made(count)
            self.store.insert(tail, rows)
        self.entries += [row.hash for row in rows]

    @rule(count=st.integers(1, 20))
    def crash_in_append(self, count: int) -> None:
        """Nothing was acknowledged, and nothing is there."""
        point = self.session.point
        with pytest.raises(Crash):
            self.begin(count)
        self.session.rewind(point)

    def begin(self, count: int) -> None:
        with self.store.transaction() as tail:
            self.store.insert(tail, self.made(count))
            raise Crash

    @rule(anchored=st.booleans())
    def checkpoint(self, anchored: bool) -> None:
        """Signed and stored; a crash may come before it is anchored."""
        note = self.store.checkpoint(SIGNER)
        if note and anchored:
            self.anchors.append(note)

    @rule()
    def crash_in_integrate(self) -> None:
        """Some tiles were written, in a transaction that never ends well."""
        if self.signed < len(self.entries):
            with patch.object(log, "grown", breaking_off), pytest.raises(Crash):
                self.store.checkpoint(SIGNER)

    @rule(after=st.booleans())
    def crash_in_sign(self, after: bool) -> None:
        """Before the signature is made, or before it is stored."""
        if self.signed < len(self.entries):
            with pytest.raises(Crash):
                self.store.checkpoint(Fails(after=after))

    @rule()
    def kill(self) -> None:
        """The files as they lie are what the next writer finds."""
        before, self.lives = self.path, self.lives + 1
        shutil.copytree(before, self.path)
        (self.path / "ledger.db-shm").unlink(missing_ok=True)  # as after a reboot
        self.store.abandon()
        self.store.close()
        shutil.rmtree(before)
        self.open()

    @rule()
    def another_signer(self) -> None:
        """A second process signs what the first has not."""
        other = Store(self.path / "ledger.db")
        other.checkpoint(SIGNER)
        other.close()

    @property
    def signed(self) -> int:
        with Reader(self.path / "ledger.db") as reader:
            return max((Checkpoint.of(note).size for note in reader.checkpoints()), default=0)

    @invariant()
    def the_record_is_the_list(self) -> None:
        """Rows, tiles, checkpoints, anchors and proofs."""
        if not self.entries:
            return
        with Reader(self.path / "ledger.db") as reader:
            notes = reader.checkpoints()
            own, bad = own_checkpoints(notes, SIGNER.verifier)
            kept = Anchors(own_checkpoints(self.anchors, SIGNER.verifier)[0])
            walk = Walk(Anchors(own, bad), kept, stored=reader.tile, size=max((one.size for one in own), default=0))
            hashes: list[bytes] = []
            record = verify(reader.rows(), each=lambda block: (walk.add(block), hashes.append(block)))
            walk.finish(reader.tiles())
            assert b"".join(hashes) == b"".join(self.entries)
            assert (record.findings, walk.wrong, bad, kept.result(record.size).disagree) == ([], [], [], ())
            assert all(one.root == fold(b"".join(self.entries[: one.size])) for one in own)
            if notes:
                node_at, last = node_reader(reader.tile), notes[-1]
                inclusion_at(1, self.entries[0], last, node_at)
                inclusion_at(own[-1].size, self.entries[own[-1].size - 1], last, node_at)
                growth_from(own[0], last, node_at)

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)


TestCrashes = Crashes.TestCase
TestCrashes.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)


@pytest.mark.nightly
class TestManyCrashes(Crashes.TestCase):
    """The same, for longer."""

    settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
