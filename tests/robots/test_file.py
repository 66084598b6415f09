"""A verdict carries its evidence; other readings refuse in strict mode; agents without a name obey everyone."""

from __future__ import annotations

import hashlib

import pytest

from desist.model import Basis, RobotsVerdict
from desist.robots import Robots
from desist.robots.groups import Reading

FILE = b"""User-agent: Alpha
Disallow: /

User-agent: DesistBot # ours
Disallow:   /faces # all of them
Allow: /faces/open
"""


def test_a_refusal_names_line_rule_token_octets_runner_up_and_file() -> None:
    """All that a docket needs stands in the verdict."""
    data = FILE.replace(b"/faces/open", b"/f")
    assert Robots(data, authority="https://site.test").verdict(
        "https://site.test/faces/1", "desistbot"
    ) == RobotsVerdict(
        "refuse",
        Basis.ROBOTS,
        "",
        line=5,
        rule="Disallow:   /faces",
        token="desistbot",
        octets=6,
        runner_up_line=6,
        runner_up_octets=2,
        sha256=hashlib.sha256(data).hexdigest(),
        authority="https://site.test",
    )


def test_a_permission_names_the_rule_that_it_beat() -> None:
    """The runner-up is the most specific rule of the other effect."""
    verdict = Robots(FILE).verdict("/faces/open/1", "DesistBot")
    assert (verdict.effect, verdict.line, verdict.octets) == ("allow", 6, 11)
    assert (verdict.runner_up_line, verdict.runner_up_octets) == (5, 6)


@pytest.mark.parametrize(
    ("data", "why", "token"),
    [
        (FILE, "no rule matches", "desistbot"),
        (b"User-agent: Alpha\nDisallow: /\n", "no group names this agent", ""),
        (b"", "no group names this agent", ""),
    ],
)
def test_a_permission_without_a_rule_says_why(data: bytes, why: str, token: str) -> None:
    """No rule, no group: the verdict tells them apart."""
    verdict = Robots(data).verdict("/x", "DesistBot")
    assert (verdict.effect, verdict.why, verdict.token, verdict.line) == ("allow", why, token, 0)


def test_lines_are_counted_whatever_ends_them() -> None:
    """CR LF is one end of line, CR and LF are one each."""
    robots = Robots(b"User-agent: *\r\n\r\nDisallow: /a\rDisallow: /b\n\nDisallow: /c")
    assert [robots.verdict(path, "x").line for path in ("/a", "/b", "/c")] == [3, 4, 6]


@pytest.mark.parametrize(
    ("data", "path", "reading"),
    [
        (b"User-agent: *\n\xc2\xa0Disallow: /x\n", "/x", Reading.GUESSED),
        (b"User-agent: *\nDisallow: /f\xfcr\n", "/f%C3%BCr", Reading.GUESSED),
        (b"User-agent: *\ndisallow /x:y\n", "/x:y", Reading.GUESSED),
        (
            b"User-agent: A\nContent-Usage: train-ai=n\nUser-agent: B\nAllow: /x\nUser-agent: A\nDisallow: /\n",
            "/x",
            Reading.AIPREF,
        ),
        (b"User-agent: *\nDisallow: /x\nUseragent: A\nAllow: /\n", "/x", Reading.EXACT),
    ],
)
def test_strict_mode_refuses_where_another_reading_does(data: bytes, path: str, reading: Reading) -> None:
    """Such a refusal is AMBIGUOUS and names the reading; rfc mode allows."""
    robots = Robots(data)
    assert robots.verdict(path, "A", "rfc").effect == "allow"
    verdict = robots.verdict(path, "A", "strict")
    assert (verdict.effect, verdict.basis) == ("refuse", Basis.AMBIGUOUS)
    assert reading.value in verdict.why


@pytest.mark.parametrize("end", ["\x0b", "\x0c", "\x1e", "\x85", "\u2028", "\u2029"])
@pytest.mark.parametrize(
    "text",
    ["User-agent: *|Disallow: /", "# for all|User-agent: *|Disallow: /", "Sitemap: /s|User-agent: *|Disallow: /"],
)
def test_other_readers_line_ends_refuse_in_strict_mode_rfc9309_2_2(text: str, end: str) -> None:
    """By the letter they end no line; readers that split there, as Python does, find a refusal."""
    robots = Robots(text.replace("|", end).encode())
    assert robots.verdict("/a", "DesistBot", "rfc").effect == "allow"
    verdict = robots.verdict("/a", "DesistBot")
    assert (verdict.effect, verdict.basis) == ("refuse", Basis.AMBIGUOUS)


def test_an_agent_that_cannot_be_named_obeys_every_group() -> None:
    """For `Mozilla` the strictest of all groups holds, and groups that do not compete are not mixed."""
    robots = Robots(b"User-agent: A\nDisallow: /a\nUser-agent: B\nDisallow: /b\nUser-agent: *\nAllow: /\n")
    effects = [robots.verdict(path, "Mozilla").effect for path in ("/a", "/b", "/c")]
    assert effects == ["refuse", "refuse", "allow"]
    assert robots.verdict("/b", "Mozilla").token == "b"
    assert Robots(b"User-agent: A\nUser-agent: B\nDisallow: /a\n").verdict("/a", "Mozilla").effect == "refuse"


def test_a_shared_group_is_named_by_the_token_that_was_asked() -> None:
    """Two tokens of one group share the rules and not the evidence."""
    robots = Robots(b"User-agent: A\nUser-agent: B\nDisallow: /\n")
    assert [robots.verdict("/", agent).token for agent in ("A", "B")] == ["a", "b"]


def test_a_long_rule_is_shown_in_part() -> None:
    """A verdict does not carry megabytes."""
    verdict = Robots(b"User-agent: *\nDisallow: /" + b"x" * 9000).verdict("/" + "x" * 9000, "a")
    assert (verdict.effect, len(verdict.rule), verdict.octets) == ("refuse", 500, 9001)


def test_a_refusing_pattern_ends_where_googles_line_ends() -> None:
    """Google's parser sees 16,663 octets of a line; a refusal reaches as far as its one, a permission does not."""
    long = "/" + "x" * 20_000
    shorter = "/" + "x" * 16_700
    assert Robots(f"User-agent: *\nDisallow: {long}".encode()).verdict(shorter, "a").effect == "refuse"
    assert Robots(f"User-agent: *\nDisallow: /\nAllow: {long}".encode()).verdict(shorter, "a").effect == "refuse"


def test_a_dollar_that_is_no_anchor_is_counted_in_both_ways() -> None:
    """One octet as written, three as compared: a refusal by either counting holds, equal rules still allow."""
    refusing = b"User-agent: *\nDisallow: /a$b\nAllow: /a*b*\n"
    permitting = b"User-agent: *\nAllow: /a$b\nDisallow: /a*b*\n"
    equal = b"User-agent: *\nAllow: /a$b\nDisallow: /a$b\n"
    assert [Robots(data).verdict("/a$b", "x", "rfc").effect for data in (refusing, permitting, equal)] == [
        "refuse",
        "refuse",
        "allow",
    ]


def test_a_refusing_pattern_ends_at_a_nul_octet() -> None:
    """Google's parser sees nothing behind it; a permission keeps its full length."""
    assert Robots(b"User-agent: *\nDisallow: /x\0y\n").verdict("/xz", "a", "rfc").effect == "refuse"
    assert Robots(b"User-agent: *\nDisallow: /\nAllow: /x\0y\n").verdict("/xz", "a", "rfc").effect == "refuse"
