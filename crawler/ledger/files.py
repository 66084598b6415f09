"""Where a ledger may live: a folder and a file that only its owner reaches, on a local disk, with a reserve and a lock.

Whoever can write these files can forge the record until it is anchored elsewhere; whoever can read them learns counts,
times, and which platforms that policies name were refused.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import random
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ..errors import LedgerLost, LedgerUnusable
from . import mounts

__all__ = [
    "LOCK_SECONDS",
    "Reserve",
    "check",
    "check_folder",
    "is_free",
    "locked",
    "make_folder",
    "open_private",
    "sync_folder",
]

_SIDECARS: Final = ("-wal", "-shm", "-journal", ".lock", ".reserve")
LOCK_SECONDS: Final = 10.0
"""How long another process may hold the ledger's lock before that is a failure."""


def make_folder(folder: Path) -> None:
    """Make the ledger's folder, mode 0700, where it is absent; one that exists is checked, never changed."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            sync_folder(folder.parent)
    except OSError as error:
        message = f"the ledger's folder cannot be made: {error.strerror}"
        raise LedgerUnusable(
            message, place=str(folder), help="set DESIST_LEDGER to a path that you can write"
        ) from error
    check_folder(folder)


def check_folder(folder: Path) -> None:
    """Raise LedgerUnusable unless the folder is ours alone, no symbolic link, and on a local disk."""
    _check_one(folder, directory=True)
    if kind := mounts.network(folder):
        message = f"the ledger would lie on a network file system ({kind}), where an acknowledged write can be lost"
        raise LedgerUnusable(message, place=str(folder), help="set DESIST_LEDGER to a path on a local disk")


def check(path: Path) -> None:
    """Raise LedgerUnusable unless the ledger, its folder and what SQLite keeps beside it are ours alone."""
    check_folder(path.parent)
    _check_one(path)
    for ending in _SIDECARS:
        beside = path.with_name(path.name + ending)
        if os.path.lexists(beside):
            _check_one(beside)


def _check_one(path: Path, *, directory: bool = False) -> None:
    try:
        status = os.lstat(path)
    except OSError as error:
        raise LedgerUnusable(
            f"cannot be reached: {error.strerror}", place=str(path), help="check DESIST_LEDGER"
        ) from error
    trouble = _trouble(path, status, directory=directory)
    if trouble:
        raise LedgerUnusable(trouble[0], place=str(path), help=trouble[1])


def _trouble(path: Path, status: os.stat_result, *, directory: bool) -> tuple[str, str] | None:
    """What is wrong with a file or folder, and the mend."""
    if stat.S_ISLNK(status.st_mode):
        return "is a symbolic link", f"set DESIST_LEDGER to what it leads to, `{os.path.realpath(path)}`"
    if not (stat.S_ISDIR(status.st_mode) if directory else stat.S_ISREG(status.st_mode)):
        return f"is no {'folder' if directory else 'regular file'}", "set DESIST_LEDGER to another path"
    if status.st_uid != os.geteuid():
        owners = f"belongs to user {status.st_uid}, this process runs as user {os.geteuid()}"
        return owners, "run it as the ledger's owner, or chown the ledger"
    if status.st_mode & 0o077:
        own = ", or give the ledger a folder of its own in DESIST_LEDGER" if directory else ""
        mend = f"chmod {'700' if directory else '600'} {path}{own}"
        return f"others can reach it (mode {stat.S_IMODE(status.st_mode):04o})", mend
    return None


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def open_private(path: Path) -> int:
    """Open or make a file of mode 0600, never through a link."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def is_free(fd: int) -> bool:
    """Whether no other process holds the ledger's lock at this moment."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    fcntl.flock(fd, fcntl.LOCK_UN)
    return True


@contextlib.contextmanager
def locked(fd: int) -> Iterator[None]:
    """Hold the ledger's lock round a commit: SQLite's own waiting is unfair, with tails of over a second.

    Raises LedgerLost where another process keeps it for 10 s.
    """
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EINTR):
                raise
            if time.monotonic() > deadline:
                message = f"another process has held the ledger's lock for {LOCK_SECONDS:.0f} s"
                raise LedgerLost(message, help="find it with `fuser` on the ledger's .lock file") from error
            time.sleep(random.uniform(0.0001, 0.0005))  # noqa: S311 - jitter
    try:
        yield
    finally:
        fcntl.flock(fd, fcntl.LOCK_UN)


class Reserve:
    """Disk space kept so that the last two entries, `fault` and `close`, fit when the disk is full."""

    SIZE: Final = 1 << 20

    def __init__(self, path: Path) -> None:
        self._path = path

    def fill(self) -> None:
        """Allocate it anew where a full disk has used it up; LedgerUnusable where there is no room."""
        try:
            fd = open_private(self._path)
            try:
                if os.fstat(fd).st_blocks * 512 < self.SIZE:
                    os.posix_fallocate(fd, 0, self.SIZE)
            finally:
                os.close(fd)
        except OSError as error:
            raise LedgerUnusable(
                f"there is no room for the ledger's reserve of {self.SIZE >> 20} MiB: {error.strerror}",
                place=str(self._path),
                help="free some disk space, or set DESIST_LEDGER to a path on another disk",
            ) from error

    def release(self) -> None:
        """Give the space back to the file system, for the last entries."""
        with contextlib.suppress(OSError):
            os.truncate(self._path, 0)
