"""Secrets are struck before sealing; what tells where a crawler went stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desist.ledger.mask import STRUCK, mask, mask_details


@pytest.mark.parametrize(
    ("kind", "text", "struck"),
    [
        ("userinfo", "https://me:pw@shop.test/a", "https://[struck]@shop.test/a"),
        ("userinfo", "https://a@b@shop.test/a", "https://[struck]@shop.test/a"),
        (
            "parameter",
            "https://shop.test/a?access_token=abc&page=2",
            "https://shop.test/a?access_token=[struck]&page=2",
        ),
        ("parameter", "https://shop.test/a;jsessionid=123?x=1", "https://shop.test/a;jsessionid=[struck]?x=1"),
        ("parameter", "https://shop.test/a?u=1&sid=1#key=2", "https://shop.test/a?u=1&sid=[struck]#key=[struck]"),
        ("parameter", "https://shop.test/?X-Amz-Signature=00", "https://shop.test/?X-Amz-Signature=[struck]"),
        ("e-mail", "https://shop.test/u/a.b+c@mail.test/x", "https://shop.test/u/[struck]/x"),
        ("e-mail", "https://shop.test/u/a%40mail.test", "https://shop.test/u/[struck]"),
        ("random", "https://shop.test/s/9f86d081884c7d659a2feaa0c55ad015", "https://shop.test/s/[struck]"),
        ("random", "https://shop.test/s/dGhpc0lzQVNlY3JldDEy/x", "https://shop.test/s/[struck]/x"),
        ("token", "see eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl", "see [struck]"),
        ("bearer", "Bearer abcdef123", "Bearer [struck]"),
        ("parameter", "https://a.test/?pw=hunter2&psw=x&pwm=1", "https://a.test/?pw=[struck]&psw=[struck]&pwm=1"),
        ("parameter", "https://a.test/?%74oken=abc", "https://a.test/?token=[struck]"),
        ("parameter", "https://a.test/?access%5Ftoken=abc", "https://a.test/?access_token=[struck]"),
        (
            "parameter",
            "https://a.test/?redirect=https%3A%2F%2Fb.test%2F%3Ftoken%3Dabc%26x%3D1",
            "https://a.test/?redirect=https://b.test/?token=[struck]&x=1",
        ),
        (
            "parameter",
            "https://a.test/?redirect=https%253A%252F%252Fb.test%252F%253Ftoken%253Dabc",
            "https://a.test/?redirect=https://b.test/?token=[struck]",
        ),
        ("parameter", "https://a.test/?u=%3Ftoken%3Dabc%2526def", "https://a.test/?u=?token=[struck]"),
        ("parameter", "https://a.test/?u=%" + "25" * 8 + "41", STRUCK),
        ("e-mail", "https://a.test/?q=bob%2540mail.test", "https://a.test/?q=[struck]"),
        ("userinfo", "https://b.test/?u=ftp%3A%2F%2Fbob:p(w@a.test", "https://b.test/?u=ftp%3A%2F%2F[struck]@a.test"),
        ("userinfo", "https:/bob:hun(ter2@a.test/", "https:/[struck]@a.test/"),
        ("userinfo", "https:bob:hun(ter2@a.test/", "https:[struck]@a.test/"),
        ("userinfo", "https:\\\\bob:hunter2@a.test/", "https:\\\\[struck]@a.test/"),
        ("userinfo", "https://b.test/?u=ftp%3A%2F%2Fbob%3Ap(w%40a.test%2F", "https://b.test/?u=ftp://[struck]@a.test/"),
    ],
)
def test_a_secret_is_struck(kind: str, text: str, struck: str) -> None:
    """Each kind of secret, and its name for the leaf."""
    assert mask(text) == (struck, frozenset({kind}))


@pytest.mark.parametrize(
    "text",
    [
        "https://shop.test/blog/2026/11/a-very-long-title-about-nothing-much-at-all.html",
        "https://www.shop.test:8443/search?q=shoes&page=2&sort=price",
        "https://d111111abcdef8aaaa1111bbbb.cdn.test/pic.jpg",
        "https://shop.test/item/1234567890",
        "https://shop.test/?next=https%3A%2F%2Fshop.test%2Fcart%3Fpage%3D2&q=100%",
        "https://shop.test/caf%C3%A9?q=%FF",
        "https://shop.test/InternationalBusinessMachinesCorporation",
        "cease and desist of 2026-01-05",
    ],
)
def test_an_ordinary_text_stays(text: str) -> None:
    """Hosts, slugs, numbers and searches are what the record is about."""
    assert mask(text) == (text, frozenset())


def test_details_are_masked_all_the_way_down() -> None:
    """Strings in lists and mappings, and values whose name says that they are secret."""
    struck: set[str] = set()
    details = {
        "url": "https://a:b@shop.test/",
        "headers": {"Authorization": "x", "Accept": "text/html"},
        "via": ["m@mail.test"],
        "n": 1,
    }
    assert mask_details(details, struck) == {
        "url": f"https://{STRUCK}@shop.test/",
        "headers": {"Authorization": STRUCK, "Accept": "text/html"},
        "via": [STRUCK],
        "n": 1,
    }
    assert struck == {"userinfo", "parameter", "e-mail"}


@given(st.text(max_size=300))
def test_any_text_is_masked_without_error(text: str) -> None:
    """Any text at all; and what was struck once is not found again."""
    once, _ = mask(text)
    assert mask(once)[0] == once


@given(
    st.from_regex(r"[a-zA-Z0-9]{12,30}", fullmatch=True),
    st.sampled_from(["token", "session", "api_key", "password", "sig"]),
)
def test_no_value_of_a_secret_parameter_is_kept(value: str, name: str) -> None:
    """Whatever the value is."""
    assert value not in mask(f"https://shop.test/p?{name}={value}&x=1")[0]
