"""Where a ledger may lie: what is refused, with the mend."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from desist.errors import LedgerUnusable
from desist.ledger import files, mounts
from desist.ledger.ledger import Ledger


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger with one closed session."""
    ledger = tmp_path / "ledger" / "ledger.db"
    Ledger.open(ledger).close()
    return ledger


def refusal(path: Path) -> str:
    """What a crawl is told when it opens this ledger."""
    with pytest.raises(LedgerUnusable) as caught:
        Ledger.open(path)
    assert caught.value.help
    return str(caught.value)


def test_a_new_ledger_is_its_owners_alone(path: Path) -> None:
    """Folder 0700; file, log, lock and reserve 0600."""
    with Ledger.open(path):
        assert path.parent.stat().st_mode & 0o777 == 0o700
        modes = {one.name: one.stat().st_mode & 0o777 for one in path.parent.iterdir()}
    assert set(modes) >= {"ledger.db", "ledger.db-wal", "ledger.db.lock", "ledger.db.reserve"}
    assert set(modes.values()) == {0o600}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_a_file_that_others_reach_is_refused(path: Path, mode: int) -> None:
    """Group or world, reading or writing."""
    path.chmod(mode)
    assert f"chmod 600 {path}" in refusal(path)


def test_a_folder_that_others_reach_is_refused(path: Path) -> None:
    """The folder decides who can put another file in the ledger's place."""
    path.parent.chmod(0o755)
    assert f"chmod 700 {path.parent}" in refusal(path)


def test_a_symbolic_link_is_refused(path: Path) -> None:
    """A link can be turned to another file by whoever owns it."""
    link = path.with_name("link.db")
    link.symlink_to(path)
    assert "is a symbolic link" in refusal(link)
    dangling = path.with_name("dangling.db")
    dangling.symlink_to(path.with_name("nothing"))
    assert "is a symbolic link" in refusal(dangling)
    assert not path.with_name("nothing").exists()


def test_a_linked_folder_is_refused(path: Path) -> None:
    """The folder itself, too."""
    link = path.parent.with_name("link")
    link.symlink_to(path.parent)
    assert "is a symbolic link" in refusal(link / "ledger.db")


def test_a_link_beside_it_is_refused(path: Path) -> None:
    """The log is as much the ledger as the file."""
    path.with_name("ledger.db-wal").symlink_to("/dev/null")
    assert "is a symbolic link" in refusal(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give a file away")
def test_another_owner_is_refused(path: Path) -> None:
    """Root does not write into another user's ledger either."""
    os.chown(path, 65534, 65534)
    assert "belongs to user 65534" in refusal(path)


def test_no_regular_file_is_refused(path: Path) -> None:
    """A folder or a pipe is no ledger."""
    fifo = path.with_name("pipe.db")
    os.mkfifo(fifo, 0o600)
    assert "is no regular file" in refusal(fifo)


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "9p", "fuse.sshfs", "ceph"])
def test_a_network_file_system_is_refused(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Locks and syncs do not hold there."""
    listed = tmp_path / "mountinfo"
    listed.write_text(f"1 0 8:1 / / rw shared:1 - ext4 /dev/a rw\n2 1 0:9 / {tmp_path} rw - {kind} server:/x rw\n")
    monkeypatch.setattr(mounts, "MOUNTS", listed)
    assert f"network file system ({kind})" in refusal(path)


def test_the_mount_nearest_to_the_path_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """proc(5): the longest mount point, the last where one covers another; octal escapes are read."""
    spaced = tmp_path / "a b"
    spaced.mkdir()
    listed = tmp_path / "mountinfo"
    odd = str(spaced).replace(" ", "\\040")
    listed.write_text(
        f"1 0 8:1 / / rw - ext4 a rw\n2 1 0:9 / {odd} rw - nfs b rw\n3 2 8:2 / {odd} rw master:1 - xfs c rw\n"
    )
    monkeypatch.setattr(mounts, "MOUNTS", listed)
    assert (mounts.file_system(spaced), mounts.file_system(tmp_path)) == ("xfs", "ext4")


def test_a_reserve_is_kept(path: Path) -> None:
    """One mebibyte that is really allocated, and comes back after it was used."""
    reserve = path.with_name("ledger.db.reserve")
    assert reserve.stat().st_blocks * 512 >= files.Reserve.SIZE
    files.Reserve(reserve).release()
    assert reserve.stat().st_blocks == 0
    Ledger.open(path).close()
    assert reserve.stat().st_blocks * 512 >= files.Reserve.SIZE


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_a_place_that_may_not_be_entered_is_refused(path: Path) -> None:
    """Another user gets a refusal with a mend, and no traceback."""
    pid = os.fork()
    if pid == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        try:
            Ledger.open(path)
        except LedgerUnusable as error:
            os._exit(7 if "Permission denied" in error.message and error.help else 8)
        os._exit(9)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7


def test_a_reserve_without_room_refuses_to_start(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the last words would not fit, the first are not written."""
    path.with_name("ledger.db.reserve").unlink()
    monkeypatch.setattr(files.Reserve, "SIZE", 1 << 60)
    assert "free some disk space" in refusal(path)
