"""What an attacker can do to a record, and which of the answers finds it.

`local` needs nothing but the file, `signed` the pinned key, `anchored` a checkpoint that was kept elsewhere. Whoever
holds the signing key too is found by the anchor only; behind the last anchor lies the one open window.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desist.commands.ledger_verify import answers_of
from desist.ledger.anchor import Anchors, Walk, open_window
from desist.ledger.checkpoint import BadNote, Signer
from desist.ledger.entry import leaf_hash
from desist.ledger.log import Log
from desist.ledger.proof import BadProof, Growth, Inclusion, growth_from, inclusion_at
from desist.ledger.query import Reader
from desist.ledger.tiles import node_reader
from desist.ledger.verify import verify

from .sample import Rows, changed, rechained, rows
from .test_anchor import SIGNER, crawl
from .test_verify import relinked

Leaves = list[bytes]
ALL = frozenset({"local", "signed", "anchored"})
FOREIGN = Signer("desist-ledger", Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32))


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sessions of seven entries; the anchor is the checkpoint after each."""
    folder = tmp_path_factory.mktemp("honest")
    path = folder / "ledger" / "ledger.db"
    (folder / "anchor").write_text("".join(crawl(path) + crawl(path)))
    return folder


def found(path: Path, anchor: Path) -> frozenset[str]:
    """The answers that are not yes."""
    path.chmod(0o400)
    local = answers_of(path, "", [])
    told = answers_of(path, str(SIGNER.verifier), [anchor])
    answers = {
        "local": local.intact and local.record.complete,
        "signed": told.intact and told.record.complete,
        "anchored": told.holds("anchored") and not told.anchored.open_end,
    }
    return frozenset(name for name, good in answers.items() if not good)


def rewrite(path: Path, forged: Rows, signer: Signer | None = None) -> None:
    """Put these rows in the place of all entries; with a signer the tree and checkpoint, too."""
    db = apsw.Connection(str(path))
    for trigger in ("entry_stays", "entry_same"):
        db.execute(f"DROP TRIGGER IF EXISTS {trigger}")
    db.execute("DELETE FROM entry")
    db.executemany("INSERT INTO entry VALUES(?, ?, ?)", forged)
    if signer:
        db.execute("DELETE FROM tile; DELETE FROM checkpoint")
        Log(db, path).sign(signer, len(forged))
    db.close()


def renumbered(honest: Rows) -> Rows:
    return [(seq, chain, leaf) for seq, (_, chain, leaf) in enumerate(honest, 1)]


CLUMSY: dict[str, Callable[[Rows], Rows]] = {
    "edit": lambda r: [*r[:3], (4, r[3][1], changed(r[3][2], docket="another")), *r[4:]],
    "delete": lambda r: [*r[:3], *r[4:]],
    "delete and renumber": lambda r: renumbered([*r[:3], *r[4:]]),
    "reorder": lambda r: renumbered([*r[:3], r[4], r[3], *r[5:]]),
    "insert": lambda r: renumbered([*r[:4], r[3], *r[4:]]),
    "renumber": lambda r: [(seq + 1, chain, leaf) for seq, chain, leaf in r],
    "truncate": lambda r: r[:-1],
    "truncate a whole session": lambda r: r[:7],
}
PATIENT: dict[str, Callable[[Leaves], Leaves]] = {
    "edit": lambda x: relinked([*x[:3], changed(x[3], docket="another"), *x[4:]], 4),
    "delete a session": lambda x: alone(x[7:]),
    "truncate": lambda x: x[:7],
    "reorder sessions": lambda x: alone([*x[7:], *x[:7]]),
    "insert": lambda x: [*x, *other_session(x)],
    "renumber": lambda x: relinked([*x[:5], changed(x[5], n=7), changed(x[6], n=8)], 5) + x[7:],
}
"""Hashes, links and places are made anew as far as that hides the change."""


def alone(leaves: Leaves) -> Leaves:
    """These entries as if none had stood before them."""
    return relinked([changed(leaves[0], p="A" * 43 + "="), *leaves[1:]], 1)


def other_session(leaves: Leaves) -> Leaves:
    """Seven entries that were never written by a crawl, behind the others."""
    copy = [changed(leaf, w="01a2052a-12d2-7620-9224-8747f5006f21") for leaf in leaves[:7]]
    return relinked([leaves[-1], *copy], 1)[1:]


@pytest.fixture
def copy(honest: Path, tmp_path: Path) -> Path:
    shutil.copytree(honest / "ledger", tmp_path / "ledger")
    return tmp_path / "ledger" / "ledger.db"


def test_an_honest_record_passes_all_answers(honest: Path, copy: Path) -> None:
    """The control."""
    assert found(copy, honest / "anchor") == frozenset()


@pytest.mark.parametrize("name", CLUMSY)
def test_clumsy_tampering_is_found_by_every_answer(name: str, honest: Path, copy: Path) -> None:
    """The hashes as they were."""
    rewrite(copy, CLUMSY[name](rows(copy)))
    assert found(copy, honest / "anchor") == ALL


@pytest.mark.parametrize("name", PATIENT)
def test_all_hashes_made_anew_are_found_by_the_tiles(name: str, honest: Path, copy: Path) -> None:
    """They speak of what was signed; to insert behind the end is to append, and the anchor says where that begins."""
    rewrite(copy, rechained(PATIENT[name]([leaf for _, _, leaf in rows(copy)])))
    assert found(copy, honest / "anchor") == (frozenset({"anchored"}) if name == "insert" else ALL)


@pytest.mark.parametrize("name", PATIENT)
@pytest.mark.parametrize("whose", ["the log's key", "another key"])
def test_a_forgery_that_is_signed_is_found_by_anchor_and_pinned_key(
    name: str, whose: str, honest: Path, copy: Path
) -> None:
    """With the log's own key no check of the file alone finds it; a re-forger's own key does not verify."""
    signer = SIGNER if whose == "the log's key" else FOREIGN
    rewrite(copy, rechained(PATIENT[name]([leaf for _, _, leaf in rows(copy)])), signer)
    answers = found(copy, honest / "anchor")
    if name == "renumber":
        assert answers == ALL  # a session whose numbers jump is no session
    elif signer is FOREIGN:
        assert answers == {"signed", "anchored"}
    else:
        assert answers == {"anchored"}


def test_a_rolled_back_file_is_found_by_the_anchor(honest: Path, tmp_path: Path) -> None:
    """An older copy, intact and signed."""
    path = tmp_path / "ledger" / "ledger.db"
    crawl(path)
    shutil.copy(path, tmp_path / "older.db")
    (tmp_path / "anchor").write_text(crawl(path)[-1])
    assert found(tmp_path / "older.db", tmp_path / "anchor") == {"anchored"}


def test_a_swapped_file_is_found_by_the_anchor(honest: Path, tmp_path: Path) -> None:
    """Another log of the same key and length."""
    path = tmp_path / "ledger" / "ledger.db"
    crawl(path)
    crawl(path)
    assert found(path, honest / "anchor") == {"anchored"}


def test_the_open_window_is_what_nobody_finds_and_everybody_is_told(tmp_path: Path) -> None:
    """The control: entries behind the last anchor are cut off with the key, and their writer never returns."""
    path = tmp_path / "ledger" / "ledger.db"
    (tmp_path / "anchor").write_text(crawl(path)[-1])
    crawl(path, 20)
    rewrite(path, rows(path)[:7], SIGNER)
    assert found(path, tmp_path / "anchor") == frozenset()
    crawl_again = tmp_path / "again" / "ledger.db"
    (tmp_path / "anchor").write_text(crawl(crawl_again)[-1])
    crawl(crawl_again, 20)
    answers = answers_of(crawl_again, str(SIGNER.verifier), [tmp_path / "anchor"])
    assert "the last 22 entries" in open_window(answers.anchored)


def test_every_bit_of_every_tile(honest: Path) -> None:
    """Each flipped bit is found over the entries."""
    with Reader(honest / "ledger" / "ledger.db") as reader:
        tile, places, all_rows = reader.tile(0, 0), list(reader.tiles()), list(reader.rows())
    assert places == [(0, 0)]
    walk = Walk(stored=lambda level, n: bytes(tile), size=14)
    verify(all_rows, each=walk.add)
    for bit in range(len(tile) * 8):
        flipped = bytearray(tile)
        flipped[bit // 8] ^= 1 << bit % 8
        again = Walk(stored=lambda level, n, flipped=flipped: bytes(flipped), size=14)
        again.add(b"".join(leaf_hash(leaf) for _, _, leaf in all_rows))
        again.finish(places)
        assert again.wrong, f"bit {bit}"


def flips(text: str) -> list[str]:
    """Every flipped bit that is text still."""
    octets, result = text.encode(), []
    for bit in range(len(octets) * 8):
        flipped = bytearray(octets)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            result.append(flipped.decode())
        except UnicodeDecodeError:
            continue
    return result


def test_every_bit_of_a_proof(honest: Path) -> None:
    """Of inclusion and of growth; also of the entry that is proved."""
    with Reader(honest / "ledger" / "ledger.db") as reader:
        node_at, notes, leaf = node_reader(reader.tile), reader.checkpoints(), reader.leaf(5)
        proof = inclusion_at(5, leaf_hash(leaf), notes[-1], node_at)
        old = SIGNER.verifier.check(notes[0])
        growth = growth_from(old, notes[-1], node_at)
    assert proof.check(leaf_hash(leaf), SIGNER.verifier) == growth.check(old, SIGNER.verifier)
    for text in flips(proof.text()):
        with pytest.raises((BadNote, BadProof)):
            Inclusion.parse(text).check(leaf_hash(leaf), SIGNER.verifier)
    for text in flips(growth.text().removesuffix(growth.note)):
        with pytest.raises((BadNote, BadProof)):
            Growth.parse(text + growth.note).check(old, SIGNER.verifier)
    for text in flips(leaf.decode()):
        with pytest.raises(BadProof):
            proof.check(leaf_hash(text.encode()), SIGNER.verifier)


def test_an_anchor_of_nothing_holds_nothing() -> None:
    """A checkpoint of an empty log agrees with every record, and anchors none of it."""
    anchors = Anchors([])
    assert not anchors.result(14).holds
    assert anchors.result(14).open_end == 14
