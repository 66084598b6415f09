"""`desist policy diff`: a URL for every rule that changed, or that nothing changed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from desist.decide import decide
from desist.policy import PolicySet

Run = Callable[..., Any]


@pytest.fixture
def other(folder: Path) -> Path:
    """A copy of the folder, to change."""
    return Path(shutil.copytree(folder, folder.parent / "other"))


def test_equal_folders_exit_0(folder: Path, other: Path, desist: Run) -> None:
    """And say that nothing changed."""
    done = desist("policy", "diff", "policies", "other")
    assert done.code == 0
    assert done.out.startswith("nothing changed: the same documents")


def test_a_comment_changes_the_revision_and_no_decision(folder: Path, other: Path, desist: Run) -> None:
    """Bytes may differ where decisions do not."""
    letter = other / "notices" / "letter.yaml"
    letter.write_text("# moved down\n\n" + letter.read_text())
    done = desist("policy", "diff", "policies", "other")
    assert done.code == 0
    assert done.out.startswith("nothing changed: no decision differs")


def test_every_changed_rule_comes_with_a_url_that_shows_it(folder: Path, other: Path, desist: Run) -> None:
    """The URL, asked of both folders at that moment for that purpose, gets the two answers that are printed."""
    letter = other / "notices" / "letter.yaml"
    letter.write_text(letter.read_text() + "scope: {paths: [/faces/]}\n")
    done = desist("policy", "diff", "policies", "other", "--format", "json")
    assert done.code == 1
    (row,) = json.loads(done.out)["differences"]
    assert (row["rule"], row["change"]) == ("2026-01-pictogram", "refuses no longer")
    purposes = [row["purpose"]] if row["purpose"] else None
    answers = [decide(PolicySet.load(f), row["url"], at=row["at"], purposes=purposes).effect for f in (folder, other)]
    assert answers == [row["before"], row["after"]]
    assert "/faces/" not in row["url"]


def test_urls_of_a_file_are_counted(folder: Path, other: Path, desist: Run) -> None:
    """How many answers change, and the first of them."""
    (other / "notices" / "letter.yaml").unlink()
    Path("urls").write_text("https://pictogram.test/1\nhttps://pictogram.test/2\nhttps://a.test/\n")
    done = desist("policy", "diff", "policies", "other", "--file", "urls")
    assert done.code == 1
    assert "refuse -> allow 2, same effect 1" in done.out
    assert "refuse -> allow: https://pictogram.test/1" in done.out


def test_folders_that_build_on_another_are_read_beside_it(folder: Path, desist: Run) -> None:
    """A folder of own notices names platforms of the shipped one."""
    for name, date in (("one", "2026-01-05"), ("two", "2026-02-05")):
        text = (
            f"notice: n\ninstrument: warning\nplatforms: pictogram\nreceived_at: {date}\nhosts: [new.pictogram.test]\n"
        )
        Path(name).mkdir()
        Path(name, "n.yaml").write_text(text)
    assert desist("policy", "diff", "one", "two").code == 2
    done = desist("policy", "diff", "one", "two", "--beside", "policies", "--format", "jsonl")
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert ("n", "refuses no longer") in {(row.get("rule"), row.get("change")) for row in rows}
    assert rows[-1]["unproven"] == []


def test_broken_documents_exit_2(folder: Path, other: Path, desist: Run) -> None:
    """What cannot be read cannot be compared."""
    (other / "broken.yaml").write_text("platform: [x\n")
    assert desist("policy", "diff", "policies", "other").code == 2
