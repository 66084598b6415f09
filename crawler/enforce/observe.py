"""Observation, for moving a project under the gates: what would be refused passes, on record, until a date.

Only robots.txt, signals and undeclared destinations pass. What an order, a notice or terms forbid never does, nor what
cannot be read, nor anything at all where the record cannot be written.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from ..errors import UsageError
from ..ledger.query import Reader
from ..model import Basis, Decision, Reason

__all__ = ["MAX_DAYS", "Observation", "is_observed", "refuse_renewal"]

MAX_DAYS: Final = 14
"""How far ahead an observation may end."""
_DAY: Final = 86_400
_MICROS: Final = 1_000_000
_PASSING: Final = frozenset({Basis.ROBOTS, Basis.ROBOTS_UNAVAILABLE, Basis.OPTOUT, Basis.PROCESS, Basis.PROXY})
_ROBOTS: Final = "robots.txt"


class Observation(msgspec.Struct, frozen=True):
    """Lets pass until `until`, seconds since 1970; 0 lets nothing pass."""

    until: float = 0.0

    @classmethod
    def read(cls, text: str, *, now: float | None = None) -> Observation:
        """DESIST_OBSERVE_UNTIL: an ISO date (its midnight, UTC) or moment; UsageError beyond `MAX_DAYS` from now."""
        if not text:
            return cls()
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise UsageError(
                f"setting `DESIST_OBSERVE_UNTIL` is `{text}`", help="an ISO date, for example 2026-03-01"
            ) from None
        until = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        present = time.time() if now is None else now
        if until > present + MAX_DAYS * _DAY:
            raise UsageError(
                f"setting `DESIST_OBSERVE_UNTIL` is `{text}`, more than {MAX_DAYS} days from now",
                help=f"a date within the next {MAX_DAYS} days",
            )
        return cls(until)

    @property
    def on(self) -> bool:
        """Whether anything passes now."""
        return self.until > time.time()

    def lets(self, decision: Decision) -> bool:
        """Whether a refusal passes: all its reasons are of the kinds that may."""
        return self.on and all(_passes(reason) for reason in decision.reasons if not reason.lifted_by)

    def of(self, decision: Decision) -> Decision:
        """The decision, or what observation makes of it: allowed, with the reason that would have refused governing."""
        if decision.effect != "allow" and self.lets(decision):
            return msgspec.structs.replace(decision, effect="allow")
        return decision


def refuse_renewal(ledger: Path, *, now: float | None = None) -> None:
    """Raise UsageError where a session on this record began to observe more than `MAX_DAYS` ago.

    A date that is moved on each week would keep the gate open for good. The record's own newest moment counts where it
    is later than the clock's, which somebody may have set back.
    """
    if not ledger.exists():
        return
    present = (time.time() if now is None else now) * _MICROS
    with Reader(ledger) as reader:
        for entry in reader.of_kinds("outcome", "close"):
            present = max(present, entry.t)
            if "observe_until" in entry.facts and present - entry.t > MAX_DAYS * _DAY * _MICROS:
                since = datetime.fromtimestamp(entry.t / _MICROS, UTC).date()
                raise UsageError(
                    f"setting `DESIST_OBSERVE_UNTIL`: this record observes since {since}, and {MAX_DAYS} days are all",
                    place=str(ledger),
                    help="delete the line; `desist doctor --project` says what to declare for what would be refused",
                )


def is_observed(decision: Decision) -> bool:
    """Whether a decision would have refused."""
    return decision.effect == "allow" and decision.governing is not None


def _passes(reason: Reason) -> bool:
    return reason.basis in _PASSING or (reason.basis is Basis.AMBIGUOUS and reason.rule.startswith(_ROBOTS))
