"""Refusals that nobody waits for: links not followed, requests taken out of a queue.

What one rule refuses in one turn of the loop shares an entry, which says how many requests it speaks of and seals the
URL of each: a page with a hundred links to a platform is one append. Log line, count and errbacks follow the receipt.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from scrapy.utils.asyncio import call_later
from twisted.python.failure import Failure

from ..errors import LedgerError
from .places import place_of
from .refused import Refused

if TYPE_CHECKING:
    from scrapy import Request

    from ..ledger import Receipt
    from ..model import Decision
    from .warden import Warden

__all__ = ["Links"]

_AT_ONCE: Final = 256
"""Requests that share an entry at most: its sealed details stay small, and memory flat."""

Refusals = list[tuple["Request", "Decision"]]


class Links:
    """Gathers refusals until the loop's next turn; owned by the loop's thread."""

    def __init__(self, warden: Warden) -> None:
        self._warden = warden
        self._gathered: dict[tuple[object, ...], Refusals] = {}
        self.waiting = 0
        """Refusals whose errbacks are still to be called."""

    def add(self, decision: Decision, stage: str, request: Request) -> None:
        """Put a refusal on record with its like."""
        reason = decision.governing
        whose = decision.platforms or place_of(decision.url).domain
        key = (stage, whose, reason and (reason.rule, reason.via), decision.revision)
        if not self._gathered:
            call_later(0, self.flush)
        self.waiting += 1
        gathered = self._gathered.setdefault(key, [])
        gathered.append((request, decision))
        if len(gathered) >= _AT_ONCE:
            self._record(stage, self._gathered.pop(key))

    def flush(self) -> None:
        """Record what has gathered."""
        gathered, self._gathered = self._gathered, {}
        for (stage, *_), refusals in gathered.items():
            self._record(str(stage), refusals)

    def _record(self, stage: str, refusals: Refusals) -> None:
        urls = [request.url for request, _ in refusals] if len(refusals) > 1 else []
        self._warden.recorder.refuse_then(refusals[0][1], stage, partial(self._recorded, stage, refusals), urls=urls)

    def _recorded(self, stage: str, refusals: Refusals, receipt: Receipt | LedgerError) -> None:
        self.waiting -= len(refusals)
        if isinstance(receipt, LedgerError):
            self._warden.lose(receipt)
            return
        self._warden.announce(refusals[0][1], stage, len(refusals))
        for request, decision in refusals:
            if request.errback is not None and self._hears():
                failure = Failure(Refused(decision, stage=stage, receipt=receipt.n))  # type: ignore[no-untyped-call]
                self._warden.crawler.engine.scraper.enqueue_scrape(failure, request)
        if not self.waiting:
            self._warden.wake()

    def _hears(self) -> bool:
        """Whether errbacks are still called: a scraper that has closed ends in an error where it is given more."""
        slot = self._warden.crawler.engine.scraper.slot
        return slot is not None and (slot.closing is None or not slot.closing.called)
