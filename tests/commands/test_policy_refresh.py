"""`desist policy refresh`: the difference first, the documents only with `--write`, never half of them."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from desist.commands.main import main
from desist.policy.load import load_documents

DOCUMENT = """\
platform: {0}
sources: [{{name: v2fly, commit: aaaaaaa, licence: MIT}}]
v2fly_lists: [{0}]
hosts:
  - {0}.test
"""
COMMIT = "1234567890abcdef"


@pytest.fixture
def world(tmp_path):
    """A checkout with two lists, and a folder with the two platforms and a notice."""
    policies, data = tmp_path / "policies", tmp_path / "checkout" / "data"
    (policies / "platforms").mkdir(parents=True)
    data.mkdir(parents=True)
    for name in ("pictogram", "chirrup"):
        (policies / "platforms" / f"{name}.yaml").write_text(DOCUMENT.format(name))
        (data / name).write_text(f"{name}.test\n")
    (policies / "own.yaml").write_text("platform: own\nhosts: [own.test]\n")
    return tmp_path


def refresh(world, *words):
    return main(["policy", "refresh", str(world / "checkout"), "--policies", str(world / "policies"), *words])


def texts(world):
    return {path.name: path.read_text() for path in (world / "policies").rglob("*.yaml")}


def test_no_difference_is_exit_0(world, capsys):
    """It says against which commit, and what to type next."""
    assert refresh(world, "--commit", COMMIT, "--date", "2026-08-19") == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown == [
        "no differences to write: 2 platforms against 1234567890ab of 2026-08-19",
        "next: desist policy test",
    ]


def test_the_difference_is_shown_and_nothing_is_written(world, capsys):
    """Exit 1, one line a host, the files as before."""
    (world / "checkout" / "data" / "pictogram").write_text("pictogram.test\npict.test\n")
    before = texts(world)
    assert refresh(world, "--commit", COMMIT) == 1
    shown = capsys.readouterr().out
    assert "  + pict.test  suffix, role site\n" in shown
    assert "1 differences in 2 platforms, nothing written" in shown
    assert shown.splitlines()[-1].endswith("--write")
    assert texts(world) == before


def test_write_takes_over(world, capsys):
    """Exit 0; the host is there, the commit is that of the lists in every document of theirs, the rest untouched."""
    (world / "checkout" / "data" / "pictogram").write_text("pictogram.test\npict.test\n")
    before = texts(world)
    assert refresh(world, "--commit", COMMIT, "--write") == 0
    after = texts(world)
    assert after["pictogram.yaml"] == before["pictogram.yaml"].replace("aaaaaaa", COMMIT) + (
        "  # new in 1234567890ab: check the roles\n  - pict.test\n"
    )
    assert after["chirrup.yaml"] == before["chirrup.yaml"].replace("aaaaaaa", COMMIT)
    assert after["own.yaml"] == before["own.yaml"]
    assert capsys.readouterr().out.splitlines()[0].startswith("  +") is False
    assert refresh(world, "--commit", COMMIT) == 0


def test_one_platform_only(world, capsys):
    """`--platform` leaves the others alone; one that is not there is met with the name that was meant."""
    for name in ("pictogram", "chirrup"):
        (world / "checkout" / "data" / name).write_text(f"{name}.test\nnew-{name}.test\n")
    assert refresh(world, "--commit", COMMIT, "--platform", "chirrup", "--write") == 0
    assert "new-chirrup.test" in texts(world)["chirrup.yaml"]
    assert texts(world)["pictogram.yaml"] == DOCUMENT.format("pictogram")
    assert refresh(world, "--commit", COMMIT, "--platform", "chirup") == 2
    assert "did you mean `chirrup`?" in capsys.readouterr().err


def test_jsonl(world, capsys):
    """One row a difference, with the names that `Change` has; nothing else on stdout."""
    (world / "checkout" / "data" / "pictogram").write_text("pictogram.test\nfull:pict.test @ads\n")
    assert refresh(world, "--commit", COMMIT, "--format", "jsonl") == 1
    (row,) = map(json.loads, capsys.readouterr().out.splitlines())
    file = str(world / "policies" / "platforms" / "pictogram.yaml")
    assert row == {
        "platform": "pictogram", "file": file, "kind": "added", "value": "pict.test", "match": "exact", "role": "ads"
    }  # fmt: skip


def test_an_unknown_format_exits_2(world):
    """As everywhere."""
    with pytest.raises(SystemExit) as caught:
        refresh(world, "--format", "yaml")
    assert caught.value.code == 2


def test_a_document_that_cannot_be_edited_leaves_all_as_they_were(world, capsys):
    """Nothing is written where one of the files would not do."""
    for name in ("pictogram", "chirrup"):
        (world / "checkout" / "data" / name).write_text(f"{name}.test\nnew-{name}.test\n")
    inline = "platform: pictogram\nv2fly_lists: [pictogram]\nhosts: [pictogram.test]\n"
    (world / "policies" / "platforms" / "pictogram.yaml").write_text(inline)
    before = texts(world)
    assert refresh(world, "--commit", COMMIT, "--write") == 2
    assert "one a line" in capsys.readouterr().err
    assert texts(world) == before


def test_broken_documents_are_not_refreshed(world, capsys):
    """Exit 2 and the way to lint."""
    (world / "policies" / "bad.yaml").write_text("platfrom: x\n")
    assert refresh(world, "--commit", COMMIT) == 2
    assert "desist policy lint" in capsys.readouterr().err


def test_a_list_without_a_commit_is_refused(world, capsys):
    """What is written must say where it comes from: a folder that git knows nothing of needs `--commit`."""
    assert refresh(world) == 2
    assert "--commit HASH" in capsys.readouterr().err
    assert refresh(world, "--commit", "master") == 2


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_the_commit_is_that_of_a_clean_clone(world, capsys):
    """Git names commit and date; changes of one's own in `data` are refused."""
    (world / "checkout" / "data" / "pictogram").write_text("pictogram.test\npict.test\n")
    for words in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=n", "-c", "user.email=n@example.test", "commit", "-qm", "lists"],
    ):
        subprocess.run(["git", "-C", str(world / "checkout"), *words], check=True, capture_output=True)
    head = ["git", "-C", str(world / "checkout"), "rev-parse", "HEAD"]
    commit = subprocess.run(head, check=True, capture_output=True, text=True).stdout.strip()
    assert refresh(world, "--write") == 0
    (source,) = load_documents([world / "policies"]).platforms[2].doc.sources
    assert source.commit == commit
    (world / "checkout" / "data" / "pictogram").write_text("pictogram.test\n")
    assert refresh(world) == 2
    assert "changes of its own" in capsys.readouterr().err
