"""Is a ledger intact, is it complete? Needs the standard library only: a stranger can read this file and run it.

`python verify.py LEDGER` prints the answers. Intact: every entry is the bytes that were hashed, each links to the one
before, numbers and counters follow one another. Complete: every session ends with `close` and was never silent. Whether
it is anchored is a third question, which no local check can answer: whoever holds the file can forge all of it.
"""

from __future__ import annotations

import base64
import contextlib
import datetime
import hashlib
import json
import re
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Finding", "SessionReport", "Verification", "leaves", "verify"]

ZERO = bytes(32)
SILENCE_MICROS = 150_000_000
"""A session writes `beat` every 60 s; a gap longer than two and a half of them is a gap in the record."""
_KINDS = frozenset(
    (
        "beat",
        "close",
        "export",
        "fault",
        "key",
        "notice",
        "open",
        "outcome",
        "permit",
        "policy",
        "read",
        "redact",
        "refuse",
    )
)
_GATES = frozenset(("early", "engine", "wire", "resolver", "robots", "headers", "meta", "reload", "process"))
_REQUIRED = {"k": str, "m": int, "n": int, "p": str, "t": int, "v": int, "w": str}
_OPTIONAL = {
    "basis": str,
    "c": dict,
    "docket": str,
    "facts": dict,
    "gate": str,
    "masked": list,
    "platforms": dict,
    "rev": int,
    "rule": str,
}
_TYPES = _REQUIRED | _OPTIONAL
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_PLAIN = re.compile(rb"[\x20-\x5b\x5d-\x7e]*")
_ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":"), check_circular=False).encode


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
    last_beat: int = 0
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


class _Broken(Exception):
    """Why an entry breaks a rule; the rule's name and the message."""


def verify(rows: Iterable[tuple[int, bytes, bytes]], *, boxes: int | None = None) -> Verification:
    """Check rows of (seq, chain, leaf) in order of seq. `boxes` is how many sealed details are on hand, where known."""
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
        try:
            _entry(result, _parse(leaf), digest, before)
        except _Broken as broken:
            result.findings.append(Finding(broken.args[0], seq, broken.args[1]))
        before, result.size = digest, seq
    result.root = chain.hex()
    _complete(result, boxes)
    return result


def _parse(leaf: bytes) -> dict[str, Any]:
    """The fields of a leaf: exactly one JSON text stands for them, and this must be it."""
    if not _PLAIN.fullmatch(leaf) or len(leaf) > 65_535:
        raise _Broken("bytes", "holds octets that no entry has")
    try:
        entry = json.loads(leaf)
    except (ValueError, RecursionError) as error:
        raise _Broken("bytes", f"is not JSON: {error}") from error
    if type(entry) is not dict or _ENCODE(entry).encode() != leaf:
        raise _Broken("bytes", "is not the JSON that its fields encode to")
    for name in entry.keys() | _REQUIRED.keys():
        if type(entry.get(name)) is not _TYPES.get(name):
            raise _Broken("fields", f"`{name}` is missing, unknown or of the wrong type")
    if (
        entry["v"] != 1
        or entry["k"] not in _KINDS
        or entry.get("gate", "early") not in _GATES
        or not _UUID7.fullmatch(entry["w"])
    ):
        raise _Broken("fields", "has a version, kind, gate or session that does not exist")
    if min(entry["n"] - 1, entry["m"], entry["t"]) < 0:
        raise _Broken("fields", "has a negative number")
    return entry


def _octets(text: str) -> bytes:
    """32 octets of base64 (RFC 4648 section 4), pad bits zero."""
    with contextlib.suppress(ValueError):
        raw = base64.b64decode(text, validate=True)
        if len(raw) == 32 and base64.b64encode(raw).decode() == text:
            return raw
    raise _Broken("fields", "holds a hash that is not 32 octets of base64")


def _entry(result: Verification, entry: dict[str, Any], digest: bytes, before: bytes) -> None:
    """Put one entry behind its session's last; the session goes on from here even where a rule breaks."""
    session = result.sessions.get(entry["w"])
    link = _octets(entry["p"])
    facts, commitments = entry.get("facts", {}), entry.get("c", {})
    if session is None:
        session = SessionReport(
            entry["w"], entry["t"], str(facts.get("role", "")), str(facts.get("sealed_to", "")), t=entry["t"]
        )
        result.sessions[entry["w"]] = session
        broken = _first(entry, link, before)
    else:
        broken = _next(result, session, entry, link)
    session.n, session.hash, session.m, session.t = entry["n"], digest, max(session.m, entry["m"]), entry["t"]
    session.closed = session.closed or entry["k"] == "close"
    if entry["k"] in ("open", "beat", "close"):
        session.last_beat = entry["t"]
    result.committed += bool(commitments)
    result.erased += facts.get("entries", 0) if entry["k"] == "redact" else 0
    broken = _count(session, entry) or broken
    for value in commitments.values():
        _octets(value)
    if broken:
        raise _Broken(*broken)


def _first(entry: dict[str, Any], link: bytes, before: bytes) -> tuple[str, str] | None:
    if entry["k"] != "open" or entry["n"] != 1:
        return "open", f"session {entry['w']} does not begin with `open`, number 1"
    return None if link == before else ("link", "does not link to the entry before it in the ledger")


def _next(result: Verification, session: SessionReport, entry: dict[str, Any], link: bytes) -> tuple[str, str] | None:
    if entry["m"] - session.m > SILENCE_MICROS:
        session.silences.append((session.t, entry["t"]))
    if entry["t"] < session.t:
        back = (session.t - entry["t"]) / 1e6
        result.notes.append(f"session {entry['w']}, number {entry['n']}: the wall clock went back by {back:.3f} s")
    if entry["n"] <= session.n:
        return (
            "number",
            f"session {entry['w']} has two entries with number {entry['n']}: a fork, a copy or an insertion",
        )
    if entry["n"] != session.n + 1:
        return "number", f"session {entry['w']} jumps from number {session.n} to {entry['n']}"
    if link != session.hash:
        return "link", "does not link to its session's entry before"
    if session.closed or entry["k"] == "open":
        return "close", "stands behind its session's `close`" if session.closed else "opens its session a second time"
    return ("monotonic", "its monotonic clock went back") if entry["m"] < session.m else None


def _count(session: SessionReport, entry: dict[str, Any]) -> tuple[str, str] | None:
    kind = entry["k"]
    permitted, refused = int(kind == "permit"), int(kind == "refuse")
    session.permitted += permitted
    session.refused += refused
    broken = None
    for name, pair in entry.get("platforms", {}).items():
        known = session.counters.setdefault(name, [0, 0])
        known[0] += permitted
        known[1] += refused
        if pair != known:
            broken = ("counter", f"counts {pair} for `{name}`, its session's entries add up to {known}")
            if type(pair) is list and len(pair) == 2 and all(type(n) is int for n in pair):
                session.counters[name] = list(pair)
    facts = entry.get("facts", {})
    if kind in ("beat", "close") and (facts.get("permitted"), facts.get("refused")) != (
        session.permitted,
        session.refused,
    ):
        broken = ("counter", f"counts other than {session.permitted} permitted and {session.refused} refused in all")
    session.revisions = max(session.revisions, entry.get("rev", 0)) if kind == "policy" else session.revisions
    if entry.get("rev", 0) > session.revisions:
        broken = ("revision", f"speaks of policy revision {entry['rev']}, which its session did not announce")
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
