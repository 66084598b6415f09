"""False refusals, measured: ordinary URLs under the full shipped set, next door to platforms and far from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from desist.decide import Judge, message_of
from desist.policy import PolicySet

URLS = [
    line
    for line in Path(__file__).with_name("ordinary_urls.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.fixture(scope="module")
def judge() -> Judge:
    """A spider that declares nothing: the strictest question, by the shipped documents alone."""
    return Judge(PolicySet.load("shipped"))


def test_the_list_is_long_enough_to_mean_something() -> None:
    """At least 300, each once."""
    assert len(URLS) == len(set(URLS))
    assert len(URLS) >= 300


def test_no_ordinary_url_is_refused(judge: Judge) -> None:
    """Not for somebody else's letter, not for a shared provider, not for anything."""
    decisions = [judge.decide(url) for url in URLS]
    refused = [message_of(decision).partition("\n")[0] for decision in decisions if decision.refused]
    assert not refused, "\n".join(refused)


def test_the_same_set_does_refuse(judge: Judge) -> None:
    """The control that must lose: platforms themselves, their media hosts, and routes to them."""
    forbidden = [
        "https://www.facebook.com/",
        "https://scontent.xx.fbcdn.net/a.jpg",
        "https://fb.me/x",
        "https://www.instagram.com/p/1/",
        "https://x.com/someone",
        "https://pbs.twimg.com/media/a.jpg",
        "https://t.co/abc",
        "https://www.youtube.com/watch?v=1",
        "https://i.ytimg.com/vi/1/hq.jpg",
        "https://www.linkedin.com/in/someone",
        "https://media.licdn.com/a.jpg",
        "https://venmo.com/u/someone",
        "https://web.archive.org/web/2020/https://www.facebook.com/",
        "https://images.weserv.nl/?url=scontent.xx.fbcdn.net/a.jpg",
        "https://example.com/?url=https%3A%2F%2Ftwitter.com%2Fsomeone",
        "https://nitter.net/someone",
    ]
    assert [url for url in forbidden if not judge.decide(url).refused] == []
