"""Entries as they are stored, with proofs that lead to a signed checkpoint (RFC 9162 section 2.1.3).

The tree is made anew from the leaves, so that a proof never rests on hashes that the ledger merely keeps.
"""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from ..ledger.checkpoint import BadNote, Checkpoint
from ..ledger.entry import leaf_hash
from ..ledger.merkle import consistency, inclusion
from ..ledger.query import Reader

__all__ = ["Evidence", "Proven", "Tree", "evidence", "newest_note"]


class Tree:
    """The Merkle tree over all leaves of a ledger, in memory: 64 octets a leaf."""

    def __init__(self, leaf_hashes: Iterable[bytes]) -> None:
        self._levels = [b"".join(leaf_hashes)]
        self.size = len(self._levels[0]) // 32

    def node_at(self, level: int, index: int) -> bytes:
        """The hash of a full subtree, as `merkle` asks for it."""
        while len(self._levels) <= level:
            below, sha256 = self._levels[-1], hashlib.sha256
            pairs = range(0, len(below) - 63, 64)
            self._levels.append(b"".join([sha256(b"\x01" + below[at : at + 64]).digest() for at in pairs]))
        return self._levels[level][32 * index : 32 * index + 32]

    def root(self, size: int) -> bytes:
        """The root over the first `size` leaves."""
        if size == 0:
            return hashlib.sha256(b"").digest()
        roots = []
        start = 0
        for level in reversed(range(size.bit_length())):
            if size >> level & 1:
                roots.append(self.node_at(level, start >> level))
                start += 1 << level
        root = roots.pop()
        while roots:
            root = hashlib.sha256(b"\x01" + roots.pop() + root).digest()
        return root

    def inclusion(self, seq: int, size: int) -> list[str]:
        """The proof of the entry at `seq`, from 1, in the tree of `size` leaves, in base64."""
        return [_base64(one) for one in inclusion(seq - 1, size, self.node_at)]

    def growth(self, before: int, size: int) -> list[str]:
        """The proof that the tree of `size` leaves begins with that of `before`, in base64."""
        return [_base64(one) for one in consistency(before, size, self.node_at)]


class Proven(NamedTuple):
    """One entry: its place, its bytes as text, and the hashes that lead from it to the root."""

    seq: int
    leaf: str
    proof: list[str]


class Evidence(NamedTuple):
    """Entries under one root."""

    note: str
    """The signed checkpoint; empty where nobody signed any, and the root is only what this file itself says."""
    size: int
    root: str
    entries: Sequence[Proven]
    later: Sequence[int]
    """Entries that stand behind the checkpoint, which it does not speak of."""

    def as_json(self) -> dict[str, Any]:
        """For a document of its own."""
        return {**self._asdict(), "entries": [one._asdict() for one in self.entries]}


def newest_note(notes: Sequence[str], size: int) -> str:
    """The signed note that speaks of most entries, but not of more than there are; empty where there is none."""
    for note in reversed(notes):
        try:
            if Checkpoint.of(note).size <= size:
                return note
        except BadNote:
            continue
    return ""


def evidence(reader: Reader, seqs: Sequence[int]) -> Evidence:
    """These entries and their proofs."""
    wanted, leaves = set(seqs), {}

    def hashes() -> Iterator[bytes]:
        for seq, _, leaf in reader.rows():
            if seq in wanted:
                leaves[seq] = leaf
            yield leaf_hash(leaf)

    tree = Tree(hashes())
    note = newest_note(reader.checkpoints(), tree.size)
    size = Checkpoint.of(note).size if note else tree.size
    entries = [Proven(seq, leaves[seq].decode(), tree.inclusion(seq, size)) for seq in sorted(leaves) if seq <= size]
    return Evidence(note, size, _base64(tree.root(size)), entries, [seq for seq in sorted(wanted) if seq > size])


def _base64(digest: bytes) -> str:
    return binascii.b2a_base64(digest, newline=False).decode()
