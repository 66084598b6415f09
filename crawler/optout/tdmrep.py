"""TDMRep: /.well-known/tdmrep.json, the tdm-reservation header; the meta element is read by `desist.optout.meta`.

Source: W3C Community Group, TDM Reservation Protocol (repository 1a547b5, 7 December 2025). 1 reserves, 0 does not, any
other value is a protocol error and leaves the matter unset; strict mode takes `true` and `"1"` for the 1 that is meant.
A policy tells how to get a licence; it lifts nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from ..model import Signal, SignalVerdict, Usage
from ..patterns import Pattern, path_of
from .signals import Headers, shown, values_of

__all__ = ["MAX_REDIRECTS", "TDMREP_PATH", "read_reservation", "read_tdmrep_file", "read_tdmrep_header"]

TDMREP_PATH: Final = "/.well-known/tdmrep.json"
"""Where a site keeps it."""
MAX_REDIRECTS: Final = 5
"""Hops before the file, as for robots.txt; beyond them the file has not been read."""
_VERDICTS: Final[dict[str, SignalVerdict]] = {"1": "disallow", "0": "allow"}
_MEANT: Final = re.compile(r"\s*[\"']?(?:1|true|\?1)[\"']?\s*(?:;.*)?", re.IGNORECASE | re.DOTALL)
"""A 1 with quotation marks, parameters or as another type, as RFC 9651 and JSON write them."""
_LOCATION: Final = re.compile(r"\s*(?:[/*]|https?://)", re.IGNORECASE)
"""The beginning of a location that names something: a path pattern, in strict mode a URL."""
_TDM: Final = frozenset({Usage.TDM})
_UNREADABLE: Final = Signal("tdmrep", _TDM, "unknown", TDMREP_PATH)


def read_reservation(value: str, place: str, *, strict: bool = True) -> Iterator[Signal]:
    """The reservation of one header or meta value; nothing where it is neither 1 nor 0."""
    for part in value.split(","):
        verdict = "disallow" if strict and _MEANT.fullmatch(part) else _VERDICTS.get(part.strip())
        if verdict:
            yield Signal("tdmrep", _TDM, verdict, place, shown(f"tdm-reservation: {part.strip()}"))


def read_tdmrep_header(headers: Headers, *, strict: bool = True) -> tuple[Signal, ...]:
    """The reservation that the headers of a response state for it."""
    values, place = values_of(headers, "tdm-reservation"), "header tdm-reservation"
    return tuple(signal for value in values for signal in read_reservation(value, place, strict=strict))


def read_tdmrep_file(status: int, body: bytes, path: str, *, strict: bool, redirects: int = 0) -> tuple[Signal, ...]:
    """The reservation that the file states for a normalised path: that of the first entry whose location matches it.

    `status` is 0 where the file could not be had. 4xx: the server does not speak the protocol. What could not be had
    or read is `unknown`. Strict mode also reads an object without its brackets, and values of the wrong JSON type; an
    entry without a location that can be read is `unknown`, unless an entry before it speaks.
    """
    if 400 <= status < 500 and status != 429:
        return ()
    if status != 200 or redirects > MAX_REDIRECTS:
        return (_UNREADABLE,)
    entries = _entries(body)
    if isinstance(entries, dict) and strict:
        entries = [entries]
    if not isinstance(entries, list):
        return (_UNREADABLE,)
    unread: tuple[Signal, ...] = ()
    for number, entry in enumerate(entries, start=1):
        location = entry.get("location") if isinstance(entry, dict) else None
        if strict and not _LOCATION.match(location if isinstance(location, str) else ""):
            unread = (_UNREADABLE,)
        elif _matches(location, path, strict=strict):
            return (*unread, *_reserved(entry.get("tdm-reservation"), f"{TDMREP_PATH} [{number}]", strict=strict))
    return unread


def _entries(body: bytes) -> Any:
    """The JSON value, or None."""
    try:
        return json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None


def _matches(location: object, path: str, *, strict: bool) -> bool:
    if not isinstance(location, str):
        return False
    if strict:
        location = location.strip()
        whole = location.startswith("//") or not location.startswith(("/", "*"))
        location = path_of(location) if whole else location
    return Pattern(location).matches(path)


def _reserved(value: object, place: str, *, strict: bool) -> Iterator[Signal]:
    """What one value states; nothing where it is neither 1 nor 0, in strict mode in any JSON type."""
    verdict: SignalVerdict | None = None
    if isinstance(value, int | float) and not isinstance(value, bool):
        verdict = _VERDICTS.get(str(int(value))) if value in {0, 1} else None
    elif strict and isinstance(value, str | bool):
        verdict = "disallow" if _MEANT.fullmatch(str(value)) else None
    if verdict:
        yield Signal("tdmrep", _TDM, verdict, place, f"tdm-reservation: {value}")
