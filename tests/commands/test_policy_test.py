"""`desist policy test`: expectations kept, rules touched."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


def expect(folder: Path, text: str) -> None:
    """Write a test file."""
    (folder / "tests").mkdir(exist_ok=True)
    (folder / "tests" / "t.yaml").write_text(text)


def test_the_shipped_documents_decide_as_their_tests_say(desist: Run) -> None:
    """Every shipped expectation holds."""
    done = desist("policy", "test", "shipped")
    assert done.code == 0
    assert " 0 failed; " in done.out


def test_each_field_is_compared(folder: Path, desist: Run) -> None:
    """Effect, basis, docket, platforms and rule; dates and purposes are asked with."""
    expect(
        folder,
        '"https://pictogram.test/": {effect: refuse, basis: notice, rule: 2026-01-pictogram}\n'
        '"https://pictogram.test/x": {effect: refuse, docket: 2026-01-pictogram}\n'
        '"https://videogram.test/": {effect: allow, platforms: [videogram]}\n'
        '"https://api.pictogram.test/": [{effect: allow, at: 2026-01-05T09:29:59Z},'
        " {effect: refuse, purposes: [index]}]\n",
    )
    done = desist("policy", "test", "policies")
    assert (done.code, done.out.splitlines()[0]) == (0, "5 passed, 0 failed; 1 of 1 rules touched (100%)")


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ("allow", "effect is refuse, expected allow"),
        ("refuse terms", "basis is notice, expected terms"),
        ("{effect: refuse, docket: other}", "docket is 2026-01-pictogram, expected other"),
        ("{effect: refuse, platforms: [videogram]}", "platforms are pictogram, expected videogram"),
        ("{effect: refuse, rule: tos}", "rule tos is not among the reasons"),
        ("{effect: refuse, at: 2026-01-01}", "effect is allow, expected refuse"),
    ],
)
def test_a_failure_names_place_difference_and_reasons(folder: Path, desist: Run, expected: str, said: str) -> None:
    """Exit 1, where the test stands, what was decided and by which rules."""
    expect(folder, f'# comment\n"https://pictogram.test/": {expected}\n')
    done = desist("policy", "test", "policies")
    assert done.code == 1
    assert f"policies/tests/t.yaml:2:1: https://pictogram.test/: {said}" in done.out


def test_rules_that_no_test_touches_are_named_and_count_against_the_threshold(folder: Path, desist: Run) -> None:
    """`--threshold` turns a gap into exit 1; `--untouched` says where it stands."""
    text = "terms: tos\nplatform: videogram\ndocument: Terms\neffective_from: 2025-01-01\nclauses:\n"
    (folder / "tos.yaml").write_text(
        text + "  - {topic: automated_access, effect: forbids}\n  - {topic: ai_training, effect: forbids}\n"
    )
    expect(
        folder, '"https://pictogram.test/": refuse\n"https://videogram.test/": {effect: refuse, purposes: [index]}\n'
    )
    assert desist("policy", "test", "policies").code == 0
    assert desist("policy", "test", "policies", "--threshold", "66").code == 0
    done = desist("policy", "test", "policies", "--threshold", "67", "--untouched")
    assert done.code == 1
    assert "2 of 3 rules touched (67%)" in done.out
    assert "policies/tos.yaml:7:5: no test touches tos:2" in done.out


def test_machine_formats(folder: Path, desist: Run) -> None:
    """A row a test, and the coverage."""
    expect(folder, '"https://pictogram.test/": allow\n')
    whole = json.loads(desist("policy", "test", "policies", "--format", "json").out)
    rows = [json.loads(line) for line in desist("policy", "test", "policies", "--format", "jsonl").out.splitlines()]
    assert rows == [*whole["tests"], {"coverage": whole["coverage"]}]
    assert whole["tests"][0]["passed"] is False
    assert whole["coverage"] == {"rules": 1, "untouched": []}


@pytest.mark.parametrize("text", ['"https://a.test/": perhaps\n', "- a list\n", '"https://a.test/": {effect: [\n'])
def test_tests_that_cannot_be_read_exit_2(folder: Path, desist: Run, text: str) -> None:
    """With file, line and column; never counted as passed."""
    expect(folder, text)
    done = desist("policy", "test", "policies")
    assert done.code == 2
    assert "policies/tests/t.yaml:" in done.err


def test_no_tests_at_all_is_no_success(folder: Path, desist: Run) -> None:
    """Exit 2, and how to write the first."""
    done = desist("policy", "test", "policies")
    assert (done.code, "tests/first.yaml" in done.err) == (2, True)


@pytest.mark.parametrize("verb", [("test", "policies"), ("diff", "policies", "policies")])
def test_broken_documents_are_findings_in_the_format_asked_for(
    folder: Path, desist: Run, verb: tuple[str, ...]
) -> None:
    """A program that reads JSON gets every error there, and exit 2; a person reads them on stderr."""
    (folder / "broken.yaml").write_text("platform: x\nhost: [x.test]\nadresses: []\n")
    done = desist("policy", *verb, "--format", "json")
    assert (done.code, [row["code"] for row in json.loads(done.out)]) == (2, ["D010", "D010"])
    done = desist("policy", *verb)
    assert (done.code, done.out, done.err.count("unknown key `")) == (2, "", 3)
