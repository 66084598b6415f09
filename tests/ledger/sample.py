"""A small ledger to look at, and to damage."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from desist.ledger.entry import decode, leaf_hash
from desist.ledger.ledger import Ledger
from desist.ledger.opener import Opener
from desist.ledger.query import Reader

KEY = Opener.parse("desist-x25519-private:" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU=")
Rows = list[tuple[int, bytes, bytes]]


def write(path: Path, *, sessions: int = 2, sealed: bool = True) -> Path:
    """Sessions of eight entries each: open, policy, two permits, three refusals, close."""
    for _ in range(sessions):
        key = KEY.counsel if sealed else None
        with Ledger.open(
            path, revision="ab" * 32, operator="Example Crawls", spider="faces", counsel_key=key
        ) as ledger:
            for number in range(5):
                kind: Any = "permit" if number < 2 else "refuse"
                fields: dict[str, Any] = {"platforms": ["pictogram"], "gate": "wire", "docket": "2026-01-pictogram"}
                ledger.record(kind, **fields, details={"url": f"https://pictogram.test/people/{number}"})
    return path


def rows(path: Path) -> Rows:
    """(seq, chain, leaf) of every entry."""
    with Reader(path) as reader:
        return list(reader.rows())


def kinds(path: Path) -> list[str]:
    """The kinds of all entries in order."""
    return [decode(leaf).k for _, _, leaf in rows(path)]


def rechained(leaves: list[bytes]) -> Rows:
    """What a forger with some patience writes: places and running hashes anew over the leaves as they are."""
    chain, result = bytes(32), []
    for seq, leaf in enumerate(leaves, 1):
        chain = hashlib.sha256(chain + leaf_hash(leaf)).digest()
        result.append((seq, chain, leaf))
    return result


def changed(leaf: bytes, **fields: Any) -> bytes:
    """A leaf with other fields, in canonical form."""
    return json.dumps({**json.loads(leaf), **fields}, sort_keys=True, separators=(",", ":")).encode()
