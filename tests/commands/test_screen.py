"""Colours and progress are for terminals: a real one sees them, a pipe and NO_COLOR do not."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from desist.commands.screen import Bar

_PROGRAM = "import sys; from desist.commands.main import main; sys.exit(main(sys.argv[1:]))"


def _on_terminal(folder: Path, *words: str, **environment: str) -> tuple[int, str]:
    """Exit code, and all that a terminal shows."""
    main, end = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "PYTHONPATH": os.pathsep.join(sys.path), **environment}
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, *words], stdin=end, stdout=end, stderr=end, cwd=folder, env=env
    )
    os.close(end)
    shown = b""
    while True:
        try:
            octets = os.read(main, 65536)
        except OSError:  # the other end is closed
            break
        if not octets:
            break
        shown += octets
    os.close(main)
    return process.wait(), shown.decode()


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A folder with a document that lint has something to say about."""
    (tmp_path / "policies" / "platforms").mkdir(parents=True)
    (tmp_path / "policies" / "platforms" / "a.yaml").write_text("platform: a\nhost: [a.test]\n")
    return tmp_path


def test_colours_on_a_terminal_and_nowhere_else(broken: Path) -> None:
    """A terminal gets them; NO_COLOR, a dumb terminal and a pipe get the same words without."""
    words = ("policy", "lint", "policies")
    environment = {"NO_COLOR": ""}
    code, shown = _on_terminal(broken, *words, **environment)
    assert (code, "\x1b[1;31m" in shown) == (1, True)
    for other in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        code, shown = _on_terminal(broken, *words, **(environment | other))
        assert (code, "\x1b" in shown, "a.yaml:2:1" in shown) == (1, False, True)
    piped = subprocess.run([sys.executable, "-c", _PROGRAM, *words], cwd=broken, capture_output=True, check=False)
    assert (piped.returncode, b"\x1b" in piped.stdout + piped.stderr) == (1, False)


def test_the_answer_is_coloured_and_what_it_is_about_is_not(tmp_path: Path) -> None:
    """On a terminal `explain` shows its answer in red or green and what governs in bold."""
    code, shown = _on_terminal(tmp_path, "policy", "explain", "https://www.facebook.com/zuck", NO_COLOR="")
    assert code == 1
    assert "\x1b[31mrefused\x1b[0m https://www.facebook.com/zuck: terms: " in shown
    assert "\x1b[1m=>\x1b[0m terms facebook-tos" in shown
    code, shown = _on_terminal(tmp_path, "policy", "check", "https://shop.test/", NO_COLOR="")
    assert (code, "\x1b[32mallowed\x1b[0m https://shop.test/" in shown) == (0, True)
    (tmp_path / "urls.txt").write_text("https://www.facebook.com/zuck\n")
    code, shown = _on_terminal(tmp_path, "policy", "check", "--file", "urls.txt", NO_COLOR="")
    assert (code, "\x1b[31mrefused\x1b[0m https://www.facebook.com/zuck: terms" in shown) == (1, True)


def test_long_work_shows_a_bar_that_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a terminal how far it is, redrawn in place, wiped at the end."""
    monkeypatch.setattr("desist.commands.screen._PATIENCE", 0.0)
    monkeypatch.setattr("desist.commands.screen.moves", lambda _stream: True)
    assert list(Bar("checking x.db", 4096).over(range(4096), "entries")) == list(range(4096))
    shown = capsys.readouterr().err
    assert "\rchecking x.db [" in shown
    assert "0 entries" in shown
    assert "\n" not in shown
    assert shown.endswith("\r\x1b[K")


def test_a_pipe_gets_no_bar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing can be drawn over, nothing is drawn, and the items pass as they are."""
    monkeypatch.setattr("desist.commands.screen._PATIENCE", 0.0)
    assert list(Bar("checking", 3).over(iter("abc"), "entries")) == ["a", "b", "c"]
    assert capsys.readouterr().err == ""


def test_a_ledger_is_checked_with_a_bar(tmp_path: Path) -> None:
    """`ledger verify` on a terminal: a long record is worth a bar, and what it prints is the same as in a pipe."""
    from desist.ledger import Ledger

    path = tmp_path / "ledger" / "ledger.db"
    with Ledger.open(str(path), role="crawl", counsel_key=None) as ledger:
        for _ in range(3):
            ledger.record("outcome", gate="process", facts={"uid": 1})
    slow = "import desist.commands.screen as s; s._PATIENCE = s._PAUSE = 0.0; s._EVERY = 1; " + _PROGRAM
    main, end = pty.openpty()
    command = [sys.executable, "-c", slow, "ledger", "verify", str(path)]
    env = {**os.environ, "TERM": "xterm", "HOME": str(tmp_path)}
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=end, env=env, check=False, text=True)
    os.close(end)
    shown = os.read(main, 65536).decode()
    os.close(main)
    assert done.returncode == 0, done.stdout + shown
    assert "checking ledger.db [" in shown
    assert shown.endswith("\r\x1b[K")
    assert "\x1b" not in done.stdout
    _, shown = _on_terminal(tmp_path, "ledger", "verify", str(path), NO_COLOR="", HOME=str(tmp_path))
    assert "  intact    \x1b[32myes\x1b[0m" in shown
    assert done.stdout.splitlines()[-1].startswith("next: ")
