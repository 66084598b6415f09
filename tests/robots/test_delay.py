"""Crawl-delay and Request-rate are floors: the longest wait that the file asks of an agent."""

from __future__ import annotations

import pytest

from desist.robots import Robots
from desist.robots.delay import crawl_delay, delay_floor, request_rate


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        *((b"10", 10), (b"0.5", 0.5), (b"1,5", 1.5), (b".5", 0.5), (b"10 s", 10), (b"99999999", 86_400)),
        *((b"soon", None), (b"-3", None), (b"", None), (b"nan", None), (b"1e9", 1)),
    ],
)
def test_crawl_delay_in_seconds(value: bytes, seconds: float | None) -> None:
    """A number of seconds, a day at most; anything else asks nothing."""
    assert crawl_delay(value) == seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"1/10", 10),
        (b"1/10s", 10),
        (b"2/1m", 30),
        (b"1/1h", 3600),
        (b"1/10m 0600-0845", 600),
        (b"0/5", None),
        (b"x", None),
    ],
)
def test_request_rate_in_seconds(value: bytes, seconds: float | None) -> None:
    """Requests in a span; hours of the day are taken as all day."""
    assert request_rate(value) == seconds


def test_the_floor_is_the_longest_wait_of_the_governing_groups() -> None:
    """Other agents' waits do not count, combined groups and lines before all groups do."""
    data = (
        b"Crawl-delay: 2\nUser-agent: A\nCrawl-delay: 5\nDisallow: /x\nUser-agent: *\nCrawl-delay: 60\nDisallow: /y\n"
    )
    data += b"User-agent: A\nRequest-rate: 1/9\n"
    robots = Robots(data)
    assert [delay_floor(robots, agent) for agent in ("A", "B", "Mozilla")] == [9, 60, 60]
    assert delay_floor(Robots(b""), "A") == 0
