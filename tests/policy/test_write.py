"""Writing documents: whole or not at all, never over something that exists."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from desist.errors import UsageError
from desist.policy.load import document_files
from desist.policy.write import create, replace


def test_create_writes_the_file_and_its_folder(tmp_path: Path) -> None:
    """A first document needs no preparation."""
    create(tmp_path / "notices" / "n.yaml", "notice: n\n")
    assert (tmp_path / "notices" / "n.yaml").read_text() == "notice: n\n"


def test_create_never_overwrites(tmp_path: Path) -> None:
    """Documents are superseded, not edited; what stands there stays, and nothing else is left behind."""
    path = tmp_path / "n.yaml"
    path.write_text("notice: first\n")
    with pytest.raises(UsageError, match="exists") as caught:
        create(path, "notice: second\n")
    assert caught.value.help
    assert path.read_text() == "notice: first\n"
    assert [p.name for p in tmp_path.iterdir()] == ["n.yaml"]


def test_create_does_not_follow_a_dangling_link(tmp_path: Path) -> None:
    """A link that somebody placed is something that exists."""
    (tmp_path / "n.yaml").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="exists"):
        create(tmp_path / "n.yaml", "notice: n\n")
    assert not (tmp_path / "elsewhere").exists()


def test_replace_keeps_the_mode_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """One step, same name, same permissions."""
    path = tmp_path / "n.yaml"
    path.write_text("old\n")
    path.chmod(0o640)
    replace(path, "new\n")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new\n", 0o640)
    assert document_files(tmp_path) == [path]


def test_a_folder_that_cannot_be_made_is_a_clear_message(tmp_path: Path) -> None:
    """The message names the folder and the mend."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write") as caught:
        create(tmp_path / "file" / "n.yaml", "x")
    assert "--into" in caught.value.help


def test_a_file_system_without_links_is_written_to_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some network and memory-card file systems have none; what exists is not overwritten there either."""

    def refusing(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refusing)
    create(tmp_path / "n.yaml", "notice: n\n")
    with pytest.raises(UsageError, match="exists"):
        create(tmp_path / "n.yaml", "notice: second\n")
    assert [p.read_text() for p in tmp_path.iterdir()] == ["notice: n\n"]
