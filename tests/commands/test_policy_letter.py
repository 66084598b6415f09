"""`desist policy letter`: seven plain questions, one paragraph read back, in force at once, then the neighbours."""

from __future__ import annotations

import hashlib
import os
import pty
import select
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from desist.decide import decide
from desist.policy import PolicySet

Run = Callable[..., Any]
LETTER = ("policy", "letter", "--policies", "policies")
ANSWERS = (
    "pictogram",
    "Pictogram, Inc.",
    "Example Crawls Ltd",
    "2026-11-20T10:00:00Z",
    "1",
    "everything",
    "A. Jones",
    "yes",
)


def typed(*answers: str) -> str:
    return "".join(f"{answer}\n" for answer in answers)


def refused_by(url: str) -> set[str]:
    """The rules that refuse a URL now."""
    return {reason.rule for reason in decide(PolicySet.load("policies"), url).reasons}


def written(folder: Path) -> list[Path]:
    found = [p for p in (folder / "notices").iterdir() if p.name != "letter.yaml"]
    return sorted(found, key=lambda path: len(path.name))


def test_the_answers_become_a_notice_in_force(folder: Path, desist: Run) -> None:
    """Every answer stands in the document, the paper's hash too, and the platform is refused by it."""
    (folder.parent / "scan.pdf").write_bytes(b"paper")
    done = desist(*LETTER, "--scan", "scan.pdf", answers=typed(*ANSWERS, "no"))
    assert done.code == 0
    (path,) = written(folder)
    text = path.read_text()
    for said in ("sender: Pictogram, Inc.", "recipient: Example Crawls Ltd", "received_at: 2026-11-20T10:00:00Z",
                 "crawl_effect: block", "entered_by: A. Jones", hashlib.sha256(b"paper").hexdigest()):  # fmt: skip
        assert said in text
    assert path.stem in refused_by("https://www.pictogram.test/")
    assert done.out.rstrip().endswith(f"next: desist policy preview {path.stem}")


def test_seven_questions_and_one_paragraph(folder: Path, desist: Run) -> None:
    """Numbered 1 to 7, and read back before anything is written."""
    done = desist(*LETTER, answers=typed(*ANSWERS, "no"))
    assert [f"{n}." in done.err for n in range(1, 9)] == [True] * 7 + [False]
    paragraph = done.out.strip().split("\n\n")[0].replace("\n", " ")
    for said in ("Pictogram, Inc.", "Example Crawls Ltd", "2026-11-20T10:00:00Z", "everything", "A. Jones"):
        assert said in paragraph


@pytest.mark.parametrize(
    ("named", "covers", "spares"),
    [
        ("https://www.pictogram.test/u/1", "https://api.pictogram.test/", "https://videogram.test/"),
        ("Pictogram", "https://pictogram.test/", "https://videogram.test/"),
        ("jobs.pictogram.test", "https://jobs.pictogram.test/x", "https://www.pictogram.test/"),
        ("blog.test", "https://blog.test/", "https://www.pictogram.test/"),
    ],
)
def test_it_acts_on_the_smallest_unit_that_the_letter_names(
    folder: Path, desist: Run, named: str, covers: str, spares: str
) -> None:
    """A platform's own host means the platform, a name below it or a host that nobody knows means itself."""
    assert desist(*LETTER, answers=typed(named, *ANSWERS[1:], "no")).code == 0
    (path,) = written(folder)
    assert path.stem in refused_by(covers)
    assert path.stem not in refused_by(spares)


def test_neighbours_are_asked_about_and_covered_only_on_yes(folder: Path, desist: Run) -> None:
    """The same operator's other platform: a document of its own that names the first."""
    done = desist(*LETTER, answers=typed(*ANSWERS, "yes"))
    assert "Does the letter name videogram too" in done.err
    first, second = written(folder)
    assert second.stem == f"{first.stem}-videogram"
    assert f"related: [{first.stem}]" in second.read_text()
    assert second.stem in refused_by("https://videogram.test/")


def test_purposes_and_paths_narrow_what_it_refuses(folder: Path, desist: Run) -> None:
    """Question 6 takes both, by commas; a misspelt purpose is asked again with the one that was meant."""
    done = desist(*LETTER, answers=typed(*ANSWERS[:5], "biometrics", "biometric, /faces/", *ANSWERS[6:], "no"))
    assert "did you mean `biometric`?" in done.err
    (path,) = written(folder)
    policies = PolicySet.load("policies")
    rules = {
        (url, purpose): path.stem
        in {r.rule for r in decide(policies, f"https://pictogram.test{url}", purposes=[purpose]).reasons}
        for url in ("/faces/1", "/u/1")
        for purpose in ("biometric", "index")
    }
    assert rules == {("/faces/1", "biometric"): True, ("/faces/1", "index"): False, ("/u/1", "biometric"): False,
                     ("/u/1", "index"): False}  # fmt: skip


def test_a_firm_is_asked_for_the_platform_it_means(folder: Path, desist: Run) -> None:
    """An operator's name covers several platforms, and the letter may name one: all are shown, none is assumed."""
    (folder / "platforms" / "other.yaml").write_text("platform: other\noperator: Widget Holding\nhosts: [w.test]\n")
    done = desist(*LETTER, answers=typed("widget", "other", *ANSWERS[1:], "no"))
    assert "`widget` operates other: which one" in done.err
    assert "platforms: [other]" in written(folder)[0].read_text()


@pytest.mark.parametrize("slip", ["2099-01-01", "yesterday", "2026-13-01"])
def test_a_letter_arrived_in_the_past(folder: Path, desist: Run, slip: str) -> None:
    """A slip of the year would put it into force in some other century: the question is asked again."""
    done = desist(*LETTER, answers=typed(*ANSWERS[:3], slip, *ANSWERS[3:], "no"))
    assert done.code == 0
    assert done.err.count("4. When") == 2
    assert ANSWERS[3] in written(folder)[0].read_text()


@pytest.mark.parametrize("count", range(8))
def test_an_end_of_answers_writes_nothing(folder: Path, desist: Run, count: int) -> None:
    """However far it came, before the paragraph is confirmed there is no half letter."""
    done = desist(*LETTER, answers=typed(*ANSWERS[:count]))
    assert (done.code, written(folder)) == (2, [])
    assert "nothing was written" in done.err


def test_no_to_the_paragraph_writes_nothing(folder: Path, desist: Run) -> None:
    """And says so."""
    done = desist(*LETTER, answers=typed(*ANSWERS[:-1], "no"))
    assert (done.code, written(folder)) == (2, [])


def test_at_a_terminal(folder: Path) -> None:
    """The same through a pseudo-terminal: question by question, defaults taken by the enter key alone."""
    leader, follower = pty.openpty()
    command = [
        sys.executable,
        "-c",
        f"import sys; from desist.commands.main import main; sys.exit(main({list(LETTER)!r}))",
    ]
    child = subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, cwd=folder.parent)
    os.close(follower)
    screen = ""
    answers = {"1. ": "pictogram", "2. ": "Pictogram, Inc.", "3. ": "us", "4. ": "", "5. ": "2", "6. ": "", "7. ": ""}
    for question, answer in [*answers.items(), ("Is that right?", ""), ("Does the letter name videogram", "")]:
        screen = read_until(leader, question)
        os.write(leader, answer.encode() + b"\n")
    screen += read_until(leader, "next: ")
    assert child.wait(30) == 0, screen
    os.close(leader)
    (path,) = written(folder)
    assert "instrument: court_order" in path.read_text()
    assert path.stem in refused_by("https://pictogram.test/")


def read_until(terminal: int, words: str) -> str:
    """What the terminal shows until `words` are on it; an end of output is a failure with what there was."""
    shown = ""
    while words not in shown:
        ready, _, _ = select.select([terminal], [], [], 60)
        assert ready, f"waited for {words!r}: {shown}"
        try:
            shown += os.read(terminal, 4096).decode()
        except OSError as error:
            raise AssertionError(f"ended before {words!r}: {shown}") from error
    return shown
