"""The log's tree in its ledger: read the last checkpoint, check it, grow the tiles, sign and store, in one transaction.

Whoever writes to the tables `tile` and `checkpoint` can stop a log, or have it sign a tree that is not its entries',
which `verify` then finds; what was anchored elsewhere before stays provable.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import apsw

from ..errors import LedgerLost
from .checkpoint import BadNote, Checkpoint, Signer, Verifier
from .entry import decode, leaf_hash
from .tiles import grown, root_at

__all__ = ["SCHEMA", "Log"]

SCHEMA: Final = """
CREATE TABLE checkpoint(size INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT;
CREATE TABLE tile(level INTEGER, n INTEGER, hashes BLOB NOT NULL, PRIMARY KEY(level, n)) STRICT;
"""
"""Tables of the log's tiles and checkpoints, beside those of the entries."""
_AT_ONCE: Final = 1 << 16
"""Leaves that are integrated together: 2 MiB of hashes."""


class Log:
    """The tables of one connection; every call stands inside a transaction of its caller's."""

    def __init__(self, db: apsw.Connection, path: Path) -> None:
        self._db = db
        self._path = path

    def last(self, verifier: Verifier) -> Checkpoint:
        """What this key signed last; of an unsigned log its name, and no entries.

        Raises LedgerLost where another key signed, or where the tiles are not those of the tree that was signed.
        """
        for (note,) in self._db.execute("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1"):
            try:
                signed = verifier.check(note)
            except BadNote as error:
                mend = "sign with the key that signed before; `desist ledger verify` says what the record is worth"
                raise LedgerLost(f"its last checkpoint {error}", place=str(self._path), help=mend) from error
            if self._root(signed.size) != signed.root:
                mend = "keep the file as it is: somebody has changed what was signed"
                raise LedgerLost("its tree is not the one that was signed", place=str(self._path), help=mend)
            return signed
        first = self._db.execute("SELECT leaf FROM entry WHERE seq = 1").get
        return Checkpoint(f"desist-ledger/{decode(first).w}", 0, b"")

    def _root(self, size: int) -> bytes:
        """The root that the tiles have at this size; empty where they do not reach so far."""
        try:
            return root_at(size, self.tile)
        except ValueError:
            return b""

    def sign(self, signer: Signer, size: int) -> str:
        """Integrate the entries up to `size`, sign and store the checkpoint; its note, empty where nothing is new."""
        last = self.last(signer.verifier)
        if last.size == size:
            return ""
        if last.size > size:
            mend = "keep the file as it is: entries were taken from its end"
            raise LedgerLost(f"it had {last.size:,} entries and has {size:,}", place=str(self._path), help=mend)
        done = last.size
        for hashes in self._leaf_hashes(done, size - done):
            self._db.executemany("INSERT OR REPLACE INTO tile VALUES(?, ?, ?)", list(grown(self.tile, done, hashes)))
            done += len(hashes) // 32
        note = signer.sign(Checkpoint(last.origin, done, root_at(done, self.tile)))
        self._db.execute("INSERT INTO checkpoint VALUES(?, ?)", (done, note))
        return note

    def tile(self, level: int, n: int) -> bytes:
        """The hashes of a tile; none where there is none."""
        for (hashes,) in self._db.execute("SELECT hashes FROM tile WHERE level = ? AND n = ?", (level, n)):
            return bytes(hashes)
        return b""

    def _leaf_hashes(self, done: int, count: int) -> Iterator[bytes]:
        rows = self._db.execute("SELECT leaf FROM entry WHERE seq > ? ORDER BY seq LIMIT ?", (done, count))
        while part := [leaf_hash(leaf) for (leaf,) in itertools.islice(rows, _AT_ONCE)]:
            yield b"".join(part)
