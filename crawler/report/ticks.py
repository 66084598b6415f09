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
_NAMES: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Tick(NamedTuple):
    """An instant on an axis, microseconds since 1970, its word, and the day or year that the word lies in."""

    at: int
    word: str
    within: str = ""


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


def times(first: int, last: int, most: int = 5) -> list[Tick]:
    """At most `most` + 1 round instants (UTC) from `first` to `last`, those of a day or year named but once."""
    last = min(last, END)
    for step in _STEPS:
        if last - first <= step * most:
            offset = _MONDAY if step % (7 * _DAY) == 0 else 0
            start = first + (offset - first) % step
            return _named([_word(at, step) for at in range(start, last + 1, step)])
    months = next((n for n in _MONTHS if last - first <= n * _MONTH * most), _MONTHS[-1])
    return _named([_month(at, months) for at in _starts(first, last, months)])


def _starts(first: int, last: int, months: int) -> Iterator[int]:
    """The first instants of every month whose number since year 0 is a multiple of `months`."""
    begin = datetime.fromtimestamp(first / 1e6, UTC)
    number = -(-(begin.year * 12 + begin.month - 1) // months) * months
    while number // 12 < 9_999:
        at = int(datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC).timestamp()) * _SECOND
        if at > last:
            return
        if at >= first:
            yield at
        number += months


def _word(at: int, step: int) -> Tick:
    when = datetime.fromtimestamp(at // _SECOND, UTC)
    day = f"{when.day} {_NAMES[when.month - 1]}"
    if step >= _DAY:
        return Tick(at, day, str(when.year))
    if step >= _SECOND:
        return Tick(at, f"{when:%H:%M}" if step >= _MINUTE else f"{when:%H:%M:%S}", f"{day} {when.year}")
    return Tick(at, f"{when:%S}.{at % _SECOND // 1_000:03d}", f"{day} {when.year}, {when:%H:%M}")


def _month(at: int, months: int) -> Tick:
    when = datetime.fromtimestamp(at // _SECOND, UTC)
    return Tick(at, str(when.year)) if months >= 12 else Tick(at, _NAMES[when.month - 1], str(when.year))


def _named(ticks: list[Tick]) -> list[Tick]:
    """The day or year stands where it begins; below the very first tick only where the next does not begin another."""
    within = [tick.within for tick in ticks]
    changed = [n > 0 and within[n] != within[n - 1] for n in range(len(ticks))]
    return [
        tick if changed[n] or (n == 0 and not any(changed[1:2])) else tick._replace(within="")
        for n, tick in enumerate(ticks)
    ]
