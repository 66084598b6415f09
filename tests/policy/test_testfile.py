"""Test files of policies: every short form, every error with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from desist.policy.testfile import Expectations, load_tests


def load(tmp_path: Path, text: str) -> Expectations:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "t.yaml").write_text(text)
    return load_tests([tmp_path, tmp_path])


def test_every_form_of_an_expectation(tmp_path: Path) -> None:
    """A word, effect and basis, a mapping, a list of several, a list of tests; a folder named twice counts once."""
    found = load(
        tmp_path,
        '"https://a/": allow\n"https://b/": refuse terms\n"https://c/": {effect: refuse, platforms: c}\n'
        '"https://d/": [allow, {effect: refuse, at: 2026-01-05, purposes: index}]\n'
        "---\ntests:\n  - {url: https://e/, effect: allow}\n",
    )
    assert found.diagnostics == []
    said = [(t.url, t.test.effect, t.test.basis, t.place.line) for t in found.tests]
    assert said == [
        ("https://a/", "allow", None, 1),
        ("https://b/", "refuse", "terms", 2),
        ("https://c/", "refuse", None, 3),
        ("https://d/", "allow", None, 4),
        ("https://d/", "refuse", None, 4),
        ("https://e/", "allow", None, 7),
    ]
    assert found.tests[4].test.purposes == {"index"}


@pytest.mark.parametrize(
    ("text", "code", "column", "help_"),
    [
        ('"https://a/": alow\n', "D013", 15, "allow"),
        ('"https://a/": refuse term\n', "D013", 15, "terms"),
        ('"https://a/": {effect: refuse, dockt: x}\n', "D010", 32, "docket"),
        ('"https://a/": {basis: terms}\n', "D011", 15, "effect"),
        ('"https://a/": [allow, {effect: allow, at: soon}]\n', "D014", 43, "2026"),
        ('"https://a/": allow\n"https://a/": refuse\n', "D003", 1, "line 1"),
        ("tests: [{effect: allow}]\n", "D011", 9, "url"),
        ("- allow\n", "D005", 1, "URLs"),
    ],
)
def test_a_mistake_has_a_place_a_code_and_a_mend(tmp_path: Path, text: str, code: str, column: int, help_: str) -> None:
    """The same diagnostics as of documents, did-you-mean included."""
    (finding,) = load(tmp_path, text).diagnostics
    assert (finding.code, finding.place.column) == (code, column)
    assert help_ in finding.help


def test_folders_without_tests_have_none(tmp_path: Path) -> None:
    """Hidden files are left out, a missing folder is no error here."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / ".t.yaml").write_text("broken: [\n")
    assert load_tests([tmp_path, tmp_path / "gone"]) == Expectations([], [], {})
