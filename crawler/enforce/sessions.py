"""Which sessions run on this machine: one small private file each, for `desist status`.

It holds process, ledger, session and policy revision, and nothing of what is crawled. An attacker who writes to the
folder (mode 0700, the user's own) makes `status` wrong and nothing else: no gate reads it.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

__all__ = ["Running", "SessionFile", "running", "runtime_folder"]

_PRIVATE_FOLDER: Final = 0o700
_PRIVATE_FILE: Final = 0o600


class Running(msgspec.Struct, frozen=True):
    """One session, as it said of itself last."""

    session: str
    pid: int
    started: int
    """Clock ticks since boot at which the process began (proc(5), field 22 of stat): pids are used more than once."""
    ledger: str
    revision: str
    since: int
    """Since when this revision is in force in that session; microseconds since 1970."""

    @property
    def alive(self) -> bool:
        """Whether that very process still runs."""
        return _started(self.pid) == self.started


def runtime_folder() -> Path:
    """`$XDG_RUNTIME_DIR/desist`, else `$XDG_STATE_HOME/desist/running` (XDG base directory specification)."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and os.path.isdir(runtime):
        return Path(runtime) / "desist"
    state = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return Path(state) / "desist" / "running"


class SessionFile:
    """The file of this process's session. A folder that cannot be had costs a line of `status`, never a crawl."""

    def __init__(self, session: str, ledger: Path) -> None:
        self._session = session
        self._ledger = os.path.abspath(ledger)
        self._file = runtime_folder() / f"{session}.json"

    def write(self, revision: str, since: int) -> None:
        """Say which revision is in force, and since when (microseconds since 1970)."""
        one = Running(self._session, os.getpid(), _started(os.getpid()), self._ledger, revision, since)
        with contextlib.suppress(OSError):
            _make(self._file.parent)
            if not _is_ours(self._file.parent):
                return
            draft = self._file.with_suffix(".tmp")
            draft.unlink(missing_ok=True)
            fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, _PRIVATE_FILE)
            with os.fdopen(fd, "wb") as file:
                file.write(msgspec.json.encode(one))
            draft.rename(self._file)

    def remove(self) -> None:
        """The session is over."""
        with contextlib.suppress(OSError):
            self._file.unlink(missing_ok=True)


def running() -> Iterator[Running]:
    """Every session that says that it runs, the dead ones among them; by session, which sorts by their start."""
    folder = runtime_folder()
    if not folder.is_dir() or not _is_ours(folder):
        return
    for file in sorted(folder.glob("*.json")):
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            yield msgspec.json.decode(file.read_bytes(), type=Running)


def _make(folder: Path) -> None:
    """Make a folder and those above it that are missing, each private: `mkdir -p` would leave them to the umask.

    The ledger of armed processes lies in one of them, and takes none that others can reach.
    """
    for level in reversed([folder, *folder.parents]):
        if not level.exists():
            level.mkdir(_PRIVATE_FOLDER, exist_ok=True)


def _is_ours(folder: Path) -> bool:
    found = os.lstat(folder)
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077


def _started(pid: int) -> int:
    """When a process began, in clock ticks since boot; 0 where that cannot be told, -1 where there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return _by_signal(pid)
    return int(text.rpartition(")")[2].split()[19])


def _by_signal(pid: int) -> int:
    """Where there is no proc(5): whether any process has that pid."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return -1
    except PermissionError:
        return 0
    return 0
