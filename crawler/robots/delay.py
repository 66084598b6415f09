"""Crawl-delay and Request-rate as floors for a host's delay. RFC 9309 knows neither; both only slow a crawl down."""

from __future__ import annotations

import re
from typing import Final

from .file import Robots
from .records import Kind

__all__ = ["LONGEST", "crawl_delay", "delay_floor", "request_rate"]

LONGEST: Final = 86_400.0
"""Seconds. A longer wait outlives the file itself, which is read anew after 24 h (RFC 9309 2.4)."""
_NUMBER: Final = re.compile(rb"\d{1,12}(?:[.,]\d{1,12})?|[.,]\d{1,12}")
_RATE: Final = re.compile(rb"(\d{1,9})\s*/\s*(\d{1,9})\s*([smhd]?)", re.IGNORECASE)
_UNITS: Final = {b"": 1, b"s": 1, b"m": 60, b"h": 3600, b"d": 86_400}


def crawl_delay(value: bytes) -> float | None:
    """Seconds of one `Crawl-delay` value; None where it is no number. A comma counts as a decimal point."""
    found = _NUMBER.match(value)
    return min(float(found[0].replace(b",", b".")), LONGEST) if found else None


def request_rate(value: bytes) -> float | None:
    """Seconds between two requests of one `Request-rate: 1/10m`; the hours of the day it may name are taken as all."""
    found = _RATE.match(value)
    if not found or not int(found[1]):
        return None
    return min(int(found[2]) * _UNITS[found[3].lower()] / int(found[1]), LONGEST)


def delay_floor(robots: Robots, agent: str) -> float:
    """The longest wait in seconds that the file asks of an agent, 0.0 where it asks none."""
    asked = [crawl_delay(record.value) for record in robots.said(Kind.CRAWL_DELAY, agent)]
    asked += [request_rate(record.value) for record in robots.said(Kind.REQUEST_RATE, agent)]
    return max((seconds for seconds in asked if seconds is not None), default=0.0)
