"""Reports on ledgers that were tampered with: written all the same, safe to open, plain about what they are worth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from desist.commands.main import main

from .chromium import Tab
from .sample import KEY, write

Report = Callable[..., tuple[int, str]]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sample, of which every entry can be changed."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return write(tmp_path / "ledger" / "ledger.db")


@pytest.fixture
def report(path: Path, tmp_path: Path) -> Report:
    """Change a leaf, then make the report: its exit code and its text."""

    def make(old: bytes, new: bytes, *words: str) -> tuple[int, str]:
        change(path, old, new)
        page = tmp_path / "report.html"
        code = main(["report", str(path), "-o", str(page), *words])
        return code, page.read_text(encoding="utf-8")

    return make


def change(path: Path, old: bytes, new: bytes) -> None:
    """Put other bytes into the first entry that holds `old`."""
    db = apsw.Connection(str(path))
    db.execute("DROP TRIGGER entry_same")
    for seq, leaf in db.execute("SELECT seq, leaf FROM entry ORDER BY seq").fetchall():
        if old in leaf:
            db.execute("UPDATE entry SET leaf = ? WHERE seq = ?", (leaf.replace(old, new), seq))
            break
    else:
        raise AssertionError("no entry holds it")
    db.close()


def test_not_intact_is_said_before_any_figure(report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    """On the page, and on stderr; exit code 3."""
    code, text = report(b'"basis":"terms"', b'"basis":"notice"')
    assert code == 3
    assert text.index("This record is not intact") < text.index('<ul class="tiles">')
    assert "no figure below proves anything" in capsys.readouterr().err


def test_entries_that_cannot_be_read_are_counted_and_left_out(report: Report) -> None:
    """One broken entry does not take the report of all others away."""
    code, text = report(b'"basis":"terms"', b"\xff\xfe")
    assert code == 3
    assert "1 entries cannot be read" in text
    assert "<td>vidriver</td>" not in text.partition("Refusals by platform, rule and clause")[2]
    assert "<td>pictogram</td>" in text


def test_details_that_do_not_open_are_told_of(report: Report, tmp_path: Path) -> None:
    """Their entry was changed: they are another's now."""
    key = tmp_path / "counsel.key"
    key.write_text(KEY.private_text())
    code, text = report(b'"basis":"terms"', b'"basis":"status"', "--counsel-key", str(key))
    assert code == 3
    assert "The details of 1 entries do not open, though the key is theirs" in text
    assert "https://pictogram.test/queued" in text


@pytest.mark.parametrize("instant", [b"253402300799999999", b"999999999999999999"])
def test_an_instant_beyond_the_calendar_is_no_crash(report: Report, path: Path, instant: bytes) -> None:
    """The year 9999 ends before the figures of an entry do."""
    db = apsw.Connection(str(path))
    leaf = db.execute("SELECT leaf FROM entry ORDER BY seq DESC LIMIT 1").get
    db.close()
    old = leaf[leaf.index(b'"t":') :][:20]
    code, text = report(old, b'"t":' + instant + old[20:])
    assert code == 3
    assert "9999-01-01" in text


def test_hostile_names_stay_text(report: Report, tmp_path: Path, opened: Callable[[Path], Tab]) -> None:
    """Names that end a script, open a tag or begin a formula: nothing runs, nothing loads, the page is whole."""
    code, text = report(b'"vidriver":', b'"</script><img/src=x/onerror=alert(1)>=1\'":')
    assert code == 3
    assert "<img" not in text
    assert text.count("</script>") == 1
    tab = opened(tmp_path / "report.html")
    assert tab.ask("document.querySelectorAll('img, script').length") == 1
    assert "</script><img/src=x/onerror=alert(1)>=1'" in tab.ask("document.querySelector('ul.bars').textContent")
    assert tab.requests == [(tmp_path / "report.html").as_uri()]
    assert tab.console == []
