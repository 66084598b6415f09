"""Status codes that refuse: 402, 403, 429, 451.

402 with `crawler-price` (Cloudflare pay per crawl) is an offer: it is never paid and never retried without an order.
451 names the demand behind it in a Link with `rel="blocked-by"` (RFC 7725 3 and 4), which is kept as evidence.
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Final, Literal

from ..model import Basis, Signal, Usage
from .signals import Headers, shown, values_of

__all__ = ["read_status"]

_EVIDENCE: Final = {
    402: ("crawler-price", "crawler-error"),
    403: ("crawler-error", "cf-mitigated"),
    429: ("retry-after",),
    451: ("link",),
}
_DAY: Final = 86_400
_LONGEST: Final = 30 * _DAY
"""Of a rest, in seconds: what a site asks for is kept, but for a slip of its pen."""
_QUARTER: Final = 900
"""Seconds of rest after a 429 that names none."""


def read_status(status: int, headers: Headers, now: float) -> tuple[Signal, ...]:
    """The refusal that a status states: the URL for 24 h, for 429 the authority until Retry-After; `now` since 1970."""
    if status not in _EVIDENCE:
        return ()
    pairs = list(headers)
    said = [f"{name}: {value}" for name in _EVIDENCE[status] for value in values_of(pairs, name)]
    covers: Literal["url", "authority"] = "authority" if status == 429 else "url"
    seconds = _rest(values_of(pairs, "retry-after"), now) if status == 429 else _DAY
    text = shown("; ".join([str(status), *said]))
    return (
        Signal("status", frozenset({Usage.FETCH}), "disallow", f"status {status}", text, Basis.STATUS, covers, seconds),
    )


def _rest(values: list[str], now: float) -> int:
    """Seconds of the longest Retry-After (RFC 9110 10.2.3), 30 days at most; 15 minutes where none is readable."""
    waits = [wait for value in values if (wait := _wait(value.strip(), now)) is not None]
    return max(1, min(max(waits, default=_QUARTER), _LONGEST))


def _wait(value: str, now: float) -> int | None:
    if value.isascii() and value.isdigit():
        return int(value[:9])
    try:
        return int(parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
