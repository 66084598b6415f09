"""What the words of an entry mean: kinds, gates, facts. docs/reference/ledger.md is made from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .entry import Gate, Kind

__all__ = ["FACTS", "GATES", "KINDS"]

KINDS: Final[Mapping[Kind, str]] = {
    "open": "a session begins: its role, to whom details are sealed, as which user of the machine",
    "policy": "a policy revision takes force; after a change it comes twice: at once, and with what was taken back",
    "notice": "a notice that this session holds, in force or idle; or one of an earlier session that has vanished",
    "permit": "a request that may go out: it is durable before a socket is opened",
    "refuse": "a request, a link or an attempt that was refused: it is durable before anybody is told",
    "outcome": "what came of a permitted request where signals were read; observation; arming and disarming",
    "beat": "the session lives: every 60 s, with its counts",
    "close": "the session ends, with its counts; nothing stands behind it",
    "fault": "the disk was full, and nothing was fetched from here on; or an anchor could not be kept",
    "read": "somebody reads; it is durable before data leaves",
    "export": "data leaves as a file; no verb writes it yet",
    "redact": "details of entries were erased",
    "key": "further details are sealed to another of counsel's keys",
}
"""What each kind of entry records."""
GATES: Final[Mapping[Gate, str]] = {
    "": "no gate: the entry is about the session, the documents or the record",
    "early": "a link or start request that was not followed",
    "engine": "a request between queue and download: robots.txt, cache, redirects, retries, media",
    "wire": "a request at its download handler; every permit",
    "resolver": "a name or address on the way to a site",
    "robots": "not written by this version: what robots.txt refuses is filed where the request was, under `engine`",
    "headers": "a response stopped by its headers",
    "meta": "not written by this version: what a page itself says is filed under `engine`",
    "reload": "a queued request or a download, by a change of documents",
    "process": "an attempt that went round the gates",
}
"""Where it was stopped."""
FACTS: Final[Mapping[str, str]] = {
    "addressed": "notice: `us`, or `other` for a letter to somebody else",
    "anchor": "fault: which place in DESIST_ANCHORS failed, from 1",
    "armed": "outcome: the environment was armed",
    "assumed": "notice: 1 where the day of receipt is not known, and the earliest possible one was taken",
    "attempt": "permit, refuse: what went round the gates: `connect`, `lookup`, `spawn`, ...",
    "cancelled": "policy: requests in flight that were stopped",
    "cause": "fault: `disk-full` or `anchor`",
    "clock_back": "any: microseconds by which the wall clock stands behind an earlier entry of the session",
    "closed": "policy: idle connections that were closed",
    "disarmed": "outcome: the environment was disarmed",
    "dns": "permit: `not-looked-up` where a proxy does that",
    "entered_at": "notice: when the document was entered, microseconds since 1970",
    "entries": "redact: how many entries",
    "from": "key: the id of the key before",
    "idle": "notice: 1 where it refuses nothing: withdrawn, suspended, not yet or no longer in force, or no demand",
    "in_force": "policy: since when the new set decides, microseconds since 1970",
    "infra": "open: how many lines of DESIST_INFRA the project declares; the lines are details",
    "last_byte": "policy: when the last granted request to what is now refused ended, microseconds since 1970",
    "line": "permit: the line of robots.txt that spoke",
    "observe_until": "outcome: until when observation lets pass, seconds since 1970",
    "observed": "permit: 1 where it passed under observation only",
    "octets": "outcome: length of the body; a detail where no policy names the platform",
    "permitted": "beat, close: permits of the session so far",
    "pid": "permit, refuse: the process that attempted",
    "proxies": "open: how many lines of DESIST_PROXIES the project declares; the lines are details",
    "purge_micros": "policy: how long the purge took",
    "purged": "policy: queued requests that were taken back",
    "received_at": "notice: since when it is in force, microseconds since 1970",
    "refused": "beat, close: refusals of the session so far",
    "requests": "refuse: of how many requests the entry speaks",
    "revision": "policy: the revision of the policy set",
    "robots": "permit: SHA-256 of the robots.txt that was asked; a detail where no policy names the platform",
    "role": "open: `crawl`, `requests`, `process`, `reader`, `redactor`, `rotate`, `arm` or `anchor`",
    "sealed_to": "open: the id of counsel's key, or `nobody`",
    "sha256": "notice: of the document's bytes",
    "signals": "outcome: how many signals were read",
    "status": "outcome: of the response",
    "to": "key: the id of the key from now on",
    "uid": "open, read, outcome: the user of the machine",
    "vanished": "notice: 1 where no document holds it any more",
    "verb": "open, read: the verb that reads",
}
"""What the facts of entries mean, and in which kinds they stand."""
