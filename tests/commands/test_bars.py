"""Every verb that may take long shows how far it is, on a terminal, and leaves no trace of it."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from desist.commands import screen
from desist.commands.screen import waiting
from desist.ledger.keys import make_log_key
from desist.ledger.ledger import Ledger

from .conftest import Run

NOTICE = "2026-01-pictogram"
ABSENCE = ("ledger", "absence", "LEDGER", "--platform", "pictogram", "--since", "2020-01-01")
LONG = {
    ("policy", "check", "--file", "urls.txt"): "1 URLs, 1 refused",
    ("policy", "check", "--file", "urls.txt", "--format", "jsonl"): "1 URLs, 1 refused",
    ("policy", "diff", "policies", "policies", "--file", "urls.txt"): "comparing [",
    ("policy", "preview", NOTICE, "--file", "urls.txt"): "judging [",
    ("policy", "test", "policies"): "testing [",
    ("ledger", "verify", "LEDGER"): "checking ledger.db [",
    ("ledger", "docket", "LEDGER"): "reading ledger.db [",
    ABSENCE: "reading ledger.db [",
    ("ledger", "prove", "LEDGER", "--docket", NOTICE, "-o", "out"): "proving [",
    ("ledger", "export", "LEDGER", NOTICE, "-o", "x.zip"): "proving ledger.db [",
    ("ledger", "redact", "LEDGER", "--before", "2020-01-01", "--why", "w", "--dry-run"): "reading ledger.db [",
    ("report", "LEDGER", "-o", "report.html"): "counting ledger.db [",
}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bars are drawn at once, for each item, and stderr counts as a terminal."""
    monkeypatch.setattr(screen, "_PATIENCE", 0.0)
    monkeypatch.setattr(screen, "_PAUSE", 0.0)
    monkeypatch.setattr(screen, "_EVERY", 1)
    monkeypatch.setattr("desist.commands.policy_check._SHOWN_EVERY", 1)
    monkeypatch.setattr(screen, "moves", lambda stream: stream is sys.stderr)


@pytest.fixture
def ledger(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a list of URLs and a test, and a signed ledger with a docket."""
    monkeypatch.delenv("DESIST_COUNSEL_KEY", raising=False)
    monkeypatch.setenv("DESIST_LOG_KEY", str(folder.parent / "log.key"))
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder.parent / "config"))
    (folder.parent / "urls.txt").write_text("https://pictogram.test/1\n")
    (folder / "tests").mkdir()
    (folder / "tests" / "first.yaml").write_text('"https://pictogram.test/": refuse\n')
    path = folder.parent / "ledger" / "ledger.db"
    with Ledger.open(path, signer=make_log_key(folder.parent / "log.key")) as crawl:
        crawl.record("notice", docket=NOTICE, platforms=["pictogram"], facts={"received_at": 1, "addressed": "us"})
        crawl.record("refuse", platforms=["pictogram"], docket=NOTICE, basis="notice", rule=NOTICE)
    return path


@pytest.mark.parametrize("words", LONG, ids=" ".join)
def test_long_work_shows_how_far_it_is(words: tuple[str, ...], impatient: None, ledger: Path, desist: Run) -> None:
    """A bar on stderr, redrawn in place and taken away; what is printed stays on stdout."""
    done = desist(*(str(ledger) if word == "LEDGER" else word for word in words))
    assert done.code in (0, 1), done.err
    assert LONG[words] in done.err
    assert "\x1b" not in done.out
    assert "\x1b" not in done.err.rpartition("\r\x1b[K")[2]


@pytest.mark.parametrize("words", LONG, ids=" ".join)
def test_a_pipe_sees_nothing_of_it(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, ledger: Path, desist: Run
) -> None:
    """The same verbs, as impatient, where nobody watches."""
    monkeypatch.setattr(screen, "_PATIENCE", 0.0)
    monkeypatch.setattr(screen, "_EVERY", 1)
    done = desist(*(str(ledger) if word == "LEDGER" else word for word in words))
    assert "\r" not in done.out + done.err


def test_work_that_cannot_say_how_far_it_is_says_for_how_long(
    impatient: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is done and the seconds that passed, from a thread beside it, which ends with the work."""
    shown, threads = threading.Event(), threading.active_count()
    show = screen.Bar.show

    def seen(self: screen.Bar, done: int, said: str) -> None:
        show(self, done, said)
        shown.set()

    monkeypatch.setattr(screen.Bar, "show", seen)
    with waiting("reading documents"):
        assert shown.wait(60)
    said = capsys.readouterr().err
    assert said.startswith("\rreading documents 0 s\x1b[K")
    assert said.endswith("\r\x1b[K")
    assert threading.active_count() == threads
