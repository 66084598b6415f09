"""Exports made by somebody who holds the signing key and writes whatever entries they like."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desist.ledger.checkpoint import Checkpoint, Signer
from desist.report.evidence import Tree
from desist.report.export import manifest
from desist.report.verify_export import BOUND, PROOFS, entry_of, tables

SIGNER = Signer("desist-ledger", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
KEY = str(SIGNER.verifier)
SESSION = "01a2052a-12d2-7620-9224-8747f5006f2{}"
START = 1_800_000_000_000_000

Files = dict[str, bytes]
Change = Callable[[Files], object]
Leaf = dict[str, Any]


def text_of(leaf: Leaf) -> str:
    """A leaf as the ledger writes it."""
    return json.dumps(leaf, sort_keys=True, separators=(",", ":"))


def digest(text: str) -> bytes:
    """A leaf's hash."""
    return hashlib.sha256(b"\x00" + text.encode()).digest()


def record() -> list[Leaf]:
    """Two sessions that take turns: a permit before the time of the claim, refusals in it, a permit behind it."""
    rows: list[tuple[int, str, dict[str, Any]]] = [
        (1, "open", {"facts": {"role": "crawl"}}),
        (1, "policy", {"rev": 1, "facts": {"revision": "ab" * 32}}),
        (2, "open", {"facts": {"role": "crawl"}}),
        (1, "permit", {"platforms": {"pictogram": [1, 0], "other": [1, 0]}, "rev": 1, "facts": {"robots": "cd" * 32}}),
        (1, "notice", {"docket": "letter", "platforms": {"pictogram": [1, 0]}, "facts": {"received_at": START}}),
        (1, "refuse", {"platforms": {"pictogram": [1, 1]}, "basis": "notice", "rule": "letter", "docket": "letter"}),
        (2, "refuse", {"platforms": {"pictogram": [0, 1]}, "gate": "early", "docket": "letter"}),
        (1, "refuse", {"platforms": {"pictogram": [1, 2]}, "gate": "wire", "docket": "letter"}),
        (1, "permit", {"platforms": {"pictogram": [2, 2]}, "gate": "wire"}),
        (1, "close", {"facts": {"permitted": 2, "refused": 2}}),
        (2, "close", {"facts": {"permitted": 0, "refused": 1}}),
    ]
    numbers = {1: 0, 2: 0}
    leaves = []
    for place, (session, kind, fields) in enumerate(rows):
        numbers[session] += 1
        stamps = {"m": place, "t": START + place * 1_000_000}
        w = SESSION.format(session)
        leaves.append({"k": kind, "n": numbers[session], "p": "", "v": 1, "w": w, **stamps, **fields})
    return leaves


CLAIM: dict[str, Any] = {
    "first": 5, "last": 8, "names": {"pictogram": ["pictogram"]}, "notice": "letter",
    "since": START + 4_000_000, "size": 11, "until": START + 7_000_000, "whole": False,
}  # fmt: skip


def chained(leaves: list[Leaf]) -> list[str]:
    """The leaves' texts, each linked to the one before it in its session, or in the record where it opens one."""
    last: dict[str, bytes] = {}
    before, texts = bytes(32), []
    for leaf in leaves:
        link = base64.b64encode(last.get(leaf["w"], before)).decode()
        texts.append(text_of({**leaf, "p": leaf["p"] or link}))
        before = last[leaf["w"]] = digest(texts[-1])
    return texts


def lines(rows: list[dict[str, Any]]) -> bytes:
    """A .jsonl file."""
    return "".join(text_of(row) + "\n" for row in rows).encode()


def make(
    leaves: list[Leaf] | None = None,
    *,
    change: Change = lambda files: None,
    after: Change = lambda files: None,
    claim: dict[str, Any] | None = None,
    details: bytes = b"",
    bind: bool = True,
    anchors: tuple[int, ...] = (3, 8),
) -> Files:
    """An export of these leaves. `change` comes before MANIFEST and signature, `after` behind them (not resealed)."""
    told = {**CLAIM, **(claim or {})}
    leaves = record() if leaves is None else leaves
    texts = chained(leaves)
    entries = [entry_of(seq, text) for seq, text in enumerate(texts, start=1)]
    files = {"STATEMENT.md": b"# Statement\n", "VERIFY.md": b"# Check\n", "verify_export.py": b"# the verifier\n"}
    files["claim.json"] = (json.dumps(told, sort_keys=True, indent=1) + "\n").encode()
    files |= tables(entries, told)
    if details:
        files["details.jsonl"] = details
    change(files)
    files["MANIFEST"] = manifest(files, BOUND)
    if bind:
        facts = {"sha256": hashlib.sha256(files["MANIFEST"]).hexdigest()}
        stamps = {"m": 0, "t": START + 60_000_000, "v": 1, "w": SESSION.format(9), "p": ""}
        own = [{"k": "open", "n": 1, **stamps}, {"k": "export", "n": 2, "facts": facts, **stamps}]
        texts = chained([*leaves, *own])
    prove(files, texts, whole=told["whole"], anchors=anchors)
    after(files)
    return files


def prove(files: Files, texts: list[str], *, whole: bool, anchors: tuple[int, ...]) -> None:
    """Add the proofs, signed."""
    tree = Tree(map(digest, texts))
    size = len(texts)
    rows: list[dict[str, Any]] = [{"leaf": text, "seq": seq} for seq, text in enumerate(texts, start=1)]
    if not whole:
        rows = [{**row, "proof": tree.inclusion(row["seq"], size)} for row in rows]
    files["proof/entries.jsonl"] = lines(rows)
    files["proof/checkpoint.txt"] = SIGNER.sign(Checkpoint("desist-ledger/test", size, tree.root(size))).encode()
    if anchors:
        files["proof/anchors.jsonl"] = lines([{"before": one, "proof": tree.growth(one, size)} for one in anchors])
    reseal(files)


def reseal(files: Files) -> None:
    """Write proof/MANIFEST anew, as whoever changed a file there would."""
    files["proof/MANIFEST"] = manifest(files, PROOFS)


def anchor(leaves: list[Leaf], size: int) -> str:
    """A checkpoint over the first entries, as a reader kept it."""
    tree = Tree(map(digest, chained(leaves)))
    return SIGNER.sign(Checkpoint("desist-ledger/test", size, tree.root(size)))
