"""Watching the policy folders: a thread that calls when something in them may have changed.

On Linux the kernel tells at once (inotify(7)); elsewhere watchfiles does, some milliseconds later. Whoever is called
looks for itself what has changed, and is called once a second in any case: no event is taken for the truth, and none is
needed where a folder lies on a network, is itself a link that is swapped, or where the system hands out no more of what
tells of events (fs.inotify.max_user_instances).
"""

from __future__ import annotations

import ctypes
import logging
import os
import select
import struct
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

__all__ = ["Watch"]

logger = logging.getLogger("desist")
_LOOK_AGAIN_MS: Final = 1000
_ATTRIB, _CLOSE_WRITE, _MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x4, 0x8, 0x40, 0x80, 0x100, 0x200
_MASK: Final = _ATTRIB | _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE
_IS_DIR: Final = 0x40000000
_HEAD: Final = struct.Struct("iIII")


class Watch:
    """Calls `look` in a thread of its own; `poke` makes it do so now.

    `ended` is called in that thread where it ends and nobody stopped it: from then on nothing is watched.
    """

    def __init__(self, folders: Sequence[Path], look: Callable[[], None], ended: Callable[[], object]) -> None:
        self._folders = tuple(folders)
        self._look = look
        self._ended = ended
        self._over = threading.Event()
        self._wake, self._poked = os.pipe()
        os.set_blocking(self._poked, False)
        self._thread = threading.Thread(target=self._run, name="desist-policies", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Watch no more; waits for a look that is under way, two seconds at most."""
        self._over.set()
        self.poke()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(2.0)

    def poke(self) -> None:
        """Look now; safe in a signal handler."""
        try:
            os.write(self._poked, b"!")
        except (BlockingIOError, OSError):
            return  # it is awake, or over

    def _run(self) -> None:
        try:
            for _ in self._events():
                if self._over.is_set():
                    return
                self._look_safely()
        finally:
            if not self._over.is_set():
                self._ended()

    def _look_safely(self) -> None:
        try:
            self._look()
        except Exception:
            logger.exception("looking at the policy folders failed; what was in force stays in force")

    def _events(self) -> Iterator[None]:
        yield None
        for source in (self._by_inotify, self._by_watchfiles):
            try:
                yield from source()
            except Exception as error:  # noqa: BLE001 - whatever keeps events away, the clock goes on
                logger.info("no events %s: %s: %s", source.__name__.strip("_"), type(error).__name__, error)
        logger.warning("no events of the policy folders are to be had: they are looked at once a second")
        yield from self._by_clock()

    def _by_clock(self) -> Iterator[None]:
        """Needs nothing but the pipe that is open from the start."""
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        while True:
            if poll.poll(_LOOK_AGAIN_MS):
                os.read(self._wake, 4096)
            yield None

    def _by_inotify(self) -> Iterator[None]:
        if sys.platform != "linux":
            raise OSError("not on this system")
        inotify = _Inotify(self._folders)
        poll = select.poll()
        poll.register(inotify.fd, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        try:
            while True:
                ready = {fd for fd, _ in poll.poll(_LOOK_AGAIN_MS)}
                if self._wake in ready:
                    os.read(self._wake, 4096)
                if ready == {inotify.fd} and not inotify.matters():
                    continue
                if inotify.fd in ready and self._wake in ready:
                    inotify.matters()
                yield None
                inotify.watch()
        finally:
            os.close(inotify.fd)

    def _by_watchfiles(self) -> Iterator[None]:
        import watchfiles  # noqa: PLC0415 - 20 ms that only such a system pays

        there = [folder for folder in self._folders if folder.is_dir()]
        for _changes in watchfiles.watch(
            *there,
            watch_filter=None,
            stop_event=self._over,
            debounce=5,
            step=5,
            rust_timeout=_LOOK_AGAIN_MS,
            yield_on_timeout=True,
        ):
            yield None


class _Inotify:
    """One inotify instance on some folders, all folders below them, and the folder that holds each."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._folders = folders
        self.fd = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.fd < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        self._paths: dict[int, str] = {}
        self._inside: set[int] = set()
        self._beside: dict[int, set[bytes]] = {}
        """Folders that hold a watched one: of their events only those that name it matter."""
        self.watch()

    def watch(self) -> None:
        """Watch what is there now; watching twice is the same as once."""
        for folder in self._folders:
            here = folder.absolute()
            self._beside.setdefault(self._add(str(here.parent)), set()).add(os.fsencode(here.name))
            self._inside.update(self._add(root) for root, _, _ in os.walk(folder))

    def _add(self, path: str) -> int:
        number: int = self._libc.inotify_add_watch(self.fd, os.fsencode(path), _MASK)
        if number >= 0:
            self._paths[number] = path
        return number

    def matters(self) -> bool:
        """Whether one of the events at hand can have changed a document: a file just made is looked at once written."""
        try:
            data = os.read(self.fd, 1 << 16)
        except BlockingIOError:
            return False
        at, found = 0, False
        while at < len(data):
            number, mask, _, length = _HEAD.unpack_from(data, at)
            name = data[at + _HEAD.size : at + _HEAD.size + length].rstrip(b"\0")
            at += _HEAD.size + length
            if number not in self._inside and name not in self._beside.get(number, ()):
                continue
            found = found or not (mask & _CREATE and not mask & _IS_DIR and self._unfinished(number, name))
        return found

    def _unfinished(self, number: int, name: bytes) -> bool:
        """Whether a new name is a file that somebody is writing: no link of any kind, which are whole at once."""
        path = os.path.join(os.fsencode(self._paths.get(number, "")), name)
        try:
            return not os.path.islink(path) and os.stat(path).st_nlink == 1
        except OSError:
            return False
