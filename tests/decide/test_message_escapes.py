"""What others wrote reaches no terminal and no log file as anything but text, wherever a message quotes it."""

from __future__ import annotations

import unicodedata

import pytest

from desist.decide import decide, message_of
from desist.decide.message import line_of
from desist.model import Basis, RobotsVerdict, Signal, Usage

from .documents import NOTICE, PLATFORM, policies

C0_AND_C1 = [*range(0x20), *range(0x7F, 0xA0)]
TURNING = [0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
PARTING = [0x2028, 0x2029, 0xFEFF, 0xD800]
URL = "https://good.test/x"


def robots(text: str) -> dict[str, object]:
    verdict = RobotsVerdict(effect="refuse", basis=Basis.ROBOTS, rule=f"Disallow: /{text}", line=2)
    return {"url": URL, "robots": verdict}


def because(text: str) -> dict[str, object]:
    return {"url": URL, "robots": RobotsVerdict(effect="refuse", basis=Basis.ROBOTS_UNAVAILABLE, why=text)}


def header(text: str) -> dict[str, object]:
    signal = Signal("x-robots-tag", frozenset({Usage.INDEX}), "disallow", f"header {text}", text)
    return {"url": URL, "signals": (signal,)}


def route(text: str) -> dict[str, object]:
    return {"url": f"https://web.archive.org/web/2020/https://pictogram.test/{text}"}


@pytest.mark.parametrize("quoted", [robots, because, header, route])
def test_no_control_character_of_anybody_is_in_a_message(quoted) -> None:  # type: ignore[no-untyped-def]
    """C0, C1, what turns the reading direction, what ends a line: in robots lines, signals and routes."""
    rules = policies(PLATFORM, NOTICE)
    for code in (*C0_AND_C1, *TURNING, *PARTING):
        asked = quoted(f"a{chr(code)}b")
        decision = decide(rules, asked.pop("url"), at="2026-06-01", **asked)
        assert decision.refused
        line, mend = message_of(decision).split("\n")
        assert mend.startswith("  help: ")
        for said in (line, mend, line_of(decision)):
            assert {unicodedata.category(c) for c in said} & {"Cc", "Cf", "Cs", "Zl", "Zp"} == set(), hex(code)


def test_text_that_can_be_read_stays_as_it_is() -> None:
    """Letters of any alphabet, blanks and quotation marks are no danger; an escape shows what stood there."""
    decision = decide(
        policies(PLATFORM), URL, **{k: v for k, v in robots("caf\xe9 \u4e2d `q`\x1b[2J").items() if k != "url"}
    )
    assert "Disallow: /caf\xe9 \u4e2d `q`\\x1b[2J" in line_of(decision)
