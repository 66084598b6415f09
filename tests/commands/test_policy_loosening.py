"""`desist policy withdraw` and `narrow`: a document, two names, never for the past, all else left byte for byte."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from desist.decide import decide
from desist.policy import PolicySet
from desist.policy.load import load_documents

Run = Callable[..., Any]
NAMES = ("--by", "A. Jones", "--by", "B. Smith")
URL = "https://www.pictogram.test/"


@pytest.fixture
def paper(folder: Path) -> tuple[str, ...]:
    """The evidence: a document and two names, and the folder."""
    (folder.parent / "paper.pdf").write_bytes(b"we withdraw")
    return ("--document", "paper.pdf", *NAMES, "--policies", "policies")


def refused(at: datetime, purpose: str | None = None, url: str = URL) -> bool:
    return decide(PolicySet.load("policies"), url, at=at, purposes=[purpose] if purpose else None).refused


def test_withdrawal_ends_a_notice_from_now_on_and_not_before(folder: Path, desist: Run, paper: tuple[str, ...]) -> None:
    """What was refused stays refused when it is replayed."""
    before = datetime.now(UTC)
    done = desist("policy", "withdraw", "2026-01-pictogram", *paper, "--reason", "settled: see paper")
    after = datetime.now(UTC) + timedelta(seconds=2)
    assert done.code == 0
    assert (refused(before), refused(after)) == (True, False)
    (change,) = load_documents([folder]).notices[0].doc.status_history
    assert change.document_sha256 == hashlib.sha256(b"we withdraw").hexdigest()
    assert change.by == ("A. Jones", "B. Smith")
    assert change.reason == "settled: see paper"


def test_the_file_keeps_every_byte_and_gains_one_line(folder: Path, desist: Run, paper: tuple[str, ...]) -> None:
    """Comments stay; a second change is added behind the first."""
    path = folder / "notices" / "letter.yaml"
    before = path.read_text()
    desist("policy", "withdraw", "2026-01-pictogram", *paper, "--status", "suspended")
    once = path.read_text()
    assert once.startswith(before + "status_history:\n  - {")
    desist("policy", "withdraw", "2026-01-pictogram", *paper)
    assert path.read_text().startswith(once + "  - {")
    assert path.read_text().count("\n") == once.count("\n") + 1


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("{letter}---\n# a second document\nplatform: other\nhosts: [other.test]\n", 2),
        ("{letter}status_history:\n- {{at: 2026-02-01T00:00:00Z, status: in_force}}\n\n# the end\n", 1),
        (
            "{letter}status_history:\n    - at: 2026-02-01T00:00:00Z\n      status: in_force\ndemands: [stop_access]\n",
            1,
        ),
        ("{bare}", 2),
    ],
)
def test_the_line_goes_where_it_belongs(
    folder: Path, desist: Run, paper: tuple[str, ...], text: str, lines: int
) -> None:
    """Before another document, behind any block history, at the end of a file without a final line break."""
    path = folder / "notices" / "letter.yaml"
    letter = path.read_text()
    path.write_text(text.format(letter=letter, bare=letter.rstrip("\n")))
    before = path.read_text().splitlines()
    assert desist("policy", "withdraw", "2026-01-pictogram", *paper).code == 0
    after = path.read_text().splitlines()
    assert len(after) == len(before) + lines
    assert [line for line in after if line in before] == before
    assert not refused(datetime.now(UTC) + timedelta(seconds=2))


@pytest.mark.parametrize("text", ["{{notice: n, instrument: warning, platforms: pictogram, received_at: 2026-01-05}}\n",
                                  "{letter}status_history: []\n"])  # fmt: skip
def test_what_cannot_be_added_to_safely_is_left_alone(
    folder: Path, desist: Run, paper: tuple[str, ...], text: str
) -> None:
    """A document in braces is for an editor: the message says so, the file stays."""
    path = folder / "notices" / "letter.yaml"
    path.write_text(text.format(letter=path.read_text()))
    before = path.read_bytes()
    done = desist("policy", "withdraw", "n" if text.startswith("{{") else "2026-01-pictogram", *paper)
    assert (done.code, path.read_bytes()) == (2, before)
    assert "with an editor" in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--document", "paper.pdf", "--by", "A. Jones"), "two different names"),
        (("--document", "paper.pdf", "--by", "A. Jones", "--by", "a. jones "), "two different names"),
        (NAMES, "one of the arguments"),
        (("--document", "gone.pdf", *NAMES), "cannot be read"),
        (("--document", "empty", *NAMES), "is empty"),
        (("--document", "paper.pdf", *NAMES, "--at", "2026-01-06"), "has passed"),
        (("--document", "paper.pdf", *NAMES, "--at", "soon"), "is no date"),
        (("--sha256", "abc", *NAMES), "safely"),
    ],
)
def test_anything_less_changes_nothing(
    folder: Path, desist: Run, paper: tuple[str, ...], words: tuple[str, ...], said: str
) -> None:
    """One name, the same name twice, no paper, an empty paper, a date in the past: exit 2, the file as it was."""
    (folder.parent / "empty").write_bytes(b"")
    before = (folder / "notices" / "letter.yaml").read_bytes()
    for verb, more in (("withdraw", ()), ("narrow", ("--purposes", "biometric"))):
        done = desist("policy", verb, "2026-01-pictogram", *words, *more, "--policies", "policies")
        assert done.code == 2
        assert said in done.err
    assert (folder / "notices" / "letter.yaml").read_bytes() == before


def test_narrowing_keeps_what_is_named_and_says_what_still_refuses(
    folder: Path, desist: Run, paper: tuple[str, ...]
) -> None:
    """To a purpose, then to a path as well; the past stays whole."""
    before = datetime.now(UTC)
    done = desist("policy", "narrow", "2026-01-pictogram", *paper, "--purposes", "biometric,research")
    later = datetime.now(UTC) + timedelta(seconds=2)
    assert done.code == 0
    assert "still refused by notice: 2026-01-pictogram (for biometric, research)" in done.out
    assert [refused(later, p) for p in ("biometric", "research", "index")] == [True, True, False]
    assert refused(before, "index")


def test_narrowing_to_paths_and_hosts(folder: Path, desist: Run, paper: tuple[str, ...]) -> None:
    """Everything else of the platform is free from then on."""
    words = ("--paths", "/faces/", "--hosts", "api.pictogram.test")
    assert desist("policy", "narrow", "2026-01-pictogram", *paper, *words).code == 0
    later = datetime.now(UTC) + timedelta(seconds=2)
    urls = ("https://api.pictogram.test/faces/1", "https://api.pictogram.test/", "https://www.pictogram.test/faces/1")
    assert [refused(later, url=url) for url in urls] == [True, False, False]


def test_narrowing_never_widens(folder: Path, desist: Run, paper: tuple[str, ...]) -> None:
    """A purpose that the notice no longer covers does not come back; nothing to narrow to is an error."""
    desist("policy", "narrow", "2026-01-pictogram", *paper, "--purposes", "biometric")
    for words in (("--purposes", "index"), ("--purposes", "biometrics"), ()):
        assert desist("policy", "narrow", "2026-01-pictogram", *paper, *words).code == 2


def test_somebody_elses_letter_is_not_ours_to_withdraw(folder: Path, desist: Run, paper: tuple[str, ...]) -> None:
    """The message names whose it is and the setting that makes it a docket only."""
    done = desist("policy", "withdraw", "2020-twitter-clearview", *paper[:-2], "--policies", "shipped")
    assert done.code == 2
    assert "Clearview AI" in done.err
    assert "DESIST_NOTICES_TO_OTHERS" in done.err


def test_withdrawal_says_what_still_refuses(folder: Path, desist: Run, paper: tuple[str, ...]) -> None:
    """Terms that forbid the same are named, so that nobody takes a withdrawal for leave."""
    terms = "terms: tos\nplatform: pictogram\ndocument: Terms\neffective_from: 2025-01-01\n"
    (folder / "tos.yaml").write_text(terms + "clauses: [{topic: automated_access, effect: forbids, section: '4.2'}]\n")
    done = desist("policy", "withdraw", "2026-01-pictogram", *paper)
    assert "still refused by terms: tos:4.2" in done.out
    (folder / "tos.yaml").unlink()
    done = desist("policy", "withdraw", "2026-01-pictogram", *paper, "--status", "entered_in_error")
    assert "no document refuses it any more" in done.out
