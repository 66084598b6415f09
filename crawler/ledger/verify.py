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
import json
import re
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Finding", "SessionReport", "Verification", "leaves", "verify"]

ZERO = bytes(32)
SILENCE_MICROS = 150_000_000
"""A session writes `beat` every 60 s; a gap longer than two and a half of them is a gap in the record."""
_TEXT = r'"[ !#-\[\]-~]+"'  # printable ASCII without quotation mark and backslash
_NATURAL = r"(?:0|[1-9][0-9]{0,17})"
_HASH = r'"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="'  # 32 octets in base64, pad bits zero (RFC 4648 section 3.5)
_PAIR = rf"\[{_NATURAL},{_NATURAL}\]"


def _object(value: str) -> str:
    return rf"\{{(?:{_TEXT}:{value},)*{_TEXT}:{value}\}}"


_LEAF = re.compile(
    r"\{"
    rf'(?:"basis":{_TEXT},)?'
    rf'(?:"c":(?P<c>{_object(_HASH)}),)?'
    rf'(?:"docket":{_TEXT},)?'
    rf'(?:"facts":(?P<facts>{_object(f"(?:{_NATURAL}|{_TEXT})")}),)?'
    r'(?:"gate":"(?:early|engine|wire|resolver|robots|headers|meta|reload|process)",)?'
    r'"k":"(?P<k>beat|close|export|fault|key|notice|open|outcome|permit|policy|read|redact|refuse)",'
    rf'"m":(?P<m>{_NATURAL}),'
    rf'(?:"masked":\[(?:{_TEXT},)*{_TEXT}\],)?'
    r'"n":(?P<n>[1-9][0-9]{0,17}),'
    rf'"p":"(?P<p>{_HASH[1:-1]})",'
    rf'(?:"platforms":(?P<platforms>{_object(_PAIR)}),)?'
    r'(?:"rev":(?P<rev>[1-9][0-9]{0,17}),)?'
    rf'(?:"rule":{_TEXT},)?'
    rf'"t":(?P<t>{_NATURAL}),'
    r'"v":1,'
    r'"w":"(?P<w>[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})"\}'
)
"""The grammar of an entry, version 1. JSON has many texts for one value; of an entry there is only this one."""
_COUNTER = re.compile(r'"([^"]+)":\[(\d+),(\d+)\]')
_MEMBER = re.compile(r'"([^"]+)":')


@dataclass(frozen=True)
class Finding:
    """One rule that the record breaks: the rule's name, the place in the ledger (from 1), what is wrong."""

    rule: str
    seq: int
    message: str

    def __str__(self) -> str:
        return f"entry {self.seq}: {self.message} ({self.rule})"


@dataclass
class SessionReport:
    """What one session's entries add up to."""

    w: str
    opened: int
    role: str
    sealed_to: str
    n: int = 0
    hash: bytes = ZERO
    m: int = 0
    t: int = 0
    closed: bool = False
    permitted: int = 0
    refused: int = 0
    revisions: int = 0
    silences: list[tuple[int, int]] = field(default_factory=list)
    counters: dict[str, list[int]] = field(default_factory=dict)


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


class _Entry(NamedTuple):
    """What the rules look at."""

    k: str
    m: int
    n: int
    p: str
    rev: int
    t: int
    w: str
    c: str
    facts: str
    platforms: str


def verify(
    rows: Iterable[tuple[int, bytes, bytes]],
    *,
    boxes: int | None = None,
    each: Callable[[bytes], object] = lambda _: None,
) -> Verification:
    """Check rows of (seq, chain, leaf) in order of seq. `boxes` is how many sealed details are on hand, where known.

    `each` is called with every leaf hash, in order: a tree over them can be compared with anchors.
    """
    result = Verification()
    before, chain = ZERO, ZERO
    for seq, stored, leaf in rows:
        digest = hashlib.sha256(b"\x00" + leaf).digest()
        chain = hashlib.sha256(chain + digest).digest()
        if seq != result.size + 1:
            result.findings.append(Finding("place", seq, f"follows entry {result.size}"))
        if chain != stored:
            result.findings.append(Finding("chain", seq, "the running hash up to here is not the one on record"))
            chain = stored  # one break is one finding
        each(digest)
        entry = _parse(leaf)
        broken = _follow(result, entry, digest, before) if entry else ("form", "is not of the form that entries have")
        if broken:
            result.findings.append(Finding(broken[0], seq, broken[1]))
        before, result.size = digest, seq
    result.root = chain.hex()
    _complete(result, boxes)
    return result


def _parse(leaf: bytes) -> _Entry | None:
    """The fields of a leaf, or None where it is not the one text that an entry with these fields has."""
    found = _LEAF.fullmatch(leaf.decode("latin-1")) if len(leaf) <= 65_535 else None
    if not found:
        return None
    k, m, n, p, rev, t, w, c, facts, platforms = found.group(*_Entry._fields)
    for members in (c, facts, platforms):
        if members and members.count(":") > 1:
            names = _MEMBER.findall(members)
            if names != sorted(set(names)):
                return None
    return _Entry(k, int(m), int(n), p, int(rev or 0), int(t), w, c or "", facts or "{}", platforms or "")


def _follow(result: Verification, entry: _Entry, digest: bytes, before: bytes) -> tuple[str, str] | None:
    """Put one entry behind its session's last; the session goes on from here even where a rule breaks."""
    session = result.sessions.get(entry.w)
    facts = json.loads(entry.facts) if entry.k in ("open", "beat", "close", "redact") else {}
    if session is None:
        role, sealed_to = str(facts.get("role", "")), str(facts.get("sealed_to", ""))
        session = result.sessions[entry.w] = SessionReport(entry.w, entry.t, role, sealed_to, t=entry.t)
        broken = _first(entry, before)
    else:
        broken = _next(result, session, entry)
    session.n, session.hash, session.m, session.t = entry.n, digest, max(session.m, entry.m), entry.t
    session.closed = session.closed or entry.k == "close"
    result.committed += bool(entry.c)
    result.erased += facts.get("entries", 0) if entry.k == "redact" else 0
    return _count(session, entry, facts) or broken


def _base64(digest: bytes) -> str:
    return binascii.b2a_base64(digest, newline=False).decode()


def _first(entry: _Entry, before: bytes) -> tuple[str, str] | None:
    if entry.k != "open" or entry.n != 1:
        return "open", f"session {entry.w} does not begin with `open`, number 1"
    return None if entry.p == _base64(before) else ("link", "does not link to the entry before it in the ledger")


def _next(result: Verification, session: SessionReport, entry: _Entry) -> tuple[str, str] | None:
    if entry.m - session.m > SILENCE_MICROS:
        session.silences.append((session.t, entry.t))
    if entry.t < session.t:
        back = (session.t - entry.t) / 1e6
        result.notes.append(f"session {entry.w}, number {entry.n}: the wall clock went back by {back:.3f} s")
    if entry.n <= session.n:
        return "number", f"session {entry.w} has two entries with number {entry.n}: a fork, a copy or an insertion"
    if entry.n != session.n + 1:
        return "number", f"session {entry.w} jumps from number {session.n} to {entry.n}"
    if entry.p != _base64(session.hash):
        return "link", "does not link to its session's entry before"
    if session.closed or entry.k == "open":
        return "close", "stands behind its session's `close`" if session.closed else "opens its session a second time"
    return ("monotonic", "its monotonic clock went back") if entry.m < session.m else None


def _count(session: SessionReport, entry: _Entry, facts: dict[str, Any]) -> tuple[str, str] | None:
    permitted, refused = int(entry.k == "permit"), int(entry.k == "refuse")
    session.permitted += permitted
    session.refused += refused
    broken = None
    for name, a, r in _COUNTER.findall(entry.platforms):
        pair = [int(a), int(r)]
        known = session.counters.get(name, [0, 0])
        due = [known[0] + permitted, known[1] + refused]
        if pair != due:
            broken = ("counter", f"counts {pair} for `{name}`, its session's entries add up to {due}")
        session.counters[name] = pair
    totals = [facts.get("permitted"), facts.get("refused")]
    if entry.k in ("beat", "close") and totals != [session.permitted, session.refused]:
        broken = ("counter", f"counts other than {session.permitted} permitted and {session.refused} refused in all")
    if entry.k == "policy":
        session.revisions = max(session.revisions, entry.rev)
    if entry.rev > session.revisions:
        broken = ("revision", f"speaks of policy revision {entry.rev}, which its session did not announce")
    return broken


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


def leaves(path: str | Path) -> Iterator[tuple[int, bytes, bytes]]:
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
