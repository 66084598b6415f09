"""`desist report` as typed."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from desist.commands.main import main
from desist.ledger.ledger import Ledger
from desist.ledger.opener import Opener
from desist.ledger.query import Reader

KEY = Opener.generate()


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without keys, and a ledger with one refusal, sealed to counsel."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("DESIST_COUNSEL_KEY", str(KEY.counsel))
    path = tmp_path / "ledger" / "ledger.db"
    with Ledger.open(path, revision="ab" * 32, spider="faces", counsel_key=KEY.counsel) as crawl:
        crawl.record("refuse", platforms=["pictogram"], basis="terms", details={"url": "https://pictogram.test/secret"})
    return path


def test_it_writes_a_page_and_records_the_read(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The reason is on record and on the page; the file is its owner's alone."""
    file = ledger.parent / "report.html"
    assert main(["report", str(ledger), "-o", str(file), "--why", "for the board"]) == 0
    out = capsys.readouterr().out
    assert "for the board" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert out.splitlines()[-1].startswith("next: ")
    with Reader(ledger) as reader:
        (read,) = [read for read in reader.entries([KEY]) if read.entry.k == "read"]
    assert (read.entry.facts["verb"], (read.details or {})["why"]) == ("report", "for the board")


def test_urls_need_counsels_key_named(ledger: Path, tmp_path: Path) -> None:
    """`--counsel-key` opens details; a key in the configuration folder alone does not put URLs on a page."""
    key, file = tmp_path / "counsel.key", tmp_path / "report.html"
    key.write_text(KEY.private_text())
    config = tmp_path / ".config" / "desist"
    config.mkdir(parents=True)
    (config / f"counsel-{KEY.counsel.kid}.key").write_text(KEY.private_text())
    main(["report", str(ledger), "-o", str(file)])
    assert "secret" not in file.read_text()
    main(["report", str(ledger), "-o", str(file), "--counsel-key", str(key)])
    assert "https://pictogram.test/secret" in file.read_text()


def test_a_file_that_is_no_report_is_left_alone(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither the ledger itself nor anything else is written over, nor what a link leads to."""
    before = ledger.read_bytes()
    assert main(["report", str(ledger), "-o", str(ledger)]) == 2
    assert "is no report of Desist" in capsys.readouterr().err
    link = ledger.parent / "link.html"
    link.symlink_to(ledger)
    assert main(["report", str(ledger), "-o", str(link)]) == 2
    assert ledger.read_bytes() == before


def test_a_broken_record_exits_3_and_says_so_on_the_page(ledger: Path, tmp_path: Path) -> None:
    """The report is written, and its first answer is no."""
    db = apsw.Connection(str(ledger))
    for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    db.execute("UPDATE entry SET leaf = CAST(replace(CAST(leaf AS TEXT), 'terms', 'notice') AS BLOB) WHERE seq = 3")
    db.close()
    file = tmp_path / "report.html"
    assert main(["report", str(ledger), "-o", str(file)]) == 3
    assert "Intact: <strong>no" in file.read_text()


def test_several_ledgers_make_one_page(ledger: Path, tmp_path: Path) -> None:
    """Each has its own part, and no label twice."""
    other = tmp_path / "other" / "second.db"
    Ledger.open(other, revision="cd" * 32).close()
    file = tmp_path / "report.html"
    assert main(["report", str(ledger), str(other), "-o", str(file)]) == 0
    text = file.read_text()
    assert text.count("<article") == 2
    assert text.count('id="l2-reasons"') == 1


def test_an_anchor_needs_the_key(ledger: Path, tmp_path: Path) -> None:
    """As `ledger verify`: without the pinned key an anchor says nothing."""
    assert main(["report", str(ledger), "-o", str(tmp_path / "r.html"), "--anchor", str(ledger)]) == 2
