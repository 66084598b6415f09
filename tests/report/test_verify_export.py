"""The verifier that goes out with an export: every rule has an export that breaks that rule and no other."""

from __future__ import annotations

import ast
import io
import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import desist.report
from desist.ledger.checkpoint import Checkpoint, Signer
from desist.report.export import manifest, pack
from desist.report.verify_export import BOUND, Refused, check, grows, leads, main, read

from .bad_exports import BAD, WHOLE, details, edited, entry_lines, with_lines
from .forge import KEY, Files, anchor, make, record, reseal


def refused(files: Files, key: str = KEY, anchors: str = "", **more: Any) -> str:
    """The rule by which it is refused."""
    with pytest.raises(Refused) as found:
        check(files, key, anchors, **more)
    return found.value.rule


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("size", [0, 3, 8, 13])
def test_a_good_export_is_accepted(whole: bool, size: int) -> None:
    """In part and as a whole record, with anchors of several sizes and without."""
    files = make(claim={"whole": whole})
    leaves = [json.loads(row["leaf"]) | {"p": ""} for row in entry_lines(files)]
    found = check(files, KEY, anchor(leaves, size) if size else "")
    assert any("permits   0 for pictogram" in line for line in found)
    assert any("refusals  3 entries" in line for line in found)


def test_opened_details_that_were_committed_to_are_accepted() -> None:
    """By the salt that came along."""
    leaves, opened = details()
    assert any("1 come with details" in line for line in check(make(leaves, details=opened), KEY))


def test_an_unbound_export_is_accepted_only_when_asked_for() -> None:
    """From a copy nobody can record an export: its texts are nobody's."""
    files = make(bind=False)
    assert refused(files) == "bound"
    assert any("NOT BOUND" in line for line in check(files, KEY, unbound=True))


@pytest.mark.parametrize("name", BAD)
def test_each_rule_has_an_export_that_breaks_it(name: str) -> None:
    """Made with the log's own signing key wherever that helps a forger."""
    rule, forged = BAD[name]
    assert refused(forged()) == rule


def test_a_record_that_was_grown_from_another_is_refused_by_the_anchor() -> None:
    """One that was forged as a whole, with the signing key: nothing in it is wrong but what somebody else kept."""
    honest = record()
    for size in (3, 8, 11):
        assert check(make(anchors=(3, 8, 11)), KEY, anchor(honest, size))
    other = edited(2, facts={"revision": "ff" * 32})
    for claim in ({}, WHOLE):
        for size in (3, 8):
            assert refused(make(other, claim=claim), anchors=anchor(honest, size)) == "anchor"
    files = make()
    leaves = [json.loads(row["leaf"]) | {"p": ""} for row in entry_lines(files)]
    leaves[1]["facts"] = {"revision": "ff" * 32}
    assert refused(files, anchors=anchor(leaves, 13)) == "anchor"


@pytest.mark.parametrize("how", ["cut", "long", "turned", "absent", "twice"])
def test_an_anchor_needs_a_proof_that_leads_from_it(how: str) -> None:
    """Exactly one, of the right length and order."""

    def change(rows: list[dict[str, Any]]) -> None:
        proof = rows[0]["proof"]
        rows[0]["proof"] = {"cut": proof[:-1], "long": proof * 2, "turned": proof[::-1]}.get(how, proof)
        rows[:] = {"absent": rows[1:], "twice": rows + rows}.get(how, rows)

    files = make(after=with_lines(change, "proof/anchors.jsonl"))
    assert refused(files, anchors=anchor(record(), 3)) == "anchor"


def test_a_proof_is_as_long_as_its_tree_is_high() -> None:
    """A root that was signed under another size than its own is found by that alone (RFC 9162 sections 2.1.3 and 4)."""
    one, two, three = (bytes([n]) * 32 for n in range(3))
    for words, wrong in (
        ("longer", lambda: leads(0, 0, two, [one])),
        ("shorter", lambda: leads(0, 3, one, [two])),
        ("too long", lambda: grows(1, 2, one, [two, three])),
        ("does not begin", lambda: grows(1, 3, one, [two])),
        ("is empty", lambda: grows(3, 4, one, [])),
        ("is empty", lambda: grows(4, 3, one, [two])),
    ):
        with pytest.raises(Refused, match=words):
            wrong()


def test_what_is_no_anchor_is_refused() -> None:
    """A file without a checkpoint, and one that another key signed."""
    assert refused(make(), anchors="nothing\n") == "anchor"
    other = Signer("desist-ledger", Ed25519PrivateKey.generate())
    note = anchor(record(), 3).split("\n\n")[0]
    assert refused(make(), anchors=other.sign(Checkpoint.parse(note + "\n"))) == "key"


def test_only_the_key_that_was_given_counts() -> None:
    """A forger's own key, one with an id that is not its own, one that is none."""
    other = str(Signer("desist-ledger", Ed25519PrivateKey.generate()).verifier)
    name, identity, public = KEY.split("+", 2)
    for key in (other, f"{name}+{'0' * 8}+{public}", f"{name}+{identity}", "", KEY.replace(name, "another", 1)):
        assert refused(make(), key) == "key"


def test_a_zip_with_two_files_of_one_name_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Programs differ in which of them they show."""
    path = tmp_path / "export.zip"
    path.write_bytes(pack(make()))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as file:
        file.writestr("STATEMENT.md", make()["STATEMENT.md"])
    assert main([str(path), "--key", KEY]) == 3
    assert "names: the zip holds two files of one name" in capsys.readouterr().err


def test_a_link_in_the_folder_is_refused(tmp_path: Path) -> None:
    """What it leads to can change after the check."""
    for name, octets in make().items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(octets)
    assert main([str(tmp_path), "--key", KEY]) == 0
    (tmp_path / "VERIFY.md").rename(tmp_path.parent / "VERIFY.md")
    (tmp_path / "VERIFY.md").symlink_to(tmp_path.parent / "VERIFY.md")
    assert main([str(tmp_path), "--key", KEY]) == 3


def test_what_cannot_be_read_is_refused_without_a_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No file, no zip, no key."""
    (tmp_path / "none.zip").write_bytes(b"PK")
    for words in ([str(tmp_path / "none.zip"), "--key", KEY], [str(tmp_path), "--key", str(tmp_path / "none")]):
        assert main(words) == 2
        assert capsys.readouterr().err.startswith("REFUSED: ")


def mutants(files: Files, names: tuple[str, ...], step: int) -> Any:
    """Every so-manyth byte of these files, with one bit turned."""
    for name in names:
        for at in range(0, len(files[name]), step):
            octets = bytearray(files[name])
            octets[at] ^= 1 << at % 8
            yield name, at, {**files, name: bytes(octets)}


def accepted(files: Files) -> bool:
    try:
        return bool(check(files, KEY))
    except Exception:  # as `main` does: whatever it is, nothing was accepted
        return False


def search(step: int) -> list[tuple[str, int]]:
    """The bytes of a small export that can be changed and are accepted all the same."""
    leaves, opened = details()
    files = make(leaves, details=opened)
    assert accepted(files)
    found = [(name, at) for name, at, mutant in mutants(files, tuple(files), step) if accepted(mutant)]
    for name, at, mutant in mutants(files, ("proof/checkpoint.txt", "proof/entries.jsonl"), step):
        reseal(mutant)
        found += [(name, at)] if accepted(mutant) else []
    for name, at, mutant in mutants(files, tuple(set(files) & set(BOUND)), step):
        mutant["MANIFEST"] = manifest(mutant, BOUND)
        found += [(name, at)] if accepted(mutant) else []
    return found


def test_no_changed_byte_is_accepted() -> None:
    """Neither as it is, nor where the lists are written anew to fit it."""
    assert search(3) == []


@pytest.mark.nightly
def test_no_changed_byte_of_any_is_accepted() -> None:
    """All of them."""
    assert search(1) == []


def changed_zips(step: int) -> list[int]:
    """The bytes of a zip that can be changed so that other content is accepted."""
    files = make()
    octets = pack(files)
    found = []
    for at in range(0, len(octets), step):
        mutant = bytearray(octets)
        mutant[at] ^= 1 << at % 8
        path = io.BytesIO(bytes(mutant))
        try:
            there = read_zip(path)
        except Exception:  # it cannot be read, and is refused
            continue
        found += [at] if there != files and accepted(there) else []
    return found


def read_zip(file: io.BytesIO) -> Files:
    class Place:
        """A zip in memory, as `read` takes it."""

        def is_dir(self) -> bool:
            return False

        def __getattr__(self, name: str) -> Any:
            return getattr(file, name)

    return read(Place())  # type: ignore[arg-type]


def test_no_changed_byte_of_the_zip_changes_what_is_accepted() -> None:
    """What the zip's own fields say (when, by whom) is nothing that an export says."""
    assert changed_zips(5) == []


@pytest.mark.nightly
def test_no_byte_of_the_zip_changes_what_is_accepted() -> None:
    """All of them."""
    assert changed_zips(1) == []


def test_the_same_export_has_the_same_octets() -> None:
    """Nothing of the machine, the moment or the order of a set is in it."""
    assert pack(make()) == pack(dict(reversed(make().items())))


def test_it_is_one_file_for_python_3_10() -> None:
    """Nothing of ours is imported, and nothing newer than 3.10 is written."""
    text = (Path(desist.report.__file__).parent / "verify_export.py").read_text(encoding="utf-8")
    tree = ast.parse(text, feature_version=(3, 10))
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert {name.partition(".")[0] for name in imported} - set(sys.stdlib_module_names) == {"cryptography"}
    assert not re.search(r"datetime\.UTC|import UTC|tomllib|ExceptionGroup|strict=True", text)
