"""Writing documents so that nothing is half there: whole file, flushed to disk, then put in place by name.

A document takes force when a running crawl sees it, so a torn file would be read as a broken one and a lost one would
forbid nothing. `create` never overwrites; `replace` is for adding a line to a notice's own history.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ..errors import UsageError

__all__ = ["create", "replace"]


def create(path: Path, text: str) -> None:
    """Write a new file durably; UsageError where one of that name exists, even if it appears meanwhile."""
    temporary = _flushed(path, text)
    try:
        _link(temporary, path, text)
    except FileExistsError as error:
        message = f"`{path}` exists"
        raise UsageError(message, help="documents are superseded, never overwritten: choose another name") from error
    except OSError as error:
        message = f"cannot write `{path}`: {error.strerror}"
        raise UsageError(message, help="name a folder of yours with --into, or mend its permissions") from error
    finally:
        temporary.unlink()
    _flush_folder(path.parent)


def _link(temporary: Path, path: Path, text: str) -> None:
    """Give the finished file its name; where a file system has no links, write it a second time under that name."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())


def replace(path: Path, text: str) -> None:
    """Put new text in a file's place durably and in one step."""
    temporary = _flushed(path, text)
    try:
        temporary.chmod(path.stat().st_mode & 0o777)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def _flushed(path: Path, text: str) -> Path:
    """The text in a hidden file beside `path`, on disk; a folder watch and `load_documents` pass hidden files over."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        message = f"cannot write to `{path.parent}`: {error.strerror}"
        raise UsageError(message, help="name a folder of yours with --into, or mend its permissions") from error
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(name).chmod(0o644)
    return Path(name)


def _flush_folder(folder: Path) -> None:
    """Make the name durable too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
