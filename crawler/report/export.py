"""An export for counsel: what a ledger says of a platform or notice, with proofs that a stranger can check.

It is made in two steps. First everything that people read, and MANIFEST, which lists it. The ledger then gets an entry
`export` that holds the hash of MANIFEST, and a checkpoint over it is signed. Last come the proofs, which lead from each
entry to that checkpoint: so the signature covers the texts, too. The same ledger gives the same octets.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from importlib import resources
from typing import Any, NamedTuple

from ..ledger.checkpoint import Checkpoint
from ..ledger.entry import leaf_hash
from ..ledger.opener import Opener
from ..ledger.query import Reader
from ..ledger.seal import name_salt
from .absence import Absence
from .evidence import Tree
from .verify_export import BOUND, OPTIONAL, PROOFS, Entry, entry_of, names_of, tables

__all__ = ["Draft", "claim_of", "draft", "manifest", "pack", "prove"]

_MADE = (1980, 1, 1, 0, 0, 0)
"""The oldest instant that a zip can name: when it was made stands in STATEMENT.md, once."""


class Draft(NamedTuple):
    """What people read, before it is proven."""

    claim: dict[str, Any]
    files: dict[str, bytes]
    seqs: list[int]
    """The entries that it rests on, by place in the ledger."""

    @property
    def digest(self) -> str:
        """SHA-256 of MANIFEST, in hexadecimal: what the ledger's entry `export` holds."""
        return hashlib.sha256(self.files["MANIFEST"]).hexdigest()


def claim_of(found: Sequence[Absence], notice: str, *, whole: bool) -> dict[str, Any]:
    """What an export speaks of; the answers for several platforms share one time and one ledger."""
    one = found[0]
    return {
        "first": one.first_seq, "last": one.last_seq, "names": {each.platform: each.names for each in found},
        "notice": notice, "since": one.since, "until": one.until, "size": one.size, "whole": whole,
    }  # fmt: skip


def draft(reader: Reader, claim: dict[str, Any], texts: dict[str, str], openers: Sequence[Opener] = ()) -> Draft:
    """Tables, details and texts for a claim; details only where counsel's keys are handed over."""
    seqs = _all(claim) if claim["whole"] else _select(reader, claim)
    entries = [entry_of(seq, reader.leaf(seq).decode()) for seq in seqs]
    files = {name: text.encode() for name, text in texts.items()}
    files["claim.json"] = (json.dumps(claim, sort_keys=True, indent=1) + "\n").encode()
    files["verify_export.py"] = (resources.files(__package__) / "verify_export.py").read_bytes()
    files |= tables(entries, claim)
    if openers:
        files["details.jsonl"] = _details(reader, claim, entries, openers)
    files["MANIFEST"] = manifest(files, BOUND)
    return Draft(claim, files, seqs)


def manifest(files: dict[str, bytes], names: Iterable[str]) -> bytes:
    """A line a file, in the form that `sha256sum --check` takes."""
    there = [name for name in sorted(names) if name in files or name not in OPTIONAL]
    return "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in there).encode()


def _all(claim: dict[str, Any]) -> list[int]:
    return list(range(1, claim["size"] + 1))


def _select(reader: Reader, claim: dict[str, Any]) -> list[int]:
    """The entries that tables are made of.

    Permits and refusals of the time; of each session that speaks of the platforms its first and last entry, its policy
    revisions, notices and observation, and for each name the last entry before the time and the first one behind it.
    """
    ends: dict[str, list[int]] = {}
    documents: dict[str, list[int]] = {}
    before: dict[tuple[str, str], int] = {}
    behind: dict[tuple[str, str], int] = {}
    chosen: set[int] = set()
    concerned: set[str] = set()
    for seq, one, _ in reader.entries():
        if seq > claim["size"]:
            break
        names = names_of({"platforms": one.platforms}, claim)
        ends.setdefault(one.w, [seq, seq])[1] = seq
        if one.k == "policy" or "observe_until" in one.facts:
            documents.setdefault(one.w, []).append(seq)
        if names or (one.k == "notice" and one.docket == claim["notice"]):
            concerned.add(one.w)
            chosen.update([seq] if one.k == "notice" or claim["first"] <= seq <= claim["last"] else [])
        for name in names:
            if seq < claim["first"]:
                before[one.w, name] = seq
            elif seq > claim["last"]:
                behind.setdefault((one.w, name), seq)
    chosen.update(before.values(), behind.values())
    for w in concerned:
        chosen.update(ends[w], documents.get(w, ()))
    return sorted(chosen)


def _details(reader: Reader, claim: dict[str, Any], entries: list[Entry], openers: Sequence[Opener]) -> bytes:
    """The details of the permits and refusals of the claim, with the salt that proves each."""
    inside = [
        one["seq"]
        for one in entries
        if one["k"] in ("permit", "refuse") and claim["first"] <= one["seq"] <= claim["last"] and names_of(one, claim)
    ]
    rows = (
        {"body": found.body.decode(), "salt": base64.b64encode(name_salt(found.salt, "all")).decode(), "seq": seq}
        for seq, found in reader.opened(openers, inside)
    )
    return _lines(rows)


def _lines(rows: Iterable[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row, sort_keys=True, separators=(",", ":")) + "\n" for row in rows).encode()


def prove(reader: Reader, made: Draft, note: str, anchors: Sequence[Checkpoint] = ()) -> dict[str, bytes]:
    """All files of the export under a signed checkpoint; the entry `export` is among its entries if it covers it."""
    size = Checkpoint.of(note).size
    tree = Tree(leaf_hash(leaf) for _, _, leaf in reader.rows())
    seqs = list(range(1, size + 1)) if made.claim["whole"] else [*made.seqs, *_own(reader, made, size)]
    rows: list[dict[str, Any]] = [{"leaf": reader.leaf(seq).decode(), "seq": seq} for seq in seqs]
    if not made.claim["whole"]:
        rows = [{**row, "proof": tree.inclusion(row["seq"], size)} for row in rows]
    files = dict(made.files)
    files["proof/checkpoint.txt"] = note.encode()
    files["proof/entries.jsonl"] = _lines(rows)
    older = sorted({anchor.size for anchor in anchors if anchor.size < size})
    if older:
        growth = [{"before": before, "proof": tree.growth(before, size)} for before in older]
        files["proof/anchors.jsonl"] = _lines(growth)
    files["proof/MANIFEST"] = manifest(files, PROOFS)
    return files


def _own(reader: Reader, made: Draft, size: int) -> list[int]:
    """The entry that says that this export was made; none where it was made from a copy."""
    for seq in range(size, made.claim["size"], -1):
        leaf = reader.leaf(seq)
        if b'"k":"export"' in leaf and made.digest.encode() in leaf:
            return [seq]
    return []


def pack(files: dict[str, bytes]) -> bytes:
    """The zip, without anything of the machine on which it was made."""
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name in sorted(files, key=lambda name: (name.startswith("proof/"), name)):
            info = zipfile.ZipInfo(name, _MADE)
            info.create_system, info.external_attr = 3, 0o600 << 16
            zipped.writestr(info, files[name], zipfile.ZIP_DEFLATED)
    return result.getvalue()
