"""Checkpoints written elsewhere as soon as they are signed: to files, or handed to commands, on a thread of their own.

A place is a file to which checkpoints are appended, or `| command with words`, which gets one on its standard input and
exits 0 once it is kept. Neither may hold up the record: where several wait, the newest stands for all of them. A place
that fails is said every time, and put on record when it begins to; the crawl goes on, since its own record holds.
"""

from __future__ import annotations

import contextlib
import os
import queue
import shlex
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, NamedTuple

from ..errors import UsageError

__all__ = ["Anchoring", "Place", "read_places"]

_SECONDS: Final = 30.0
"""How long a command may take."""
_SETTING: Final = "DESIST_ANCHORS"
_DASH: Final = "\N{EM DASH} ".encode()


class Place(NamedTuple):
    """Where checkpoints go: a file, or the words of a command."""

    text: str
    """As it stands in the setting."""
    file: Path | None
    words: tuple[str, ...] = ()

    def check(self, ledger: Path) -> None:
        """Raise UsageError where no anchor could ever be kept here, or one that is none."""
        if self.file is None:
            return
        folder = self.file.absolute().parent
        if os.path.realpath(folder) == os.path.realpath(ledger.absolute().parent):
            message = "an anchor beside the ledger is none: whoever rewrites the one rewrites the other"
            raise UsageError(message, place=f"{_SETTING}: `{self.text}`", help="name a place on another machine")
        try:
            if os.path.lexists(self.file) or not os.access(folder, os.W_OK):
                os.close(_append_to(self.file))
        except (OSError, ValueError) as error:
            help_line = "name a file that this user can append to, or `| command`"
            raise UsageError(f"cannot be kept: {_why(error)}", place=f"{_SETTING}: `{self.text}`", help=help_line)  # noqa: B904

    def write(self, note: str) -> None:
        """Keep one checkpoint; OSError, ValueError or SubprocessError where that fails."""
        if self.file is None:
            done = subprocess.run(  # noqa: S603 - the project's own command, without a shell
                self.words, input=note.encode(), capture_output=True, timeout=_SECONDS, check=False
            )
            if done.returncode:
                last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
                raise ValueError(f"exit code {done.returncode}{': ' + last if last else ''}")
            return
        fd = _append_to(self.file)
        try:
            if os.write(fd, note.encode()) != len(note.encode()):
                raise ValueError("half a checkpoint was written")
            os.fsync(fd)
        finally:
            os.close(fd)


def _append_to(file: Path) -> int:
    """Open a file of checkpoints; ValueError where the last one is not whole."""
    fd = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    end = os.pread(fd, 4096, max(0, os.fstat(fd).st_size - 4096))
    if end and not (end.endswith(b"\n") and end[:-1].rpartition(b"\n")[2].startswith(_DASH)):
        os.close(fd)
        raise ValueError("the file does not end with a whole checkpoint: move it aside")
    return fd


def read_places(texts: Iterable[str]) -> tuple[Place, ...]:
    """The places in DESIST_ANCHORS; UsageError for a command that is none."""
    return tuple(_place(text) for text in texts)


def _place(text: str) -> Place:
    if not text.startswith("|"):
        return Place(text, Path(text).expanduser())
    try:
        words = shlex.split(text[1:])
    except ValueError as error:
        raise UsageError(f"is no command: {error}", place=f"{_SETTING}: `{text}`", help="check its quotes") from error
    program = shutil.which(words[0]) if words else None
    if program is None:
        missing = f"there is no program `{words[0]}`" if words else "names no program"
        raise UsageError(missing, place=f"{_SETTING}: `{text}`", help="a program on the PATH, or its whole path")
    return Place(text, None, (program, *words[1:]))


Failed = Callable[[int, Place, str, bool], object]
"""Told the number of a place (from 1), the place, why, and whether it failed before; on the anchors' thread."""


class Anchoring:
    """Hands each checkpoint to every place; a thread of its own waits for them."""

    def __init__(self, places: Iterable[Place], failed: Failed) -> None:
        self._places = tuple(places)
        self._failed = failed
        self._failing: set[Place] = set()
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="desist-anchors", daemon=True)
        with contextlib.suppress(RuntimeError):  # the interpreter is ending: `finish` does it all
            self._thread.start()

    def hand_over(self, note: str) -> None:
        """A checkpoint that was signed and stored; returns at once."""
        self._queue.put(note)

    def finish(self) -> None:
        """Wait until the last one is kept or has failed."""
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join()
        else:
            self._run()

    def _run(self) -> None:
        going_on = True
        while going_on:
            waiting = [self._queue.get()]
            while not self._queue.empty():
                waiting.append(self._queue.get())
            going_on = None not in waiting
            notes = [note for note in waiting if note is not None]
            if notes:
                self._keep(notes[-1])

    def _keep(self, note: str) -> None:
        for number, place in enumerate(self._places, 1):
            try:
                place.write(note)
                self._failing.discard(place)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told
                self._failed(number, place, _why(error), place in self._failing)
                self._failing.add(place)


def _why(error: Exception) -> str:
    if isinstance(error, subprocess.TimeoutExpired):
        return f"it took longer than {_SECONDS:.0f} s"
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
