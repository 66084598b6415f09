"""New documents: what is written is read back as it was meant, and a broken one is never put in place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desist.errors import PolicyError
from desist.policy.draft import document_text, flow_text, place
from desist.policy.load import load_documents, read_documents
from desist.policy.source import read


def warning_of(platform: str) -> Callable[[str], str]:
    """The text of a warning about a platform, under an id."""
    fields = {"instrument": "warning", "platforms": [platform], "received_at": "2026-01-05"}
    return lambda name: document_text({"notice": name, **fields})


PLATFORM = "platform: p\nhosts: [p.test]\n"
words = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="\ufeff\ufffe\uffff\x85"), min_size=1
)


@given(words, st.lists(words, max_size=3))
def test_whatever_a_person_types_is_read_back_as_it_was(sender: str, notes: list[str]) -> None:
    """Colons, quotes, braces, dates, `no`, hashes of digits: every scalar comes back the same text."""
    fields = {"notice": "n", "sender": {"name": sender}, "outcome": sender, "notes": notes}
    (source,), diagnostics = read("n.yaml", document_text(fields).encode())
    assert diagnostics == []
    expected = {"notice": "n", "sender": {"name": sender}, "outcome": sender, **({"notes": notes} if notes else {})}
    assert source.data == expected


def test_dates_and_hashes_stand_without_quotes() -> None:
    """People read these files."""
    text = document_text({"received_at": "2026-01-05T09:30:00Z", "document_sha256": "0" * 64, "platforms": ["p", "q"]})
    lines = text.splitlines()[1:]
    assert lines == ["received_at: 2026-01-05T09:30:00Z", f"document_sha256: {'0' * 64}", "platforms: [p, q]"]


def test_a_mapping_stands_on_one_line() -> None:
    """However long: a history's line is one line."""
    assert "\n" not in flow_text({"reason": "word " * 200, "by": ["A", "B"]})


def test_a_document_that_would_be_broken_is_not_placed(tmp_path: Path) -> None:
    """An unknown platform, a public suffix: the message has the place it would have had, the folder stays as it was."""
    (tmp_path / "p.yaml").write_text(PLATFORM)
    with pytest.raises(PolicyError, match="D021") as caught:
        place(tmp_path, "notice", "n", warning_of("q"), [tmp_path])
    assert caught.value.place.endswith("notices/n.yaml:4:13")
    assert [path.name for path in tmp_path.rglob("*")] == ["p.yaml"]


def test_an_id_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    """By a document of another file name, or by a file of another id."""
    (tmp_path / "p.yaml").write_text(PLATFORM)
    (tmp_path / "mine.yaml").write_text(warning_of("p")("n"))
    (tmp_path / "notices").mkdir()
    (tmp_path / "notices" / "n-2.yaml").write_text(warning_of("p")("other"))
    assert place(tmp_path, "notice", "n", warning_of("p"), [tmp_path]) == ("n-3", tmp_path / "notices" / "n-3.yaml")
    assert {entry.doc.key for entry in load_documents([tmp_path]).notices} == {"n", "other", "n-3"}


def test_what_is_broken_elsewhere_does_not_keep_a_document_out(tmp_path: Path) -> None:
    """A prohibition goes in beside a typo."""
    (tmp_path / "p.yaml").write_text(PLATFORM)
    (tmp_path / "typo.yaml").write_text("platform: [\n")
    _, path = place(tmp_path, "notice", "n", warning_of("p"), [tmp_path])
    assert read_documents({"n.yaml": path.read_bytes()}).notices[0].doc.key == "n"
