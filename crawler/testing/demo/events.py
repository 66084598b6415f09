"""What the demo's spider writes down of its own crawl, one JSON line an event."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

__all__ = ["Event", "EventLog"]


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """A request's end, as the spider saw it."""

    at_ns: int
    what: Literal["fetched", "refused", "failed"]
    url: str
    basis: str = ""
    platforms: tuple[str, ...] = ()
    stage: str = ""
    receipt: int = 0
    """The number of the ledger entry that the refusal carried."""
    counted: int = 0
    """The stat `desist/refused` at that moment."""
    why: str = ""


class EventLog:
    """Reads a growing log; a line that is still being written waits for the next call."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0

    def new(self) -> list[Event]:
        """The events since the last call."""
        try:
            with self._path.open("rb") as log:
                log.seek(self._read)
                data = log.read()
        except FileNotFoundError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._read += len(whole)
        return [msgspec.json.decode(line, type=Event) for line in whole.splitlines()]
