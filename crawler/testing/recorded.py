"""What a crawl put on record, for tests: each decision with its URL, opened with counsel's key of the test.

It leaves no `read` entry: a test judges its own crawl here. People use the ledger verbs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from ..ledger.entry import Entry
from ..ledger.opener import Opener
from ..ledger.query import Reader

__all__ = ["Recorded", "entries_of", "requests_of"]


class Recorded(msgspec.Struct, frozen=True):
    """One permit or refusal of the ledger."""

    effect: Literal["allow", "refuse"]
    """`allow` for a permit, `refuse` for a refusal."""
    session: str
    """The id of the session."""
    number: int
    """Its place in the session, as `Refused.receipt` gives it."""
    basis: str
    """As in `Reason.basis`, by its text."""
    rule: str
    """The id of the governing rule."""
    docket: str
    """What the refusal is filed against."""
    gate: str
    """Where it was stopped."""
    platforms: tuple[str, ...]
    """Slugs of the platforms."""
    url: str = ""
    """Empty without counsel's key."""

    @classmethod
    def read(cls, ledger: Path, key: str = "") -> list[Recorded]:
        """All decisions of the file, in its order; without counsel's private key they have no URLs."""
        openers = (Opener.parse(key),) if key else ()
        with Reader(ledger) as reader:
            return [
                cls._of(entry, url)
                for _, entry, details in reader.entries(openers)
                if entry.k in ("permit", "refuse")
                for url in _urls(entry, details or {})
            ]

    @classmethod
    def _of(cls, entry: Entry, url: str) -> Recorded:
        return cls(
            effect="allow" if entry.k == "permit" else "refuse",
            session=entry.w,
            number=entry.n,
            basis=entry.basis,
            rule=entry.rule,
            docket=entry.docket,
            gate=entry.gate,
            platforms=tuple(entry.platforms),
            url=url,
        )


def _urls(entry: Entry, details: Mapping[str, Any]) -> Sequence[str]:
    """Of one request, or of all that a reload purged and recorded together."""
    together = details.get("urls")
    return [str(url) for url in together] if together else [str(details.get("url", ""))] * requests_of(entry)


def requests_of(entry: Entry) -> int:
    """How many requests an entry speaks of: a reload records what it purges in batches."""
    return int(entry.facts.get("requests", 1))


def entries_of(ledger: Path) -> list[Entry]:
    """All entries of the file, in its order."""
    with Reader(ledger) as reader:
        return [entry for _, entry, _ in reader.entries()]
