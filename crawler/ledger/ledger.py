"""The ledger as a crawl uses it: `append` gives a future that resolves when the entry is durable.

One thread writes: it takes what has gathered, commits it in one transaction with one sync, and resolves the futures of
that batch. The caller's thread only makes the entry (tens of microseconds) and never waits. Once anything fails, every
waiter and everything after it gets LedgerLost: no receipt, no socket.
"""

from __future__ import annotations

import contextlib
import os
import queue
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
from .seal import CounselKey
from .session import Fields, Point, Session
from .store import Row, Store

__all__ = ["BEAT_SECONDS", "SIGN_EVERY", "Ledger"]

BEAT_SECONDS: Final = 60.0
_BATCH: Final = 512
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
        self._deliver = deliver or (lambda resolve: resolve())
        self._on_failure = on_failure
        self._signer: Signer | None = None
        self._on_checkpoint: OnCheckpoint = lambda _: None
        self._on_closed: OnClosed = lambda: None
        self._unsigned = 0
        self._pid = os.getpid()
        self._queue: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        """Guards `_session`, `_lost`, `_closing` and the order of `_queue`."""
        self._lost: LedgerLost | None = None
        self._closing = False
        self._ended = False
        """Whether `close` is durable: nothing may stand behind it."""
        self._next_beat = time.monotonic() + BEAT_SECONDS
        self._thread = threading.Thread(target=self._write, name="desist-ledger", daemon=True)

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
        synchronous: str = "FULL",
    ) -> Self:
        """Start a session; the ledger is made where it is absent, and a file that is not one is never touched.

        `deliver` runs the resolving of futures elsewhere, once a batch: `loop.call_soon_threadsafe` or
        `reactor.callFromThread`; without it they resolve on the writer's thread. `on_failure` is called once, on the
        writer's thread. Without `counsel_key` details are not kept. With `signer` a checkpoint is signed with every
        beat, every 1,000 entries and at the end, and handed to `on_checkpoint`, on the writer's thread, to be kept
        elsewhere; `on_closed` is called when `close` has let go of the file. Raises LedgerUnusable.
        """
        try:
            self = cls(Store(Path(path), synchronous=synchronous), deliver=deliver, on_failure=on_failure)
            self._signer, self._on_checkpoint = signer, on_checkpoint or self._on_checkpoint
            self._on_closed = on_closed or self._on_closed
            private = {"operator": operator, "spider": spider, **(details or {})}
            self._begin(counsel_key, {"role": role, **(facts or {})}, private, revision)
        except LedgerLost as error:
            raise LedgerUnusable(error.message, place=error.place, help=error.help) from error
        self._thread.start()
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
            self._session = Session(key, tail.hash)
            opening = {**facts, "sealed_to": key.kid if key else "nobody", "uid": os.geteuid()}
            rows = [
                self._session.make("open", {"facts": opening, "details": {k: v for k, v in details.items() if v}})[0]
            ]
            if revision:
                rows.append(self._session.make("policy", {"revision": revision})[0])
            self._store.insert(tail, rows)
        self._durable = self._session.point
        if self._signer:
            self._store.last_checkpoint(self._signer.verifier)

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

        `details` say who and why.
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
        self._queue.put(None)
        self._thread.join()  # and not the future: `deliver` may hand it to the very loop that waits here
        try:
            if self._lost is not None:
                raise self._lost
            self._store.close()
        finally:
            self._on_closed()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _enqueue(
        self, entries: Iterable[tuple[Kind, Fields]], *, single: bool = False, erase: Sequence[int] = ()
    ) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()  # what is on its way to the disk cannot be called back
        with self._lock:
            refusal = self._refusal()
            if refusal is None:
                self._make(entries, future, single=single, erase=erase)
        if refusal is not None:
            future.set_exception(refusal)
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
                self._queue.put(_Item(rows, self._session.point, future, receipts[0] if single else receipts, erase))

    def _refusal(self) -> LedgerLost | None:
        if os.getpid() != self._pid:
            return LedgerLost(
                "this process is a fork of the one whose session this is",
                help="open a session of its own in each process",
            )
        if self._lost is not None:
            return self._lost
        return (
            LedgerLost("this session is closed", help="open a session before anything is fetched")
            if self._closing
            else None
        )

    def _write(self) -> None:
        """The writer's thread."""
        batch: list[_Item] | None = []
        try:
            while (batch := self._take()) is not None:
                if batch:
                    self._commit(batch)
                batch = []
                self._sign(SIGN_EVERY)
                self._store.fold()
            self._ended = True
            self._sign(1)
        except BaseException as error:  # noqa: BLE001 - whatever it is, nothing may be fetched from here on
            self._fail(error, batch or [])

    def _commit(self, batch: list[_Item]) -> None:
        with self._store.transaction() as tail:
            self._store.insert(tail, [row for item in batch for row in item.rows])
            for item in batch:
                self._store.erase(item.erase)
        self._durable = batch[-1].point
        self._hand_over(batch)
        self._unsigned += sum(len(item.rows) for item in batch)

    def _sign(self, least: int) -> None:
        """Sign a checkpoint where so many entries have come since the last."""
        if self._signer and self._unsigned >= least:
            self._unsigned = 0
            if note := self._store.checkpoint(self._signer):
                self._on_checkpoint(note)

    def _take(self) -> list[_Item] | None:
        """What has gathered, until it is 512 entries; waits for the first one; None at the end."""
        batch: list[_Item] = []
        size = 0
        with contextlib.suppress(queue.Empty):
            item = self._queue.get(timeout=max(0.0, self._next_beat - time.monotonic()))
            while item is not None:
                batch.append(item)
                size += len(item.rows)
                if size >= _BATCH:
                    return batch
                item = self._queue.get_nowait()
            if not batch:
                return None
            self._queue.put(None)
        if time.monotonic() >= self._next_beat:
            self._next_beat = time.monotonic() + BEAT_SECONDS
            self._enqueue([("beat", {})])
            self._unsigned += SIGN_EVERY
        return batch

    def _hand_over(self, batch: list[_Item]) -> None:
        def resolve() -> None:
            for item in batch:
                item.future.set_result(item.result)

        try:
            self._deliver(resolve)
        except RuntimeError:  # the loop has ended before its crawl's ledger
            resolve()

    def _fail(self, error: BaseException, batch: list[_Item]) -> None:
        lost = (
            error
            if isinstance(error, LedgerLost)
            else LedgerLost(f"the ledger failed: {error!r}", help="desist doctor")
        )
        with self._lock:
            self._lost = lost
        with contextlib.suppress(queue.Empty):
            while True:
                if (item := self._queue.get_nowait()) is not None:
                    batch.append(item)
        if isinstance(lost.__cause__, apsw.FullError) and not self._ended:
            self._last_words()
        else:
            self._store.abandon()
        for item in batch:
            item.future.set_exception(lost)
        if self._on_failure is not None:
            self._on_failure(lost)

    def _last_words(self) -> None:
        """On a full disk: `fault` and `close`, in the space kept for them. After a failed sync nothing is written."""
        self._store.reserve.release()
        self._session.rewind(self._durable)
        with contextlib.suppress(LedgerLost), self._store.transaction() as tail:
            fault, _ = self._session.make("fault", {"facts": {"cause": "disk-full"}})
            close, _ = self._session.make("close")
            self._store.insert(tail, [fault, close])
