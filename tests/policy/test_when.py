"""Dates: a prohibition begins at the earliest instant that the text allows, a permission at the latest."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desist.policy.when import parse_when


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def test_a_date_alone_begins_at_midnight_in_the_earliest_zone() -> None:
    """2026-01-05 begins on the line islands (UTC+14) and ends on Baker Island (UTC-12)."""
    when = parse_when("2026-01-05")
    assert when.earliest == utc(2026, 1, 4, 10)
    assert when.late_start == utc(2026, 1, 5, 12)
    assert when.early_end == utc(2026, 1, 5, 10)
    assert when.late_end == utc(2026, 1, 6, 12)
    assert not when.exact


@pytest.mark.parametrize(
    ("text", "earliest", "late_end"),
    [
        ("2020-02", utc(2020, 1, 31, 10), utc(2020, 3, 1, 12)),
        ("2020-12", utc(2020, 11, 30, 10), utc(2021, 1, 1, 12)),
        ("2020", utc(2019, 12, 31, 10), utc(2021, 1, 1, 12)),
        ("2020-02-04/2020-02-05", utc(2020, 2, 3, 10), utc(2020, 2, 6, 12)),
        ("2026-01-05T09:30", utc(2026, 1, 4, 19, 30), utc(2026, 1, 5, 21, 30)),
    ],
)
def test_uncertain_dates_cover_all_that_they_may_mean(text: str, earliest: datetime, late_end: datetime) -> None:
    """A month, a year, a span and a time without zone are read at both ends."""
    when = parse_when(text)
    assert (when.earliest, when.late_end) == (earliest, late_end)


@pytest.mark.parametrize("text", ["2026-01-05T09:30:00Z", "2026-01-05T10:30:00+01:00", "2026-01-05 04:30:00-05:00"])
def test_a_time_with_a_zone_is_one_instant(text: str) -> None:
    """All four instants are the same."""
    when = parse_when(text)
    assert {when.earliest, when.late_start, when.early_end, when.late_end} == {utc(2026, 1, 5, 9, 30)}
    assert when.exact


NO_DATES = [
    "",
    "soon",
    "2026-13-01",
    "2026-02-30",
    "26-01-05",
    "2026-1-5",
    "0000-01-01",
    "2026-01-05T25:00Z",
    "5/6/2020",
]


@pytest.mark.parametrize("text", [*NO_DATES, "2020-02-05/2020-02-01", "2020/", "/2020", "2026-٠١"])
def test_what_is_no_date_is_refused(text: str) -> None:
    """Never guessed at, never ignored."""
    with pytest.raises(ValueError, match=r"\S"):
        parse_when(text)


@given(st.dates(min_value=date(1901, 1, 1), max_value=date(2199, 1, 1)))
def test_the_earliest_reading_precedes_every_other(day: date) -> None:
    """Whatever zone the writer meant, a prohibition is already in force."""
    when = parse_when(day.isoformat())
    meant = datetime(day.year, day.month, day.day, tzinfo=UTC)
    assert when.earliest <= meant - timedelta(hours=10)
    assert when.earliest < when.early_end < when.late_start < when.late_end
