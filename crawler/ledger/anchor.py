"""Anchors: checkpoints that were kept elsewhere, held against the record."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ..errors import UsageError
from .checkpoint import BadNote, Checkpoint, Verifier
from .tiles import WIDTH, ReadTile, Tree

__all__ = [
    "Anchored",
    "Anchors",
    "Walk",
    "open_window",
    "own_checkpoints",
    "read_anchors",
    "read_notes",
    "read_verifier",
]


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
    """Compares the tree over a record, as it grows, with the roots that checkpoints name."""

    def __init__(self, checkpoints: Iterable[Checkpoint], bad: Iterable[str] = ()) -> None:
        self._due = deque(sorted(set(checkpoints), key=lambda checkpoint: checkpoint.size))
        self._held = 0
        self._disagree = list(bad)

    def see(self, tree: Tree, block: bytes) -> None:
        """The next leaf hashes, joined, before the tree has them."""
        while self._due and self._due[0].size <= tree.size + len(block) // 32:
            checkpoint = self._due.popleft()
            if checkpoint.root == tree.root(block[: 32 * (checkpoint.size - tree.size)]):
                self._held = checkpoint.size
            else:
                self._disagree.append(f"the first {checkpoint.size:,} entries are not those of the checkpoint")

    def result(self, size: int = 0) -> Anchored:
        """What was found, once every entry of the record was seen, `size` in all."""
        short = [f"a checkpoint names {one.size:,} entries, the record has {size:,}" for one in self._due]
        return Anchored(self._held, size - self._held, (*self._disagree, *short))


class Walk:
    """The tree over a record: anchors, and the tiles that the ledger keeps, are held against it block by block."""

    def __init__(self, *anchors: Anchors, stored: ReadTile | None = None, size: int = 0) -> None:
        """`stored` are the ledger's tiles, which reach as far as its last checkpoint, `size` entries."""
        self._anchors = anchors
        self._stored = stored
        self._size = size
        self.tree = Tree(self._tile)
        self.tiles: set[tuple[int, int]] = set()
        """Level and index of every tile that there should be."""
        self.wrong: list[tuple[int, str]] = []
        """The first entry of each tile that is not the one over the entries, and what is wrong with it."""

    def add(self, block: bytes) -> None:
        """The next leaf hashes, joined: 256, or fewer at the end."""
        for one in self._anchors:
            one.see(self.tree, block)
        self.tree.add(block)

    def finish(self, listed: Iterable[tuple[int, int]] = ()) -> None:
        """Every entry was added; `listed` are level and index of all tiles on record."""
        for level, index, tile in self.tree.rest():
            self._tile(level, index, tile)
        self.wrong += [(0, f"tile {level}/{n} stands for no entries") for level, n in set(listed) - self.tiles]

    def _tile(self, level: int, index: int, tile: bytes) -> None:
        width = min(WIDTH, (self._size >> 8 * level) - WIDTH * index)
        if self._stored is None or width <= 0:
            return
        self.tiles.add((level, index))
        if self._stored(level, index) != tile[: 32 * width]:
            self.wrong.append(((index << 8 * (level + 1)) + 1, f"tile {level}/{index} is not the one over the entries"))


def open_window(anchored: Anchored, since: str = "") -> str:
    """The one thing that nobody can rule out, in words; `since` is when the first entry of the window was written."""
    if not anchored.open_end:
        return "none: the last anchor is of the last entry"
    which = f"the last {anchored.open_end:,} entries" if anchored.size else "all entries"
    when = f", written since {since}," if since else ""
    whose = "whoever holds this file and the signing key, until their writer's next checkpoint is anchored"
    return f"{which}{when} could be cut off or rewritten, unseen, by {whose}"


def read_verifier(text: str) -> Verifier:
    """The key that was pinned outside the ledger: its text, or the path of a file with it. Raises UsageError."""
    try:
        return Verifier.parse(text if "+" in text else Path(text).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"the verifying key {error if isinstance(error, BadNote) else 'cannot be read'}"
        raise UsageError(message, place=text, help="--key takes `name+id+key`, or a file that holds it") from error


def read_anchors(paths: Iterable[Path], verifier: Verifier) -> list[Checkpoint]:
    """The checkpoints in these files, one or more a file, each signed by the pinned key. Raises UsageError."""
    return [verifier.check(note) for note in read_notes(paths, verifier)]


def read_notes(paths: Iterable[Path], verifier: Verifier) -> list[str]:
    """The same, as the texts that were signed."""
    result: list[str] = []
    for path in paths:
        try:
            notes = _notes(path.read_text(encoding="utf-8"))
            for note in notes:
                verifier.check(note)
            result += notes
        except (OSError, ValueError) as error:
            message = f"the anchor {error if isinstance(error, BadNote) else 'cannot be read'}"
            mend = "an anchor is a checkpoint, signed by the key in --key"
            raise UsageError(message, place=str(path), help=mend) from error
    return result


def own_checkpoints(notes: Iterable[str], verifier: Verifier | None) -> tuple[list[Checkpoint], list[str]]:
    """The checkpoints that a ledger holds itself, and what is wrong with those that are none.

    With the pinned key a checkpoint must be signed by it; without one its root is compared all the same.
    """
    good: list[Checkpoint] = []
    bad: list[str] = []
    for note in notes:
        try:
            good.append(verifier.check(note) if verifier else Checkpoint.of(note))
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
