"""What a crawl put on record, for tests: each decision with its URL, opened with counsel's key of the test."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import apsw
import msgspec

from ..ledger.entry import decode, leaf_hash
from ..ledger.seal import Opener

__all__ = ["Recorded"]

_ENTRIES = """
SELECT entry.leaf, detail.box, seal.w, seal.wrapped FROM entry
LEFT JOIN detail ON detail.seq = entry.seq LEFT JOIN seal ON seal.id = detail.seal ORDER BY entry.seq
"""


class Recorded(msgspec.Struct, frozen=True):
    """One permit or refusal of the ledger."""

    effect: Literal["allow", "refuse"]
    session: str
    number: int
    """Its place in the session, as `Refused.receipt` gives it."""
    basis: str
    rule: str
    docket: str
    gate: str
    platforms: tuple[str, ...]
    url: str = ""
    """Empty without counsel's key."""

    @classmethod
    def read(cls, ledger: Path, key: str = "") -> list[Recorded]:
        """All decisions of the file, in its order; a copy for tests, not a way round `read` entries for people."""
        opener = Opener.parse(key) if key else None
        found = []
        with apsw.Connection(str(ledger), flags=apsw.SQLITE_OPEN_READONLY) as connection:
            for leaf, box, session, wrapped in connection.execute(_ENTRIES):
                entry = decode(leaf)
                if entry.k not in ("permit", "refuse"):
                    continue
                url = ""
                if opener is not None and box is not None:
                    details = opener.open(session, wrapped, leaf_hash(leaf), box).details
                    url = str(details.get("url", ""))
                found.append(
                    cls(
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
                )
        return found
