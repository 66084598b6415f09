"""Is a ledger intact, is it complete? Needs the standard library only: a stranger can read this file and run it.

`python verify.py LEDGER` prints the answers. Intact: every entry is the bytes that were hashed, each links to the one
before, numbers and counters follow one another. Complete: every session ends with `close` and was never silent. Whether
it is anchored is a third question, which no local check can answer: whoever holds the file can forge all of it.
"""

from __future__ import annotations

import binascii
import contextlib
import datetime
import hashlib
import itertools
import json
import operator
import re
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = [
    "Block",
    "Finding",
    "Looked",
    "Row",
    "SessionReport",
    "Verification",
    "blocks",
    "leaves",
    "read_block",
    "read_blocks",
    "verify",
]

ZERO = bytes(32)
BLOCK = 256
"""Leaf hashes in a tile of a Merkle tree (C2SP tlog-tiles)."""
SILENCE_MICROS = 150_000_000
"""A session writes `beat` every 60 s; a gap longer than two and a half of them is a gap in the record."""
_TEXT = r'"[ !#-\[\]-~]++"'  # printable ASCII without quotation mark and backslash
_NATURAL = r"(?:0|[1-9][0-9]{0,17}+)"
_HASH = r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="  # 32 octets in base64, pad bits zero (RFC 4648 section 3.5)


def _members(value: str) -> str:
    return rf"\{{{_TEXT}:{value}(?:,{_TEXT}:{value})*+\}}"


_LEAF = re.compile(
    r"\{"
    rf'(?:"basis":{_TEXT},)?+'
    rf'(?:"c":({_members(f"{chr(34)}{_HASH}{chr(34)}")}),)?+'
    rf'(?:"docket":{_TEXT},)?+'
    rf'(?:"facts":({_members(f"(?:{_NATURAL}|{_TEXT})")}),)?+'
    r'(?:"gate":"(?:early|engine|wire|resolver|robots|headers|meta|reload|process)",)?+'
    r'"k":"(beat|close|export|fault|key|notice|open|outcome|permit|policy|read|redact|refuse)",'
    rf'"m":({_NATURAL}),'
    rf'(?:"masked":\[{_TEXT}(?:,{_TEXT})*+\],)?+'
    r'"n":([1-9][0-9]{0,17}+),'
    rf'"p":"({_HASH})",'
    rf'(?:"platforms":\{{({_TEXT}):\[({_NATURAL}),({_NATURAL})\]((?:,{_TEXT}:\[{_NATURAL},{_NATURAL}\])*+)\}},)?+'
    r'(?:"rev":([1-9][0-9]{0,17}+),)?+'
    rf'(?:"rule":{_TEXT},)?+'
    rf'"t":({_NATURAL}),'
    r'"v":1,'
    r'"w":"([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})"\}'
)
"""The grammar of an entry, version 1. JSON has many texts for one value; of an entry there is only this one."""
_COUNTER = re.compile(r'"([^"]+)":\[(\d+),(\d+)\]')
_MEMBER = re.compile(r'"([^"]+)":')
Row = tuple[int, bytes, bytes]
"""Place in the ledger (from 1), running hash, entry."""
Block = tuple[bytes, list[Row]]
"""The running hash on record before some rows, and these."""
Fields = tuple[Any, ...]
"""Of one entry: kind, number, monotonic and wall clock, `p`, session, whether it has sealed details, facts as text, the
first platform with its two counters, all other platforms as text, revision (0 where there is none)."""
Looked = tuple[list[bytes], list[int], list[Fields | None]]
"""Of the rows of a block: leaf hashes, places (from 0) where the running hash is not the one on record, fields."""
_Broken = tuple[str, str] | None
"""The rule that an entry breaks, and what is wrong."""
_FORM = ("form", "is not of the form that entries have")
_COUNTING = frozenset({"open", "beat", "close", "redact"})
"""The kinds whose facts the rules look at."""
_NONE: Mapping[str, Any] = {}
MAX_LEAF = 65_535


@dataclass(frozen=True)
class Finding:
    """One rule that the record breaks: the rule's name, the place in the ledger (from 1), what is wrong."""

    rule: str
    seq: int
    message: str

    def __str__(self) -> str:
        return f"entry {self.seq}: {self.message} ({self.rule})"


@dataclass(slots=True)
class SessionReport:
    """What one session's entries add up to."""

    w: str
    opened: int
    role: str
    sealed_to: str
    n: int = 0
    link: str = ""
    """The hash of its last entry in base64, as the next one's `p` must have it."""
    m: int = 0
    t: int = 0
    closed: bool = False
    permitted: int = 0
    refused: int = 0
    revisions: int = 0
    silences: list[tuple[int, int]] = field(default_factory=list)
    counters: dict[str, list[int]] = field(default_factory=dict)
    """By platform: requests permitted and refused so far."""


@dataclass
class Verification:
    """The answers to the first two questions, with every reason for a no."""

    size: int = 0
    root: str = ZERO.hex()
    """The running hash over all entries, in hexadecimal: the same bytes give the same hash."""
    findings: list[Finding] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sessions: dict[str, SessionReport] = field(default_factory=dict)
    committed: int = 0
    """How many entries have sealed details, or had them before they were erased."""
    erased: int = 0
    """How many details the `redact` entries say were erased."""

    @property
    def intact(self) -> bool:
        """Whether no entry was changed, taken out, put in, moved or renumbered since it was written."""
        return not self.findings

    @property
    def complete(self) -> bool:
        """Whether the sessions say all that they set out to say."""
        return self.intact and not self.gaps


def blocks(rows: Iterable[Row]) -> Iterator[Block]:
    """The rows, 256 at a time, each time with the running hash on record before them."""
    chain, more = ZERO, iter(rows)
    while block := list(itertools.islice(more, BLOCK)):
        yield chain, block
        chain = block[-1][1]


def read_block(chain: bytes, rows: Iterable[Row]) -> Looked:
    """What the entries of a block are by themselves, whatever stands before and behind them."""
    sha256, digests, off, fields = hashlib.sha256, [], [], []
    for place, (_, stored, leaf) in enumerate(rows):
        digest = sha256(b"\x00" + leaf).digest()
        if sha256(chain + digest).digest() != stored:
            off.append(place)
        chain = stored  # one break is one finding
        digests.append(digest)
        fields.append(_read(leaf))
    return digests, off, fields


def read_blocks(these: Iterable[Block]) -> Iterator[tuple[list[Row], Looked]]:
    """Each block with what its entries are, one after the other."""
    for chain, rows in these:
        yield rows, read_block(chain, rows)


def _read(leaf: bytes) -> Fields | None:
    """The fields of an entry; None where it is not of the form that entries have."""
    found = _LEAF.fullmatch(leaf.decode("latin-1")) if len(leaf) <= MAX_LEAF else None
    if found is None:
        return None
    c, facts, k, m, n, p, quoted, a, r, more, rev, t, w = found.groups()
    name = quoted[1:-1] if quoted else ""
    if (c and not _rising(c.split('"')[1::4])) or (facts and not _rising(_MEMBER.findall(facts))):
        return None
    if more and not _rising([name, *_MEMBER.findall(more)]):
        return None
    return k, int(n), int(m), int(t), p, w, bool(c), facts, name, int(a or 0), int(r or 0), more, int(rev or 0)


def verify(
    rows: Iterable[Row],
    *,
    boxes: int | None = None,
    each: Callable[[bytes], object] = lambda _: None,
    reading: Callable[[Iterable[Block]], Iterable[tuple[list[Row], Looked]]] = read_blocks,
) -> Verification:
    """Check rows of (seq, chain, leaf) in order of seq. `boxes` is how many sealed details are on hand, where known.

    `each` is called with the leaf hashes, in order and joined, 256 at a time: with a tree over them anchors can be
    compared. `reading` does what `read_blocks` does, in another process perhaps.
    """
    result = Verification()
    findings, size, before, chain = result.findings, 0, ZERO, ZERO
    for block, (digests, off, read) in reading(blocks(rows)):
        each(b"".join(digests))
        chain = block[-1][1]
        for place, ((seq, _, _), digest, fields) in enumerate(zip(block, digests, read, strict=True)):
            if seq != size + 1:
                findings.append(Finding("place", seq, f"follows entry {size}"))
            if off and place in off:
                findings.append(Finding("chain", seq, "the running hash up to here is not the one on record"))
            if fields is None or not _usual(result, fields, digest):
                broken = _follow(result, fields, digest, before) if fields else _FORM
                if broken:
                    findings.append(Finding(broken[0], seq, broken[1]))
            before, size = digest, seq
    each(b"")
    result.size, result.root = size, chain.hex()
    _complete(result, boxes)
    return result


def _usual(result: Verification, fields: Fields, digest: bytes) -> bool:
    """Whether the entry is a request of one known platform that keeps every rule; then it is counted.

    The quick way for most entries of a crawl. What it does not take, for whatever reason, `_follow` looks at in full.
    """
    k, n, m, t, p, w, sealed, facts, name, a, r, more, rev = fields
    session = result.sessions.get(w)
    if session is None or p != session.link or n != session.n + 1 or session.closed or more or facts:
        return False
    pair = session.counters.get(name)
    if pair is None or t < session.t or not session.m <= m <= session.m + SILENCE_MICROS or rev > session.revisions:
        return False
    if k == "permit" and a == pair[0] + 1 and r == pair[1]:
        pair[0] = a
        session.permitted += 1
    elif k == "refuse" and r == pair[1] + 1 and a == pair[0]:
        pair[1] = r
        session.refused += 1
    else:
        return False
    result.committed += sealed
    session.n, session.m, session.t = n, m, t
    session.link = binascii.b2a_base64(digest, newline=False).decode()
    return True


def _follow(result: Verification, fields: Fields, digest: bytes, before: bytes) -> _Broken:
    """Put one entry behind its session's last; the session goes on from here even where a rule breaks."""
    k, n, m, t, p, w, sealed, facts_text, name, a, r, more, rev = fields
    facts = json.loads(facts_text or "{}") if k in _COUNTING else _NONE
    session = result.sessions.get(w)
    if session is None:
        role, sealed_to = str(facts.get("role", "")), str(facts.get("sealed_to", ""))
        session = result.sessions[w] = SessionReport(w, t, role, sealed_to, t=t)
        broken = _first(w, k, n, p == binascii.b2a_base64(before, newline=False).decode())
    elif n == session.n + 1 and p == session.link and not session.closed and k != "open" and m >= session.m:
        broken = None
        if m - session.m > SILENCE_MICROS:
            session.silences.append((session.t, t))
    else:
        broken = _misplaced(session, n, p, k)
    if t < session.t:
        back = (session.t - t) / 1e6
        result.notes.append(f"session {w}, number {n}: the wall clock went back by {back:.3f} s")
    session.n, session.link, session.t = n, binascii.b2a_base64(digest, newline=False).decode(), t
    session.m = max(session.m, m)
    result.committed += sealed
    if k == "redact":
        result.erased += facts.get("entries", 0)
    return _count(session, k, facts, name, a, r, more, rev) or broken


def _rising(names: list[str]) -> bool:
    """Whether an object names each of its members once, in order."""
    return len(names) == 1 or all(map(operator.lt, names, names[1:]))


def _first(w: str, k: str, n: int, linked: bool) -> _Broken:
    if k != "open" or n != 1:
        return "open", f"session {w} does not begin with `open`, number 1"
    return None if linked else ("link", "does not link to the entry before it in the ledger")


def _misplaced(session: SessionReport, n: int, p: str, k: str) -> _Broken:
    if n <= session.n:
        return "number", f"session {session.w} has two entries with number {n}: a fork, a copy or an insertion"
    if n != session.n + 1:
        return "number", f"session {session.w} jumps from number {session.n} to {n}"
    if p != session.link:
        return "link", "does not link to its session's entry before"
    if session.closed or k == "open":
        return "close", "stands behind its session's `close`" if session.closed else "opens its session a second time"
    return "monotonic", "its monotonic clock went back"


def _count(
    session: SessionReport, k: str, facts: Mapping[str, Any], name: str, a: int, r: int, more: str, rev: int
) -> _Broken:
    permitted, refused = k == "permit", k == "refuse"
    session.permitted += permitted
    session.refused += refused
    broken = _pair(session.counters, name, a, r, permitted, refused) if name else None
    for other, its_a, its_r in _COUNTER.findall(more) if more else ():
        broken = _pair(session.counters, other, int(its_a), int(its_r), permitted, refused) or broken
    if k in ("beat", "close"):
        if (facts.get("permitted"), facts.get("refused")) != (session.permitted, session.refused):
            broken = "counter", f"counts other than {session.permitted} permitted and {session.refused} refused in all"
        session.closed = session.closed or k == "close"
    if rev:
        if k == "policy":
            session.revisions = max(session.revisions, rev)
        if rev > session.revisions:
            broken = "revision", f"speaks of policy revision {rev}, which its session did not announce"
    return broken


def _pair(counters: dict[str, list[int]], name: str, a: int, r: int, permitted: bool, refused: bool) -> _Broken:
    """One platform's counters, which go on from its last entry in this session."""
    pair = counters.setdefault(name, [0, 0])
    pair[0] += permitted
    pair[1] += refused
    due = pair[0], pair[1]
    if due == (a, r):
        return None
    pair[0], pair[1] = a, r
    return "counter", f"counts {[a, r]} for `{name}`, its session's entries add up to {list(due)}"


def _complete(result: Verification, boxes: int | None) -> None:
    for session in result.sessions.values():
        if not session.closed:
            result.gaps.append(f"session {session.w} has no `close`: last sign of life {when(session.t)}")
        result.gaps.extend(f"session {session.w} is silent from {when(a)} to {when(b)}" for a, b in session.silences)
    missing = 0 if boxes is None else result.committed - result.erased - boxes
    if missing > 0:
        result.gaps.append(f"the details of {missing} entries are gone, and no `redact` entry says so")


def when(micros: int) -> str:
    """Microseconds since 1970 as UTC, to the second."""
    try:
        return datetime.datetime.fromtimestamp(micros // 1_000_000, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return f"{micros} us"


def leaves(path: str | Path) -> Iterator[Row]:
    """The rows of a ledger file, in order, through this Python's own SQLite, without writing."""
    with contextlib.closing(sqlite3.connect(Path(path).absolute().as_uri() + "?mode=ro", uri=True)) as db:
        yield from db.execute("SELECT seq, chain, leaf FROM entry ORDER BY seq")


def main(paths: list[str]) -> int:
    """Print the answers for each ledger; 3 where one is not intact."""
    code = 0
    for path in paths:
        result = verify(leaves(path))
        print(f"{path}: {result.size} entries, running hash {result.root}")
        print("  intact:  ", "yes" if result.intact else "NO")
        print("  complete:", "yes" if result.complete else "NO")
        for line in [*result.findings, *result.gaps, *result.notes]:
            print("   ", line)
        code = code if result.intact else 3
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
