"""The Public Suffix List as bundled: private section included, no download, neighbours kept apart."""

from __future__ import annotations

import subprocess
import sys

import pytest

from desist.policy.publicsuffix import list_path, parse, suffixes


@pytest.mark.parametrize(
    "name", ["com", "co.uk", "github.io", "cloudfront.net", "s3.amazonaws.com", "b.ck", "unlisted"]
)
def test_public_suffixes_are_known(name: str) -> None:
    """ICANN and private rules, wildcards, and top levels that no rule names."""
    assert suffixes().is_public_suffix(name)


@pytest.mark.parametrize("name", ["example.com", "www.ck", "shop.github.io", "d111.cloudfront.net", "facebook.com"])
def test_what_people_register_is_no_public_suffix(name: str) -> None:
    """Exceptions (`!www.ck`) are registered names too."""
    assert not suffixes().is_public_suffix(name)


@pytest.mark.parametrize(
    ("host", "registrable"),
    [
        ("www.example.co.uk", "example.co.uk"),
        ("a.shop.github.io", "shop.github.io"),
        ("example.com", "example.com"),
        ("a.b.c.ck", "b.c.ck"),
        ("x.www.ck", "www.ck"),
        ("co.uk", ""),
        ("github.io", ""),
    ],
)
def test_the_registrable_name_is_one_label_more(host: str, registrable: str) -> None:
    """The longest matching rule counts (publicsuffix.org, algorithm)."""
    assert registrable == suffixes().registrable(host)


def test_a_list_is_read_as_published() -> None:
    """Comments, blank lines, trailing words, wildcards, exceptions and IDN rules."""
    rules = parse("// note\n\nzz extra\n*.yy\n!city.yy\n\u516c\u53f8.hk\n")
    assert (frozenset({"zz", "xn--55qx5d.hk"}), frozenset({"yy"}), frozenset({"city.yy"})) == (
        rules.names,
        rules.wildcards,
        rules.exceptions,
    )


def test_the_version_is_the_hash_of_the_bundled_bytes() -> None:
    """Another list gives another version, and so another revision of every policy set."""
    assert len(suffixes().version) == 64
    assert parse(list_path().read_text("utf-8") + "extra.test\n").names == suffixes().names | {"extra.test"}


def test_requests_is_never_imported_for_it() -> None:
    """The list is read as a file: `import tldextract` would cost a third of a second."""
    code = "import sys; from desist.policy.publicsuffix import suffixes; suffixes(); print('requests' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
