"""`desist demo`: the main job as a user sees it, in a child process, from another directory, under a pipe."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from desist.commands.demo import run
from desist.testing import documents
from desist.testing.demo.project import Project
from desist.testing.demo.world import PLATFORMS


def _demo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "import sys; from desist.commands.main import main; sys.exit(main())", "demo"]
    return subprocess.run([*command, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """One whole demo, for the tests that only look at it."""
    folder = tmp_path_factory.mktemp("anywhere")
    return folder, _demo(folder)


def test_ends_clean_with_nothing_after_force(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """Exit 0, a row for each platform whose last column, its own servers' count after force, is 0."""
    _, done = demo
    assert done.returncode == 0, done.stdout + done.stderr
    for platform in PLATFORMS:
        [row] = [line for line in done.stdout.splitlines() if line.startswith(platform.name)]
        assert re.search(r"[\d,]+ +[\d,]+ +0$", row), row
        assert f" {platform.basis} " in row
    assert "in force in the running crawl" in done.stdout
    assert re.search(r"^  refused http://\S*pict\S*: notice: .*letter from Pictogram, Inc\.", done.stdout, re.MULTILINE)
    assert "0 requests reached a platform after it had forbidden them" in done.stdout


def test_a_pipe_gets_plain_lines(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """No escape codes; progress on stderr; the last line says what to type next."""
    _, done = demo
    assert "\x1b" not in done.stdout + done.stderr
    assert "letter delivered" in done.stderr
    assert done.stdout.splitlines()[-1] == "next: desist ledger docket demo/ledger/ledger.db"


def test_the_letter_did_arrive_in_the_middle(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """Pictogram was fetched before its letter and refused after it: else nothing would be proven."""
    folder, _ = demo
    events = [json.loads(line) for line in (folder / "demo" / "events.jsonl").read_text().splitlines()]
    ends = [event["what"] for event in events if "pictogram.test" in event["url"]]
    assert ends.count("fetched") >= 40
    assert ends.count("refused") >= 20
    assert "fetched" not in ends[-20:]


def test_the_next_commands_work(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """The command that the demo names last runs, and files Pictogram's refusals under its letter."""
    folder, done = demo
    words = done.stdout.splitlines()[-1].removeprefix("next: desist ").split()
    program = "import sys; from desist.commands.main import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, *words]
    docket = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert docket.returncode == 0, docket.stderr
    assert re.search(r"^\d{4}-\d\d-\d\d-pictogram\b", docket.stdout, re.MULTILINE)


def test_a_second_demo_replaces_the_first_and_nothing_else(tmp_path: Path) -> None:
    """The demo's own folder is made anew; a folder with anything else in it is left as it is, with exit 2."""
    own, foreign = tmp_path / "own", tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("three years of work")
    done = _demo(tmp_path, "--output", str(foreign))
    assert done.returncode == 2
    assert "holds files that the demo did not write" in done.stderr
    assert "help: name a new folder" in done.stderr
    assert [path.name for path in foreign.iterdir()] == ["thesis.txt"]
    project = Project(own)
    project._make_room()
    (own / "crawl.log").write_text("old")
    project._make_room()
    assert [path.name for path in own.iterdir()] == [".desist-demo"]


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_no_folder_is_left_alone(tmp_path: Path, kind: str) -> None:
    """A file or a symbolic link in the place of the output folder is refused."""
    place = tmp_path / "demo"
    if kind == "file":
        place.write_text("mine")
    else:
        (tmp_path / "target").mkdir()
        place.symlink_to(tmp_path / "target")
    done = _demo(tmp_path)
    assert done.returncode == 2
    assert "is no folder of its own" in done.stderr
    assert os.path.lexists(place)


def test_a_crawl_that_reaches_platforms_fails_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The control: Chirrup's documents missing, the letter naming somebody else: the servers count, exit 1 says so."""
    everything = documents.write

    def without_chirrup(folder: Path, papers: Iterable[Mapping[str, str]]) -> Path:
        return everything(folder, [paper for paper in papers if "platforms/chirrup.yaml" not in paper])

    def letter(received_at: str) -> dict[str, str]:
        return documents.notice("paypeer", "Paypeer, Inc.", received_at=received_at)

    monkeypatch.setattr("desist.testing.demo.run._SECONDS", 600.0)  # it fetches more than the demo does
    monkeypatch.setattr("desist.testing.documents.write", without_chirrup)
    monkeypatch.setattr("desist.testing.demo.project.letter_document", letter)
    code = run(argparse.Namespace(output=tmp_path / "demo"))
    out = capsys.readouterr().out
    assert code == 1
    assert re.search(r"FAILED: the servers of Pictogram counted \d+ after its letter was in force", out)
    assert re.search(
        r"FAILED: the servers of Chirrup counted \d+ although it forbids that:\n  GET http://.*chirrup", out
    )
    assert "0 requests reached a platform" not in out
