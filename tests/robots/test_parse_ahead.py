"""Parses made in another thread say what those made on the spot say, and an unchanged file is not parsed again."""

from __future__ import annotations

import pytest

from desist.robots import AuthorityRobots, Mode, Outcome, parse_ahead

NOW = 1_767_225_600.0
BODIES = (
    b"User-agent: *\nDisallow: /a\nAllow: /a/b\n",
    b"User-agent: *\nAllow: /\nContent-Usage: train-ai=n\n\ndisalow /a\n",
    "User-agent: *\nDisallow: /a\n".encode("utf-16"),
    b"<!doctype html><title>log in</title>",
    b"",
)


def fetched(body: bytes, status: int = 200, known: AuthorityRobots | None = None) -> tuple[AuthorityRobots, Outcome]:
    """An authority whose fetch has just come to this end, not settled yet."""
    state = known or AuthorityRobots("https://a.test")
    fetch = state.begin()
    assert fetch is not None
    outcome = fetch.respond(status, [("Content-Type", "text/plain"), ("ETag", '"1"')], body, NOW)
    assert outcome is not None
    return state, outcome


@pytest.mark.parametrize("mode", ["strict", "rfc"])
@pytest.mark.parametrize("status", [200, 404, 403])
@pytest.mark.parametrize("body", BODIES)
def test_the_same_answers_as_without(body: bytes, status: int, mode: Mode) -> None:
    """Effect, line and why of every path, for a named agent and for one without a name."""
    ahead, outcome = fetched(body, status)
    plain, _ = fetched(body, status)
    ahead.settle(outcome, parse_ahead("https://a.test", outcome, "examplebot", mode))
    plain.settle(outcome)
    for agent in ("examplebot", "Mozilla"):
        for path in ("/", "/a", "/a/b", "/robots.txt"):
            assert ahead.verdict(path, agent, NOW, mode) == plain.verdict(path, agent, NOW, mode)


def test_what_was_parsed_ahead_is_not_parsed_again() -> None:
    """The file on hand is the very parse that came from the other thread, in the next day too while it is unchanged."""
    state, outcome = fetched(BODIES[0])
    parsed = parse_ahead("https://a.test", outcome, "examplebot", "strict")
    state.settle(outcome, parsed)
    assert state.robots("strict") is parsed["strict"]
    _, unchanged = fetched(b"", 304, state)
    state.settle(unchanged)
    assert state.robots("strict") is parsed["strict"]
    _, changed = fetched(BODIES[1], 200, state)
    state.settle(changed)
    assert state.robots("strict") is not parsed["strict"]
    assert state.verdict("/a", "examplebot", NOW).effect == "refuse"


def test_weight_counts_octets_and_records() -> None:
    """A file without records weighs what it is long; nothing weighs nothing."""
    assert AuthorityRobots("https://a.test").weight == 0
    remarks, outcome = fetched(b"# x\n" * 1000)
    remarks.settle(outcome, parse_ahead("https://a.test", outcome, "examplebot", "strict"))
    assert remarks.weight == 4000
    rules, outcome = fetched(b"User-agent: *\n" + b"Disallow: /x\n" * 1000)
    rules.settle(outcome, parse_ahead("https://a.test", outcome, "examplebot", "strict"))
    assert rules.weight > 1001 * 400
