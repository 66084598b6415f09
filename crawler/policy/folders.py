"""Which files of a folder are documents.

Sub-folders are followed through links too, each once: a prohibition behind a link is one. `tests/` at the top
and hidden names are left out: Kubernetes keeps a volume's data in hidden folders and links to them.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["Found", "document_files", "scan", "unread_documents", "walk"]

_SUFFIXES: Final = (".yaml", ".yml")
_MEANT: Final = re.compile(r"\.(?:ya?ml|json|txt)(?:\W|$)", re.IGNORECASE)


_FIRST_KEY: Final = re.compile(
    rb'^[\s{\xff\xfe\xef\xbb\xbf]*"?(?:notice|terms|permission|platform)"?\s*:', re.MULTILINE
)


class Found(NamedTuple):
    """What a folder holds."""

    files: list[Path]
    """Documents, sorted."""
    unread: list[Path]
    """Files that look as if they were meant as documents: `letter.yaml.txt`, `notice.json`."""
    errors: list[OSError]
    """Sub-folders that cannot be opened."""


def walk(folder: Path) -> Found:
    """All of a folder; OSError where the folder itself cannot be opened."""
    os.listdir(folder)
    found = Found([], [], [])
    seen = {os.path.realpath(folder)}
    for root, directories, names in os.walk(folder, onerror=found.errors.append, followlinks=True):
        at_top = Path(root) == folder
        directories[:] = [d for d in sorted(directories) if _enter(root, d, seen, at_top=at_top)]
        for name in sorted(names):
            if name.startswith(".") or name.endswith("~"):
                continue
            if name.lower().endswith(_SUFFIXES):
                found.files.append(Path(root, name))
            elif _MEANT.search(name) and not (at_top and name == "schema.json"):
                found.unread.append(Path(root, name))
    return found


def unread_documents(folders: Iterable[Path]) -> list[Path]:
    """Files that begin as a document does and are not read as one: `letter.yaml.txt`, `notice.json`, `n.yaml.orig`.

    Folders that cannot be opened hold none: that is said elsewhere.
    """
    found: list[Path] = []
    for folder in folders:
        with contextlib.suppress(OSError):
            found += [path for path in walk(folder).unread if _begins_as_document(path)]
    return found


def _begins_as_document(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return bool(_FIRST_KEY.search(file.read(4096).replace(b"\0", b"")))
    except OSError:
        return True


def _enter(root: str, name: str, seen: set[str], *, at_top: bool) -> bool:
    """Whether a sub-folder is read: once, whichever links lead to it."""
    if name.startswith(".") or (at_top and name == "tests"):
        return False
    real = os.path.realpath(Path(root, name))
    if real in seen:
        return False
    seen.add(real)
    return True


def document_files(folder: Path) -> list[Path]:
    """The document files of a folder, sorted; OSError where the folder or one below it cannot be opened."""
    found = walk(folder)
    if found.errors:
        raise found.errors[0]
    return found.files


def scan(folder: str) -> Iterator[os.DirEntry[str]]:
    """The files that `walk` finds, in its order and in a quarter of its time; nothing of what cannot be opened."""
    try:
        status = os.stat(folder)
    except OSError:
        return
    yield from _scan(folder, {(status.st_dev, status.st_ino)}, at_top=True)


def _scan(folder: str, seen: set[tuple[int, int]], *, at_top: bool) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as listing:
            entries = sorted((e for e in listing if e.name[0] != "."), key=lambda entry: entry.name)
    except OSError:
        return
    below = []
    for entry in entries:
        if _is_folder(entry):
            below.append(entry)
        elif entry.name.lower().endswith(_SUFFIXES):
            yield entry
    for entry in below:
        status = entry.stat()
        place = (status.st_dev, status.st_ino)
        if place not in seen and not (at_top and entry.name == "tests"):
            seen.add(place)
            yield from _scan(entry.path, seen, at_top=False)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Through links; one that leads nowhere or round in a circle is a file, which cannot be read."""
    try:
        return entry.is_dir()
    except OSError:
        return False
