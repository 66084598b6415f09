"""Dates as documents write them, and the instants that they stand for.

A letter's date is seldom a moment. What is not said is read against the crawl: a prohibition begins at the earliest
instant that the text allows and ends at the latest, a permission or withdrawal begins at the latest and ends at the
earliest. A date alone therefore begins at midnight in the earliest zone (UTC+14) and is over at midnight in the latest
(UTC-12). `2020-02`, `2020` and a span such as `2020-02-04/2020-02-05` are read in the same way.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Annotated, Final

import msgspec
from pydantic import PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

__all__ = ["BEGINNING", "When", "WhenField", "parse_when"]

_EARLIEST: Final = timezone(timedelta(hours=14))
_LATEST: Final = timezone(timedelta(hours=-12))
BEGINNING: Final = datetime(1, 1, 2, tzinfo=UTC)
"""Before everything: since when a prohibition without any date is in force."""

_ONE = (
    r"(?P<y>\d{4})(?:-(?P<m>\d{2})(?:-(?P<d>\d{2})"
    r"(?:[T ](?P<clock>\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)(?P<zone>Z|[+-]\d{2}:\d{2})?)?)?)?"
)
_SHAPE: Final = re.compile(_ONE, re.ASCII)


class When(msgspec.Struct, frozen=True):
    """A point in time as a document wrote it, with the four instants that it may stand for (all in UTC)."""

    text: str
    earliest: datetime
    """When a prohibition begins: the first instant of the text, in the earliest zone."""
    late_start: datetime
    """When a permission or withdrawal begins: the start of the text's last day, in the latest zone."""
    early_end: datetime
    """When a permission ends (the day it names is included): the end of the text, in the earliest zone."""
    late_end: datetime
    """When a prohibition ends: the end of the text, in the latest zone."""

    @property
    def exact(self) -> bool:
        """Whether the text names one instant, zone included."""
        return self.earliest == self.late_end

    def __str__(self) -> str:
        """As written."""
        return self.text


def parse_when(text: str) -> When:
    """The `When` of an ISO 8601 date, month, year, time or span of two; ValueError names what is wrong."""
    first, slash, last = text.strip().partition("/")
    one = _parse_one(first)
    if not slash:
        return one
    two = _parse_one(last)
    if two.late_end < one.earliest:
        raise ValueError("ends before it begins")
    return When(text.strip(), one.earliest, two.late_start, two.early_end, two.late_end)


def _parse_one(text: str) -> When:
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise ValueError("is no date or time")
    if not "1900" <= found["y"] <= "2200":
        raise ValueError("is not a year between 1900 and 2200")
    if found["clock"]:
        return _moment(text, found["zone"])
    first = date(int(found["y"]), int(found["m"] or 1), int(found["d"] or 1))
    after = _after(first, month=found["m"] is not None, day=found["d"] is not None)
    last = after - timedelta(days=1)
    return When(
        text,
        earliest=_midnight(first, _EARLIEST),
        late_start=_midnight(last, _LATEST),
        early_end=_midnight(after, _EARLIEST),
        late_end=_midnight(after, _LATEST),
    )


def _moment(text: str, zone: str | None) -> When:
    """A date with a time; without a zone it is read in the earliest zone and in the latest."""
    parsed = datetime.fromisoformat(text.replace(" ", "T"))
    if zone:
        instant = parsed.astimezone(UTC)
        return When(text, instant, instant, instant, instant)
    early, late = (parsed.replace(tzinfo=z).astimezone(UTC) for z in (_EARLIEST, _LATEST))
    return When(text, early, late, early, late)


def _after(first: date, *, month: bool, day: bool) -> date:
    """The first day that the text no longer covers."""
    if day:
        return first + timedelta(days=1)
    if not month:
        return date(first.year + 1, 1, 1)
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def _midnight(day: date, zone: timezone) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _validate(value: object) -> When:
    """Pydantic's way in: text only."""
    if isinstance(value, When):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("bad_date", "a date is one text, not a list or mapping")
    try:
        return parse_when(value)
    except ValueError as error:
        raise PydanticCustomError("bad_date", "`{text}` {why}", {"text": value, "why": str(error)}) from error


WhenField = Annotated[
    When,
    PlainValidator(_validate),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^{_ONE}(/.+)?$".replace("?P<y>", "")
            .replace("?P<m>", "")
            .replace("?P<d>", "")
            .replace("?P<clock>", "")
            .replace("?P<zone>", ""),
            "description": "ISO 8601: 2026-01-05T09:30:00Z, 2026-01-05, 2026-01, 2026 or a span 2026-01-05/2026-01-07",
        }
    ),
]
"""A date or moment as a document writes it; see `When`."""
