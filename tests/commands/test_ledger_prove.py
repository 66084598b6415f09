"""`desist ledger prove`: files that a stranger can check, and every changed octet of them refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desist.commands.main import main
from desist.ledger.checkpoint import Signer
from desist.ledger.ledger import Ledger
from desist.ledger.proof import Inclusion

SIGNER = Signer("desist-ledger", Ed25519PrivateKey.from_private_bytes(bytes(32)))
KEY = str(SIGNER.verifier)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a signed ledger with two dockets."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("DESIST_COUNSEL_KEY", raising=False)
    monkeypatch.delenv("DESIST_LOG_KEY", raising=False)
    path = tmp_path / "ledger" / "ledger.db"
    with Ledger.open(path, signer=SIGNER) as ledger:
        for docket in ("2026-01-pictogram", "2026-01-pictogram#2", "2026-02-chirper"):
            ledger.append("refuse", platforms=["pictogram"], docket=docket)
    path.chmod(0o400)
    return path


def prove(path: Path, *words: str) -> int:
    return main(["ledger", "prove", str(path), *words])


def check(folder: Path, key: str = KEY) -> int:
    return main(["ledger", "prove", "--check", *map(str, sorted(folder.glob("*.tlog-proof"))), "--key", key])


def test_an_entry_and_its_proof_hold_without_the_ledger(path: Path, tmp_path: Path) -> None:
    """The files are enough, with the pinned key."""
    assert prove(path, "--entry", "2", "-o", str(tmp_path / "out")) == 0
    path.chmod(0o600)
    path.unlink()
    assert b'"n":2,' in (tmp_path / "out" / "entry-2.json").read_bytes()
    assert check(tmp_path / "out") == 0


def test_a_docket_is_proved_whole(path: Path, tmp_path: Path) -> None:
    """Every entry that is filed under the notice, whichever of its rules."""
    assert prove(path, "--docket", "2026-01-pictogram", "-o", str(tmp_path / "out")) == 0
    assert sorted(file.name for file in (tmp_path / "out").glob("*.json")) == ["entry-2.json", "entry-3.json"]
    assert check(tmp_path / "out") == 0


@pytest.mark.parametrize("name", ["entry-2.json", "entry-2.tlog-proof"])
def test_no_changed_octet_passes(path: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the entry or of the proof."""
    out = tmp_path / "out"
    assert prove(path, "--entry", "2", "-o", str(out)) == 0
    whole = (out / name).read_bytes()
    for place in range(0, len(whole), 7):
        (out / name).write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert check(out) in (2, 3), f"octet {place} of {name}"
    capsys.readouterr()
    (out / name).write_bytes(whole)
    assert check(out) == 0


def test_another_key_and_no_key(path: Path, tmp_path: Path) -> None:
    """A forger's own key must not verify, and without a key nothing is checked."""
    assert prove(path, "--entry", "2", "-o", str(tmp_path / "out")) == 0
    other = str(Signer("desist-ledger", Ed25519PrivateKey.generate()).verifier)
    assert check(tmp_path / "out", other) == 3
    assert main(["ledger", "prove", "--check", str(tmp_path / "out" / "entry-2.tlog-proof")]) == 2
    assert prove(path, "--entry", "2", "--key", other, "-o", str(tmp_path / "out")) == 3


def test_no_proof_is_overwritten(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What lies there may be of another ledger: exit 2, and nothing at all is written."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "entry-3.json").write_text("another")
    assert prove(path, "--entry", "2", "--entry", "3", "-o", str(out)) == 2
    assert f"{out / 'entry-3.json'}: exists" in capsys.readouterr().err
    assert [(file.name, file.read_text()) for file in out.iterdir()] == [("entry-3.json", "another")]


@pytest.mark.parametrize("place", ["9" * 24, "0", "-1", "x"])
def test_what_is_no_place_in_a_ledger_is_a_usage_error(path: Path, place: str) -> None:
    """However many digits it has."""
    with pytest.raises(SystemExit) as stop:
        prove(path, f"--entry={place}")
    assert stop.value.code == 2


def test_a_proof_can_lead_to_an_anchor(path: Path, tmp_path: Path) -> None:
    """To a checkpoint that was kept elsewhere, older than the ledger's last."""
    anchor = tmp_path / "anchor"
    assert prove(path, "--entry", "1", "-o", str(tmp_path / "first")) == 0
    anchor.write_text(Inclusion.parse((tmp_path / "first" / "entry-1.tlog-proof").read_text()).note)
    path.chmod(0o600)
    with Ledger.open(path, signer=SIGNER):
        pass
    path.chmod(0o400)
    words = ["--entry", "2", "--key", KEY, "--anchor", str(anchor), "-o", str(tmp_path / "out")]
    assert prove(path, *words) == 0
    assert Inclusion.parse((tmp_path / "out" / "entry-2.tlog-proof").read_text()).note == anchor.read_text()
    assert check(tmp_path / "out") == 0


def test_what_cannot_be_proved_is_said(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No such entry or docket, no checkpoint, an entry newer than it: exit code 2 with the mend."""
    out = ["-o", str(tmp_path / "out")]
    assert prove(path, "--entry", "99", *out) == 2
    assert prove(path, "--docket", "2026-09-nobody", *out) == 2
    assert prove(path, *out) == 2
    path.chmod(0o600)
    with Ledger.open(path):
        pass
    path.chmod(0o400)
    assert prove(path, "--entry", "7", *out) == 2
    assert "newer than the checkpoint, which is of 5 entries" in capsys.readouterr().err
    bare = tmp_path / "bare" / "ledger.db"
    with Ledger.open(bare):
        pass
    bare.chmod(0o400)
    assert prove(bare, "--entry", "1", *out) == 2
    assert "holds no checkpoint" in capsys.readouterr().err
    assert main(["ledger", "prove", str(path), "--check", "x", "--key", KEY]) == 2
