"""Queued requests that a new policy set refuses are taken out of the scheduler, in small steps that yield.

The queue stands still meanwhile (`engine.pause`), so that no step meets a queue that somebody else has emptied and
closed; requests in flight go on. Whatever stays in a queue of a shape unknown here is refused when its turn comes.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any, Final

from queuelib.queue import LifoDiskQueue, LifoSQLiteQueue
from scrapy.core.scheduler import Scheduler
from scrapy.pqueues import DownloaderAwarePriorityQueue, ScrapyPriorityQueue
from scrapy.utils.asyncio import call_later

if TYPE_CHECKING:
    from scrapy import Request

    from ..model import Decision
    from .warden import Warden

__all__ = ["Purge"]

logger = logging.getLogger("desist")
Done = Callable[[int, float], None]
"""Told how many requests were taken out, and in how many seconds of work."""
_ABORTS_FIRST: Final = 0.03
"""Seconds before the first step: cancelled downloads take some rounds of the loop to let go of their sockets."""
_STEP: Final = 0.002
"""Seconds of one step: as long as an abort may have to wait."""
_AT_ONCE: Final = 100
"""Requests that one entry of the ledger speaks of at most."""


class Purge:
    """The passes over the queues of a crawl, one at a time: a newer set begins a new one."""

    def __init__(self, warden: Warden) -> None:
        self._warden = warden
        self._steps: Generator[None] | None = None
        """What is left of the pass that is under way."""
        self._done: Done = _nobody
        self._unpause = False
        self._over = False
        self._scheduler: Any = None
        """The one that waits with closing its queues until a pass has put back what it holds."""
        self._refused: list[tuple[Request, Decision]] = []
        self._count = 0
        self._busy = 0.0

    def start(self, done: Done) -> None:
        """Begin a pass; its first step leaves aborts the way, and one that is under way ends where it is."""
        if self._over:
            done(0, 0.0)
            return
        self._before_queues_close()
        if self._steps is None:
            self._unpause = not self._engine.paused
            self._engine.pause()
            call_later(_ABORTS_FIRST, self._step)
        else:
            self._finish()
        self._steps, self._done = self._all(), done

    def stop(self) -> None:
        """The crawl is over, or its queues are about to be closed."""
        self._over = True
        if self._steps is not None:
            self._finish()

    def _before_queues_close(self) -> None:
        scheduler = self._engine.scheduler
        if scheduler is self._scheduler or not isinstance(scheduler, Scheduler):
            return
        close = scheduler.close

        def stop_and_close(reason: str) -> Any:
            try:
                self.stop()
            except Exception:
                logger.exception("purging the queue could not be ended; what is left in it is refused in its turn")
            return close(reason)

        self._scheduler = scheduler
        scheduler.close = stop_and_close  # type: ignore[method-assign]

    @property
    def _engine(self) -> Any:
        return self._warden.crawler.engine

    def _step(self) -> None:
        """As much as fits into one step; whatever goes wrong, the queue does not stand still for good."""
        if self._steps is None:
            return
        began, more = time.perf_counter(), False
        try:
            more = self._some(began)
        except Exception:
            logger.exception("purging the queue failed; what is left in it is refused when its turn comes")
        if len(self._refused) >= _AT_ONCE:
            self._record()
        self._busy += time.perf_counter() - began
        if more:
            call_later(0, self._step)
        else:
            self._finish()
            if self._unpause:
                self._engine.unpause()
            self._warden.wake()

    def _some(self, began: float) -> bool:
        assert self._steps is not None
        return any(time.perf_counter() - began > _STEP or len(self._refused) >= _AT_ONCE for _ in self._steps)

    def _finish(self) -> None:
        assert self._steps is not None
        self._steps.close()
        self._record()
        done, count, busy = self._done, self._count, self._busy
        self._steps, self._done, self._count, self._busy = None, _nobody, 0, 0.0
        done(count, busy)

    def _record(self) -> None:
        if self._refused:
            self._count += len(self._refused)
            self._warden.refuse_queued(self._refused)
            self._refused = []

    # --- queues ------------------------------------------------------------------------------------------------------

    def _all(self) -> Generator[None]:
        """Yields after each request."""
        scheduler = self._engine.scheduler
        if not isinstance(scheduler, Scheduler):
            return
        for queue in (scheduler.mqs, scheduler.dqs):
            if isinstance(queue, DownloaderAwarePriorityQueue):
                for inner in list(queue.pqueues.values()):
                    yield from self._by_priority(inner)
                _drop_empty_slots(queue)
            elif isinstance(queue, ScrapyPriorityQueue):
                yield from self._by_priority(queue)

    def _by_priority(self, queue: ScrapyPriorityQueue) -> Iterator[None]:
        try:
            for queues in (queue.queues, queue._start_queues):
                for leaf in list(queues.values()):
                    yield from self._leaf(leaf)
        finally:
            _drop_empty(queue)

    def _leaf(self, leaf: Any) -> Iterator[None]:
        if isinstance(getattr(leaf, "q", None), deque):
            yield from self._rotate(leaf, leaf.q.popleft, leaf.q.append)
        elif isinstance(leaf, (LifoDiskQueue, LifoSQLiteQueue)):
            yield from self._turn_over(leaf)
        else:
            yield from self._rotate(leaf, leaf.pop, leaf.push)

    def _rotate(self, leaf: Any, pop: Callable[[], Any], push: Callable[[Any], Any]) -> Iterator[None]:
        """First in, first out: once round, and the order is what it was. Left half way, it is whole all the same."""
        for _ in range(len(leaf)):
            request = pop()
            if request is None:
                return
            if not self._takes(request):
                push(request)
            yield

    def _turn_over(self, leaf: Any) -> Iterator[None]:
        """Last in, first out: taken off from the top, what stays put back in its order, also when left half way."""
        kept: list[Request] = []
        try:
            while (request := leaf.pop()) is not None:
                if not self._takes(request):
                    kept.append(request)
                yield
        finally:
            while kept:
                leaf.push(kept.pop())

    def _takes(self, request: Request) -> bool:
        decision = self._warden.judge(request.url)
        if decision.refused:
            self._refused.append((request, decision))
        return decision.refused


def _nobody(count: int, seconds: float) -> None:
    """Nobody waits for this pass."""


def _drop_empty(queue: ScrapyPriorityQueue) -> None:
    """As its own `pop` does with a queue that it has emptied."""
    for queues in (queue.queues, queue._start_queues):
        for priority, leaf in list(queues.items()):
            if not len(leaf):
                del queues[priority]
                leaf.close()
    queue._update_curprio()


def _drop_empty_slots(queue: DownloaderAwarePriorityQueue) -> None:
    for slot, inner in list(queue.pqueues.items()):
        if not len(inner):
            del queue.pqueues[slot]
            inner.close()
