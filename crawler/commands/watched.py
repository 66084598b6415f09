"""A ledger's reader that shows how far it is, for whoever waits at a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..ledger.query import Reader
from .screen import Bar

if TYPE_CHECKING:
    from ..ledger.opener import Opener
    from ..ledger.query import Read

__all__ = ["reader_of"]


def reader_of(path: Path, doing: str) -> Reader:
    """A reader of the ledger at `path`; each of its passes over all entries has a bar that says what is `doing`."""
    return _Watched(path, doing) if Bar().on else Reader(path)


class _Watched(Reader):
    def __init__(self, path: Path, doing: str) -> None:
        super().__init__(path)
        self._doing = f"{doing} {path.name}"

    def rows(self) -> Iterator[tuple[int, bytes, bytes]]:
        """As `Reader.rows`."""
        return self._bar().over(super().rows(), "entries")

    def entries(self, openers: Sequence[Opener] = ()) -> Iterator[Read]:
        """As `Reader.entries`."""
        return self._bar().over(super().entries(openers), "entries")

    def _bar(self) -> Bar:
        with self._translated():
            return Bar(self._doing, int(self._db.execute("SELECT coalesce(max(seq), 0) FROM entry").get))
