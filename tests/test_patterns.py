"""RFC 9309 path patterns, clause by clause, and against a second matcher that works in another way."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from desist.patterns import Pattern, PatternIndex, normalise_path, path_of


def matches(pattern: str | bytes, path: str) -> bool:
    return Pattern(pattern).matches(normalise_path(path))


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://site.test", "/"),
        ("https://site.test?page=2", "/?page=2"),
        ("https://site.test/#top", "/"),
        ("http://anna:pw@site.test:8080/x/../y?z#w", "/x/../y?z"),
        ("//site.test/x", "/x"),
        ("/x?y", "/x?y"),
        ("https://site.test//x", "//x"),
        ("https://site.test\\x", "/\\x"),
        ("x", "/x"),
    ],
)
def test_path_starts_after_the_authority_and_ends_before_the_fragment_rfc9309_2_2_2(url: str, path: str) -> None:
    """What takes part in a match is path and query, from the first octet on, as written."""
    assert path_of(url) == path


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("/straße", "/stra%C3%9Fe"),
        (b"/stra\xdfe", "/stra%DFe"),
        ("/%7euser", "/~user"),
        ("/%41%2d%5F%2E", "/A-_."),
        ("/a%2fb", "/a%2Fb"),
        ("/a b", "/a%20b"),
        ("/%", "/%"),
        ("/%4", "/%4"),
        ("/a*b$", "/a%2Ab%24"),
        ("/\x00\x7f", "/%00%7F"),
        ("/\ud800", "/%ED%A0%80"),
    ],
)
def test_both_sides_are_normalised_rfc9309_2_2_2(written: str | bytes, normal: str) -> None:
    """Unreserved octets are decoded, illegal ones encoded, reserved ones left as written."""
    assert normalise_path(written) == normal


@given(st.text(st.sampled_from("%%%%0123456789abcdefABCDEFé*$#/ \x00~?")))
def test_normal_form_is_stable(text: str) -> None:
    """Normalising twice changes nothing, whatever stray percent signs a text holds."""
    once = normalise_path("/" + text)
    assert normalise_path(once) == once
    assert once.isascii()


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("/art", "/artists", True),
        ("/art", "/an/art", False),
        ("/Art", "/art", False),
        ("/art/", "/art", False),
        ("", "/art", False),
        ("*", "/art", True),
        ("$", "/", False),
        ("*$", "/art", True),
        ("/art$", "/art", True),
        ("/art$", "/art/1", False),
        ("/a$t", "/a$tists", True),
        ("/a$$", "/a$", True),
        ("/*/full", "/img/9/full.png", True),
        ("/*/full$", "/img/full/full", True),
        ("/*ab$", "/ab/xab", True),
        ("/aba*ba", "/aba", False),
        ("/x*y*y$", "/xy", False),
        ("/%2A", "/*", True),
        ("/%2A", "/a", False),
        ("/%24", "/$", True),
        ("/pre%24", "/pre", False),
        ("/%6", "/%6", True),
    ],
)
def test_special_characters_rfc9309_2_2_3(pattern: str, path: str, expected: bool) -> None:
    """`*` is any run of octets, `$` the end and nothing else; escaped ones stand for themselves."""
    assert matches(pattern, path) is expected


def test_octets_are_counted_after_normalisation_rfc9309_2_2_2() -> None:
    """A wildcard counts, an encoded octet counts three, a decoded one counts one."""
    assert [Pattern(p).octets for p in ("/a*", "/é", "/%61", "/a$", "/%2F", "")] == [3, 7, 2, 3, 4, 0]


def test_two_hundred_wildcards_do_not_multiply() -> None:
    """A pattern that would make a backtracking matcher run for ages is answered, and answered rightly."""
    pattern = Pattern("/" + "a*" * 200 + "b")
    assert not pattern.matches("/" + "a" * 20_000)
    assert pattern.matches("/" + "a" * 20_000 + "b")


def as_regex(text: str) -> re.Pattern[str] | None:
    """A second reading of a pattern, by another mechanism, for the short texts of the tests below."""
    body = text.removesuffix("$")
    tail = "$" if text.endswith("$") else ""
    return re.compile(".*".join(re.escape(part) for part in body.split("*")) + tail) if text else None


short_patterns = st.text(st.sampled_from("/ab*"), max_size=7).flatmap(lambda t: st.sampled_from([t, "/" + t, t + "$"]))
short_paths = st.text(st.sampled_from("/ab"), max_size=9).map("/".__add__)


@given(st.lists(short_patterns, max_size=60), short_paths)
@example(["*/$", "*aa$"], "/")  # a path shorter than an end by which patterns are filed
def test_the_index_finds_what_each_pattern_finds(patterns: list[str], path: str) -> None:
    """Few or many, literal or wild: the index names exactly the patterns that match one by one."""
    index = PatternIndex([Pattern(p) for p in patterns])
    readings = [as_regex(p) for p in patterns]
    expected = [i for i, reading in enumerate(readings) if reading is not None and reading.match(path)]
    assert sorted(index.matching(path)) == expected


def test_the_index_files_many_wildcards_under_their_rarest_run() -> None:
    """Beyond the few, patterns with short runs and patterns that share one are still found."""
    patterns = [f"/*/item{n}/*" for n in range(400)] + ["/*", "*=1$", "/*/item7"]
    patterns += [f"*{a}{b}" for a in "?&=;" for b in "xyzuvwrst"]
    index = PatternIndex([Pattern(p) for p in patterns])
    found = {patterns[i] for i in index.matching("/shop/item77/x?y=1")}
    assert found == {"/*/item77/*", "/*", "*=1$", "/*/item7", "*?y"}
