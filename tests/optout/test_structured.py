"""RFC 9651 dictionaries: every kind of item, and failure as a whole."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desist.optout.structured import Item, read_dictionary


@pytest.mark.parametrize(
    ("text", "key", "item"),
    [
        ("a=b", "a", Item("token", "b")),
        ("a", "a", Item("boolean", "?1")),
        ("a;x=1", "a", Item("boolean", "?1")),
        ("a=?0", "a", Item("boolean", "?0")),
        ("a=-1.250", "a", Item("number", "-1.250")),
        ("a=999999999999999", "a", Item("number", "999999999999999")),
        ('a="x\\"y"', "a", Item("string", '"x\\"y"')),
        ("a=:aGk=:", "a", Item("bytes", ":aGk=:")),
        ("a=@1700000000", "a", Item("date", "@1700000000")),
        ('a=%"f%c3%bc"', "a", Item("display", '%"f%c3%bc"')),
        ("a=(1 b;c  2);d", "a", Item("list", "(1 b;c  2)")),
        ("  *a-b.c_1=n  ", "*a-b.c_1", Item("token", "n")),
        ("a=1\t,\t b=2", "b", Item("number", "2")),
        ("a=1,a=2", "a", Item("number", "2")),
    ],
)
def test_item_rfc9651_4_2(text: str, key: str, item: Item) -> None:
    """Each item is read with its kind."""
    assert read_dictionary(text)[key] == item


@pytest.mark.parametrize(
    "text",
    [
        *("A=1", "a=", "a=1,", "a=1,,b=2", "a=1 b=2", "a b", "=1", "a=(1", "a=(1,2)", 'a="x', "a=1.2345", "a=1."),
        *("a=1000000000000000", "a=:x", "a=?2", "a=\u00e9", "a;=1", "a;B", "1=a", "a=@1.5", 'a="\u00e9"', "\ta=1"),
    ],
)
def test_failure_is_of_the_whole_rfc9651_4_2(text: str) -> None:
    """There is no half-read dictionary."""
    with pytest.raises(ValueError, match=r"character|comma"):
        read_dictionary("z=1, " + text if not text.startswith("\t") else text)


def test_nothing_is_an_empty_dictionary() -> None:
    """An empty field states nothing."""
    assert read_dictionary("  ") == {}


@given(st.text(st.sampled_from('ab=,;()?:@%"\\ \t*-.019'), max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but ValueError, and it ends."""
    with contextlib.suppress(ValueError):
        assert all(key[0] in "ab*" for key in read_dictionary(text))
