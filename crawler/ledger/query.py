"""Reading a ledger: every read of a live one is an entry first; a copy is read as it is, and says so."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import apsw

from ..errors import DesistError, EvidenceError, LedgerUnusable, UsageError
from . import files
from .entry import Entry, Kind, decode, leaf_hash
from .keys import user_name
from .ledger import Ledger
from .log import Log
from .opener import Opened, Opener
from .seal import CounselKey
from .store import ERASED, is_ledger

__all__ = ["Read", "Reader", "copy_reason", "record_read"]

_NO_SUCH = "name the file that DESIST_LEDGER names, or a copy of it"


class Read(NamedTuple):
    """One entry as read: its place in the ledger (from 1), its fields, its details where a key opened them."""

    seq: int
    entry: Entry
    details: dict[str, Any] | None


def copy_reason(path: Path) -> str:
    """Why this file is a copy that cannot be written to like a ledger in use; empty for one in use."""
    try:
        files.check(path)
    except LedgerUnusable as error:
        return error.message
    if not (os.lstat(path).st_mode & stat.S_IWUSR and os.lstat(path.parent).st_mode & stat.S_IWUSR):
        return "read-only"
    return "" if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK) else "on a read-only file system"


def record_read(path: Path, verb: str, why: str, counsel: CounselKey | None) -> str:
    """Write who reads and why, before anything leaves; the words for a report where the file is a copy or damaged.

    Raises UsageError where there is no ledger, and LedgerUnusable where one in use cannot be written.
    """
    if not os.path.exists(path):
        raise UsageError("there is no such ledger", place=str(path), help=_NO_SUCH)
    reason = copy_reason(path)
    if reason:
        return f"read not recorded: copy ({reason})"
    try:
        key = counsel if counsel and _last_kid(path) in ("", counsel.kid) else None
        with Ledger.open(path, role="reader", counsel_key=key, facts={"verb": verb}) as ledger:
            ledger.record("read", facts={"verb": verb, "uid": os.geteuid()}, details={"who": user_name(), "why": why})
    except DesistError as error:
        if isinstance(error.__cause__, apsw.CorruptError | apsw.NotADBError):
            return f"read not recorded: damaged ({error.message})"
        cause = error.__cause__.__cause__ if error.__cause__ else None
        if isinstance(cause, apsw.CorruptError | apsw.NotADBError):
            return f"read not recorded: damaged ({error.message})"
        raise
    return ""


def _last_kid(path: Path) -> str:
    with Reader(path) as reader:
        return reader.kids[-1] if reader.kids else ""


class Reader:
    """One consistent view of a ledger, without writing."""

    def __init__(self, path: Path) -> None:
        if not os.path.exists(path) or not is_ledger(path):
            raise UsageError("is not a ledger of Desist", place=str(path), help=_NO_SUCH)
        self.path = path
        # Where no log lies beside it the file is all there is, and nothing need be made beside it to read it.
        mode = "mode=ro" if os.path.exists(f"{path}-wal") else "immutable=1"
        flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        with self._translated():
            self._db = apsw.Connection(path.absolute().as_uri() + "?" + mode, flags=flags)
            self._db.set_busy_timeout(10_000)
            self._db.execute("BEGIN")
            self._seals = {
                row[0]: row[1:] for row in self._db.execute("SELECT id, w, kid, wrapped FROM seal ORDER BY id")
            }

    @property
    def kids(self) -> list[str]:
        """The keys of counsel's to which details are sealed, in order of use."""
        return list(dict.fromkeys(kid for _, kid, _ in self._seals.values()))

    def boxes(self) -> int:
        """How many entries' details are kept."""
        with self._translated():
            return int(self._db.execute("SELECT count(*) FROM detail WHERE substr(box, 1, 12) <> ?", (ERASED,)).get)

    def rows(self) -> Iterator[tuple[int, bytes, bytes]]:
        """(seq, chain, leaf) of every entry in order, as `verify` takes them."""
        with self._translated():
            yield from self._db.execute("SELECT seq, chain, leaf FROM entry ORDER BY seq")

    def of_kinds(self, *kinds: Kind) -> Iterator[Entry]:
        """The entries of these kinds, the last one first: some 0.2 s for a million entries that are passed over."""
        test = " OR ".join(["instr(leaf, ?)"] * len(kinds))
        query = f"SELECT leaf FROM entry WHERE {test} ORDER BY seq DESC"  # noqa: S608 - question marks only
        with self._translated():
            for (leaf,) in self._db.execute(query, tuple(f'"k":"{kind}"'.encode() for kind in kinds)):
                if (entry := decode(leaf)).k in kinds:
                    yield entry

    def entries(self, openers: Sequence[Opener] = ()) -> Iterator[Read]:
        """Every entry in order; counsel's private keys open its details. EvidenceError where one is unreadable."""
        keys = {opener.counsel.kid: opener for opener in openers}
        query = "SELECT seq, leaf, NULL, NULL FROM entry ORDER BY seq"
        if keys:
            query = "SELECT e.seq, e.leaf, d.seal, d.box FROM entry e LEFT JOIN detail d USING(seq) ORDER BY e.seq"
        with self._translated():
            for seq, leaf, seal, box in self._db.execute(query):
                details = self._open(keys, leaf, seal, box) if box and box[:12] != ERASED else None
                yield Read(seq, decode(leaf), details)

    def checkpoints(self) -> list[str]:
        """The signed notes that the ledger itself holds, in order of size."""
        with self._translated():
            return [str(note) for (note,) in self._db.execute("SELECT note FROM checkpoint ORDER BY size")]

    def leaf(self, seq: int) -> bytes:
        """The entry at this place (from 1), verbatim; UsageError where there is none."""
        with self._translated():
            for (leaf,) in self._db.execute("SELECT leaf FROM entry WHERE seq = ?", (seq,)):
                return bytes(leaf)
        raise UsageError(f"there is no entry {seq:,}", place=str(self.path), help="`desist ledger verify` counts them")

    def tile(self, level: int, n: int) -> bytes:
        """The hashes of a tile of the log's tree, as far as it was signed; none where there is none."""
        with self._translated():
            return Log(self._db, self.path).tile(level, n)

    def tiles(self) -> Iterator[tuple[int, int]]:
        """Level and index of every tile on record."""
        with self._translated():
            yield from self._db.execute("SELECT level, n FROM tile")

    def kept(self, seqs: Sequence[int] = ()) -> list[int]:
        """The places whose details are still kept, among these or all."""
        with self._translated():
            held = {
                int(seq)
                for (seq,) in self._db.execute("SELECT seq FROM detail WHERE substr(box, 1, 12) <> ?", (ERASED,))
            }
        return sorted(held.intersection(seqs) if seqs else held)

    def tag(self, openers: Sequence[Opener], session: str, name: str) -> str:
        """The tag under which a session speaks of a name; empty where none of the private keys opens it."""
        for w, kid, wrapped in self._seals.values():
            for opener in openers:
                if w == session and opener.counsel.kid == kid:
                    return opener.tag(w, wrapped, name)
        return ""

    def opened(self, openers: Sequence[Opener], seqs: Iterable[int]) -> Iterator[tuple[int, Opened]]:
        """The details of these entries with the salts that prove them, as far as these keys open them."""
        keys = {opener.counsel.kid: opener for opener in openers}
        query = "SELECT e.leaf, d.seal, d.box FROM entry e JOIN detail d USING(seq) WHERE e.seq = ?"
        with self._translated():
            for seq in seqs:
                for leaf, seal, box in self._db.execute(query, (seq,)):
                    found = self._unseal(keys, leaf, seal, box) if box[:12] != ERASED else None
                    if found:
                        yield seq, found

    def _open(self, keys: dict[str, Opener], leaf: bytes, seal: int, box: bytes) -> dict[str, Any] | None:
        found = self._unseal(keys, leaf, seal, box)
        return found.details if found else None

    def _unseal(self, keys: dict[str, Opener], leaf: bytes, seal: int, box: bytes) -> Opened | None:
        if seal not in self._seals:
            raise EvidenceError("the key that closed some details is gone from the ledger", place=str(self.path))
        session, kid, wrapped = self._seals[seal]
        if kid not in keys:
            return None
        opened = keys[kid].open(session, wrapped, leaf_hash(leaf), box)
        if not opened.holds(decode(leaf).c):
            raise EvidenceError("details are not those to which their entry commits", place=str(self.path))
        return opened

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except apsw.Error as error:
            mend = "keep the file as it is; copy it together with its -wal file and read the copy"
            raise EvidenceError(f"the ledger cannot be read: {error}", place=str(self.path), help=mend) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()
