"""What robots.txt says to an agent besides its rules: usage preferences, content signals, licences."""

from __future__ import annotations

from typing import NamedTuple

from ..model import RobotsVerdict
from .encoding import trouble_of
from .file import Mode, Robots
from .groups import Reading
from .records import Kind

__all__ = ["Statements", "judge_ai_txt", "statements_of"]

Lines = list[tuple[int, bytes]]
"""Number and value of each line."""


class Statements(NamedTuple):
    """The lines that concern one agent, for `desist.optout` to read."""

    usage: Lines
    signals: Lines
    licences: Lines


def statements_of(robots: Robots, agent: str, mode: Mode = "strict") -> Statements:
    """The statements of the agent's groups.

    Content-Usage stands in groups as AIPREF reads them, Content-Signal as RFC 9309 does; in strict mode lines before
    the first user-agent line count for everyone. Licences hold for all, wherever they stand.
    """
    return Statements(
        _lines(robots, Kind.CONTENT_USAGE, agent, Reading.AIPREF, mode),
        _lines(robots, Kind.CONTENT_SIGNAL, agent, Reading.STANDARD, mode),
        [(record.line, record.value) for record in robots.records if record.kind is Kind.LICENSE]
        if Kind.LICENSE in robots.kinds
        else [],
    )


def _lines(robots: Robots, kind: Kind, agent: str, reading: Reading, mode: Mode) -> Lines:
    void = set() if mode == "strict" else {record.line for record in robots.orphans()}
    return [(record.line, record.value) for record in robots.said(kind, agent, reading) if record.line not in void]


def judge_ai_txt(body: bytes, url: str, agent: str, mode: Mode = "strict") -> RobotsVerdict | None:
    """What an /ai.txt in robots.txt syntax says of `url`; None where the file is not in that syntax."""
    robots = Robots(body)
    if trouble_of(body, "") or (body.strip() and not robots.groups().all):
        return None
    return robots.verdict(url, agent, mode)
