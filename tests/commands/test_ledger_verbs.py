"""`desist ledger verify | docket | redact | rotate-key` and `desist doctor`, as typed."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from pathlib import Path

import apsw
import pytest

from desist.commands.main import main
from desist.ledger.entry import decode
from desist.ledger.ledger import Ledger
from desist.ledger.opener import Opener
from desist.ledger.query import Reader

KEY = Opener.generate()


@pytest.fixture(autouse=True)
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of our own with counsel's private key in a file, and the public one configured."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("DESIST_COUNSEL_KEY", str(KEY.counsel))
    file = tmp_path / "counsel.key"
    file.write_text(KEY.private_text())
    return file


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A crawl under a notice: two permits, a notice, three refusals."""
    path = tmp_path / "ledger" / "ledger.db"
    with Ledger.open(path, revision="ab" * 32, spider="faces", counsel_key=KEY.counsel) as session:
        for number in range(2):
            session.record("permit", platforms=["pictogram"], details={"url": f"https://pictogram.test/{number}"})
        facts = {"received_at": time.time_ns() // 1000, "addressed": "us"}
        session.record("notice", docket="2026-01-pictogram", platforms=["pictogram"], facts=facts)
        for gate in ("early", "wire", "process"):
            details = {"url": f"https://pictogram.test/{gate}"}
            session.record("refuse", platforms=["pictogram"], docket="2026-01-pictogram", gate=gate, details=details)
    return path


def kinds(path: Path) -> list[str]:
    with Reader(path) as reader:
        return [decode(leaf).k for _, _, leaf in reader.rows()]


def test_verify_gives_three_answers(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Intact, complete, anchored: and never `verified`."""
    assert main(["ledger", "verify", str(ledger)]) == 0
    out = capsys.readouterr().out
    assert "intact    yes" in out
    assert "complete  yes" in out
    assert "anchored  not anchored" in out
    assert "verified" not in out
    assert out.splitlines()[-1] == f"next: desist ledger docket {ledger}"


def test_verify_requires_what_it_is_told_to(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 3 where an answer that was required is not yes; 2 for an answer that does not exist."""
    assert main(["ledger", "verify", str(ledger), "--require", "complete"]) == 0
    assert main(["ledger", "verify", str(ledger), "--require", "complete,anchored"]) == 3
    assert "short of: anchored" in capsys.readouterr().out
    assert main(["ledger", "verify", str(ledger), "--require", "good"]) == 2


def test_verify_finds_an_open_end(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A session that is still open, or was killed: complete is no, intact is yes."""
    session = Ledger.open(ledger, counsel_key=KEY.counsel)
    assert main(["ledger", "verify", str(ledger)]) == 0
    assert f"session {session.session} has no `close`" in capsys.readouterr().out
    assert main(["ledger", "verify", str(ledger), "--require", "complete"]) == 3
    session.close()


def test_verify_says_what_was_changed(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An edited entry: exit 3, and the place."""
    db = apsw.Connection(str(ledger))
    db.execute("DROP TRIGGER entry_same")
    db.execute("UPDATE entry SET leaf = CAST(replace(CAST(leaf AS TEXT), 'wire', 'meta') AS BLOB) WHERE seq = 7")
    db.close()
    assert main(["ledger", "verify", str(ledger)]) == 3
    assert "entry 7: the running hash up to here is not the one on record" in capsys.readouterr().out


def test_every_read_is_an_entry_first(ledger: Path, key: Path) -> None:
    """Who and why, sealed to counsel, before anything is shown."""
    main(["ledger", "docket", str(ledger), "--why", "letter of May"])
    assert kinds(ledger)[-3:] == ["open", "read", "close"]
    with Reader(ledger) as reader:
        read = [one for one in reader.entries([KEY]) if one.entry.k == "read"][-1]
    assert read.entry.facts["verb"] == "docket"
    assert read.details is not None
    assert read.details["why"] == "letter of May"


@pytest.mark.parametrize("mode", [0o400, 0o644])
def test_a_copy_is_verified_and_says_so(
    ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: int
) -> None:
    """A read-only copy is not written to, and the answers are the same."""
    copy = tmp_path / "copy.db"
    shutil.copy(ledger, copy)
    copy.chmod(mode)
    before = copy.read_bytes()
    assert main(["ledger", "verify", str(copy), "--require", "complete"]) == 0
    assert "read not recorded: copy" in capsys.readouterr().err
    assert copy.read_bytes() == before
    assert not copy.with_name("copy.db-wal").exists()


def test_a_ledger_that_is_none_is_a_usage_error(tmp_path: Path) -> None:
    """Nothing is made by reading."""
    assert main(["ledger", "verify", str(tmp_path / "none.db")]) == 2
    (tmp_path / "text.db").write_text("text")
    assert main(["ledger", "verify", str(tmp_path / "text.db")]) == 2
    assert not (tmp_path / "none.db").exists()


def test_a_damaged_file_is_no_evidence(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Pages overwritten with rubbish: exit 3 and a mend, no traceback."""
    octets = bytearray(ledger.read_bytes())
    octets[4096 * 1 : 4096 * 3] = os.urandom(4096 * 2)
    ledger.write_bytes(bytes(octets))
    assert main(["ledger", "verify", str(ledger)]) == 3
    assert "help: " in capsys.readouterr().err


def test_docket_tells_the_story(ledger: Path, key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Received, entered, in force, last permit, and what was stopped, counted apart."""
    assert main(["ledger", "docket", str(ledger), "2026-01-pictogram", "--counsel-key", str(key)]) == 0
    out = capsys.readouterr().out
    assert "2026-01-pictogram (pictogram): received 20" in out
    assert "  faces, opened " in out
    words = " ".join(out.split())
    for line in ("links not followed 1", "requests stopped 1", "attempts that went round the gates 1"):
        assert line in words
    assert main(["ledger", "docket", str(ledger), "another-notice"]) == 2


def test_a_notice_under_which_nothing_happened_is_counted(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A set holds dozens of notices; those that tell something are shown, and any of them when asked for."""
    with Ledger.open(ledger) as session:
        session.record("notice", docket="2026-09-quiet", platforms=["quiet"], facts={"received_at": 5})
    assert main(["ledger", "docket", str(ledger)]) == 0
    out = capsys.readouterr().out
    assert "2026-09-quiet" not in out
    assert "\n1 more with nothing refused or fetched under them" in out
    assert main(["ledger", "docket", str(ledger), "2026-09-quiet"]) == 0
    assert "\n2026-09-quiet (quiet)" in capsys.readouterr().out


def test_docket_as_json(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One object a docket."""
    assert main(["ledger", "docket", str(ledger), "--format", "json"]) == 0
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (row["name"], row["sessions"][0]["refused"]["requests stopped"]) == ("2026-01-pictogram", 1)


def test_redact_erases_details_and_says_so(ledger: Path, key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By what they hold: the details go, the entry and its hash stay, and the ledger is still complete."""
    words = [
        "ledger",
        "redact",
        str(ledger),
        "--containing",
        "pictogram.test/wire",
        "--why",
        "asked",
        "--counsel-key",
        str(key),
    ]
    assert main([*words, "--dry-run"]) == 0
    assert "1 entries have details" in capsys.readouterr().out
    assert main(words) == 0
    assert "erased the details of 1 entries" in capsys.readouterr().out
    with Reader(ledger) as reader:
        urls = [read.details["url"] for read in reader.entries([KEY]) if read.details and "url" in read.details]
    assert urls == [f"https://pictogram.test/{name}" for name in ("0", "1", "early", "process")]
    assert main(["ledger", "verify", str(ledger), "--require", "complete"]) == 0


@pytest.mark.parametrize(
    "text", ["jos\u00e9", "jose\u0301", "jos%C3%A9", 'wire/jos\u00e9?q="a', "\u00e9/b", 'say "no"', "c\\d", "way"]
)
def test_redact_finds_a_text_however_it_is_written(
    ledger: Path, key: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With accents, quotation marks and backslashes, percent-encoded or not, in values and in names."""
    with Ledger.open(ledger, counsel_key=KEY.counsel) as open_ledger:
        url = "https://pictogram.test/wire/jos%25C3%25A9?q=%22a"
        open_ledger.record("refuse", details={"url": url, "why": ['say "no"', {"way": "c\\d, \u00e9/b"}]})
    words = ["--containing", text, "--why", "asked", "--counsel-key", str(key), "--dry-run"]
    assert main(["ledger", "redact", str(ledger), *words]) == 0
    assert capsys.readouterr().out.startswith("1 entries have details")


def test_redact_says_how_many_details_no_key_opened(
    ledger: Path, key: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sealed to another key they may hold the text as well: they stay, and it is said."""
    other = Opener.generate().counsel
    monkeypatch.setenv("DESIST_COUNSEL_KEY", str(other))
    with Ledger.open(ledger, role="rotate", counsel_key=other) as open_ledger:
        open_ledger.record("refuse", details={"url": "https://pictogram.test/wire"})
    words = ["--containing", "pictogram.test/wire", "--why", "asked", "--counsel-key", str(key)]
    assert main(["ledger", "redact", str(ledger), *words, "--dry-run"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("1 entries have details")
    assert re.search(r"[1-9]\d* entries have details that no key given opens", said.err)


def test_redact_erases_nothing_unasked(ledger: Path) -> None:
    """Without a choice, with a bad one, on a copy: exit 2, and all details stay."""
    with Reader(ledger) as reader:
        before = reader.boxes()
    assert main(["ledger", "redact", str(ledger), "--why", "x"]) == 2
    assert main(["ledger", "redact", str(ledger), "--why", "x", "--entry", "3-"]) == 2
    assert main(["ledger", "redact", str(ledger), "--why", "x", "--entry", "5-2"]) == 2
    assert main(["ledger", "redact", str(ledger), "--why", "x", "--before", "soon"]) == 2
    ledger.chmod(0o400)
    assert main(["ledger", "redact", str(ledger), "--why", "x", "--entry", "3"]) == 2
    with Reader(ledger) as reader:
        assert reader.boxes() == before


def test_rotate_key_hands_over(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Afterwards the old key is refused for new sessions, and both keys together open everything."""
    new = Opener.generate()
    assert main(["ledger", "rotate-key", str(ledger), "--to", str(new.counsel)]) == 0
    assert "key" in kinds(ledger)
    with Ledger.open(ledger, spider="faces", counsel_key=new.counsel):
        pass
    with Reader(ledger) as reader:
        assert reader.kids == [KEY.counsel.kid, new.counsel.kid]
        assert all(bool(read.details) == bool(read.entry.c) for read in reader.entries([KEY, new]))
    assert main(["ledger", "rotate-key", str(ledger), "--to", str(new.counsel)]) == 2
    assert main(["ledger", "rotate-key", str(ledger)]) == 2  # a pair is made at a terminal only


def test_doctor_finds_what_is_in_the_way(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0 on a good ledger, 2 with the mend on a bad one."""
    assert main(["doctor", "--ledger", str(ledger)]) == 0
    assert f"sealed to {KEY.counsel.kid}" in capsys.readouterr().out
    ledger.chmod(0o644)
    assert main(["doctor", "--ledger", str(ledger)]) == 2
    assert f"help: chmod 600 {ledger}" in capsys.readouterr().out


def test_doctor_is_a_reader_too(ledger: Path) -> None:
    """Every read is an entry first, that of the keys to which details are sealed as any other."""
    before = kinds(ledger)
    main(["doctor", "--ledger", str(ledger)])
    assert kinds(ledger) == [*before, "open", "read", "close"]


def test_doctor_makes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It looks, and leaves the place as it was."""
    assert main(["doctor", "--ledger", str(tmp_path / "new" / "ledger.db")]) == 0
    assert "the first crawl makes it" in capsys.readouterr().out
    assert not (tmp_path / "new").exists()
