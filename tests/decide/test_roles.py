"""Roles bound what a host rule reaches: reserved hosts, tenants, lists of hosts."""

from __future__ import annotations

import pytest

from desist.decide import decide

from .documents import NOTICE, NOW, PLATFORM, TERMS, bases, policies


@pytest.mark.parametrize(
    ("host", "effect"),
    [
        ("pictogram.test", "refuse"),
        ("www.pictogram.test", "refuse"),
        ("notpictogram.test", "allow"),
        ("a.media.pictures.test", "refuse"),
        ("pictures.test", "allow"),
        ("pictogram.cdn.test", "refuse"),
        ("x.pictogram.cdn.test", "allow"),
        ("d111.cloudfront.net", "refuse"),
        ("x.d111.cloudfront.net", "allow"),
        ("d222.cloudfront.net", "allow"),
        ("cloudfront.net", "allow"),
        ("lib.test", "allow"),
        ("fonts.test", "allow"),
        ("pictogran.test", "allow"),
        ("203.0.113.1", "refuse"),
        ("203.0.113.9", "allow"),
        ("[2001:db8:66::5]", "refuse"),
        ("[2001:db8:67::5]", "allow"),
        ("[::ffff:203.0.113.2]", "refuse"),
        ("[64:ff9b::203.0.113.2]", "refuse"),
        ("[64:ff9b:1::203.0.113.2]", "refuse"),
        ("[64:ff9b:1:cb00:71:200::]", "refuse"),
        ("[64:ff9b:1:cb:0:7102::]", "refuse"),
        ("[64:ff9b:1:0:cb:71:200:0]", "refuse"),
        ("[::203.0.113.2]", "refuse"),
        ("[2002:cb00:7102::1]", "refuse"),
    ],
)
def test_roles_bound_what_a_host_rule_reaches(host: str, effect: str) -> None:
    """Suffix, exact and tenant hosts, reserved roles, addresses in every notation."""
    assert effect == decide(policies(PLATFORM, NOTICE), f"http://{host}/", at=NOW).effect


@pytest.mark.parametrize("host", ["lib.test", "fonts.test", "pictogran.test"])
def test_reserved_hosts_are_refused_by_a_notice_that_says_all(host: str) -> None:
    """`hosts: all` reaches infrastructure, project and defensive hosts; terms never do."""
    assert decide(policies(PLATFORM, NOTICE + "hosts: all\n", TERMS), f"https://{host}/", at=NOW).effect == "refuse"
    spared = decide(policies(PLATFORM, TERMS), f"https://{host}/", at=NOW)
    assert (spared.effect, spared.platforms) == ("allow", ())


def test_a_notice_that_lists_hosts_reaches_these_alone() -> None:
    """The platform's other hosts stay free of it, a host that the platform does not list is reached."""
    rules = policies(PLATFORM, NOTICE + "hosts: [media.pictures.test, elsewhere.test]\n")
    answers = {
        h: decide(rules, f"https://{h}/", at=NOW).effect
        for h in ("a.media.pictures.test", "b.elsewhere.test", "pictogram.test")
    }
    assert answers == {"a.media.pictures.test": "refuse", "b.elsewhere.test": "refuse", "pictogram.test": "allow"}


def test_terms_do_not_reach_a_host_that_only_a_notice_lists() -> None:
    """`elsewhere.test` is not one of the platform's hosts."""
    decision = decide(
        policies(PLATFORM, NOTICE + "hosts: [elsewhere.test]\n", TERMS), "https://elsewhere.test/", at=NOW
    )
    assert bases(decision) == ["notice"]
