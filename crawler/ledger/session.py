"""One session of one process: it numbers, counts, masks, seals and chains the entries before they are written.

Plain state without threads, files or sockets; `Ledger` holds a lock round every call.
"""

from __future__ import annotations

import functools
import json
import os
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, TypedDict

from .entry import Entry, Gate, Kind, Receipt, check_facts, encode, is_public, leaf_hash, uuid7
from .mask import mask_details
from .seal import CounselKey, Sealer, commitments, tag
from .store import Row

__all__ = ["Fields", "Point", "Session"]

_JSON: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=str).encode
_SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?")
_MOST_TOTALS: Final = 400
"""Of how many platforms a `close` speaks: beyond that it might be longer than an entry may be."""
_TELLING: Final = frozenset({"octets", "robots"})
"""Facts by which a site is known to whoever looks at the site: no facts but details where no policy names it."""
_KEY_SECONDS: Final = 3600
"""How long one data key seals: somebody with root on the crawl host reads the current hour and nothing earlier."""


class Fields(TypedDict, total=False):
    """What an entry may say besides its kind."""

    platforms: Sequence[str]
    """Slugs of the platforms that policies name."""
    domain: str
    """The registrable domain where no policy names the platform: it becomes a tag that only counsel can test."""
    basis: str
    rule: str
    docket: str
    gate: Gate
    revision: str
    """The policy revision that judged, once announced; where it is not given, the one announced last."""
    facts: Mapping[str, int | str]
    """In the clear: natural numbers, and ids that name no host, path or person. Beside a `domain` the hash of a
    robots.txt and the length of a page are details: whoever asks the site for them would know it by them."""
    details: Mapping[str, Any]
    """Sealed to counsel after secrets are struck: url, referrer, headers, operator, who, why."""


class Point(NamedTuple):
    """How far a session has come: its last number and leaf hash, and what it has permitted and refused in all."""

    n: int
    hash: bytes
    permitted: int
    refused: int


class Session:
    """Makes the entries of one session in order."""

    def __init__(self, counsel: CounselKey | None, after: bytes) -> None:
        self.w = uuid7()
        self.point = Point(0, after, 0, 0)
        self.counsel = counsel
        self._tag_key = os.urandom(32)
        self._tag = functools.lru_cache(maxsize=4096)(functools.partial(tag, self._tag_key))
        self._sealer: Sealer | None = None
        self._sealer_until = 0.0
        self._counters: dict[str, list[int]] = {}
        self._rewound = False
        self._revisions: dict[str, int] = {}
        self._rev = 0
        self._notices: set[str] = set()
        """Ids of notices, which policies name: they stand in the clear, even where one looks like a host."""
        self._began = time.monotonic_ns()
        self._wall = 0

    def make(self, kind: Kind, fields: Fields | None = None) -> tuple[Row, Receipt]:
        """The next entry; ValueError or KeyError, and no change, where a field does not fit."""
        given = fields or {}
        facts = self._facts(kind, given)
        private = dict(given.get("details") or {})
        telling = {name: facts.pop(name) for name in _TELLING & facts.keys()} if given.get("domain") else {}
        if kind == "notice":
            self._notices.add(given.get("docket", ""))
        rule = self._public("rule", given.get("rule", ""), private)
        docket = self._public("docket", given.get("docket", ""), private)
        rev = self._revisions[given["revision"]] if given.get("revision") else self._rev
        body = self._body(private, telling)
        wall = time.time_ns() // 1000
        if wall < self._wall:
            facts["clock_back"] = self._wall - wall
        entry = Entry(
            v=1,
            w=self.w,
            n=self.point.n + 1,
            p=self.point.hash,
            k=kind,
            t=wall,
            m=(time.monotonic_ns() - self._began) // 1000,
            platforms=self._count(kind, given.get("platforms", ()), given.get("domain", "")),
            basis=given.get("basis", ""),
            rule=rule,
            docket=docket,
            gate=given.get("gate", ""),
            rev=rev,
            facts=facts,
            c=body.commitments,
            masked=body.masked,
        )
        return self._finish(entry, body)

    def _finish(self, entry: Entry, body: _Body) -> tuple[Row, Receipt]:
        leaf = encode(entry)
        digest = leaf_hash(leaf)
        self._wall = max(self._wall, entry.t)
        permitted, refused = self.point.permitted + (entry.k == "permit"), self.point.refused + (entry.k == "refuse")
        self.point = Point(entry.n, digest, permitted, refused)
        sealer = self._sealer if body.plaintext else None
        box = sealer.seal(digest, body.plaintext) if sealer else None
        return Row(leaf, digest, box, sealer), Receipt(self.w, entry.n, digest)

    def _facts(self, kind: Kind, given: Fields) -> dict[str, int | str]:
        facts = dict(given.get("facts") or {})
        check_facts(facts)
        if kind in ("beat", "close"):
            facts |= {"permitted": self.point.permitted, "refused": self.point.refused}
        if kind == "policy":
            revision = given["revision"]
            self._rev = self._revisions.setdefault(revision, len(self._revisions) + 1)
            facts["revision"] = revision
            check_facts(facts)
        return facts

    def rewind(self, point: Point) -> None:
        """Go back to the last durable entry: what came after it was never written."""
        self.point = point
        self._rewound = True  # the counters may hold what was never written: `close` is silent about them

    def _public(self, name: str, text: str, private: dict[str, Any]) -> str:
        """An id as it may stand in the clear; one that names a host, path or address becomes a tag, itself a detail."""
        if not text or is_public(text) or text.partition("#")[0] in self._notices:
            return text
        private[name] = text
        return self._tag(text)

    def _count(self, kind: Kind, platforms: Sequence[str], domain: str) -> dict[str, tuple[int, int]]:
        names = dict.fromkeys([*platforms, *([self._tag(domain)] if domain else [])])  # one request, counted once
        for name in platforms:
            if not _SLUG.fullmatch(name):
                raise ValueError(f"`{name}` is no platform's slug; hand an unnamed platform over as its domain")
        if kind == "close":
            names |= dict.fromkeys(self._totals())
        result = {}
        for name in names:
            pair = self._counters.setdefault(name, [0, 0])
            pair[0] += kind == "permit"
            pair[1] += kind == "refuse"
            result[name] = (pair[0], pair[1])
        return result

    def _totals(self) -> list[str]:
        """The platforms whose last counters `close` repeats: so it shows alone what its session did until its end."""
        slugs = [] if self._rewound else [name for name in self._counters if not name.startswith("~")]
        return slugs if len(slugs) <= _MOST_TOTALS else []

    def _body(self, details: dict[str, Any], telling: Mapping[str, int | str]) -> _Body:
        """Details without their secrets, and facts as they are."""
        if self.counsel is None or not (details or telling):
            return _Body({}, (), b"")
        if time.monotonic() > self._sealer_until:
            self._sealer = Sealer(self.counsel, self.w, self._tag_key)
            self._sealer_until = time.monotonic() + _KEY_SECONDS
        struck: set[str] = set()
        masked = mask_details(details, struck) | telling
        body = _JSON(masked).encode()
        salt = os.urandom(16)
        return _Body(commitments(salt, masked, body), tuple(sorted(struck)), salt + body)


class _Body(NamedTuple):
    """Details on their way into a box, and what the leaf says of them."""

    commitments: dict[str, bytes]
    masked: tuple[str, ...]
    plaintext: bytes
