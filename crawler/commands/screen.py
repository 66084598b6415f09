"""Colours and progress for people at terminals; pipes, files and NO_COLOR (no-color.org) get plain text."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final, Self, TextIO, TypeVar

__all__ = ["Bar", "Paint", "coloured", "colours", "moves", "waiting"]

T = TypeVar("T")
_CODES: Final = {"bold": 1, "dim": 2, "red": 31, "green": 32}
_WORDS: Final = {"refused": "red", "allowed": "green", "=>": "bold"}
_PATIENCE: Final = 0.3
"""Seconds of work before a bar is drawn: what is done sooner needs none."""
_PAUSE: Final = 0.1
_EVERY: Final = 1024


def moves(stream: TextIO) -> bool:
    """Whether a line on it can be drawn over: a terminal that knows control sequences."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def colours(stream: TextIO) -> bool:
    """Whether text on it may be coloured."""
    return moves(stream) and not os.environ.get("NO_COLOR")


class Paint:
    """`paint("bold", text)`: coloured on a terminal, else the text itself."""

    def __init__(self, stream: TextIO) -> None:
        self._on = colours(stream)

    def __call__(self, style: str, text: str) -> str:
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if self._on else text


class Bar:
    """Progress on stderr, where that is a terminal and the work takes longer than a moment; gone when it ends."""

    def __init__(self, doing: str = "", total: int = 0) -> None:
        self.on = moves(sys.stderr)
        self._doing, self._total = f"{doing} " if doing else "", total
        self._next = time.monotonic() + _PATIENCE
        self._shown = False

    def show(self, done: int, said: str) -> None:
        """Redraw, ten times a second at most; `done` of `total` where that is known."""
        now = time.monotonic()
        if not self.on or now < self._next:
            return
        self._next, self._shown = now + _PAUSE, True
        share = min(done / self._total, 1.0) if self._total else 0.0
        head = f"[{'#' * round(share * 24):<24}] {share:4.0%} " if self._total else ""
        sys.stderr.write(f"\r{self._doing}{head}{said}\x1b[K")
        sys.stderr.flush()

    def over(self, items: Iterable[T], unit: str) -> Iterator[T]:
        """The same items, counted on the way."""
        if not self.on:
            yield from items
            return
        with self:
            for count, item in enumerate(items):
                if not count % _EVERY:
                    self.show(count, f"{count:,} {unit}")
                yield item

    def clear(self) -> None:
        """Take the bar off the screen."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()


@contextmanager
def waiting(doing: str) -> Iterator[None]:
    """For work that cannot say how far it is: what is done and for how many seconds, where a bar would be drawn."""
    if not moves(sys.stderr):
        yield
        return
    import threading

    bar, begun, ended = Bar(doing), time.monotonic(), threading.Event()

    def tell() -> None:
        while not ended.wait(_PAUSE):
            bar.show(0, f"{time.monotonic() - begun:.0f} s")

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        bar.clear()


def coloured(text: str, stream: TextIO) -> str:
    """A line that begins with `refused` or `allowed`, or with the mark of what governs, as a terminal shows it."""
    word, blank, rest = text.partition(" ")
    return Paint(stream)(_WORDS[word], word) + blank + rest if word in _WORDS else text
