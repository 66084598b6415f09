"""A folder of documents of one's own, and the command line, run in it."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from desist.commands.main import main

PLATFORM = """\
platform: pictogram
name: Pictogram
operator: Pictogram, Inc.
hosts:
  - pictogram.test
  - {host: api.pictogram.test, role: api}
  - {host: pictogram-fonts.test, role: infrastructure}
  - {host: pictogram.cdn.test, match: exact, role: cdn}
addresses: [203.0.113.0/29, "fd00::66/128"]
"""
NEIGHBOUR = "platform: videogram\noperator: Pictogram, Inc.\nhosts: [videogram.test]\n"
LETTER = """\
# kept as it is
notice: 2026-01-pictogram
instrument: cease_and_desist
sender: Pictogram, Inc.
recipient: Example Crawls Ltd
platforms: [pictogram]
received_at: 2026-01-05T09:30:00Z   # by courier
"""


class Done(NamedTuple):
    """What a command printed and its exit code."""

    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`policies` of a project, in the working directory: two platforms and a letter to us."""
    own = tmp_path / "policies"
    for name, text in {
        "platforms/pictogram.yaml": PLATFORM,
        "platforms/videogram.yaml": NEIGHBOUR,
        "notices/letter.yaml": LETTER,
    }.items():
        path = own / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(tmp_path)
    return own


@pytest.fixture
def desist(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line: `desist("policy", "lint", "policies", answers="...")`."""

    def run(*words: str, answers: str = "") -> Done:
        monkeypatch.setattr("sys.stdin", io.StringIO(answers))
        try:
            code = main(list(words))
        except SystemExit as stop:
            code = int(str(stop.code))
        printed = capsys.readouterr()
        return Done(code, printed.out, printed.err)

    return run
