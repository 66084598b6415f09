"""AIPREF: the Content-Usage header and the Content-Usage lines of robots.txt.

Sources: draft-ietf-aipref-attach (2, 3) and draft-ietf-aipref-vocab (5, 6). Two categories, `train-ai` and `search`,
`y` or `n`; all else is not a preference. Of several statements any disallowance wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from ..model import Signal, SignalVerdict, Usage
from ..patterns import Pattern
from .signals import Headers, shown, values_of
from .structured import read_members

__all__ = ["Line", "read_content_usage_header", "read_content_usage_lines", "read_preference", "split_path"]

_CATEGORIES: Final = {"train-ai": Usage.TRAIN_AI, "search": Usage.SEARCH}
_VERDICTS: Final[dict[str, SignalVerdict]] = {"y": "allow", "n": "disallow"}


Line = tuple[int, bytes]
"""One Content-Usage or Content-Signal line of robots.txt: its number and its value."""


def read_preference(text: str, place: str, *, strict: bool = True) -> Iterator[Signal]:
    """The preferences of one dictionary; `unknown` for all categories where it cannot be parsed (vocab 6.5).

    Of equal keys the last one holds (RFC 9651 3.2); in strict mode each of them is a statement.
    """
    try:
        members = read_members(text)
    except ValueError:
        yield Signal("aipref", frozenset(_CATEGORIES.values()), "unknown", place, shown(text))
        return
    stated = dict.fromkeys(members) if strict else dict(members).items()
    for key, item in stated:
        if usage := _CATEGORIES.get(key):
            verdict = _VERDICTS.get(item.text, "unknown")
            yield Signal("aipref", frozenset({usage}), verdict, place, shown(f"{key}={item.text}"))


def read_content_usage_header(headers: Headers, *, strict: bool = True) -> tuple[Signal, ...]:
    """The preferences of the Content-Usage field, its lines joined as RFC 9651 4.2 says.

    In strict mode each line speaks for itself where it can be read by itself: the origin sent one, a CDN another.
    """
    lines = values_of(headers, "content-usage")
    found = _of_lines(lines) if strict else []
    if lines and (not strict or any(signal.verdict == "unknown" for signal in found)):
        found += read_preference(", ".join(lines), "header Content-Usage", strict=strict)
    return tuple(dict.fromkeys(found))


def _of_lines(lines: list[str]) -> list[Signal]:
    return [signal for line in lines for signal in read_preference(line, "header Content-Usage")]


def read_content_usage_lines(lines: Iterable[Line], path: str, *, strict: bool) -> tuple[Signal, ...]:
    """The preferences that Content-Usage lines of the governing groups state for a normalised path.

    The longest matching path speaks; lines of equal length all do (attach 3.1). In strict mode a shorter path still
    speaks for the categories on which longer ones are silent, where it refuses.
    """
    found: list[tuple[int, list[Signal]]] = []
    for number, value in lines:
        pattern, preference = split_path(value)
        if pattern is None or pattern.matches(path):
            signals = list(read_preference(preference, f"robots.txt line {number}", strict=strict))
            found.append((pattern.octets if pattern else 0, signals))
    kept: list[Signal] = []
    longest = max((octets for octets, _ in found), default=0)
    for octets, signals in sorted(found, key=lambda pair: -pair[0]):
        spoken = {usage for signal in kept for usage in signal.usages}
        if octets == longest:
            kept += signals
        elif strict:
            kept += [signal for signal in signals if signal.verdict != "allow" and not signal.usages <= spoken]
    return tuple(kept)


def split_path(value: bytes) -> tuple[Pattern | None, str]:
    """The path pattern at the head of a line's value, None where it holds for every path; and the preference."""
    if not value.startswith((b"/", b"*")):
        return None, value.decode("latin-1")
    words = value.split(None, 1)
    return Pattern(words[0]), words[1].decode("latin-1") if len(words) > 1 else ""
