"""Where an axis has its ticks: at round figures and round instants, and never more of them than there is room for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, NamedTuple

__all__ = ["END", "Tick", "short", "step_of", "times"]

END: Final = 253_370_764_800_000_000
"""The beginning of the year 9999, microseconds since 1970: what comes later is drawn as if it were then."""
_SECOND: Final = 1_000_000
_MINUTE, _HOUR, _DAY = 60 * _SECOND, 3_600 * _SECOND, 86_400 * _SECOND
_STEPS: Final = (
    *(n * 1_000 for n in (1, 2, 5, 10, 20, 50, 100, 200, 500)),
    *(n * _SECOND for n in (1, 2, 5, 10, 15, 30)),
    *(n * _MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * _HOUR for n in (1, 2, 3, 6, 12)),
    *(n * _DAY for n in (1, 2, 7, 14)),
)
_MONTHS: Final = (1, 3, 6, 12, 24, 60, 120, 240, 600, 1_200)
_MONTH: Final = 2_629_746 * _SECOND
"""The mean month of the Gregorian calendar."""
_MONDAY: Final = 4 * _DAY
"""Weeks are counted from the first Monday after the epoch."""
_MIDDLING: Final = 6
_NARROW: Final = 3
_NAMES: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Tick(NamedTuple):
    """An instant on an axis, microseconds since 1970, its word, and the day or year that the word lies in."""

    at: int
    word: str
    within: str
    number: int
    """How many steps it is from where all are counted from: multiples of 2 and 4 are the rounder ones."""
    room: int = 0
    """0: it always stands; 1: not on a narrow chart; 2: only on a wide one."""


def step_of(whole: int, most: int) -> int:
    """The smallest of 1, 2, 5, 10, 20 ... that goes into `whole` at most `most` times."""
    unit = 1
    while True:
        for factor in (1, 2, 5):
            if whole <= factor * unit * most:
                return factor * unit
        unit *= 10


def short(figure: int) -> str:
    """A figure of an axis: whole, and in millions where it would not fit otherwise."""
    return f"{figure / 1e6:g}M" if figure >= 10_000_000 else f"{figure:,}"


def times(first: int, last: int, most: int = 10) -> list[Tick]:
    """At most `most` + 1 round instants (UTC) from `first` to `last`, those of a day or year named but once.

    Of eleven at most six stand on a chart of middling width, and three on a narrow one.
    """
    last = min(last, END)
    for step in _STEPS:
        if last - first <= step * most:
            offset = _MONDAY if step % (7 * _DAY) == 0 else 0
            start = first + (offset - first) % step
            return _named(_roomy([_word(at, step, (at - offset) // step) for at in range(start, last + 1, step)]))
    months = next((n for n in _MONTHS if last - first <= n * _MONTH * most), _MONTHS[-1])
    return _named(_roomy([_month(at, months, number) for at, number in _starts(first, last, months)]))


def _starts(first: int, last: int, months: int) -> Iterator[tuple[int, int]]:
    """The first instants of every month whose number since year 0 is a multiple of `months`, and which multiple."""
    begin = datetime.fromtimestamp(first / 1e6, UTC)
    number = -(-(begin.year * 12 + begin.month - 1) // months) * months
    while number // 12 < 9_999:
        at = int(datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC).timestamp()) * _SECOND
        if at > last:
            return
        if at >= first:
            yield at, number // months
        number += months


def _word(at: int, step: int, number: int) -> Tick:
    when = datetime.fromtimestamp(at // _SECOND, UTC)
    day = f"{when.day} {_NAMES[when.month - 1]}"
    if step >= _DAY:
        return Tick(at, day, str(when.year), number)
    if step >= _SECOND:
        return Tick(at, f"{when:%H:%M}" if step >= _MINUTE else f"{when:%H:%M:%S}", f"{day} {when.year}", number)
    return Tick(at, f"{when:%S}.{at % _SECOND // 1_000:03d}", f"{day} {when.year}, {when:%H:%M}", number)


def _month(at: int, months: int, number: int) -> Tick:
    when = datetime.fromtimestamp(at // _SECOND, UTC)
    month, year = _NAMES[when.month - 1], str(when.year)
    return Tick(at, year, "", number) if months >= 12 else Tick(at, month, year, number)


def _roomy(ticks: list[Tick]) -> list[Tick]:
    """Which ticks stand where there is less room: the rounder ones."""
    middling = 1 if len(ticks) <= _MIDDLING else 2
    narrow = 1 if len(ticks) <= _NARROW else 2 * middling
    return [tick._replace(room=2 if tick.number % middling else 1 if tick.number % narrow else 0) for tick in ticks]


def _named(ticks: list[Tick]) -> list[Tick]:
    """The day or year stands at the roundest tick before the first change of it, and at each change."""
    change = next((n for n, tick in enumerate(ticks) if tick.within != ticks[0].within), len(ticks))
    first = min(range(change), key=lambda n: ticks[n].room, default=0)
    if first == change - 1 and change < len(ticks):
        first = -1  # the next tick names another, right beside it
    return [
        tick if n == first or (n and tick.within != ticks[n - 1].within) else tick._replace(within="")
        for n, tick in enumerate(ticks)
    ]
