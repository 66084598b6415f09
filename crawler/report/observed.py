"""What observation let pass: every report says it first, since DESIST_OBSERVE_UNTIL turns refusals into permits.

While a project observes, robots.txt, signals and undeclared destinations do not refuse; what would have been refused is
on record as a permit that says `observed`. What an order, a notice or terms forbid is refused all the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import EvidenceError
from ..ledger.entry import decode
from ..ledger.query import Reader
from ..ledger.verify import when
from .docket import figure

__all__ = ["Observation", "observation_in_words", "observations"]


@dataclass
class Observation:
    """One session that let pass what it would have refused; instants in microseconds since 1970."""

    w: str
    began: int
    until: int = 0
    """What DESIST_OBSERVE_UNTIL said; 0 where the session's entries do not say it (the process gate's own sessions)."""
    requests: int = 0
    destinations: int = 0
    """Undeclared destinations of the process gate: each is on record once, however often it was used."""


def observations(reader: Reader) -> list[Observation]:
    """The sessions that observed, in order; empty where everything that would be refused was refused."""
    found: dict[str, Observation] = {}
    for _, _, leaf in reader.rows():
        if b'"observe' not in leaf:
            continue
        try:
            entry = decode(leaf)
        except EvidenceError:
            continue  # whoever counts entries finds it too, and says so
        if entry.facts.keys().isdisjoint(("observe_until", "observed")):
            continue
        one = found.setdefault(entry.w, Observation(entry.w, entry.t))
        if entry.k == "permit":
            one.destinations += entry.gate == "process"
            one.requests += entry.gate != "process"
        else:
            one.until = max(one.until, figure(entry, "observe_until") * 1_000_000)
    return list(found.values())


def observation_in_words(found: list[Observation]) -> str:
    """One sentence for the head of a report; empty where nobody observed."""
    if not found:
        return ""
    until = max(one.until for one in found)
    setting = f" DESIST_OBSERVE_UNTIL {when(until)}:" if until else " DESIST_OBSERVE_UNTIL:"
    requests, places = sum(one.requests for one in found), sum(one.destinations for one in found)
    return (
        f"observation:{setting} from {when(min(one.began for one in found))}, in {len(found)} sessions, robots.txt, "
        f"signals and undeclared destinations were recorded and not refused; {requests:,} requests and {places:,} "
        "destinations were let through that would have been refused"
    )
