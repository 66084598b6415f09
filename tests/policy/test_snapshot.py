"""The compiled snapshot: the same answers, trusted only where nothing can have changed, silent where it cannot be."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from desist.decide import decide
from desist.errors import PolicyError
from desist.policy import PolicySet, snapshot

PLATFORM = b"platform: pictogram\nhosts: [pictogram.test]\naddresses: [203.0.113.0/29]\n"
NOTICE = (
    b"notice: n1\ninstrument: cease_and_desist\nplatforms: [pictogram]\nrecipient: us\nsender: P\n"
    b"received_at: 2026-01-05T09:30:00Z\n"
)
URL = "https://pictogram.test/"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of documents that has lain long enough to be kept, and a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(snapshot, "_SETTLED", -(10**12))
    policies = tmp_path / "policies"
    policies.mkdir()
    (policies / "p.yaml").write_bytes(PLATFORM)
    (policies / "n.yaml").write_bytes(NOTICE)
    return policies


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How often YAML was compiled."""
    compile_folders, counted = snapshot.compile_folders, []

    def counting(folders: list[Path]) -> snapshot.Image:
        counted.append(folders)
        return compile_folders(folders)

    monkeypatch.setattr(snapshot, "compile_folders", counting)
    return lambda: len(counted)


def kept(folder: Path) -> Path:
    """The one snapshot file."""
    (found,) = (folder.parent / "cache" / "desist").iterdir()
    return found


def test_a_second_start_reads_no_yaml(folder: Path, compilations: Callable[[], int]) -> None:
    """And gives the same set."""
    first, second = PolicySet.load(folder), PolicySet.load(folder)
    assert (1, first.revision) == (compilations(), second.revision)
    assert decide(first, URL, at="2026-06-01") == decide(second, URL, at="2026-06-01")


def test_compile_keep_and_load_is_the_identity(folder: Path) -> None:
    """Hosts, networks, rules and places come back as they were."""
    first, second = PolicySet.load(folder), PolicySet.load(folder)
    assert list(first.platforms()) == list(second.platforms())
    assert first.details(0) == second.details(0)
    assert msgspec.msgpack.encode(first.image) == msgspec.msgpack.encode(second.image)


def test_pydantic_and_yaml_stay_out_of_a_second_start(folder: Path) -> None:
    """Their import alone costs more than the whole decision."""
    code = (
        "import sys; from desist.policy import PolicySet, snapshot; snapshot._SETTLED = -10**12;"
        f"PolicySet.load({str(folder)!r}); print('yaml' in sys.modules, 'pydantic' in sys.modules)"
    )
    said = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout for _ in "12"
    ]
    assert said == ["True True\n", "False False\n"]


@pytest.mark.parametrize("change", ["edit", "same size and time", "add", "remove", "rename"])
def test_any_change_of_the_folder_is_seen(folder: Path, change: str) -> None:
    """An edit that keeps size and mtime shows by ctime."""
    first = PolicySet.load(folder)
    notice = folder / "n.yaml"
    held = notice.stat()
    match change:
        case "edit":
            notice.write_bytes(NOTICE + b"notes: [more]\n")
        case "same size and time":
            notice.write_bytes(NOTICE.replace(b"09:30", b"10:30"))
            os.utime(notice, ns=(held.st_atime_ns, held.st_mtime_ns))
        case "add":
            (folder / "q.yaml").write_bytes(b"platform: q\nhosts: [q.test]\n")
        case "remove":
            notice.unlink()
        case "rename":
            notice.rename(folder / "m.yaml")
    second = PolicySet.load(folder)
    places = [rule.place.file for _, record in second.platforms() for rule in record.rules]
    assert first.revision != second.revision or places == [str(folder / "m.yaml")]


def test_a_letter_in_a_folder_behind_a_link_is_seen(folder: Path) -> None:
    """What is read through a link is watched through it."""
    letters = folder.parent / "letters"
    letters.mkdir()
    (folder / "n.yaml").rename(folder.parent / "n.yaml")
    (folder / "letters").symlink_to(letters)
    assert decide(PolicySet.load(folder), URL).effect == "allow"
    (folder.parent / "n.yaml").rename(letters / "n.yaml")
    assert decide(PolicySet.load(folder), URL).effect == "refuse"


def test_an_error_is_never_hidden_by_a_snapshot(folder: Path) -> None:
    """A set that was fine yesterday does not stand in for a file that is broken today."""
    PolicySet.load(folder)
    (folder / "n.yaml").write_bytes(NOTICE + b"unknown: key\n")
    with pytest.raises(PolicyError):
        PolicySet.load(folder)


@pytest.mark.parametrize("where", [0, 30, 60, -1, "cut", "empty"])
def test_a_damaged_snapshot_is_compiled_anew(folder: Path, compilations: Callable[[], int], where: int | str) -> None:
    """One flipped bit in magic, stamp, hash or body; a file that was cut."""
    PolicySet.load(folder)
    file = kept(folder)
    data = bytearray(file.read_bytes())
    if isinstance(where, int):
        data[where] ^= 1
    file.write_bytes(data[: len(data) // 2] if where == "cut" else b"" if where == "empty" else data)
    assert decide(PolicySet.load(folder), URL, at="2026-06-01").effect == "refuse"
    assert compilations() == 2


@pytest.mark.parametrize("mode", ["file for all", "folder for all", "link"])
def test_a_snapshot_that_others_may_write_is_not_trusted(
    folder: Path, compilations: Callable[[], int], mode: str
) -> None:
    """Open permissions and symbolic links: somebody else may have put it there."""
    PolicySet.load(folder)
    file = kept(folder)
    if mode == "file for all":
        file.chmod(0o666)
    elif mode == "folder for all":
        file.parent.chmod(0o777)
    else:
        file.rename(folder.parent / "elsewhere")
        file.symlink_to(folder.parent / "elsewhere")
    PolicySet.load(folder)
    assert compilations() == 2


def test_a_snapshot_of_another_user_is_not_trusted(
    folder: Path, compilations: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ownership is asked of the open file."""
    PolicySet.load(folder)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    PolicySet.load(folder)
    assert compilations() == 2


def test_the_cache_is_the_users_own(folder: Path) -> None:
    """Folder 0700, file 0600."""
    PolicySet.load(folder)
    assert (kept(folder).parent.stat().st_mode & 0o777, kept(folder).stat().st_mode & 0o777) == (0o700, 0o600)


def test_a_cache_that_cannot_be_written_is_passed_over(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In silence: the documents are compiled."""
    blocked = folder.parent / "blocked"
    blocked.write_text("a file where a folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    assert len(PolicySet.load(folder)) == 1


def test_files_that_have_only_just_changed_are_not_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a clock tick two changes may show the same time."""
    monkeypatch.setattr(snapshot, "_SETTLED", 60 * 10**9)
    PolicySet.load(folder)
    assert not (folder.parent / "cache" / "desist").exists()


def test_equal_bytes_give_an_equal_revision(folder: Path, tmp_path: Path) -> None:
    """Wherever they lie; another byte gives another one."""
    other = tmp_path / "other"
    other.mkdir()
    for file in folder.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    same = PolicySet.load(other).revision
    assert PolicySet.load(folder).revision == same
    (other / "n.yaml").write_bytes(NOTICE + b"# a word more\n")
    assert PolicySet.load(other).revision != same
