"""What fetching a robots.txt came to, as a value that can be kept: no mode, no clock, no opinion."""

from __future__ import annotations

from enum import StrEnum

import msgspec

__all__ = ["Came", "Outcome"]


class Came(StrEnum):
    """The four ends of RFC 9309 2.3.1, and one that a revalidation adds."""

    FILE = "file"
    """2xx, received whole (2.3.1.1)."""
    UNAVAILABLE = "unavailable"
    """4xx: the site says that there is none (2.3.1.3)."""
    REDIRECTS = "redirects"
    """More hops than the limit (2.3.1.2)."""
    UNREACHABLE = "unreachable"
    """5xx, 429, network failure, a body cut short (2.3.1.4)."""
    UNCHANGED = "unchanged"
    """304 to a conditional request."""


class Outcome(msgspec.Struct, frozen=True):
    """The end of one fetch. Times are seconds: `at` since 1970, the others a span."""

    came: Came
    at: float
    why: str = ""
    """One clause, lower case, no full stop."""
    status: int = 0
    body: bytes = b""
    """At most `desist.robots.fetch.MAX_OCTETS`."""
    content_type: str = ""
    cut: bool = False
    """The body went on beyond the size cap and was cut there."""
    hops: tuple[str, ...] = ()
    """Every URL that was asked, the first one included."""
    etag: str = ""
    last_modified: str = ""
    lifetime: float = 0.0
    """How long the answer may be used without asking again."""
    retry_after: float = 0.0
    """How long the site asks to be left alone."""
