"""What can still be read of a ledger that is not intact: its report is written all the same, and says what it lacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import EvidenceError
from ..ledger.entry import decode
from ..ledger.opener import Opener
from ..ledger.query import Read, Reader

__all__ = ["Salvage"]


class Salvage(Reader):
    """A reader that passes over entries which cannot be read, and over details which do not open, and counts them."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.unreadable: set[int] = set()
        """Places of entries, from 1."""
        self.sealed: set[int] = set()
        """Places whose details do not open, though the key is theirs."""

    def entries(self, openers: Sequence[Opener] = ()) -> Iterator[Read]:
        """As `Reader.entries`, but for what it cannot give."""
        for seq, _, leaf in self.rows():
            try:
                entry = decode(leaf)
            except EvidenceError:
                self.unreadable.add(seq)
                continue
            try:
                details = next((opened.details for _, opened in self.opened(openers, [seq])), None) if openers else None
            except (EvidenceError, KeyError):
                self.sealed.add(seq)
                details = None
            yield Read(seq, entry, details)

    def in_words(self) -> list[str]:
        """What is missing, a sentence each."""
        words = []
        if self.unreadable:
            places = f"the first is number {min(self.unreadable):,}"
            words.append(f"{len(self.unreadable):,} entries cannot be read ({places}): they are counted nowhere below.")
        if self.sealed:
            words.append(
                f"The details of {len(self.sealed):,} entries do not open, though the key is theirs "
                f"(the first is number {min(self.sealed):,}): they are damaged, or of other entries."
            )
        return words
