"""Anchors: checkpoints that were kept elsewhere, held against the record."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ..errors import UsageError
from .checkpoint import BadNote, Checkpoint, Verifier
from .merkle import Frontier

__all__ = ["Anchored", "Anchors", "own_checkpoints", "read_anchors", "read_verifier"]


class Anchored(NamedTuple):
    """What the anchors say: how far the record is held, how much lies behind them, and every anchor that disagrees."""

    size: int
    open_end: int
    """Entries after the last anchor: the one window in which a forger with the signing key leaves no trace."""
    disagree: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether there is an anchor, and all of them agree with the record."""
        return self.size > 0 and not self.disagree


class Anchors:
    """Compares the tree over a record, as it grows, with the roots that anchors name."""

    def __init__(self, checkpoints: Iterable[Checkpoint], bad: Iterable[str] = ()) -> None:
        self._due = sorted(set(checkpoints), key=lambda checkpoint: checkpoint.size)
        self._tree = Frontier()
        self._held = 0
        self._disagree = list(bad)

    def add(self, leaf_hash: bytes) -> None:
        """The next entry."""
        self._tree.extend((leaf_hash,))
        while self._due and self._due[0].size <= self._tree.size:
            checkpoint = self._due.pop(0)
            if checkpoint.root == self._tree.root():
                self._held = checkpoint.size
            else:
                self._disagree.append(f"the first {checkpoint.size:,} entries are not those of the checkpoint")

    def result(self) -> Anchored:
        """What was found, once every entry was added."""
        short = [f"a checkpoint names {one.size:,} entries, the record has {self._tree.size:,}" for one in self._due]
        return Anchored(self._held, self._tree.size - self._held, (*self._disagree, *short))


def read_verifier(text: str) -> Verifier:
    """The key that was pinned outside the ledger: its text, or the path of a file with it. Raises UsageError."""
    try:
        return Verifier.parse(text if "+" in text else Path(text).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"the verifying key {error if isinstance(error, BadNote) else 'cannot be read'}"
        raise UsageError(message, place=text, help="--key takes `name+id+key`, or a file that holds it") from error


def read_anchors(paths: Iterable[Path], verifier: Verifier) -> list[Checkpoint]:
    """The checkpoints in these files, one or more a file, each signed by the pinned key. Raises UsageError."""
    result: list[Checkpoint] = []
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8")
            result.extend(verifier.check(note) for note in _notes(text))
        except (OSError, ValueError) as error:
            message = f"the anchor {error if isinstance(error, BadNote) else 'cannot be read'}"
            raise UsageError(
                message, place=str(path), help="an anchor is a checkpoint, signed by the key in --key"
            ) from error
    return result


def own_checkpoints(notes: Iterable[str], verifier: Verifier) -> tuple[list[Checkpoint], list[str]]:
    """The checkpoints that a ledger holds itself, and what is wrong with those that the pinned key did not sign."""
    good: list[Checkpoint] = []
    bad: list[str] = []
    for note in notes:
        try:
            good.append(verifier.check(note))
        except BadNote as error:
            bad.append(f"a checkpoint in the ledger {error}")
    return good, bad


def _notes(text: str) -> list[str]:
    """A file may hold several notes, one behind the other: a note ends where its signatures do."""
    notes: list[list[str]] = [[]]
    for line in text.splitlines(keepends=True):
        if notes[-1] and notes[-1][-1].startswith("\N{EM DASH}") and not line.startswith("\N{EM DASH}"):
            notes.append([])
        notes[-1].append(line)
    return ["".join(lines) for lines in notes]
