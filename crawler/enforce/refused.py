"""What an errback receives instead of a response."""

from __future__ import annotations

from scrapy.exceptions import IgnoreRequest

from ..model import Decision

__all__ = ["Refused"]


class Refused(IgnoreRequest):
    """A request that was refused, raised only after the refusal is on record.

    `decision` holds every reason, `receipt` the number of the ledger entry, `stage` the gate that refused.
    """

    def __init__(self, decision: Decision, *, stage: str, receipt: int) -> None:
        reason = decision.governing
        super().__init__(f"refused {decision.url}: {reason.message if reason else 'no reason on record'}")
        self.decision = decision
        self.stage = stage
        self.receipt = receipt
