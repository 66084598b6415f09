"""One fetch of a robots.txt: what is asked, in which order, and what it comes to."""

from __future__ import annotations

import pytest

from desist.robots import MAX_OCTETS, Came, Outcome, RobotsFetch

NOW = 1_800_000_000.0
DAY = 86_400.0


def respond(fetch: RobotsFetch, status: int, *headers: tuple[str, str], body: bytes = b"") -> Outcome | None:
    return fetch.respond(status, headers, body, NOW)


def test_redirects_name_the_next_url_rfc9309_2_3_1_2() -> None:
    """Relative, absolute and foreign locations are resolved; fragments are not sent; all hops are kept."""
    fetch = RobotsFetch("https://site.test", etag='"1"')
    assert fetch.headers == {"If-None-Match": '"1"'}
    assert respond(fetch, 301, ("location", "/r/robots.txt#top")) is None
    assert (fetch.url, fetch.headers) == ("https://site.test/r/robots.txt", {})
    assert respond(fetch, 302, ("Location", "http://cdn.test:81/x")) is None
    outcome = respond(fetch, 200, body=b"x")
    assert outcome is not None
    assert (outcome.came, outcome.body) == (Came.FILE, b"x")
    assert outcome.hops == ("https://site.test/robots.txt", "https://site.test/r/robots.txt", "http://cdn.test:81/x")


def test_the_sixth_redirect_ends_it_rfc9309_2_3_1_2() -> None:
    """Five hops are followed, not six."""
    fetch = RobotsFetch("https://site.test")
    outcomes = [respond(fetch, 302, ("Location", f"/{n}")) for n in range(6)]
    assert outcomes[:5] == [None] * 5
    assert outcomes[5] is not None
    assert outcomes[5].came is Came.REDIRECTS


@pytest.mark.parametrize("location", ["", "ftp://site.test/", "javascript:x", "http://[::1", "http://a:0/"])
def test_a_redirect_to_nowhere_is_unreachable(location: str) -> None:
    """What cannot be asked brings no rules."""
    outcome = respond(RobotsFetch("https://site.test"), 302, ("Location", location))
    assert outcome is not None
    assert outcome.came is Came.UNREACHABLE


@pytest.mark.parametrize(
    ("status", "came"),
    [
        *((200, Came.FILE), (204, Came.FILE), (206, Came.UNREACHABLE), (304, Came.UNREACHABLE)),
        *((305, Came.UNREACHABLE), (404, Came.UNAVAILABLE), (451, Came.UNAVAILABLE), (429, Came.UNREACHABLE)),
        *((500, Came.UNREACHABLE), (100, Came.UNREACHABLE), (600, Came.UNREACHABLE), (0, Came.UNREACHABLE)),
    ],
)
def test_every_status_has_an_end_rfc9309_2_3_1(status: int, came: Came) -> None:
    """2xx, 4xx and all that is neither."""
    outcome = respond(RobotsFetch("https://site.test"), status)
    assert outcome is not None
    assert outcome.came is came


@pytest.mark.parametrize(
    ("headers", "lifetime"),
    [
        ({}, DAY),
        ({"Cache-Control": "max-age=3600"}, 3600),
        ({"cache-control": "public, max-age=99999999"}, DAY),
        ({"Cache-Control": "no-store"}, 300),
        ({"Cache-Control": "max-age=0"}, 300),
        ({"Cache-Control": "s-maxage=5"}, DAY),
        ({"Age": "80000"}, 6400),
        ({"Age": "soon"}, DAY),
    ],
)
def test_lifetime_is_a_day_at_most_rfc9309_2_4(headers: dict[str, str], lifetime: float) -> None:
    """Cache-Control may shorten it, a cache on the way has used up its part, five minutes are left in any case."""
    outcome = respond(RobotsFetch("https://site.test"), 200, *headers.items())
    assert outcome is not None
    assert outcome.lifetime == lifetime


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("9999999", DAY),
        ("Fri, 15 Jan 2027 08:01:00 GMT", 60),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("x", 0),
    ],
)
def test_retry_after_is_read_rfc9110_10_2_3(value: str, seconds: float) -> None:
    """Seconds or a date, a day at most."""
    outcome = respond(RobotsFetch("https://site.test"), 503, ("Retry-After", value))
    assert outcome is not None
    assert outcome.retry_after == seconds


def test_a_body_beyond_the_cap_is_cut_and_marked_rfc9309_2_5() -> None:
    """The mark stays with the outcome, whoever cut."""
    outcome = respond(RobotsFetch("https://site.test"), 200, body=b"x" * (MAX_OCTETS + 1))
    assert outcome is not None
    assert (len(outcome.body), outcome.cut) == (MAX_OCTETS, True)
    told = RobotsFetch("https://site.test").respond(200, [], b"x", NOW, cut=True)
    assert told is not None
    assert told.cut
