"""Host lists in the format of domain-list-community, clause by clause of its README ("Structure of data")."""

from __future__ import annotations

import pytest

from desist.errors import UsageError
from desist.policy.hostlists import HostLists, ListRule


@pytest.fixture
def lists(tmp_path):
    def read(**files):
        (tmp_path / "data").mkdir()
        for name, text in files.items():
            (tmp_path / "data" / name).write_text(text)
        return HostLists.read(tmp_path)

    return read


def values(rules):
    return [(rule.kind, rule.value) for rule in rules]


def test_kinds_of_rules(lists):
    """A bare name is a `domain`; the four kinds keep their values as written, colons included."""
    made = lists(a="bare.test\ndomain:sub.test\nfull:one.test\nregexp:^x:[0-9]+$\nkeyword:tube\n")
    assert values(made.rules("a")) == [
        ("domain", "bare.test"),
        ("domain", "sub.test"),
        ("full", "one.test"),
        ("regexp", "^x:[0-9]+$"),
        ("keyword", "tube"),
    ]


def test_comments_and_blank_lines(lists):
    """A comment begins anywhere in a line."""
    made = lists(a="# head\n\n  a.test   # why\n#b.test\n")
    assert values(made.rules("a")) == [("domain", "a.test")]


def test_attributes(lists):
    """Attributes stay with the rule, and the rule knows its list."""
    made = lists(a="full:ads.a.test @ads @!cn\n")
    assert list(made.rules("a")) == [ListRule("full", "ads.a.test", frozenset({"ads", "!cn"}), "a")]


def test_includes_reach_through(lists):
    """An included list brings what it includes."""
    made = lists(a="a.test\ninclude:b\n", b="include:c\nb.test\n", c="c.test\n")
    assert {rule.value for rule in made.rules("a")} == {"a.test", "b.test", "c.test"}
    assert {rule.origin for rule in made.rules("a")} == {"a", "b", "c"}


def test_selective_inclusion(lists):
    """`@x` wants an attribute, `@-x` does without; both may stand together."""
    made = lists(
        a="include:b @ads\n",
        d="include:b @-ads\n",
        e="include:b @ads @-cn\n",
        b="x.test @ads\ny.test\nz.test @ads @cn\n",
    )
    assert [rule.value for rule in made.rules("a")] == ["x.test", "z.test"]
    assert [rule.value for rule in made.rules("d")] == ["y.test"]
    assert [rule.value for rule in made.rules("e")] == ["x.test"]


def test_affiliation(lists):
    """`&other` puts the rule into that list as well, whether or not it has a file."""
    made = lists(a="x.test &b &nofile\n", b="y.test\n")
    assert {rule.value for rule in made.rules("b")} == {"x.test", "y.test"}
    assert "nofile" in made
    assert "nobody" not in made


def test_a_circle_of_includes_is_an_error(lists):
    """It names the way round."""
    made = lists(a="include:b\n", b="include:a\n")
    with pytest.raises(UsageError, match="a > b > a"):
        list(made.rules("a"))


@pytest.mark.parametrize("line", ["domain:", "a.test ads", "a.test @", "suffix:a.test"])
def test_what_is_no_rule_is_an_error_with_its_line(lists, line):
    """A list that cannot be read is not taken for a shorter one."""
    with pytest.raises(UsageError) as caught:
        lists(a=f"ok.test\n{line}\n")
    assert caught.value.place.endswith("a:2")


def test_a_folder_that_is_no_checkout(tmp_path):
    """It says how to get one."""
    with pytest.raises(UsageError, match="no folder `data`"):
        HostLists.read(tmp_path)
