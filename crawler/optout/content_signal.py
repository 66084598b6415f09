"""Cloudflare's Content-Signal, as a line of a robots.txt group or as a header.

Source: the policy text that robots.txt files carry with it: (a) `yes` may be collected for, (b) `no` may not, (c) what
is not named is neither granted nor restricted. It declares an express reservation under Art. 4 of Directive (EU)
2019/790.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from ..model import Signal, SignalVerdict, Usage
from .aipref import Line, split_path
from .signals import Headers, shown, values_of

__all__ = ["read_content_signal_header", "read_content_signal_lines"]

_SIGNALS: Final = {"search": Usage.SEARCH, "ai-train": Usage.TRAIN_AI, "ai-input": Usage.AI_INPUT}
_VERDICTS: Final[dict[str, SignalVerdict]] = {"yes": "allow", "no": "disallow"}
_SEPARATOR: Final = re.compile(r"[,;]")


def read_content_signal_lines(lines: Iterable[Line], path: str) -> tuple[Signal, ...]:
    """What the lines of the governing groups say of a normalised path; where lines differ both stand, and `no` wins."""
    found: list[Signal] = []
    for number, value in lines:
        pattern, text = split_path(value)
        if pattern is None or pattern.matches(path):
            found += _read(text, f"robots.txt line {number}")
    return tuple(found)


def read_content_signal_header(headers: Headers) -> tuple[Signal, ...]:
    """What the Content-Signal header of a response says of it."""
    values = values_of(headers, "content-signal")
    return tuple(signal for value in values for signal in _read(value, "header Content-Signal"))


def _read(text: str, place: str) -> Iterator[Signal]:
    for part in _SEPARATOR.split(text):
        key, _, value = part.partition("=")
        usage = _SIGNALS.get(key.strip().lower())
        if usage:
            verdict = _VERDICTS.get(value.strip().lower(), "unknown")
            yield Signal("content-signal", frozenset({usage}), verdict, place, shown(part.strip()))
