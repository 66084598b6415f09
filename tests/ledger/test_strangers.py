"""Go's checksum database reads what Desist signs, with no code of ours, and refuses each changed copy.

The Debian packages golang-go and golang-golang-x-mod-dev are enough; nothing is downloaded.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from desist.commands.main import main
from desist.ledger.checkpoint import BadNote, Checkpoint
from desist.ledger.entry import leaf_hash
from desist.ledger.keys import make_log_key
from desist.ledger.ledger import Ledger
from desist.ledger.proof import Growth, Inclusion, growth_from, inclusion_at
from desist.ledger.query import Reader
from desist.ledger.tiles import node_reader, tile_path, widths

from .test_anchor import SIGNER, crawl

GOPATH = Path("/usr/share/gocode")
SIZES = (1, 5, 250, 700)

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.skipif(
        not (shutil.which("go") and (GOPATH / "src/golang.org/x/mod").is_dir()),
        reason="golang-go and golang-golang-x-mod-dev are not installed",
    ),
]


class Stranger:
    """The program, built once."""

    def __init__(self, folder: Path) -> None:
        self.program = folder / "check"
        source = Path(__file__).parent / "strangers" / "check.go"
        env = {"GO111MODULE": "off", "GOPATH": str(GOPATH), "GOCACHE": str(folder / "cache"), "GOPROXY": "off"}
        command = ["go", "build", "-o", str(self.program), str(source)]
        subprocess.run(command, env={**os.environ, **env}, check=True, cwd=folder, timeout=300)

    def accepts(self, files: Iterable[Path], *words: str, key: str = str(SIGNER.verifier)) -> dict[str, bool]:
        """Its answer to each file, by name."""
        command = [str(self.program), *words, key, *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
        lines = [line.split(" ") for line in done.stdout.splitlines()]
        return {Path(line[1]).name: line[0] == "ok" for line in lines}


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Stranger:
    return Stranger(tmp_path_factory.mktemp("go"))


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoints of four sessions, a proof of every entry to the last, growth from each to the last, all tiles."""
    folder = tmp_path_factory.mktemp("exported")
    path = folder / "ledger" / "ledger.db"
    notes = [crawl(path, entries)[-1] for entries in SIZES]
    with Reader(path) as reader:
        last, node_at = notes[-1], node_reader(reader.tile)
        size = Checkpoint.of(last).size
        for seq in range(1, size + 1):
            leaf = reader.leaf(seq)
            (folder / f"entry-{seq}.json").write_bytes(leaf)
            (folder / f"entry-{seq}.tlog-proof").write_text(inclusion_at(seq, leaf_hash(leaf), last, node_at).text())
        for number, note in enumerate(notes):
            (folder / f"old-{number}").mkdir()
            (folder / f"old-{number}" / "old.note").write_text(note)
            growth = growth_from(Checkpoint.of(note), last, node_at)
            (folder / f"old-{number}" / f"growth-{number}").write_text(growth.text())
            (folder / f"checkpoint-{number}").write_text(note)
        (folder / "checkpoint").write_text(last)
        for level, full, width in widths(size):
            for n in range(full + bool(width)):
                name = folder / tile_path(level, n, 256 if n < full else width)
                name.parent.mkdir(parents=True, exist_ok=True)
                name.write_bytes(reader.tile(level, n))
    return folder


def test_every_checkpoint_and_proof_is_accepted(stranger: Stranger, exported: Path) -> None:
    """Signatures by sumdb/note, inclusion by tlog.CheckRecord, growth by tlog.CheckTree."""
    files = [*exported.glob("checkpoint-*"), *exported.glob("*.tlog-proof"), *exported.glob("old-*/growth-*")]
    answers = stranger.accepts(files)
    assert len(answers) == 2 * len(SIZES) + sum(SIZES) + 2 * len(SIZES)
    assert all(answers.values()), [name for name, good in answers.items() if not good]


def test_every_tile_is_accepted(stranger: Stranger, exported: Path, tmp_path: Path) -> None:
    """tlog.ReadTileData has the same octets at the paths of C2SP tlog-tiles, tlog.TreeHash the signed root."""
    assert stranger.accepts([exported], "-tiles") == {exported.name: True}
    for tile in [file for file in (exported / "tile").rglob("*") if file.is_file()]:
        copy = tmp_path / "-".join(tile.relative_to(exported).parts)
        shutil.copytree(exported / "tile", copy / "tile")
        shutil.copy(exported / "checkpoint", copy / "checkpoint")
        changed = bytearray(tile.read_bytes())
        changed[len(changed) // 2] ^= 1
        (copy / tile.relative_to(exported)).write_bytes(changed)
        assert stranger.accepts([copy], "-tiles") == {copy.name: False}


def flipped(octets: bytes) -> Iterator[bytes]:
    """One bit of each octet, every bit in turn."""
    for place in range(len(octets)):
        yield octets[:place] + bytes([octets[place] ^ 1 << place % 8]) + octets[place + 1 :]


def test_each_changed_checkpoint_is_refused(stranger: Stranger, exported: Path, tmp_path: Path) -> None:
    """But for two pad bits of the signature's base64, which Go does not look at, and Desist does."""
    whole = (exported / "checkpoint-2").read_bytes()
    for number, changed in enumerate(flipped(whole)):
        (tmp_path / f"{number}").write_bytes(changed)
    accepted = [name for name, good in stranger.accepts(tmp_path.iterdir()).items() if good]
    assert len(accepted) <= 1
    for name in accepted:
        assert whole[int(name) + 1 :] in (b"=\n", b"==\n")
        with pytest.raises(BadNote):
            SIGNER.verifier.check((tmp_path / name).read_text())


@pytest.mark.parametrize("name", ["entry-700.tlog-proof", "entry-700.json", "old-1/growth-1", "old-1/old.note"])
def test_each_changed_proof_is_refused(stranger: Stranger, exported: Path, tmp_path: Path, name: str) -> None:
    """Of the proof, the entry, the old checkpoint: one bit of every octet."""
    source = exported / name
    checked: list[Path] = []
    for number, changed in enumerate(flipped(source.read_bytes())):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        for beside in ("entry-700.tlog-proof", "entry-700.json", "old-1/growth-1", "old-1/old.note"):
            shutil.copy(exported / beside, folder / Path(beside).name)
        (folder / source.name).write_bytes(changed)
        proof = "entry-700.tlog-proof" if name.startswith("entry") else "growth-1"
        checked.append((folder / proof).rename(folder / f"{number}{Path(proof).suffix}"))
        if name.startswith("entry"):
            (folder / "entry-700.json").rename(folder / f"{number}.json")
    answers = stranger.accepts(checked)
    accepted = [int(Path(name).stem) for name, good in answers.items() if good]
    tails = [source.read_bytes()[place + 1 :] for place in accepted]
    assert len(answers) == len(source.read_bytes())
    assert [tail for tail in tails if tail not in (b"=\n", b"==\n")] == []


def test_an_export_is_accepted(stranger: Stranger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counsel's zip: its checkpoint, each of its entries, the growth from the anchor; each changed entry is refused."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("DESIST_LOG_KEY", str(tmp_path / "log.key"))
    signer = make_log_key(tmp_path / "log.key")
    path, anchor = tmp_path / "ledger" / "ledger.db", tmp_path / "anchor"
    notes: list[str] = []
    for _ in range(2):
        with Ledger.open(path, revision="ab" * 32, signer=signer, on_checkpoint=notes.append) as ledger:
            facts = {"received_at": 1_800_000_000_000_000, "addressed": "us"}
            ledger.record("notice", docket="2026-01-pictogram", platforms=["pictogram"], facts=facts)
            for _ in range(20):
                ledger.append("refuse", platforms=["pictogram"], docket="2026-01-pictogram", gate="wire")
    anchor.write_text(notes[0])
    words = [
        "ledger",
        "export",
        str(path),
        "2026-01-pictogram",
        "--since",
        "2026-01-01",
        "-o",
        str(tmp_path / "out.zip"),
    ]
    assert main([*words, "--key", str(signer.verifier), "--anchor", str(anchor)]) == 0
    with zipfile.ZipFile(tmp_path / "out.zip") as exported:
        note = exported.read("proof/checkpoint.txt").decode()
        entries = [json.loads(line) for line in exported.read("proof/entries.jsonl").splitlines()]
        growth = [json.loads(line) for line in exported.read("proof/anchors.jsonl").splitlines()]
    (tmp_path / "checkpoint").write_text(note)
    (tmp_path / "old.note").write_text(notes[0])
    (tmp_path / "growth").write_text(Growth(growth[0]["before"], raw(growth[0]["proof"]), note).text())
    files = [tmp_path / "checkpoint", tmp_path / "growth"]
    for entry in entries:
        proof = Inclusion(entry["seq"] - 1, raw(entry["proof"]), note).text()
        for name, leaf in ((f"good-{entry['seq']}", entry["leaf"]), (f"bad-{entry['seq']}", entry["leaf"] + " ")):
            (tmp_path / f"{name}.json").write_text(leaf)
            (tmp_path / f"{name}.tlog-proof").write_text(proof)
            files.append(tmp_path / f"{name}.tlog-proof")
    answers = stranger.accepts(files, key=str(signer.verifier))
    assert len(entries) > 40
    assert {name for name, good in answers.items() if not good} == {f"bad-{one['seq']}.tlog-proof" for one in entries}


def raw(hashes: list[str]) -> tuple[bytes, ...]:
    """Hashes as an export writes them."""
    return tuple(base64.b64decode(one) for one in hashes)
