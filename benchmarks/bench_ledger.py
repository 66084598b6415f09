"""What a durable entry costs: ways of group commit, beside a bare write + fdatasync of the same bytes.

    python benchmarks/bench_ledger.py [--rounds 5] [--seconds 2] [--folder DIR]

The ways: `Ledger` as it is, with and without sealed details; `Ledger` as it is while the disk is slow, when its thread
commits; a bare thread, a process behind a pipe, and the event loop itself, which commit rows that are made as a ledger
makes them. All fold their log alike. Rounds are interleaved, ratios are taken within a round, since a shared machine
moves under the measurement. Targets, at 2,000 appends/s: added latency p50 <= 3x and p99 <= 10x one fdatasync; the loop
is held <= 2 ms at p99, also where each sync takes 8 ms more. Batches of 512: >= 40,000 durable entries/s. On disk
without details: <= 500 B an entry. CPU is that of all threads and processes, the driving of the load included.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import os
import queue
import statistics
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import apsw

from desist.ledger import pace
from desist.ledger.ledger import Ledger
from desist.ledger.opener import Opener
from desist.ledger.session import Session
from desist.ledger.store import Row, Store

RATE = 2000
FIELDS: dict[str, Any] = {
    "platforms": ("pictogram",),
    "basis": "notice",
    "rule": "2026-01-pictogram",
    "docket": "2026-01-pictogram",
    "gate": "wire",
}
Append = Callable[[], Awaitable[object]]


def quantile(values: list[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def bare(folder: Path, seconds: float, size: int) -> list[float]:
    """Seconds that each write + fdatasync of `size` octets took, appending to a file."""
    taken = []
    fd = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    data = os.urandom(size)
    end = time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        os.write(fd, data)
        os.fdatasync(fd)
        taken.append(time.perf_counter() - began)
        time.sleep(max(0.0, 1 / RATE - taken[-1]))
    os.close(fd)
    return taken


async def drive(append: Append, seconds: float, rate: int) -> tuple[list[float], list[float]]:
    """Latency of each append as the loop sees it, and how long the loop was held between ticks of 1 ms."""
    latencies: list[float] = []
    lags: list[float] = []
    tasks: set[asyncio.Task[None]] = set()

    async def one() -> None:
        began = time.perf_counter()
        await append()
        latencies.append(time.perf_counter() - began)

    async def tick() -> None:
        while True:
            due = time.perf_counter() + 0.001
            await asyncio.sleep(0.001)
            lags.append(max(0.0, time.perf_counter() - due))

    ticker = asyncio.create_task(tick())
    began = time.perf_counter()
    sent = 0
    while (elapsed := time.perf_counter() - began) < seconds:
        for _ in range(int(elapsed * rate) - sent):
            task = asyncio.create_task(one())
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            sent += 1
        await asyncio.sleep(0.001)
    await asyncio.gather(*tasks)
    ticker.cancel()
    return latencies, lags


@contextlib.contextmanager
def ledger_way(path: Path, details: dict[str, Any]) -> Iterator[Append]:
    """`Ledger` as it is: the loop commits while that is quick."""
    loop = asyncio.get_running_loop()
    key = Opener.generate().counsel if details else None
    ledger = Ledger.open(path, revision="ab" * 32, counsel_key=key, deliver=loop.call_soon_threadsafe)
    fields = {**FIELDS, "details": details} if details else FIELDS

    def append() -> Awaitable[object]:
        waiter = loop.create_future()
        ledger.append("permit", **fields).add_done_callback(lambda done: waiter.set_result(done.result()))
        return waiter

    yield append
    ledger.close()


@contextlib.contextmanager
def away_way(path: Path, details: dict[str, Any]) -> Iterator[Append]:
    """`Ledger` while the disk is slow: its thread commits."""
    usual, pace.SLOW_SECONDS = pace.SLOW_SECONDS, -1.0
    with ledger_way(path, details) as append:
        yield append
    pace.SLOW_SECONDS = usual


@contextlib.contextmanager
def thread_way(path: Path, _details: dict[str, Any]) -> Iterator[Append]:
    """A thread writes and syncs what has gathered, and wakes the loop."""
    loop = asyncio.get_running_loop()
    store = Store(path)
    session = Session(None, bytes(32))
    jobs: queue.SimpleQueue[tuple[Row, asyncio.Future[None]] | None] = queue.SimpleQueue()

    def resolve(batch: list[tuple[Row, asyncio.Future[None]]]) -> None:
        for _, future in batch:
            future.set_result(None)

    def work() -> None:
        while (job := jobs.get()) is not None:
            batch = [job]
            with contextlib.suppress(queue.Empty):
                while (job := jobs.get_nowait()) is not None:
                    batch.append(job)
                jobs.put(None)
            with store.transaction() as tail:
                store.insert(tail, [row for row, _ in batch])
            loop.call_soon_threadsafe(resolve, batch)
            store.is_long and store.fold()

    def append() -> Awaitable[object]:
        future: asyncio.Future[None] = loop.create_future()
        jobs.put((session.make("permit", FIELDS)[0], future))
        return future

    thread = threading.Thread(target=work)
    thread.start()
    yield append
    jobs.put(None)
    thread.join()
    store.close()


@contextlib.contextmanager
def loop_way(path: Path, _details: dict[str, Any]) -> Iterator[Append]:
    """All that has gathered is committed on the loop, when it next comes round."""
    loop = asyncio.get_running_loop()
    store = Store(path)
    with store.transaction() as tail:
        session = Session(None, tail.hash)
    waiting: list[tuple[Row, asyncio.Future[None]]] = []

    def commit() -> None:
        batch = waiting[:]
        waiting.clear()
        with store.transaction() as tail:
            store.insert(tail, [row for row, _ in batch])
        for _, future in batch:
            future.set_result(None)
        store.is_long and store.fold()

    def append() -> Awaitable[object]:
        future: asyncio.Future[None] = loop.create_future()
        waiting.append((session.make("permit", FIELDS)[0], future))
        if len(waiting) == 1:
            loop.call_soon(commit)
        return future

    yield append
    store.close()


def writer(path: Path, pipe: Connection) -> None:
    """The writer process: rows in, how many became durable out."""
    store = Store(path)
    while (rows := pipe.recv()) is not None:
        while pipe.poll():
            more = pipe.recv()
            if more is None:
                break
            rows += more
        with store.transaction() as tail:
            store.insert(tail, rows)
        pipe.send(len(rows))
        store.is_long and store.fold()
    store.close()


@contextlib.contextmanager
def process_way(path: Path, _details: dict[str, Any]) -> Iterator[Append]:
    """Rows go to a process of their own through a pipe; its answers wake the loop."""
    loop = asyncio.get_running_loop()
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(target=writer, args=(path, theirs))
    child.start()
    session = Session(None, bytes(32))
    waiting: list[asyncio.Future[None]] = []
    fresh: list[Row] = []

    def answer() -> None:
        done = ours.recv()
        for future in waiting[:done]:
            future.set_result(None)
        del waiting[:done]

    def send() -> None:
        ours.send(fresh[:])
        fresh.clear()

    def append() -> Awaitable[object]:
        future: asyncio.Future[None] = loop.create_future()
        waiting.append(future)
        fresh.append(session.make("permit", FIELDS)[0])
        if len(fresh) == 1:
            loop.call_soon(send)
        return future

    loop.add_reader(ours.fileno(), answer)
    yield append
    loop.remove_reader(ours.fileno())
    ours.send(None)
    child.join()


WAYS = {
    "Ledger": ledger_way,
    "Ledger, its thread": away_way,
    "writer thread": thread_way,
    "writer process": process_way,
    "on the loop": loop_way,
}


class SlowDisk(apsw.VFS):
    """A disk below SQLite whose syncs take 8 ms more, as on a disk that turns."""

    def __init__(self) -> None:
        super().__init__("slow", "unix", makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        """A file of this disk."""
        return SlowFile("unix", name, flags)


class SlowFile(apsw.VFSFile):
    """A file of a slow disk."""

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        """Sync, slowly."""
        time.sleep(0.008)
        super().xSync(flags)


def slow_disk(folder: Path, seconds: float) -> None:
    """Print how long the loop is held where the disk is slow."""
    disk = SlowDisk()
    for name, way in (("Ledger", ledger_way), ("on the loop", loop_way)):

        async def run(way: Any = way, name: str = name) -> Any:
            with way(folder / f"slow-{name.replace(' ', '-')}" / "ledger.db", {}) as append:
                return await drive(append, seconds, RATE)

        taken, lags = asyncio.run(run())
        figures = f"p50 {1e3 * quantile(taken, 0.5):6.2f} ms, loop held p99 {1e3 * quantile(lags, 0.99):6.2f} ms"
        print(f"syncs that take 8 ms more: {name:<12} {figures}")
    disk.unregister()


def latency(folder: Path, rounds: int, seconds: float) -> None:
    """Print the latency table: medians over the rounds, ratios within each round."""
    size = len(Session(None, bytes(32)).make("permit", FIELDS)[0].leaf)
    details = {"url": "https://shop.test/items/1?page=2&token=0123456789", "referrer": "https://shop.test/"}
    ways = [(name, way, {}) for name, way in WAYS.items()] + [("Ledger, with details", ledger_way, details)]
    rows: dict[str, list[tuple[float, ...]]] = {name: [] for name, _, _ in ways}
    floors = []
    for number in range(rounds):
        for name, way, extra in ways:
            floor = bare(folder, seconds / 2, size)
            p50, p99 = quantile(floor, 0.5), quantile(floor, 0.99)
            floors.append((p50, p99))

            async def run(way: Any = way, extra: Any = extra, name: str = name, number: int = number) -> Any:
                with way(folder / f"{name.replace(' ', '-')}-{number}" / "ledger.db", extra) as append:
                    await drive(append, 0.8, RATE)  # until the log has its size, as after the first seconds of a crawl
                    began = used()
                    return await drive(append, seconds, RATE), used() - began

            (taken, lags), cpu = asyncio.run(run())
            a, b = quantile(taken, 0.5), quantile(taken, 0.99)
            rows[name].append(
                (a, b, a / p50, b / p50, b / p99, quantile(lags, 0.99), len(taken) / seconds, cpu / len(taken))
            )
    print(f"bare write + fdatasync of {size} B: p50 {1e3 * mid(floors, 0):.2f} ms, p99 {1e3 * mid(floors, 1):.2f} ms")
    heads = ("p50", "p99", "p50/p50", "p99/p50", "p99/p99", "held p99", "done/s", "CPU")
    print(f"{'at 2,000 appends/s':<28}" + "".join(f"{head:>9}" for head in heads))
    for name, figures in rows.items():
        a, b, c, d, e, f, g, h = (mid(figures, column) for column in range(8))
        line = f"{name:<28}{1e3 * a:7.2f}ms{1e3 * b:7.2f}ms{c:8.1f}x{d:8.1f}x{e:8.1f}x{1e3 * f:7.2f}ms{g:9.0f}"
        print(f"{line}{1e6 * h:7.0f}us")
    print("targets                      p50/p50 <= 3x, p99 <= 10x one fdatasync, held p99 <= 2 ms")


def used() -> float:
    """CPU seconds of this process, all its threads, and the children that run."""
    mine = time.process_time()
    for child in multiprocessing.active_children():
        fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
        mine += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return mine


def mid(rows: list[tuple[float, ...]], column: int) -> float:
    """The median of one column."""
    return statistics.median(row[column] for row in rows)


def throughput(folder: Path, rounds: int) -> None:
    """Print durable entries/s in batches of 512, two batches under way, and the octets that an entry takes on disk."""
    path = folder / "throughput" / "ledger.db"
    figures, singles, count = [], [], 40_960
    for _ in range(rounds):
        with Ledger.open(path, revision="ab" * 32) as ledger:
            began = time.perf_counter()
            ahead = [ledger.append_all([("permit", FIELDS)] * 512)]
            for _ in range(count // 512 - 1):
                ahead.append(ledger.append_all([("permit", FIELDS)] * 512))
                ahead.pop(0).result()
            ahead[0].result()
            figures.append(count / (time.perf_counter() - began))
            began = time.perf_counter()
            futures = [ledger.append("permit", **FIELDS) for _ in range(count // 4)]
            futures[-1].result()
            singles.append(count / 4 / (time.perf_counter() - began))
    entries = rounds * (count + count // 4)
    middle, best = statistics.median(figures), max(figures)
    print(f"durable entries/s in batches of 512: median {middle:,.0f}, best {best:,.0f} (target >= 40,000)")
    print(f"durable entries/s one append at a time, all at once: median {statistics.median(singles):,.0f}")
    print(f"on disk without details: {path.stat().st_size / entries:.0f} B an entry (target <= 500)")


def main() -> None:
    """Run all of it in a temporary folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--folder", default=None, help="where to measure: the disk that a ledger would lie on")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        latency(Path(folder), args.rounds, args.seconds)
        slow_disk(Path(folder), args.seconds)
        throughput(Path(folder), args.rounds)


if __name__ == "__main__":
    main()
