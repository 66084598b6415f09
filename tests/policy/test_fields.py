"""Single values: hosts, hashes, networks, paths, purposes, yes and no."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from desist.model import ALL_PURPOSES
from desist.policy import fields
from desist.policy.fields import host_name
from desist.urls import canonical_host


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("example.com", "example.com"),
        (" Example.COM. ", "example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("203.0.113.9", "203.0.113.9"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("_dmarc.example.com", "_dmarc.example.com"),
    ],
)
def test_a_host_is_kept_in_canonical_spelling(text: str, host: str) -> None:
    """As `urls` would spell the host of a URL, so that both meet in one table."""
    assert host_name(text) == host


@pytest.mark.parametrize(
    "text",
    ["", "*.example.com", "https://example.com", "example.com/x", "example.com:443", "a b.example", "user@example.com",
     "exa%6dple.com", "a..b", "x" * 64 + ".com", ".".join(["abcdefgh"] * 30), "0x7f.1", "example.com?x"],
)  # fmt: skip
def test_what_is_more_or_less_than_a_host_is_refused(text: str) -> None:
    """Never repaired: a slip in a host would forbid the wrong one."""
    with pytest.raises(ValueError, match=r"\S"):
        host_name(text)


@given(st.from_regex(r"[a-zA-Z0-9_.-]{1,80}", fullmatch=True))
def test_the_quick_way_agrees_with_the_reader_of_urls(text: str) -> None:
    """Plain names need no URL reader, and come out as it would spell them."""
    try:
        expected = canonical_host(text)
    except ValueError:
        with pytest.raises(ValueError, match=r"\S"):
            host_name(text)
    else:
        assert host_name(text) == expected


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (fields.Slug, ["x", "pictogram", "a-b_c.d"], ["", "A", "-a", "a-", "a b", "a/b", "../a"]),
        (fields.Id, ["2026-01-pictogram", "A.b"], ["", "a b", "a/b", "_a", "a" * 201]),
        (fields.FullHash, ["0" * 64, "ab" * 32], ["AB" * 32, "ab" * 31, "ab...", ""]),
        (fields.Hash, ["0" * 64, "5c1e..."], ["5c1e", "...", "xyz..."]),
        (fields.PathPattern, ["/", "/a/*/b$", "/?x="], ["a", "", "/a b", "/a#b", "https://a/"]),
        (
            fields.Network,
            ["203.0.113.0/29", "fd00::66/128", "203.0.113.7"],
            ["203.0.113.1/29", "a.test", "", "300.1.1.1"],
        ),
        (fields.Flag, ["true", "false"], ["yes", "True", "1", ""]),
        (fields.Count, ["0", "23"], ["-1", "1.5", "", "٣", "1e3"]),
    ],
)
def test_values_of_each_kind(kind: Any, good: list[str], bad: list[str]) -> None:
    """What is taken, and what is an error rather than a guess."""
    adapter = TypeAdapter(kind)
    for text in good:
        adapter.validate_python(text)
    for text in [*bad, ["a"], {"a": "b"}]:
        with pytest.raises(ValidationError):
            adapter.validate_python(text)


@pytest.mark.parametrize(
    ("said", "meant"), [("any", ALL_PURPOSES), ("index", {"index"}), (["index", "train-ai"], {"index", "train-ai"})]
)
def test_purposes(said: Any, meant: set[str]) -> None:
    """`any`, one, or a list."""
    assert TypeAdapter(fields.Purposes).validate_python(said) == meant


@pytest.mark.parametrize("said", ["all", "", ["any"], ["index", "x"]])
def test_unknown_purposes(said: Any) -> None:
    """A word that is none never narrows a notice."""
    with pytest.raises(ValidationError):
        TypeAdapter(fields.Purposes).validate_python(said)


def test_all_hosts_stands_alone() -> None:
    """`hosts: all`, or names."""
    adapter = TypeAdapter(fields.Hosts)
    assert adapter.validate_python("all") == ("all",)
    assert adapter.validate_python(["a.test", "B.test"]) == ("a.test", "b.test")
    for wrong in (["all", "a.test"], []):
        with pytest.raises(ValidationError):
            adapter.validate_python(wrong)
