"""Telling from outside whether a process is shut: an open memory file of a name that only an armed process has.

`/proc/PID/fd` shows it to the same user and to root (Linux). A mark says what a process did at its start; it is no
proof against one that lies.
"""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["Found", "mark", "scrapy_processes"]

_NAME: Final = "desist-armed"
_PROC: Final = Path("/proc")


class Found(NamedTuple):
    """A process that runs Scrapy, or that is armed."""

    pid: int
    command: str
    armed: bool
    readable: bool
    """Whether its open files could be read: they are shown to the same user and to root only."""


def mark() -> None:
    """Mark this process, and every child that it forks, as armed."""
    if hasattr(os, "memfd_create"):
        os.memfd_create(_NAME)


def scrapy_processes(proc: Path = _PROC) -> list[Found]:
    """Every process of this machine whose command names Scrapy, and every armed one; empty where there is no /proc.

    A script that imports Scrapy without naming it on its command line is seen only if it is armed.
    """
    found = []
    for folder in proc.glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
        except OSError:
            continue  # it has ended
        armed, readable = _is_marked(folder)
        if armed or _runs_scrapy(words):
            found.append(Found(int(folder.name), " ".join(words), armed, readable))
    return sorted(found)


def _is_marked(folder: Path) -> tuple[bool, bool]:
    try:
        files = [os.readlink(entry.path) for entry in os.scandir(folder / "fd")]
    except PermissionError:
        return False, False
    except OSError:
        return False, True
    return any(file.startswith(f"/memfd:{_NAME}") for file in files), True


def _runs_scrapy(words: list[str]) -> bool:
    """`scrapy ...` by its script, or `python -m scrapy`."""
    if any(Path(word).name in {"scrapy", "scrapyd"} for word in words[:2]):
        return True
    return any(pair in {("-m", "scrapy"), ("-m", "scrapy.cmdline")} for pair in pairwise(words))
