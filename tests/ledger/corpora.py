"""Makes `tests/ledger/corpus`: for each rule of the verifier a ledger, checkpoint or proof that breaks it and no other.

`python -m tests.ledger.corpora` writes the files. They are the same octets each time: clocks, ids and keys are fixed.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desist.ledger import store
from desist.ledger.checkpoint import Checkpoint, Signer
from desist.ledger.entry import leaf_hash
from desist.ledger.log import Log
from desist.ledger.proof import growth_from, inclusion_at
from desist.ledger.tiles import fold, node_reader

FOLDER = Path(__file__).parent / "corpus"
SIGNER = Signer("desist-ledger", Ed25519PrivateKey.from_private_bytes(bytes(32)))
OTHER = Signer("desist-ledger", Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\x01"))
ENTRY = 5
"""The place of the entry that the proofs speak of."""
_W = ("01a2052a-12d2-7620-9224-8747f5006f21", "01a2052a-12d2-7620-9224-8747f5006f22")
_BEGAN = 1_800_000_000_000_000
Fields = list[dict[str, Any]]
Edit = Callable[[Fields], Fields]


def honest() -> Fields:
    """Two sessions: open, policy, a permit, two refusals, close."""
    return [
        {"v": 1, "w": w, "n": n, "m": n * 1000, "t": _BEGAN + number * 10_000_000 + n * 1000, **fields}
        for number, w in enumerate(_W)
        for n, fields in enumerate(
            [
                {"k": "open", "facts": {"role": "crawl", "sealed_to": "nobody", "uid": 1000}},
                {"k": "policy", "rev": 1, "facts": {"revision": "ab" * 32}},
                {"k": "permit", "rev": 1, "gate": "wire", "platforms": {"pictogram": [1, 0]}},
                {"k": "refuse", "rev": 1, "docket": "2026-01-pictogram", "platforms": {"pictogram": [1, 1]}},
                {"k": "refuse", "rev": 1, "docket": "2026-01-pictogram", "platforms": {"pictogram": [1, 2]}},
                {"k": "close", "rev": 1, "facts": {"permitted": 1, "refused": 2}},
            ],
            1,
        )
    ]


def leaves(entries: Fields) -> list[bytes]:
    """The entries in canonical form, each linked to its session's last unless it says otherwise."""
    result: list[bytes] = []
    last: dict[str, bytes] = {}
    for entry in entries:
        before = last.get(entry["w"], leaf_hash(result[-1]) if result else bytes(32))
        linked = {"p": base64.b64encode(before).decode(), **entry}
        result.append(json.dumps(linked, sort_keys=True, separators=(",", ":")).encode())
        last[entry["w"]] = leaf_hash(result[-1])
    return result


def edit(place: int, **fields: Any) -> Edit:
    """Other fields at this place, from 1."""

    def change(entries: Fields) -> Fields:
        entries[place - 1] |= fields
        return entries

    return change


def same(entries: Fields) -> Fields:
    """Nothing."""
    return entries


def ledger(change: Edit = same, *, spoil: str = "", chain_at: int = 0, gap_at: int = 0, sign: bool = True) -> str:
    """A ledger as SQL: entries changed before they are hashed, running hash and place at will; signed, then spoilt."""
    db = apsw.Connection(":memory:")
    db.execute(store._SCHEMA)
    chain = bytes(32)
    rows = leaves(change(honest()))
    for place, leaf in enumerate(rows, 1):
        chain = hashlib.sha256(chain + leaf_hash(leaf)).digest()
        if place == chain_at:
            chain = bytes(32)
        db.execute("INSERT INTO entry VALUES(?, ?, ?)", (place + (0 < gap_at < place), chain, leaf))
    if sign:
        Log(db, Path("corpus")).sign(SIGNER, len(rows))
    db.execute(spoil)
    return dump(db)


def dump(db: apsw.Connection) -> str:
    """All of it as SQL, leaves and notes as text."""
    lines = [store._SCHEMA.strip()]
    for place, chain, leaf in db.execute("SELECT * FROM entry ORDER BY seq"):
        lines.append(f"INSERT INTO entry VALUES({place}, X'{chain.hex()}', CAST('{leaf.decode()}' AS BLOB));")
    for level, n, hashes in db.execute("SELECT * FROM tile ORDER BY level, n"):
        lines.append(f"INSERT INTO tile VALUES({level}, {n}, X'{hashes.hex()}');")
    for size, note in db.execute("SELECT * FROM checkpoint ORDER BY size"):
        lines.append(f"INSERT INTO checkpoint VALUES({size}, '{note}');")
    return "\n".join(lines) + "\n"


def root(size: int = 12) -> bytes:
    return fold(b"".join(leaf_hash(leaf) for leaf in leaves(honest())[:size]))


def note(size: int = 12, by: Signer = SIGNER, digest: bytes = b"", origin: str = "desist-ledger/" + _W[0]) -> str:
    """A checkpoint of the honest ledger, or one that says something else."""
    return by.sign(Checkpoint(origin, size, digest or root(min(size, 12))))


def stored(text: str, size: int = 12) -> str:
    """SQL that puts this checkpoint in the place of the ledger's own."""
    return f"DELETE FROM checkpoint; INSERT INTO checkpoint VALUES({size}, '{text}')"


def _again(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "n": 2, "m": 2000}


def _unrevised(entry: dict[str, Any]) -> dict[str, Any]:
    """In a session that announced no revision."""
    return {name: value for name, value in entry.items() if name != "rev" or entry["w"] != _W[0]}


_COMMITTED = {"c": {"all": "A" * 43 + "="}}
_LATER = {"v": 1, "w": _W[1], "n": 7, "m": 7000, "t": _BEGAN + 10_007_000, "k": "outcome"}
LEDGERS: dict[str, tuple[str, str]] = {
    "honest": ("", ledger()),
    "place": ("place", ledger(gap_at=4)),
    "chain": ("chain", ledger(chain_at=4)),
    "form": ("form", ledger(lambda e: [*e, {**_LATER, "gate": "somewhere"}])),
    "open": ("open", ledger(lambda e: e[1:])),
    "link": ("link", ledger(edit(4, p="A" * 43 + "="))),
    "link-of-open": ("link", ledger(edit(7, p="A" * 43 + "="))),
    "number-jumps": ("number", ledger(edit(6, n=7))),
    "number-twice": ("number", ledger(edit(12, n=5))),
    "close": ("close", ledger(lambda e: [*e, _LATER])),
    "close-opened-twice": ("close", ledger(lambda e: [e[0], _again(e[0]), *map(_unrevised, e[2:])])),
    "monotonic": ("monotonic", ledger(edit(5, m=1))),
    "counter": ("counter", ledger(edit(5, platforms={"pictogram": [1, 3]}))),
    "counter-of-close": ("counter", ledger(edit(6, facts={"permitted": 1, "refused": 1}))),
    "revision": ("revision", ledger(edit(4, rev=2))),
    "tile": ("tile", ledger(spoil="UPDATE tile SET hashes = zeroblob(length(hashes))")),
    "tile-missing": ("tile", ledger(spoil="DELETE FROM tile")),
    "tile-extra": ("tile", ledger(spoil="INSERT INTO tile VALUES(1, 0, zeroblob(32))")),
    "checkpoint-of-others": ("checkpoint", ledger(spoil=stored(note(digest=bytes(32))))),
    "checkpoint-of-more": ("checkpoint", ledger(spoil=stored(note(20), 20))),
    "checkpoint-by-another": ("checkpoint", ledger(spoil=stored(note(by=OTHER)))),
    "no-close": ("no `close`", ledger(lambda e: e[:-1])),
    "silence": ("is silent", ledger(edit(12, m=10**12))),
    "details": ("are gone", ledger(edit(5, **_COMMITTED))),
    "anchor-of-others": ("are not those", ledger()),
    "anchor-of-more": ("the record has", ledger()),
}
"""Name: the rule that is broken (for the last five, words of what is said), and the ledger."""
ANCHORS = {"honest": note(), "anchor-of-others": note(digest=bytes(32)), "anchor-of-more": note(20)}
"""Checkpoints that were kept elsewhere, for these ledgers."""


def _swap(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


_NODES = node_reader(lambda level, n: b"".join(map(leaf_hash, leaves(honest()))) if (level, n) == (0, 0) else b"")
PROOF = inclusion_at(ENTRY, leaf_hash(leaves(honest())[ENTRY - 1]), note(), _NODES)
GROWTH = growth_from(Checkpoint.of(note(7)), note(), _NODES)
_HASH = base64.b64encode(PROOF.hashes[0]).decode()
_SIGNATURE = note().rpartition(" ")[2].strip()
NOTES: dict[str, tuple[str, str]] = {
    "honest": ("", note()),
    "no-gap": ("is not a signed note", _swap(note(), "\n\n", "\n")),
    "no-end": ("is not a signed note", note()[:-1]),
    "no-signature-line": ("is no signature", note() + "more\n"),
    "another-dash": ("is no signature", _swap(note(), "\N{EM DASH}", "-")),
    "no-base64": ("is no base64", _swap(note(), _SIGNATURE[:4], "K!Se")),
    "pad-bits": ("bits in its padding", _swap(note(), _SIGNATURE[-2:], chr(ord(_SIGNATURE[-2]) + 1) + "=")),
    "short-signature": ("too short", _swap(note(), _SIGNATURE, "AAAA")),
    "another-key": ("is signed 0 times", note(by=OTHER)),
    "signed-twice": ("is signed 2 times", note() + note().split("\n\n")[1]),
    "another-text": ("did not make", _swap(note(), "\n12\n", "\n13\n")),
    "another-body": ("three lines", SIGNER.sign(Checkpoint("a b", 12, root()))),
}
"""Name: words of what is said, and the checkpoint."""
PROOFS: dict[str, tuple[str, str]] = {
    "honest": ("", PROOF.text()),
    "another-head": ("is no `tlog-proof`", _swap(PROOF.text(), "@v1", "@v2")),
    "leading-zero": ("is no `tlog-proof`", _swap(PROOF.text(), "index ", "index 0")),
    "extra": ("is no `tlog-proof`", _swap(PROOF.text(), "index", "extra AAAA\nindex")),
    "no-gap": ("is no `tlog-proof`", _swap(PROOF.text(), "\n\n", "\n")),
    "pad-bits": ("bits in its padding", _swap(PROOF.text(), _HASH, _HASH[:-2] + chr(ord(_HASH[-2]) + 1) + "=")),
    "beyond": ("speaks of entry 13", _swap(PROOF.text(), "index 4", "index 12")),
    "another-place": ("does not lead", _swap(PROOF.text(), "index 4", "index 5")),
    "another-hash": ("does not lead", _swap(PROOF.text(), _HASH, "A" * 43 + "=")),
    "a-hash-less": ("does not lead", _swap(PROOF.text(), _HASH + "\n", "")),
    "a-hash-more": ("does not lead", _swap(PROOF.text(), _HASH, _HASH + "\n" + _HASH)),
    "another-key": ("is signed 0 times", _swap(PROOF.text(), note(), note(by=OTHER))),
    "another-checkpoint": ("does not lead", _swap(PROOF.text(), note(), note(digest=bytes(32)))),
}
"""Of entry `ENTRY`. Name: words of what is said, and the proof."""
GROWTHS: dict[str, tuple[str, str]] = {
    "honest": ("", GROWTH.text()),
    "another-head": ("is no proof", _swap(GROWTH.text(), "old ", "older ")),
    "another-size": ("begins with 6", _swap(GROWTH.text(), "old 7", "old 6")),
    "another-log": ("begins with 7", _swap(GROWTH.text(), note(), note(origin="desist-ledger/another"))),
    "another-root": ("does not lead", _swap(GROWTH.text(), note(), note(digest=bytes(32)))),
    "another-key": ("is signed 0 times", _swap(GROWTH.text(), note(), note(by=OTHER))),
}
"""From the checkpoint of seven entries. Name: words of what is said, and the proof."""


def files() -> dict[str, str]:
    """Every file of the corpus: its path below the folder, and its text."""
    result = {
        f"ledgers/{name}.sql": f"-- breaks: {rule or 'nothing'}\n{text}" for name, (rule, text) in LEDGERS.items()
    }
    result |= {f"ledgers/{name}.anchor": text for name, text in ANCHORS.items()}
    result |= {f"checkpoints/{name}.note": text for name, (_, text) in NOTES.items()}
    result |= {f"proofs/{name}.tlog-proof": text for name, (_, text) in PROOFS.items()}
    result |= {f"growths/{name}.txt": text for name, (_, text) in GROWTHS.items()}
    return result | {"log.vkey": f"{SIGNER.verifier}\n", "proofs/entry.json": leaves(honest())[ENTRY - 1].decode()}


if __name__ == "__main__":
    for path, text in files().items():
        (FOLDER / path).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / path).write_text(text, encoding="utf-8", newline="")
