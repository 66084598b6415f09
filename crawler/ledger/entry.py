"""One entry of the ledger: its fields, its bytes, its hash.

An entry is sorted JSON of integers and printable ASCII, hashed as `SHA-256(0x00 || leaf)` (RFC 9162 section 2.1.1) and
stored as hashed: a verifier never writes it anew, except to see that nobody else did. Bytes are base64 (RFC 4648
section 4); a flipped pad bit is found because the leaf must equal what its own fields encode to.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import time
from collections.abc import Mapping
from typing import Annotated, Final, Literal, NamedTuple

import msgspec

from ..errors import EvidenceError

__all__ = [
    "MAX_LEAF",
    "Entry",
    "Gate",
    "Kind",
    "Receipt",
    "check_facts",
    "decode",
    "encode",
    "is_public",
    "leaf_hash",
    "uuid7",
]

Kind = Literal[
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
]
"""What an entry records; `words.KINDS` says what each means."""
Gate = Literal["", "early", "engine", "wire", "resolver", "robots", "headers", "meta", "reload", "process"]
"""Where it was stopped: a link not followed (early), a way round the gates (process), a request (all others)."""
MAX_LEAF: Final = 65_535
"""Octets: an entry of a C2SP tlog-tiles bundle has a 16-bit length."""

_Micros = Annotated[int, msgspec.Meta(ge=0)]


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """What anybody may read. It names no URL, no person and no platform that no policy names."""

    v: Literal[1]
    """Version of this form."""
    w: str
    """The session, a UUIDv7 (RFC 9562)."""
    n: Annotated[int, msgspec.Meta(ge=1)]
    """Place in the session: 1, 2, 3 ... without a gap."""
    p: bytes
    """Leaf hash of the session's entry before; for `open`, of the ledger's last (32 zero octets in a new one)."""
    k: Kind
    """What the entry records."""
    t: _Micros
    """Wall clock, microseconds since 1970, as the machine had it: order is the place in the ledger, never this."""
    m: _Micros
    """Monotonic microseconds since the session began."""
    platforms: dict[str, tuple[int, int]] = {}
    """For each platform the requests (permitted, refused) in this session, this entry included."""
    basis: str = ""
    """What kind of rule refused, or would have under observation."""
    rule: str = ""
    """The id of that rule; a keyed tag where the id would name a host."""
    docket: str = ""
    """What it is filed against, as far as it names no host."""
    gate: Gate = ""
    """Where it was stopped."""
    rev: int = 0
    """Which policy revision judged: the number under which this session announced it."""
    facts: dict[str, int | str] = {}
    """Small public facts of the kind: counts, hashes, instants in microseconds."""
    c: dict[str, bytes] = {}
    """Commitments to sealed details, `SHA-256(salt || name || 0x00 || value)`."""
    masked: tuple[str, ...] = ()
    """What kinds of secrets were struck from the details before they were sealed."""


class Receipt(NamedTuple):
    """The promise that an entry is durable: its session, its number there, its leaf hash (32 octets)."""

    w: str
    n: int
    leaf_hash: bytes


_ENCODER: Final = msgspec.json.Encoder(order="sorted")
_DECODER: Final = msgspec.json.Decoder(Entry)


def encode(entry: Entry) -> bytes:
    """The leaf. Raises ValueError where it would be longer than `MAX_LEAF` octets."""
    leaf = _ENCODER.encode(entry)
    if len(leaf) > MAX_LEAF:
        raise ValueError(f"an entry of {len(leaf)} octets is longer than {MAX_LEAF}")
    return leaf


def decode(leaf: bytes) -> Entry:
    """The fields of a leaf; raises EvidenceError where it is not exactly what its fields encode to."""
    try:
        entry = _DECODER.decode(leaf)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EvidenceError(f"not an entry: {error}") from error
    if _ENCODER.encode(entry) != leaf:
        raise EvidenceError("not an entry: its bytes are not the ones that its fields encode to")
    return entry


def leaf_hash(leaf: bytes) -> bytes:
    """`SHA-256(0x00 || leaf)` (RFC 9162 section 2.1.1)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


_PUBLIC: Final = re.compile(r"[A-Za-z0-9~][A-Za-z0-9._:#+()@=~-]{0,127}")
_NAMES_A_HOST: Final = re.compile(
    r"://|@|\.[A-Za-z]{2,}|\d+\.\d+\.\d+\.\d+|\[|::|\Asignal:[^:]*:|(?:[0-9A-Fa-f]{1,4}:){3}"
)
"""Behind a signal's name in a docket stands a host, be it one label; groups between colons are an IPv6 address."""
_FILES: Final = re.compile(r"\b(?:robots\.txt|ai\.txt|tdmrep\.json|rsl\.xml)\b")


@functools.lru_cache(maxsize=4096)
def is_public(text: str) -> bool:
    """Whether an id may stand in the clear: short, printable, and naming no host, address, path or person."""
    return bool(_PUBLIC.fullmatch(text)) and not _NAMES_A_HOST.search(_FILES.sub("", text))


def check_facts(facts: Mapping[str, int | str]) -> None:
    """Raise ValueError for a fact that is neither a natural number nor a public id: it belongs into the details."""
    for name, value in facts.items():
        fits = is_public(value) if isinstance(value, str) else type(value) is int and value >= 0
        if not (re.fullmatch(r"[a-z][a-z0-9_]{0,31}", name) and fits):
            raise ValueError(f"`{name}` is no fact that may stand in the clear; hand it over as a detail")


def uuid7() -> str:
    """A UUIDv7 (RFC 9562 section 5.7): 48 bits of milliseconds, the rest random: sessions sort by their start."""
    number = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    number = number & ~(0xF << 76) | 0x7 << 76
    digits = f"{number & ~(0x3 << 62) | 0x2 << 62:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
