"""Somebody else's text can neither hide, nor reorder what stands beside it, nor become a formula."""

from __future__ import annotations

import pytest

from desist.report.plain import in_cell, plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("pictogram \u202egro.rehto", "pictogram \\u202egro.rehto"),
        ("a\u2066b\u2069", "a\\u2066b\\u2069"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("two\nlines\x00", "two\\u000alines\\u0000"),
        ("\U000e0041tag", "\\ue0041tag"),
    ],
)
def test_what_hides_or_reorders_is_shown_as_an_escape(text: str, shown: str) -> None:
    """Characters that turn the direction round, of no width, controls, tags."""
    assert plain(text) == shown


@pytest.mark.parametrize("text", ["שלום", "münchen", "日本", "می\u200cخواهم", "a\u00a0b", "</script>\"'"])
def test_words_of_any_script_stay_as_they_are(text: str) -> None:
    """What HTML needs escaped is the template's business."""
    assert plain(text) == text


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", " =1"])
def test_a_cell_that_a_spreadsheet_would_run_begins_with_an_apostrophe(text: str) -> None:
    """As when it is pasted."""
    assert in_cell(text) == f"'{text}"


def test_other_cells_are_as_they_were() -> None:
    """A slug, a rule, a URL."""
    assert [in_cell(text) for text in ("pictogram", "a-b:4.2", "https://x.test/?a=b")] == [
        "pictogram", "a-b:4.2", "https://x.test/?a=b",
    ]  # fmt: skip
