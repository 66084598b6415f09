"""Counsel's key: configured, or made once at a terminal with a lasting home; never beside the ledger."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from desist.errors import LedgerUnusable, UsageError
from desist.ledger import keys, mounts
from desist.ledger.opener import Opener
from desist.ledger.seal import CounselKey


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of our own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return tmp_path


def test_without_a_terminal_no_pair_is_made(home: Path) -> None:
    """In a job nobody would ever see the private key again."""
    found = keys.counsel_key(None)
    assert (found.key, "not at a terminal" in found.source) == (None, True)
    assert list(home.iterdir()) == []


def in_terminal(home: Path) -> str:
    """Ask for the key in a process at a pseudo-terminal, and what it says."""
    ours, theirs = pty.openpty()
    code = "from desist.ledger.keys import counsel_key; print(counsel_key(None))"
    environment = {**os.environ, "HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", code], stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, env=environment, check=True
    )
    os.close(ours)
    os.close(theirs)
    return done.stdout.decode()


def test_at_a_terminal_a_pair_is_made_once(home: Path) -> None:
    """In the configuration folder, mode 0600; the second time the same key is found."""
    if mounts.file_system(home) in ("tmpfs", "overlay"):
        pytest.skip("the temporary folder does not last, which is another test")
    assert "made just now" in in_terminal(home)
    folder = home / ".config" / "desist"
    private = next(folder.glob("counsel-*.key"))
    assert (private.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    found = keys.counsel_key(None)
    assert found.key is not None
    assert found.key.kid == keys.private_keys([])[0].counsel.kid
    assert "made just now" not in in_terminal(home)


def test_a_home_that_does_not_last_gets_no_pair(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container's file system takes the private key with it."""
    listed = tmp_path / "mounts"
    listed.write_text("1 0 0:1 / / rw - overlay overlay rw\n")
    monkeypatch.setattr(mounts, "MOUNTS", listed)
    for stream in ("stdin", "stderr"):
        monkeypatch.setattr(getattr(sys, stream), "isatty", lambda: True, raising=False)
    assert "does not last (overlay)" in keys.counsel_key(None).source


def test_a_configured_key_is_taken_as_text_or_file(home: Path) -> None:
    """DESIST_COUNSEL_KEY holds the key, or the path of a file with it."""
    counsel = Opener.generate().counsel
    file = home / "counsel.pub"
    file.write_text(f"{counsel}\n")
    for configured in (str(counsel), str(file)):
        found = keys.counsel_key(configured)
        assert found.key is not None
        assert (found.key.kid, found.source) == (counsel.kid, "DESIST_COUNSEL_KEY")


@pytest.mark.parametrize(
    "text",
    [
        "desist-x25519:AAAA",
        "desist-x25519:" + "A" * 42 + "B=",
        "desist-x25519-private:" + "A" * 43 + "=",
        "/nowhere/key",
    ],
)
def test_a_configured_key_that_cannot_be_read_is_an_error(text: str) -> None:
    """Details are never dropped by a slip of the pen; pad bits are read strictly (RFC 4648 section 3.5)."""
    with pytest.raises(UsageError) as caught:
        keys.counsel_key(text)
    assert caught.value.help


def test_a_new_pair_keeps_the_old_private_key() -> None:
    """What was sealed to the old key stays readable."""
    old, new = keys.make_pair(), keys.make_pair()
    assert {opener.counsel.kid for opener in keys.private_keys([])} == {old.counsel.kid, new.counsel.kid}
    found = keys.counsel_key(None)
    assert found.key is not None
    assert found.key.kid == new.counsel.kid


def test_keys_read_as_they_are_written() -> None:
    """Both halves."""
    opener = Opener.generate()
    assert Opener.parse(opener.private_text()).counsel.kid == opener.counsel.kid
    assert CounselKey.parse(str(opener.counsel)).kid == opener.counsel.kid


def test_the_log_signs_with_one_key(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made at a terminal, kept with mode 0600, its public half beside it to be pinned elsewhere; else there is none."""
    assert keys.log_signer() is None
    for stream in ("stdin", "stderr"):
        monkeypatch.setattr(getattr(sys, stream), "isatty", lambda: True, raising=False)
    monkeypatch.setattr(mounts, "MOUNTS", home / "no-list")
    first, again = keys.log_signer(), keys.log_signer()
    assert first is not None
    assert again is not None
    folder = home / ".config" / "desist"
    assert str(first.verifier) == str(again.verifier) == (folder / "log.vkey").read_text().strip()
    assert (folder / "log.key").stat().st_mode & 0o777 == 0o600
    (folder / "log.key").write_text("nonsense")
    with pytest.raises(LedgerUnusable, match="the key that signs checkpoints"):
        keys.log_signer()
