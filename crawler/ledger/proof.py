"""Proofs to send to a stranger, each with the checkpoint that it leads to, as text.

    c2sp.org/tlog-proof@v1                      old 1000
    index 41                                    <base64 of a hash>, ...
    <base64 of a hash>, one a line
                                                <checkpoint>
    <checkpoint>

Left: that an entry is in the log (C2SP tlog-proof). Right: that the log of the checkpoint begins with that of an older
one (the form in which C2SP tlog-witness takes it). One text is one proof: whatever else says the same is refused. The
standard library and `cryptography` are enough to check one.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .checkpoint import BadNote, Checkpoint, Verifier, decode_base64
from .merkle import NodeAt, consistency, consistent, included, inclusion

__all__ = ["BadProof", "Growth", "Inclusion", "growth_from", "inclusion_at"]

_HASHES = r"((?:[A-Za-z0-9+/]{43}=\n){0,64})"
_INCLUSION = re.compile(rf"c2sp\.org/tlog-proof@v1\nindex (0|[1-9][0-9]{{0,18}})\n{_HASHES}\n(.+\n)", re.DOTALL)
_GROWTH = re.compile(rf"old ([1-9][0-9]{{0,18}})\n{_HASHES}\n(.+\n)", re.DOTALL)

_Build = Callable[[int, int, NodeAt], list[bytes]]


class BadProof(ValueError):
    """A proof that does not show what it claims, in one clause."""


@dataclass(frozen=True)
class Inclusion:
    """That an entry stands at `index` (from 0) in the log of which `note` is a checkpoint."""

    index: int
    hashes: tuple[bytes, ...]
    note: str

    def text(self) -> str:
        """The file, by custom `.tlog-proof`."""
        return f"c2sp.org/tlog-proof@v1\nindex {self.index}\n{_lines(self.hashes)}\n{self.note}"

    @classmethod
    def parse(cls, text: str) -> Inclusion:
        """Read a file; BadProof for another form. `extra` lines are refused, since nobody here writes any."""
        found = _INCLUSION.fullmatch(text)
        if not found:
            raise BadProof("is no `tlog-proof`")
        return cls(int(found[1]), _hashes(found[2]), found[3])

    def check(self, leaf_hash: bytes, verifier: Verifier) -> Checkpoint:
        """The checkpoint, if the pinned key signed it and the entry with this hash is in it; BadProof, BadNote."""
        return self._holds(leaf_hash, verifier.check(self.note))

    def _holds(self, leaf_hash: bytes, checkpoint: Checkpoint) -> Checkpoint:
        if self.index >= checkpoint.size:
            raise BadProof(f"speaks of entry {self.index + 1:,}, its checkpoint of {checkpoint.size:,} entries")
        if not included(self.index, checkpoint.size, leaf_hash, self.hashes, checkpoint.root):
            raise BadProof(f"does not lead from entry {self.index + 1:,} to its checkpoint's root")
        return checkpoint


@dataclass(frozen=True)
class Growth:
    """That the log of which `note` is a checkpoint begins with the `before` entries of an older checkpoint."""

    before: int
    hashes: tuple[bytes, ...]
    note: str

    def text(self) -> str:
        """The body of C2SP tlog-witness's `add-checkpoint`."""
        return f"old {self.before}\n{_lines(self.hashes)}\n{self.note}"

    @classmethod
    def parse(cls, text: str) -> Growth:
        """Read a file; BadProof for another form."""
        found = _GROWTH.fullmatch(text)
        if not found:
            raise BadProof("is no proof that a log has only grown")
        return cls(int(found[1]), _hashes(found[2]), found[3])

    def check(self, old: Checkpoint, verifier: Verifier) -> Checkpoint:
        """The newer checkpoint, if the pinned key signed it and it begins with the older one; BadProof, BadNote."""
        return self._holds(old, verifier.check(self.note))

    def _holds(self, old: Checkpoint, new: Checkpoint) -> Checkpoint:
        if (old.origin, old.size) != (new.origin, self.before):
            raise BadProof(f"begins with {self.before:,} entries, the older checkpoint is {old.size:,} of {old.origin}")
        if not consistent(old.size, new.size, old.root, new.root, self.hashes):
            raise BadProof(f"does not lead from {old.size:,} entries to the {new.size:,} of its checkpoint")
        return new


def inclusion_at(seq: int, leaf_hash: bytes, note: str, node_at: NodeAt) -> Inclusion:
    """The proof that entry `seq` (from 1) is in the log of this checkpoint; BadProof where tree and note disagree."""
    checkpoint = Checkpoint.of(note)
    proof = Inclusion(seq - 1, tuple(_asked(inclusion, seq - 1, checkpoint.size, node_at)), note)
    proof._holds(leaf_hash, checkpoint)  # nothing leaves that its reader would refuse
    return proof


def growth_from(old: Checkpoint, note: str, node_at: NodeAt) -> Growth:
    """The proof that the log of this checkpoint begins with the older one; BadProof where they are two logs."""
    checkpoint = Checkpoint.of(note)
    proof = Growth(old.size, tuple(_asked(consistency, old.size, checkpoint.size, node_at)), note)
    proof._holds(old, checkpoint)
    return proof


def _asked(build: _Build, one: int, size: int, node_at: NodeAt) -> list[bytes]:
    try:
        return build(one, size, node_at)
    except ValueError as error:
        raise BadProof(f"cannot be made: {error}") from error


def _lines(hashes: Iterable[bytes]) -> str:
    return "".join(base64.b64encode(one).decode() + "\n" for one in hashes)


def _hashes(lines: str) -> tuple[bytes, ...]:
    try:
        return tuple(decode_base64(line) for line in lines.splitlines())
    except BadNote as error:
        raise BadProof(str(error)) from error
