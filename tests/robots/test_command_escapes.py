"""`desist robots` prints other people's files: nothing in them reaches the terminal as anything but text."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from desist.commands.main import main


def test_file_writes_nothing_to_the_terminal_but_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Escape sequences, C1 and what turns the reading direction, in rules, tokens, unknown lines and preferences."""
    evil = "\x1b[2Jx\x1b]0;pwn\x07\u202e\x9b31m\u2066"
    file = tmp_path / "robots.txt"
    rules = f"User-agent: *\nDisallow: /{evil}\nNo{evil}such: {evil}\nContent-Usage: {evil}\n"
    file.write_text(f"{rules}User-agent: a{evil}\nAllow:\t/\n", encoding="utf-8")
    main(["robots", str(file), "--url", f"https://site.test/{evil}"])
    said = capsys.readouterr().out
    found = {c for c in said if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    assert found == {"\n"}
    assert "Disallow: /\\x1b[2Jx\\x1b]0;pwn\\x07\\u202e\\x9b31m\\u2066" in said
    assert "Allow:  /" in said
