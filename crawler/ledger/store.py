"""The ledger's file: SQLite in WAL mode, one lock round each commit, and every commit synced.

SQLite before 3.51.3 can lose a commit when two connections write and checkpoint (sqlite.org/wal.html#walresetbug), and
is refused.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import itertools
import os
import secrets
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import apsw

from ..errors import LedgerLost, LedgerUnusable
from . import files
from .checkpoint import Checkpoint, Signer, Verifier
from .entry import leaf_hash
from .log import SCHEMA, Log
from .seal import Sealer

__all__ = [
    "APPLICATION_ID",
    "CHECKPOINT_FRAMES",
    "ERASED",
    "SYNCHRONOUS",
    "ZERO",
    "Row",
    "Store",
    "Tail",
    "is_ledger",
    "require_sqlite",
]

APPLICATION_ID: Final = 0x44535354  # "DSST"
"""By which an SQLite file is known as a ledger."""
ZERO: Final = bytes(32)
"""Stands for the entry before the first one."""
_OLDEST: Final = (3, 51, 3)
CHECKPOINT_FRAMES: Final = 256
"""A log that starts anew before it is long overwrites itself: its syncs cost half of those of a file that grows."""
SYNCHRONOUS: Final = "FULL"
"""A commit syncs the log before it returns (sqlite.org/pragma.html#pragma_synchronous)."""
_BUSY_MILLISECONDS: Final = 10_000
_SCRUBS, _SCRUB_SECONDS = 40, 0.25
"""How often, and how far apart, the log is tried to be emptied."""
_FLAGS: Final = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_NOFOLLOW | apsw.SQLITE_OPEN_NOMUTEX
_SCHEMA: Final = f"""
PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 1;
CREATE TABLE entry(seq INTEGER PRIMARY KEY, chain BLOB NOT NULL, leaf BLOB NOT NULL) STRICT;
CREATE TABLE detail(seq INTEGER PRIMARY KEY REFERENCES entry, seal INTEGER NOT NULL, box BLOB NOT NULL) STRICT;
CREATE TABLE seal(id INTEGER PRIMARY KEY, w TEXT NOT NULL, kid TEXT NOT NULL, wrapped BLOB NOT NULL) STRICT;
{SCHEMA.strip()}
CREATE TRIGGER entry_stays BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'an entry is never deleted'); END;
CREATE TRIGGER entry_same BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'an entry is never changed'); END;
"""
# One step for a whole batch: the interpreter's lock is let go once, not once an entry.
_INSERT: Final = "INSERT INTO entry SELECT ?1 + rowid, substr(value, 1, 32), substr(value, 33) FROM carray(?2)"
_DETAIL: Final = "INSERT INTO detail SELECT ?1 + rowid, ?2, value FROM carray(?3)"
ERASED: Final = bytes(12)
"""What stands in the place of a box's nonce once it is erased."""
_BLANK: Final = "UPDATE detail SET box = zeroblob(length(box)) WHERE seq = ?"


class Row(NamedTuple):
    """What one append writes: the leaf, its hash, and where there are details their box."""

    leaf: bytes
    hash: bytes
    box: bytes | None = None
    sealer: Sealer | None = None
    """Whose data key closed the box."""


class Tail(NamedTuple):
    """The end of the ledger: how many entries, the running hash over them, the last one's leaf hash."""

    size: int
    chain: bytes
    hash: bytes


def require_sqlite(version: str) -> None:
    """Refuse a library that can lose an acknowledged entry; `version` as in `3.51.3`."""
    if tuple(int(part) for part in version.split(".")) < _OLDEST:
        message = f"SQLite {version} can lose a committed entry; 3.51.3 or newer is needed"
        raise LedgerUnusable(message, help="pip install --upgrade apsw")


def is_ledger(path: Path) -> bool:
    """Whether the file says in its first 100 octets that it is one of ours (sqlite.org/fileformat.html 1.3)."""
    with path.open("rb") as file:
        head = file.read(100)
    return head.startswith(b"SQLite format 3\x00") and head[68:72] == APPLICATION_ID.to_bytes(4, "big")


class Store:
    """One connection to one ledger, for one thread at a time."""

    def __init__(self, path: Path) -> None:
        require_sqlite(apsw.sqlite_lib_version())
        self.path = path
        self.busy = threading.Lock()
        """Held while SQLite works and while the process forks: a child must not inherit SQLite in mid-step."""
        self.reserve = files.Reserve(path.with_name(path.name + ".reserve"))
        self._frames = self._folded = 0
        """Of the log: how long it is, and how long it was when it was last folded in."""
        with _translated(path):
            self._prepare()
            self._connect()
        _OPEN.add(self)

    def _prepare(self) -> None:
        """Make the ledger where it is absent, and see that it is ours, alone, and has room for its last words."""
        files.make_folder(self.path.parent)
        if not os.path.lexists(self.path):
            _create(self.path)
        files.check(self.path)
        if not is_ledger(self.path):
            message = "is not a ledger of Desist, and is left as it is"
            raise LedgerUnusable(message, place=str(self.path), help="set DESIST_LEDGER to a path of its own")
        self.reserve.fill()

    def _connect(self) -> None:
        self._lock = files.open_private(self.path.with_name(self.path.name + ".lock"))
        self._db = apsw.Connection(str(self.path), flags=_FLAGS)
        self._db.set_busy_timeout(_BUSY_MILLISECONDS)
        for name, value in (("synchronous", SYNCHRONOUS), ("secure_delete", 1), ("trusted_schema", 0)):
            self._db.pragma(name, value)
        self._db.set_wal_hook(self._count_frames)
        if self._db.pragma("journal_mode") != "wal":
            message = "does not keep a write-ahead log"
            raise LedgerUnusable(message, place=str(self.path), help="restore the ledger from its own files")

    def _count_frames(self, _db: apsw.Connection, _name: str, frames: int) -> int:
        self._frames, self._folded = frames, min(self._folded, frames)
        return apsw.SQLITE_OK

    def idle(self) -> bool:
        """Whether nobody is at work on the ledger just now, in this process or another: a commit would not wait."""
        if not self.busy.acquire(blocking=False):
            return False
        try:
            return files.is_free(self._lock)
        finally:
            self.busy.release()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Tail]:
        """One commit, alone on the ledger, and durable. What goes wrong leaves nothing behind: LedgerLost."""
        with self.busy, _translated(self.path), files.locked(self._lock):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._tail()
                self._db.execute("COMMIT")
            except apsw.IOError:
                self.abandon()
                raise
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @property
    def is_long(self) -> bool:
        """Whether the log is to be folded into the file."""
        return self._frames - self._folded > CHECKPOINT_FRAMES

    def fold(self) -> None:
        """Copy the log into the file. After a commit and never in it: a failure here undoes nothing."""
        with self.busy, _translated(self.path), files.locked(self._lock):
            self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            self._folded = self._frames

    def _tail(self) -> Tail:
        for size, chain, leaf in self._db.execute("SELECT seq, chain, leaf FROM entry ORDER BY seq DESC LIMIT 1"):
            return Tail(size, chain, leaf_hash(leaf))
        return Tail(0, ZERO, ZERO)

    def insert(self, tail: Tail, rows: Sequence[Row]) -> Tail:
        """Write rows behind `tail`, inside a transaction; the new tail."""
        if not rows:
            return tail
        chain, values = tail.chain, []
        for row in rows:
            chain = hashlib.sha256(chain + row.hash).digest()
            values.append(chain + row.leaf)
        self._db.execute(_INSERT, (tail.size, apsw.carray(tuple(values))))
        place = tail.size
        for sealer, run in itertools.groupby(rows, lambda row: row.sealer):
            boxes = tuple(row.box or b"" for row in run)
            if sealer:
                self._db.execute(_DETAIL, (place, self._seal_id(sealer), apsw.carray(boxes)))
            place += len(boxes)
        return Tail(tail.size + len(rows), chain, rows[-1].hash)

    def _seal_id(self, sealer: Sealer) -> int:
        """The id of a wrapped data key, which is kept when its first box is."""
        if not sealer.id:
            self._db.execute(
                "INSERT INTO seal(w, kid, wrapped) VALUES(?, ?, ?)", (sealer.session, sealer.kid, sealer.wrapped)
            )
            sealer.id = self._db.last_insert_rowid()
        return sealer.id

    def last_kid(self) -> str:
        """The key to which the newest data key is wrapped; empty in a ledger without details."""
        for (kid,) in self._db.execute("SELECT kid FROM seal ORDER BY id DESC LIMIT 1"):
            return str(kid)
        return ""

    def last_checkpoint(self, verifier: Verifier) -> Checkpoint:
        """What this key signed last, inside a transaction; LedgerLost for another key or another tree."""
        return Log(self._db, self.path).last(verifier)

    def checkpoint(self, signer: Signer) -> str:
        """Read the last checkpoint, check it, sign and store the next, in one transaction; `` where nothing is new."""
        with self.transaction() as tail:
            return Log(self._db, self.path).sign(signer, tail.size)

    def erase(self, seqs: Sequence[int]) -> None:
        """Overwrite the boxes of these entries, inside a transaction; `scrub` empties the log after it.

        The rows stay: deleting them would let SQLite move others about, and leave copies of those in unused space,
        where a later erasure could not reach them.
        """
        self._db.executemany(_BLANK, [(seq,) for seq in seqs])

    def scrub(self) -> None:
        """Empty the write-ahead log, where overwritten pages would live on; LedgerLost where a reader does not let go.

        Crawls go on meanwhile: between two tries nobody is kept from the ledger.
        """
        for _ in range(_SCRUBS):
            if self._emptied():
                return
            time.sleep(_SCRUB_SECONDS)
        message = "a reader keeps erased details in the write-ahead log"
        raise LedgerLost(
            message, place=str(self.path), help="close it (`fuser` on the ledger names it) and redact again"
        )

    def _emptied(self) -> bool:
        with self.busy, _translated(self.path), files.locked(self._lock):
            self._db.set_busy_timeout(0)
            try:
                self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            except apsw.BusyError:
                return False
            finally:
                self._db.set_busy_timeout(_BUSY_MILLISECONDS)
        return os.stat(f"{self.path}-wal").st_size == 0

    def abandon(self) -> None:
        """Never fold in the log on close: after a failed sync the kernel may have dropped what it could not write."""
        self._db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)

    def close(self) -> None:
        """Fold the log into the file and let go of both; nothing when done twice."""
        if self not in _OPEN:
            return
        _OPEN.discard(self)
        with self.busy, _translated(self.path), files.locked(self._lock):
            self._db.close()
        os.close(self._lock)


_OPEN: Final[weakref.WeakSet[Store]] = weakref.WeakSet()
_HELD: Final[list[Store]] = []


def _before_fork() -> None:
    _HELD[:] = list(_OPEN)
    for store in _HELD:
        store.busy.acquire()


def _after_fork(*, child: bool) -> None:
    for store in _HELD:
        if child:
            store.abandon()
        store.busy.release()
    _HELD.clear()


os.register_at_fork(
    before=_before_fork,
    after_in_parent=functools.partial(_after_fork, child=False),
    after_in_child=functools.partial(_after_fork, child=True),
)


def _create(path: Path) -> None:
    """Make a whole ledger under another name and link it into place: a crash leaves either none or a whole one."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        os.close(files.open_private(draft))
        with _translated(path):
            db = apsw.Connection(str(draft), flags=_FLAGS)
            db.pragma("journal_mode", "wal")
            db.pragma("synchronous", "FULL")
            db.execute("BEGIN IMMEDIATE;" + _SCHEMA + "COMMIT")
            db.close()
        with contextlib.suppress(FileExistsError):  # another crawl was quicker
            os.link(draft, path)
        draft.unlink()
        files.sync_folder(path.parent)
    except OSError as error:
        message = f"the ledger cannot be made: {error.strerror}"
        raise LedgerUnusable(message, place=str(path), help="check the disk and DESIST_LEDGER") from error
    except LedgerLost as error:
        raise LedgerUnusable(error.message, place=str(path), help=error.help) from error


_DAMAGED: Final = ("the ledger's file is damaged", "keep it as it is, and run `desist ledger verify` on a copy")
_CAUSES: Final = {
    apsw.FullError: ("the disk is full", "free some disk space; the crawl can then be started again"),
    apsw.BusyError: ("another program keeps the ledger locked", "close it: `fuser` on the ledger names it"),
    apsw.ReadOnlyError: (
        "the ledger cannot be written",
        "check the file's mode and that its disk is mounted for writing",
    ),
    apsw.CantOpenError: ("the ledger cannot be opened", "check that it is there, and the modes of file and folder"),
    apsw.CorruptError: _DAMAGED,
    apsw.NotADBError: _DAMAGED,
    apsw.IOError: ("the disk failed", "nothing is retried after a failed sync: check the disk before the next crawl"),
}
_OTHER: Final = ("the ledger cannot be used", "run `desist doctor`")


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except apsw.Error as error:
        message, mend = next((words for kind, words in _CAUSES.items() if isinstance(error, kind)), _OTHER)
        raise LedgerLost(f"{message}: {error}", place=str(path), help=mend) from error
    except OSError as error:
        raise LedgerLost(f"{_OTHER[0]}: {error.strerror}", place=str(path), help=_OTHER[1]) from error
