"""One page on several ledgers: each can be told from the others, and no folder is named that need not be."""

from __future__ import annotations

from pathlib import Path

import pytest

from desist.commands.main import main

from .sample import write


def names(text: str) -> list[str]:
    """The heads of the ledgers' parts."""
    return [part.partition("</bdi>")[0] for part in text.split('"><bdi>') if "</bdi></h2>" in part[:200]]


def report(folder: Path, *paths: Path) -> str:
    """The page on these ledgers."""
    for path in paths:
        if not path.exists():
            write(path)
    page = folder / "report.html"
    assert main(["report", *map(str, paths), "-o", str(page)]) == 0
    return page.read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key of anybody's."""
    monkeypatch.setenv("HOME", str(tmp_path))


def test_ledgers_of_one_name_are_told_apart_by_as_little_as_does_it(tmp_path: Path) -> None:
    """`ledger.db` of two crawls: by their folders; a third of another name: by that."""
    one, two = tmp_path / "pictures-of-jane" / "one" / "ledger.db", tmp_path / "pictures-of-jane" / "two" / "ledger.db"
    text = report(tmp_path, one, two, tmp_path / "pictures-of-jane" / "two-a" / "copy.db")
    assert names(text) == ["one/ledger.db", "two/ledger.db", "copy.db"]
    assert "pictures-of-jane" not in text
    assert '<nav aria-label="Ledgers">' in text


def test_a_single_ledger_is_named_by_its_file_and_needs_no_list(tmp_path: Path) -> None:
    """The folders above it are nobody's business."""
    text = report(tmp_path, tmp_path / "pictures-of-jane" / "ledger.db")
    assert names(text) == ["ledger.db"]
    assert "pictures-of-jane" not in text
    assert "<nav" not in text
