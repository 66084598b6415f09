"""Any bytes at all: nothing raises, and nothing allows what an earlier readable line forbids."""

from __future__ import annotations

import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from desist.robots import AuthorityRobots, Mode, Robots, judge_ai_txt, statements_of
from desist.robots.delay import delay_floor
from desist.robots.lint import lint
from desist.robots.records import Kind, read_records

NOW = 1_800_000_000.0
FORBIDDEN = b"User-agent: DesistBot\nUser-agent: *\nDisallow: /private/\n"
MODES: tuple[Mode, ...] = ("rfc", "strict")

NOISE = st.one_of(
    st.binary(max_size=200),
    st.lists(
        st.sampled_from(
            [
                *(
                    b"Disallow",
                    b"Crawl-delay",
                    b"Content-Usage",
                    b"Sitemap",
                    b":",
                    b" ",
                    b"\n",
                    b"\r",
                    b"#",
                    b"*",
                    b"$",
                ),
                *(b"%", b"/", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\x85", b"\xc2\xa0", b"<html>"),
                *(b"9" * 40, b"train-ai=n"),
            ]
        ),
        max_size=30,
    ).map(b"".join),
)

REAL = (
    b"# robots.txt of a shop\nUser-agent: *\nDisallow: /cart\nDisallow: /*?sort=\nAllow: /cart/help\n\n"
    b"User-agent: OtherBot\nUser-agent: ThirdBot\nDisallow: /\n\nSitemap: https://shop.test/sitemap.xml\n",
    b"User-agent: *\r\nContent-Signal: search=yes, ai-train=no\r\nAllow: /\r\nDisallow: /wp-admin/\r\n"
    b"Allow: /wp-admin/admin-ajax.php\r\nLicense: https://site.test/rsl.xml\r\n",
    "User-agent: *\nDisallow: /büro/\nDisallow: /*.pdf$\nRequest-rate: 1/5m\nContent-Usage: /a/ train-ai=n\n".encode(),
    "User-agent: *\nDisallow: /straße\n".encode("latin-1") + b"Disallow: /q\nHost: site.test\n",
)


def overrides(data: bytes) -> bool:
    """Whether a file's lines could lift an earlier refusal: a permission, or another group."""
    return any(record.kind in {Kind.ALLOW, Kind.USER_AGENT} for record in read_records(data))


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(NOISE, st.binary(max_size=2000)), st.text(max_size=60), st.sampled_from(["DesistBot", "Mozilla", "*", ""])
)
def test_any_bytes_are_answered(data: bytes, path: str, agent: str) -> None:
    """Parsing, judging, linting and reading statements never raise."""
    robots = Robots(data, charset="windows-1252")
    for mode in MODES:
        assert robots.verdict(path, agent, mode).effect in {"allow", "refuse"}
        statements_of(robots, agent, mode)
        judge_ai_txt(data, path, agent, mode)
    assert 0 <= delay_floor(robots, agent) <= 86_400
    lint(robots)


@settings(max_examples=400, deadline=None)
@given(NOISE, st.sampled_from(["", "text/plain", "text/plain; charset=utf-16", "text/html", "x; charset=\x00"]))
def test_any_body_is_a_state(data: bytes, content_type: str) -> None:
    """Whatever a server sends as robots.txt, there is a verdict, and it survives being written down."""
    state = AuthorityRobots("https://site.test")
    fetch = state.begin()
    assert fetch is not None
    outcome = fetch.respond(200, [("Content-Type", content_type), ("Cache-Control", "max-age=\x00")], data, NOW)
    assert outcome is not None
    state.settle(outcome)
    for mode in MODES:
        verdict = state.verdict("https://site.test/a", "DesistBot", NOW, mode)
        assert AuthorityRobots.load(state.dump()).verdict("https://site.test/a", "DesistBot", NOW, mode) == verdict


@settings(max_examples=600, deadline=None)
@given(NOISE)
def test_noise_lifts_no_earlier_refusal(noise: bytes) -> None:
    """What a readable line forbids stays forbidden, whatever stands behind it."""
    data = FORBIDDEN + noise
    assume(not overrides(noise))
    for mode in MODES:
        assert Robots(data).verdict("/private/x", "DesistBot", mode).effect == "refuse"
    state = AuthorityRobots("https://site.test")
    fetch = state.begin()
    assert fetch is not None
    outcome = fetch.respond(200, [("Content-Type", "text/plain")], data, NOW)
    assert outcome is not None
    state.settle(outcome)
    assert state.verdict("/private/x", "DesistBot", NOW, "strict").effect == "refuse"


def mutated(data: bytes, dice: random.Random) -> bytes:
    """Some octets of a file changed, dropped, doubled or shuffled."""
    octets = bytearray(data)
    for _ in range(dice.randint(1, 12)):
        at = dice.randrange(len(octets))
        match dice.randrange(5):
            case 0:
                octets[at] = dice.randrange(256)
            case 1:
                del octets[at : at + dice.randint(1, 9)]
            case 2:
                octets[at:at] = bytes(dice.choices(range(256), k=dice.randint(1, 9)))
            case 3:
                octets[at:at] = octets[max(0, at - 20) : at]
            case _:
                octets[at : at + 1] = dice.choice([b"\n", b"\r", b"\0", b":", b"#", b"%", b"\xe2\x80\xa8"])
        octets = octets or bytearray(b"\n")
    return bytes(octets)


@pytest.mark.parametrize("number", range(len(REAL)))
def test_mutated_files_lift_no_earlier_refusal(number: int) -> None:
    """A thousand mutations of each file: the readable head holds, nothing raises."""
    dice = random.Random(number)
    judged = 0
    for _ in range(1000):
        tail = mutated(REAL[number], dice)
        for mode in MODES:
            Robots(tail).verdict("/private/x", "DesistBot", mode)
        if overrides(tail.partition(b"\n")[2]) and overrides(tail):
            tail = b"".join(line for line in tail.splitlines(keepends=True) if not overrides(line))
        if overrides(tail):
            continue
        judged += 1
        for mode in MODES:
            assert Robots(FORBIDDEN + tail).verdict("/private/x", "DesistBot", mode).effect == "refuse"
    assert judged > 300
