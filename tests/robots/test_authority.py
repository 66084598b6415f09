"""What is known of a robots.txt over time: one fetch for all who wait, refusals that last, permissions that do not."""

from __future__ import annotations

import pytest

from desist.model import Basis
from desist.robots import AuthorityRobots, Mode

NOW = 1_800_000_000.0
HOUR = 3600.0
FORBIDS = b"User-agent: *\nDisallow: /\n"
ALLOWS = b"User-agent: *\nAllow: /\nCrawl-delay: 7\n"


def told(
    status: int | str, body: bytes = b"", at: float = NOW, state: AuthorityRobots | None = None, **headers: str
) -> AuthorityRobots:
    """A state that has been told one more answer, or one more failure."""
    state = state or AuthorityRobots("https://site.test")
    fetch = state.begin()
    assert fetch is not None
    if isinstance(status, str):
        state.settle(fetch.fail(status, at))
    else:
        outcome = fetch.respond(status, [(k.replace("_", "-"), v) for k, v in headers.items()], body, at)
        assert outcome is not None
        state.settle(outcome)
    return state


def test_nothing_known_refuses_and_is_due() -> None:
    """No page request before the answer."""
    state = AuthorityRobots("https://site.test")
    verdict = state.verdict("https://site.test/", "DesistBot", NOW)
    assert (verdict.effect, verdict.basis) == ("refuse", Basis.ROBOTS_UNAVAILABLE)
    assert state.due(NOW)


def test_one_fetch_for_all_who_wait() -> None:
    """`begin` hands out one fetch until it is settled."""
    state = AuthorityRobots("https://site.test")
    fetches = [state.begin() for _ in range(1000)]
    assert sum(fetch is not None for fetch in fetches) == 1
    assert state.fetching
    assert fetches[0] is not None
    state.settle(fetches[0].fail("reset", NOW))
    assert not state.fetching


@pytest.mark.parametrize("mode", ["rfc", "strict"])
def test_a_permission_ends_after_a_day_rfc9309_2_4(mode: Mode) -> None:
    """At 24 h it still holds, a second later it does not, asked or not."""
    state = told(200, ALLOWS)
    assert state.verdict("/x", "a", NOW + 24 * HOUR, mode).effect == "allow"
    assert not state.due(NOW + 24 * HOUR)
    assert state.verdict("/x", "a", NOW + 24 * HOUR + 1, mode).effect == "refuse"
    assert state.due(NOW + 24 * HOUR + 1)


def test_a_permission_from_the_future_is_none() -> None:
    """A clock that was set back makes nothing fresh."""
    state = told(200, ALLOWS)
    assert state.due(NOW - 60)
    assert state.verdict("/x", "a", NOW - 60).effect == "refuse"


@pytest.mark.parametrize("mode", ["rfc", "strict"])
def test_a_refusal_stays_while_the_file_is_unreachable_rfc9309_2_4(mode: Mode) -> None:
    """The old line is named, with the reason why an old line is all there is."""
    state = told("reset", at=NOW + 40 * 24 * HOUR, state=told(200, FORBIDS))
    verdict = state.verdict("/x", "a", NOW + 80 * 24 * HOUR, mode)
    assert (verdict.effect, verdict.basis, verdict.line) == ("refuse", Basis.ROBOTS, 2)
    assert "unreachable: reset" in verdict.why


def test_a_permission_falls_when_the_file_becomes_unreachable_rfc9309_2_3_1_4() -> None:
    """Strict mode refuses at once; the letter lets a copy be used until its day is over."""
    state = told(503, at=NOW + HOUR, state=told(200, ALLOWS, cache_control="max-age=600"))
    assert state.verdict("/x", "a", NOW + HOUR, "strict").basis is Basis.ROBOTS_UNAVAILABLE
    assert state.verdict("/x", "a", NOW + HOUR, "rfc").effect == "allow"
    assert state.verdict("/x", "a", NOW + 25 * HOUR, "rfc").effect == "refuse"


def test_failures_are_retried_ever_more_seldom() -> None:
    """A minute, two, four, at most an hour; never sooner than the site asks."""
    state = told("dns")
    waits = []
    at = NOW
    for _ in range(9):
        waits.append(next(wait for wait in range(0, 4000, 10) if state.due(at + wait)))
        at += waits[-1]
        told("dns", at=at, state=state)
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    asked = told(503, retry_after="7200")
    assert not asked.due(NOW + 7199)
    assert asked.due(NOW + 7200)


def test_a_failure_ends_with_the_next_answer() -> None:
    """And the count of failures begins anew."""
    state = told(200, ALLOWS, at=NOW + 60, state=told("dns"))
    assert state.verdict("/x", "a", NOW + 60).effect == "allow"
    assert state.failure is None


def test_a_copy_is_revalidated_with_its_validators() -> None:
    """304 makes it as new; the state asks with ETag and date."""
    state = told(200, ALLOWS, etag='"7"', last_modified="Fri, 01 Jan 2027 00:00:00 GMT")
    fetch = state.begin()
    assert fetch is not None
    assert fetch.headers == {"If-None-Match": '"7"', "If-Modified-Since": "Fri, 01 Jan 2027 00:00:00 GMT"}
    outcome = fetch.respond(304, [], b"", NOW + 30 * HOUR)
    assert outcome is not None
    state.settle(outcome)
    assert state.verdict("/x", "a", NOW + 50 * HOUR).effect == "allow"


def test_validators_of_another_resource_are_not_sent_rfc9110_8_8() -> None:
    """A 304 of the first authority says nothing of the file that it once redirected to."""
    state = AuthorityRobots("https://site.test")
    fetch = state.begin()
    assert fetch is not None
    assert fetch.respond(301, [("Location", "https://other.test/robots.txt")], b"", NOW) is None
    outcome = fetch.respond(200, [("ETag", '"7"'), ("Last-Modified", "Fri, 01 Jan 2027 00:00:00 GMT")], ALLOWS, NOW)
    assert outcome is not None
    state.settle(outcome)
    again = state.begin()
    assert again is not None
    assert again.headers == {}
    outcome = again.respond(304, [], b"", NOW + 30 * HOUR)
    assert outcome is not None
    state.settle(outcome)
    assert state.verdict("/x", "a", NOW + 30 * HOUR).effect == "refuse"


def test_rules_belong_to_the_initial_authority_rfc9309_2_3_1_2() -> None:
    """Whoever served them."""
    state = AuthorityRobots("https://site.test")
    fetch = state.begin()
    assert fetch is not None
    assert fetch.respond(302, [("Location", "https://cdn.test/robots.txt")], b"", NOW) is None
    outcome = fetch.respond(200, [], FORBIDS, NOW)
    assert outcome is not None
    state.settle(outcome)
    assert state.verdict("/x", "a", NOW).authority == "https://site.test"


@pytest.mark.parametrize(
    ("status", "body", "headers", "basis"),
    [
        (401, b"", {}, Basis.ROBOTS_UNAVAILABLE),
        (403, b"", {}, Basis.ROBOTS_UNAVAILABLE),
        (404, FORBIDS, {}, Basis.AMBIGUOUS),
        (200, b"<!-- x --><html>", {}, Basis.AMBIGUOUS),
        (200, ALLOWS, {"content_type": "text/html"}, Basis.AMBIGUOUS),
        (200, b"U\0s\0e\0r\0-\0a\0g\0e\0n\0t\0", {}, Basis.AMBIGUOUS),
        (200, b"\xff\xfe\xd8", {}, Basis.AMBIGUOUS),
    ],
)
def test_strict_mode_refuses_what_is_no_readable_file(
    status: int, body: bytes, headers: dict[str, str], basis: Basis
) -> None:
    """The letter would allow each of them."""
    state = told(status, body, **headers)
    assert state.verdict("/x", "a", NOW, "rfc").effect == "allow"
    assert (state.verdict("/x", "a", NOW).effect, state.verdict("/x", "a", NOW).basis) == ("refuse", basis)


def test_a_state_survives_being_written_down() -> None:
    """Body, failure, count and times."""
    state = told("dns", at=NOW + HOUR, state=told(200, FORBIDS + bytes(range(256))))
    again = AuthorityRobots.load(state.dump())
    assert again.dump() == state.dump()
    assert again.verdict("/x", "a", NOW + 2 * HOUR) == state.verdict("/x", "a", NOW + 2 * HOUR)
    with pytest.raises(ValueError, match="truncated"):
        AuthorityRobots.load(b"{")


def test_the_delay_is_the_files_floor() -> None:
    """And 0 where there is no file."""
    assert (told(200, ALLOWS).delay("a"), told(404).delay("a")) == (7, 0)


@pytest.mark.parametrize("path", ["/x/../faces/1", "/./faces", "/%2E/faces", "/\\..\\faces", "/fa\tces", "/fa\nces"])
def test_a_path_is_judged_as_it_may_be_sent_too(path: str) -> None:
    """Clients resolve dot segments or not; strict mode refuses where one of the two paths is forbidden."""
    state = told(200, b"User-agent: *\nDisallow: /faces\n")
    verdict = state.verdict("https://site.test" + path, "a", NOW)
    assert (verdict.effect, verdict.basis, verdict.line) == ("refuse", Basis.AMBIGUOUS, 2)
    assert state.verdict("https://site.test" + path, "a", NOW, "rfc").effect == "allow"
    assert state.verdict("https://site.test/x/../other", "a", NOW).effect == "allow"
