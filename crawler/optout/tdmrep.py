"""TDMRep: /.well-known/tdmrep.json, the tdm-reservation header; the meta element is read by `desist.optout.meta`.

Source: W3C Community Group, TDM Reservation Protocol (repository 1a547b5, 7 December 2025). 1 reserves, 0 does not, any
other value is a protocol error and leaves the matter unset. A policy tells how to get a licence; it lifts nothing.
"""

from __future__ import annotations

import json
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
_TDM: Final = frozenset({Usage.TDM})
_UNREADABLE: Final = Signal("tdmrep", _TDM, "unknown", TDMREP_PATH)


def read_reservation(value: str, place: str) -> Iterator[Signal]:
    """The reservation of one header or meta value; nothing where it is neither 1 nor 0."""
    for part in value.split(","):
        if verdict := _VERDICTS.get(part.strip()):
            yield Signal("tdmrep", _TDM, verdict, place, shown(f"tdm-reservation: {part.strip()}"))


def read_tdmrep_header(headers: Headers) -> tuple[Signal, ...]:
    """The reservation that the headers of a response state for it."""
    values = values_of(headers, "tdm-reservation")
    return tuple(signal for value in values for signal in read_reservation(value, "header tdm-reservation"))


def read_tdmrep_file(status: int, body: bytes, path: str, *, strict: bool, redirects: int = 0) -> tuple[Signal, ...]:
    """The reservation that the file states for a normalised path: that of the first entry whose location matches it.

    `status` is 0 where the file could not be had. 4xx: the server does not speak the protocol. What could not be had
    or read is `unknown`. Strict mode also reads an object without its brackets, and values of the wrong JSON type.
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
    for number, entry in enumerate(entries, start=1):
        if isinstance(entry, dict) and _matches(entry.get("location"), path, strict=strict):
            return tuple(_reserved(entry.get("tdm-reservation"), f"{TDMREP_PATH} [{number}]", strict=strict))
    return ()


def _entries(body: bytes) -> Any:
    """The JSON value, or None."""
    try:
        return json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None


def _matches(location: object, path: str, *, strict: bool) -> bool:
    if not isinstance(location, str):
        return False
    whole = strict and not location.startswith(("/", "*")) and "://" in location
    return Pattern(path_of(location) if whole else location).matches(path)


def _reserved(value: object, place: str, *, strict: bool) -> Iterator[Signal]:
    if isinstance(value, str | bool):
        verdict = _VERDICTS.get(str(int(value) if isinstance(value, bool) else value).strip())
        if not strict or verdict != "disallow":
            return
    elif isinstance(value, int | float):
        verdict = _VERDICTS.get(str(int(value))) if value in {0, 1} else None
    else:
        return
    if verdict:
        yield Signal("tdmrep", _TDM, verdict, place, f"tdm-reservation: {value}")
