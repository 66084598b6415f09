"""The ledger as a crawl uses it: `append` gives a future that resolves when the entry is durable.

What gathers in one turn of the loop is committed at its end, in one synced transaction, and its futures resolve there:
waiting for a thread to get the interpreter's lock back costs more than a quick disk's sync. While the disk is slow, or
somebody else holds the ledger, the ledger's own thread commits, and the loop is not held. Once anything fails, every
waiter and everything after it gets LedgerLost: no receipt, no socket.
"""

from __future__ import annotations

import contextlib
import functools
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final, NamedTuple, Self, Unpack

import apsw

from ..errors import LedgerLost, LedgerUnusable
from .checkpoint import Signer
from .entry import Kind, Receipt
from .pace import Pace
from .seal import CounselKey
from .session import Fields, Point, Session
from .store import Row, Store

__all__ = ["BEAT_SECONDS", "SIGN_EVERY", "Ledger"]

BEAT_SECONDS: Final = 60.0
"""Between two heartbeats."""
_TURN: Final = 256
"""Entries that one turn of the loop writes: a millisecond at most."""
SIGN_EVERY: Final = 1000
"""A checkpoint comes after so many entries, with each beat, and at the end."""

Deliver = Callable[[Callable[[], None]], object]
OnFailure = Callable[[LedgerLost], object]
OnCheckpoint = Callable[[str], object]
OnClosed = Callable[[], object]


class _Item(NamedTuple):
    """What one call asked for: it is written whole, in one transaction."""

    rows: list[Row]
    point: Point
    future: Future[Any]
    result: Receipt | list[Receipt]
    erase: Sequence[int] = ()


class Ledger:
    """One session on one ledger: `open` is its first entry, `beat` comes every 60 s, `close` is its last."""

    def __init__(self, store: Store, *, deliver: Deliver | None = None, on_failure: OnFailure | None = None) -> None:
        self._store = store
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._deliver = deliver or self._jobs.put
        self.on_failure = on_failure
        """Told once, on whichever thread the failure came up; whoever sets it later looks at `lost` as well."""
        self._signer: Signer | None = None
        self._on_checkpoint: OnCheckpoint = lambda _: None
        self._on_closed: OnClosed = lambda: None
        self._unsigned = 0
        self._kept = False
        """Whether the thread has been asked to sign or fold."""
        self._pid = os.getpid()
        self._lock = threading.Lock()
        """Guards `_session`, `_lost`, `_closing` and `_made`, which wait for the disk."""
        self._writing = threading.RLock()
        """Held round a commit, so that batches are written in their order; who hears of a failure may close at once."""
        self._made: list[_Item] = []
        self._lost: LedgerLost | None = None
        self._closing = False
        self._alone = False
        """Whether there is no thread: whoever appends commits."""
        self._pace = Pace()
        self._next_beat = time.monotonic() + BEAT_SECONDS
        self._thread = threading.Thread(target=self._work, name="desist-ledger", daemon=True)

    @classmethod
    def open(  # noqa: PLR0913 - each of them is said in the first entry, or how the rest are handed over
        cls,
        path: str | os.PathLike[str],
        *,
        revision: str = "",
        operator: str = "",
        spider: str = "",
        counsel_key: CounselKey | None = None,
        role: str = "crawl",
        facts: Mapping[str, int | str] | None = None,
        details: Mapping[str, Any] | None = None,
        deliver: Deliver | None = None,
        on_failure: OnFailure | None = None,
        signer: Signer | None = None,
        on_checkpoint: OnCheckpoint | None = None,
        on_closed: OnClosed | None = None,
    ) -> Self:
        """Start a session; the ledger is made where it is absent, and a file that is not one is never touched.

        `deliver` runs a function in the loop's next turn (`loop.call_soon_threadsafe`, `reactor.callFromThread`): what
        has gathered is committed there, and futures resolve there; without it both happen on the ledger's thread.
        `on_failure` is called once, on whichever of the two threads the failure came up. Without `counsel_key` details
        are not kept. With `signer` a checkpoint is signed with every beat, every 1,000 entries and at the end, and
        handed to `on_checkpoint`, on the ledger's thread, to be kept elsewhere; `on_closed` is called when `close` has
        let go of the file. Raises LedgerUnusable.
        """
        try:
            self = cls(Store(Path(path)), deliver=deliver, on_failure=on_failure)
            self._signer, self._on_checkpoint = signer, on_checkpoint or self._on_checkpoint
            self._on_closed = on_closed or self._on_closed
            private = {"operator": operator, "spider": spider, **(details or {})}
            self._begin(counsel_key, {"role": role, **(facts or {})}, private, revision)
        except LedgerLost as error:
            raise LedgerUnusable(error.message, place=error.place, help=error.help) from error
        try:
            self._thread.start()
        except RuntimeError:  # the interpreter is ending (from Python 3.12 on)
            self._alone = True
        return self

    def _begin(
        self, key: CounselKey | None, facts: Mapping[str, int | str], details: Mapping[str, Any], revision: str
    ) -> None:
        last = self._store.last_kid()
        if key and last and key.kid != last and facts["role"] != "rotate":
            raise LedgerUnusable(
                f"its details are sealed to counsel's key {last}, this session would seal to {key.kid}",
                place=str(self._store.path),
                help="set DESIST_COUNSEL_KEY to the ledger's key, or hand over with `desist ledger rotate-key`",
            )
        with self._store.transaction() as tail:
            if self._signer and tail.size:
                self._store.last_checkpoint(self._signer.verifier)
            self._session = Session(key, tail.hash)
            opening = {**facts, "sealed_to": key.kid if key else "nobody", "uid": os.geteuid()}
            kept = {name: value for name, value in details.items() if value}
            rows = [self._session.make("open", {"facts": opening, "details": kept})[0]]
            if revision:
                rows.append(self._session.make("policy", {"revision": revision})[0])
            self._store.insert(tail, rows)
        self._point = self._session.point

    @property
    def path(self) -> Path:
        """The ledger's file."""
        return self._store.path

    @property
    def session(self) -> str:
        """The session's id, `w` of its entries."""
        return self._session.w

    @property
    def sealed_to(self) -> str:
        """The id of counsel's key to which details are sealed; empty where they are not kept."""
        return self._session.counsel.kid if self._session.counsel else ""

    @property
    def lost(self) -> LedgerLost | None:
        """Why nothing can be recorded any more, once that is so."""
        return self._lost

    def append(self, kind: Kind, **fields: Unpack[Fields]) -> Future[Receipt]:
        """Record one entry; the future resolves when it is durable, or fails with LedgerLost.

        Thread-safe; entries stand in the order of the calls. Raises ValueError for a field that may not stand in the
        clear and KeyError for a revision that was not announced: such an entry is not made.
        """
        return self._enqueue([(kind, fields)], single=True)

    def append_all(self, entries: Iterable[tuple[Kind, Fields]]) -> Future[list[Receipt]]:
        """Record entries together, in one transaction and with one future: some three times as quick as one by one.

        Where one of them raises as in `append`, those before it are recorded nevertheless.
        """
        return self._enqueue(entries)

    def record(self, kind: Kind, **fields: Unpack[Fields]) -> Receipt:
        """`append`, and wait. Raises LedgerLost."""
        return self.append(kind, **fields).result()

    def announce(self, revision: str, *, facts: Mapping[str, int | str] | None = None) -> Future[Receipt]:
        """A policy revision takes force: entries that follow speak of it by number."""
        return self._enqueue([("policy", {"revision": revision, "facts": facts or {}})], single=True)

    def erase(self, seqs: Sequence[int], *, details: Mapping[str, Any]) -> Receipt:
        """Erase the details of entries (by place in the ledger, from 1), in one commit with the entry that says so.

        `details` say who and why. What an earlier erasure left in the write-ahead log goes too; LedgerLost while a
        reader keeps it there.
        """
        fields: Fields = {"facts": {"entries": len(seqs)}, "details": details}
        receipt: Receipt = self._enqueue([("redact", fields)], single=True, erase=tuple(seqs)).result()
        self._store.scrub()
        return receipt

    def close(self) -> None:
        """Write `close` and end the session; nothing when done twice or in a fork. Raises LedgerLost."""
        if self._closing or os.getpid() != self._pid:
            return
        self._enqueue([("close", {})])
        self._write()  # here: the loop may be the caller, or have ended
        if not self._alone:
            self._jobs.put(None)
            if threading.current_thread() is not self._thread:  # as it is where who hears of a failure closes
                self._thread.join()
        self._keep_up(least=1)
        try:
            self._store.close()
        except LedgerLost as error:
            self._lost = self._lost or error
        finally:
            self._on_closed()
        if self._lost is not None:
            raise self._lost

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _enqueue(
        self, entries: Iterable[tuple[Kind, Fields]], *, single: bool = False, erase: Sequence[int] = ()
    ) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()  # what is on its way to the disk cannot be called back
        refusal = self._why_not_here()  # before the lock: in a fork nobody may be left to let go of it
        if refusal is None:
            with self._lock:
                refusal = self._refusal()
                if refusal is None:
                    self._make(entries, future, single=single, erase=erase)
        if refusal is not None:
            future.set_exception(refusal)
        elif self._alone:
            self._write()
        return future

    def _make(
        self, entries: Iterable[tuple[Kind, Fields]], future: Future[Any], *, single: bool, erase: Sequence[int]
    ) -> None:
        rows: list[Row] = []
        receipts: list[Receipt] = []
        try:
            for kind, fields in entries:
                row, receipt = self._session.make(kind, fields)
                rows.append(row)
                receipts.append(receipt)
                self._closing = kind == "close"
        finally:
            if rows or not single:
                self._made.append(_Item(rows, self._session.point, future, receipts[0] if single else receipts, erase))
                if len(self._made) == 1 and not (self._closing or self._alone):
                    self._soon()

    def _why_not_here(self) -> LedgerLost | None:
        message = "this process is a fork of the one whose session this is"
        mend = "open a session of its own in each process"
        return None if os.getpid() == self._pid else LedgerLost(message, help=mend)

    def _refusal(self) -> LedgerLost | None:
        if self._lost is None and self._closing:
            return LedgerLost("this session is closed", help="open a session before anything is fetched")
        return self._lost

    def _call(self, call: Callable[[], None]) -> None:
        """Have it called in the loop's next turn."""
        try:
            self._deliver(call)
        except RuntimeError:  # the loop has ended before its crawl's ledger
            self._jobs.put(call)

    def _soon(self) -> None:
        (self._jobs.put if self._pace.is_slow else self._call)(self._turn)

    def _turn(self) -> None:
        """Commit what has gathered; where it is much, the rest in the next turn."""
        if threading.current_thread() is not self._thread and not self._store.idle():
            self._jobs.put(self._turn)
            return
        self._write(_TURN, here=threading.current_thread() is not self._thread)
        with self._lock:
            if self._made:
                self._soon()

    def _write(self, most: int = sys.maxsize, *, here: bool = False) -> None:
        """Commit what has gathered, in one transaction, and resolve its futures: `here`, or where `deliver` says."""
        with self._writing:
            began, batch = time.perf_counter(), []
            try:
                batch = self._take(most)
                rows = [row for item in batch for row in item.rows]
                if not batch:
                    return
                with self._store.transaction() as tail:
                    self._store.insert(tail, rows)
                    if erased := [seq for item in batch for seq in item.erase]:
                        self._store.erase(erased)
            except BaseException as error:  # noqa: BLE001 - whatever it is, nothing may be fetched from here on
                self._fail(error, batch)
                return
            self._point = batch[-1].point
            self._unsigned += len(rows)
            self._pace.add(time.perf_counter() - began)
        if here or self._alone:
            _resolve(batch)
        else:
            self._call(functools.partial(_resolve, batch))
        if not self._kept and ((self._signer and self._unsigned >= SIGN_EVERY) or self._store.is_long):
            self._kept = True
            self._jobs.put(self._keep_up)

    def _take(self, most: int) -> list[_Item]:
        """The oldest calls, with so many entries; a call's entries stay together."""
        with self._lock:
            size, count = 0, 0
            while count < len(self._made) and size < most:
                size += len(self._made[count].rows)
                count += 1
            batch = self._made[:count]
            del self._made[:count]
        return batch

    def _work(self) -> None:
        """The ledger's thread."""
        while True:
            job: Callable[[], None] | None = self._beat
            with contextlib.suppress(queue.Empty):
                if (left := self._next_beat - time.monotonic()) > 0:
                    job = self._jobs.get(timeout=left)
            if job is None:
                break
            job()
        with contextlib.suppress(queue.Empty):
            while True:
                if last := self._jobs.get_nowait():
                    last()

    def _beat(self) -> None:
        """Written by this thread: a loop that is kept busy for minutes is alive all the same."""
        self._next_beat = time.monotonic() + BEAT_SECONDS
        self._enqueue([("beat", {})])
        self._write()
        self._keep_up(least=1)

    def _keep_up(self, least: int = SIGN_EVERY) -> None:
        """Sign a checkpoint where so many entries have come since the last, and fold in a long log."""
        self._kept = False
        if self._lost is not None:
            return  # what could not be synced is not to be folded in
        try:
            if self._signer and self._unsigned >= least:
                self._unsigned = 0
                if note := self._store.checkpoint(self._signer):
                    self._on_checkpoint(note)
            if self._store.is_long:
                self._store.fold()
        except BaseException as error:  # noqa: BLE001 - as above
            with self._writing:  # what the loop is about to commit comes before the last words, or not at all
                self._fail(error, [])

    def _fail(self, error: BaseException, batch: list[_Item]) -> None:
        other = LedgerLost(f"the ledger failed: {error!r}", help="desist doctor")
        lost = error if isinstance(error, LedgerLost) else other
        with self._lock:
            first, self._lost = self._lost is None, self._lost or lost
            batch, self._made = batch + self._made, []
            ended = self._closing and not batch  # `close` is written, and nothing may stand behind it
        if first and isinstance(lost.__cause__, apsw.FullError) and not ended:
            self._last_words()
        else:
            self._store.abandon()
        for item in batch:
            item.future.set_exception(self._lost)
        if first and self.on_failure is not None:
            self.on_failure(lost)

    def _last_words(self) -> None:
        """On a full disk: `fault` and `close`, in the space kept for them. After a failed sync nothing is written."""
        self._store.reserve.release()
        self._session.rewind(self._point)
        with contextlib.suppress(LedgerLost), self._store.transaction() as tail:
            fault, _ = self._session.make("fault", {"facts": {"cause": "disk-full"}})
            close, _ = self._session.make("close")
            self._store.insert(tail, [fault, close])


def _resolve(batch: list[_Item]) -> None:
    for item in batch:
        item.future.set_result(item.result)
