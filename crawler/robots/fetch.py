"""One fetch of a robots.txt, without I/O: it names the URL to ask, is told what came of it, and ends in an `Outcome`.

Redirects are followed for five hops, to other authorities too; the rules belong to the authority that was asked first
(RFC 9309 2.3.1.2). Whether a hop may be asked at all is the caller's to judge: `fail` where it may not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urljoin, urlsplit

from .outcome import Came, Outcome

__all__ = ["DAY", "MAX_OCTETS", "MAX_REDIRECTS", "MAX_SECONDS", "RobotsFetch"]

DAY: Final = 86_400.0
"""Seconds for which a permission may be used at most (RFC 9309 2.4)."""
MAX_REDIRECTS: Final = 5
"""RFC 9309 2.3.1.2."""
MAX_OCTETS: Final = 5 * 1024 * 1024
"""RFC 9309 2.5 asks for 500 KiB at least; callers stop reading a body here and say `cut`."""
MAX_SECONDS: Final = 60.0
"""For one fetch, all hops and the last octet included; callers `fail("timeout")` after it."""
_SHORTEST: Final = 300.0
"""Seconds between two fetches, whatever Cache-Control says."""
_AGAIN: Final = 3600.0
"""Seconds until a chain of redirects that was too long is tried anew."""
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_TOO_MANY_REQUESTS: Final = 429
_MAX_AGE: Final = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,12})", re.IGNORECASE)
_NO_STORE: Final = re.compile(r"(?:^|[\s,])no-(?:store|cache)(?=[\s,=]|$)", re.IGNORECASE)


class RobotsFetch:
    """Ask `url` with `headers`; call `respond` or `fail`; repeat until one of them returns an outcome."""

    def __init__(self, authority: str, *, etag: str = "", last_modified: str = "") -> None:
        """`authority` is `scheme://host:port`; the validators are those of a copy on hand."""
        self.authority = authority
        self.url = f"{authority}/robots.txt"
        self.hops: list[str] = [self.url]
        pairs = (("If-None-Match", etag), ("If-Modified-Since", last_modified))
        self.headers = {name: value for name, value in pairs if value}

    def fail(self, error: str, now: float) -> Outcome:
        """No answer: refused, reset, timed out, cut short, not resolved, not permitted (2.3.1.4)."""
        return self._end(Came.UNREACHABLE, now, error)

    def respond(
        self, status: int, headers: Iterable[tuple[str, str]], body: bytes, now: float, *, cut: bool = False
    ) -> Outcome | None:
        """An answer received whole (`cut`: up to the size cap); None where `url` is the next one to ask."""
        named = {name.strip().lower(): value.strip() for name, value in headers}
        location = named.get("location", "")
        if status in _REDIRECTS or (status == 300 and location):
            return self._redirected(status, location, now)
        facts = {
            "body": body[:MAX_OCTETS],
            "cut": cut or len(body) > MAX_OCTETS,
            "content_type": named.get("content-type", ""),
            "etag": named.get("etag", ""),
            "last_modified": named.get("last-modified", ""),
            "lifetime": _lifetime(named),
            "retry_after": _retry_after(named.get("retry-after", ""), now),
            "status": status,
        }
        if status == 304 and self.headers:
            return self._end(Came.UNCHANGED, now, "not modified", **facts)
        if 200 <= status < 300 and status != 206:
            return self._end(Came.FILE, now, "", **facts)
        if 400 <= status < 500 and status != _TOO_MANY_REQUESTS:
            return self._end(Came.UNAVAILABLE, now, f"the site answers {status}", **facts)
        return self._end(Came.UNREACHABLE, now, f"the site answers {status}", **facts)

    def _redirected(self, status: int, location: str, now: float) -> Outcome | None:
        target = _resolved(self.url, location)
        if not target:
            return self._end(Came.UNREACHABLE, now, f"{status} leads to no http or https URL", status=status)
        if len(self.hops) > MAX_REDIRECTS:
            return self._end(
                Came.REDIRECTS, now, f"more than {MAX_REDIRECTS} redirects", status=status, lifetime=_AGAIN
            )
        self.url = target
        self.hops.append(target)
        self.headers = {}
        return None

    def _end(self, came: Came, now: float, why: str, **facts: object) -> Outcome:
        return Outcome(came, now, why, hops=tuple(self.hops), **facts)  # type: ignore[arg-type]


def _resolved(base: str, location: str) -> str:
    """The absolute URL of a Location without its fragment; empty where it is none that can be asked."""
    try:
        target = urljoin(base, location).partition("#")[0]
        parts = urlsplit(target)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        return ""
    return target if location and usable else ""


def _lifetime(named: dict[str, str]) -> float:
    """Seconds for which an answer may be used: Cache-Control where it is shorter than a day, less the answer's Age."""
    control = named.get("cache-control", "")
    found = _MAX_AGE.search(control)
    span = float(found[1]) if found else DAY
    if _NO_STORE.search(control):
        span = 0.0
    age = named.get("age", "")
    spent = float(age) if age.isascii() and age.isdigit() and len(age) < 12 else 0.0
    return min(max(min(span, DAY) - spent, _SHORTEST), DAY)


def _retry_after(value: str, now: float) -> float:
    """Seconds of a Retry-After, number or date (RFC 9110 10.2.3); 0.0 where there is none that can be read."""
    if value.isascii() and value.isdigit():
        return min(float(value[:12]), DAY)
    try:
        return min(max(parsedate_to_datetime(value).timestamp() - now, 0.0), DAY)
    except (ValueError, TypeError, OverflowError, IndexError):
        return 0.0
