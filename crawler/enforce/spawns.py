"""Child processes: a child has no hook, so each is refused but for those that a project declares and three exact ones.

`spawn:NAME` in DESIST_INFRA declares a program by its name on the PATH or by its whole path. A declared program is
outside of every gate: that it is on the list is on record, what it does is not.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final

__all__ = ["Spawns", "words_of"]

_UNAME: Final = ("uname", "-p")
_UNAMES: Final = ("/usr/bin/uname", "/bin/uname")
_OURS: Final = (("-u", "-m", "scrapy.utils.benchserver"), ("-m", "desist.enforce.rehearse"))
"""Modules that this interpreter may run: a server that only answers, and a crawl under all gates that asks nothing."""
SPAWN: Final = "spawn:"


class Spawns:
    """Which programs may be started; `declared` are the names behind `spawn:`."""

    def __init__(self, declared: Iterable[str] = ()) -> None:
        self._declared = set(declared)

    def declare(self, names: Iterable[str]) -> None:
        """Let these programs be started too."""
        self._declared.update(names)

    def allow(self, words: Sequence[str]) -> bool:
        """Whether a program may be started with exactly these words."""
        if not words:
            return False
        return words[0] in self._declared or _is_harmless(tuple(words))


def _is_harmless(words: tuple[str, ...]) -> bool:
    """`platform` asks the kernel for the processor at start-up; `scrapy bench` and `desist doctor` start Python."""
    if words == _UNAME:
        return shutil.which("uname") in _UNAMES
    return words[:1] == (sys.executable,) and words[1:] in _OURS


def words_of(executable: Any, args: Any) -> list[str]:
    """The words of a command, the program that really runs first, however they were handed to the call."""
    given = [args] if isinstance(args, (str, bytes)) or hasattr(args, "__fspath__") else list(args or ())
    words = [os.fsdecode(word) for word in given]
    program = os.fsdecode(executable) if executable is not None else ""
    return [program or words[0], *words[1:]] if words else [program] if program else []
