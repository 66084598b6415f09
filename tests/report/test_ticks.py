"""Ticks of an axis: round, few enough, and exact about the day that they lie in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from desist.report.ticks import END, short, step_of, times

START = datetime(2026, 1, 5, 9, 30, 7, 123_456, tzinfo=UTC)
SPANS = [
    timedelta(milliseconds=1), timedelta(milliseconds=80), timedelta(seconds=4), timedelta(minutes=3),
    timedelta(hours=5), timedelta(days=1), timedelta(days=5), timedelta(days=45), timedelta(days=400),
    timedelta(days=4_000), timedelta(days=100_000),
]  # fmt: skip


def micros(at: datetime) -> int:
    """Microseconds since 1970."""
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@pytest.mark.parametrize("span", SPANS, ids=str)
def test_ticks_lie_inside_and_fit_any_width(span: timedelta) -> None:
    """Eleven at most, six where there is less room, from one to three on a narrow chart."""
    first, last = micros(START), micros(START + span)
    ticks = times(first, last)
    assert ticks == sorted(ticks)
    assert all(first <= tick.at <= last for tick in ticks)
    assert len(ticks) <= 11
    assert sum(tick.room < 2 for tick in ticks) <= 6
    assert 1 <= sum(tick.room < 1 for tick in ticks) <= 3


@pytest.mark.parametrize("span", SPANS, ids=str)
def test_the_day_is_never_named_at_two_ticks_side_by_side(span: timedelta) -> None:
    """Its words are longer than those of a tick."""
    named = [n for n, tick in enumerate(times(micros(START), micros(START + span))) if tick.within]
    assert all(after - before > 1 for before, after in pairwise(named))


def test_ticks_stand_at_round_instants() -> None:
    """Each is the instant that its words say."""
    ticks = times(micros(START), micros(START + timedelta(hours=30)))
    assert [tick.word for tick in ticks][:5] == ["12:00", "15:00", "18:00", "21:00", "00:00"]
    assert [tick.within for tick in ticks if tick.within] == ["5 Jan 2026", "6 Jan 2026"]
    assert all(datetime.fromtimestamp(tick.at / 1e6, UTC).strftime("%H:%M") == tick.word for tick in ticks)


def test_months_and_years_are_those_of_the_calendar() -> None:
    """A month is no fixed number of days."""
    ticks = times(micros(START), micros(datetime(2026, 12, 1, tzinfo=UTC)))
    assert [datetime.fromtimestamp(tick.at / 1e6, UTC).day for tick in ticks] == [1] * len(ticks)
    assert [tick.word for tick in ticks][:3] == ["Apr", "Jul", "Oct"]


def test_an_instant_that_no_calendar_holds_is_no_error() -> None:
    """A forged entry may name one."""
    assert times(END - 1_000_000, 999_999_999_999_999_999)


@pytest.mark.parametrize(("whole", "step"), [(0, 1), (1, 1), (4, 1), (5, 2), (9, 5), (21, 10), (100_000, 50_000)])
def test_figures_go_up_by_one_two_or_five(whole: int, step: int) -> None:
    """Four steps at most."""
    assert step_of(whole, 4) == step


def test_a_long_figure_is_said_in_millions() -> None:
    """Up to ten million it fits as it is."""
    assert (short(9_500_000), short(12_500_000)) == ("9,500,000", "12.5M")
