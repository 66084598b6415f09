"""Where a URL goes, remembered by what stands in front of its path: a gate asks this several times a page."""

from __future__ import annotations

import ipaddress
import re
from typing import Final, NamedTuple

from ..policy.publicsuffix import suffixes
from ..urls import PLAIN_HOST, read

__all__ = ["Place", "place_of"]

_PLAIN: Final = re.compile(rf"https?://(?:{PLAIN_HOST.pattern}|localhost)(?::[1-9][0-9]{{0,4}})?")
"""What every reader reads alike; all else is read whole, every time."""
_MOST: Final = 1 << 14
_KNOWN: Final[dict[str, Place]] = {}


class Place(NamedTuple):
    """Scheme, canonical host and port that a URL names, and what follows from them."""

    scheme: str
    host: str
    port: int
    domain: str
    """The registrable domain, the host itself where it has none; it goes into the ledger as a keyed tag only."""
    authority: str
    """`scheme://host:port` as a URL of that authority begins; the port is left out where it is the scheme's own."""


def place_of(url: str) -> Place:
    """Where `url` goes; never raises, and has an empty host where nobody can say."""
    end = url.find("/", 8)
    front = url[:end] if end > 0 else url
    known = _KNOWN.get(front)
    if known is not None:
        return known
    place = _place(url)
    if _PLAIN.fullmatch(front):
        if len(_KNOWN) >= _MOST:
            _KNOWN.clear()
        _KNOWN[front] = place
    return place


def _place(url: str) -> Place:
    target = read(url)
    host = f"[{target.host}]" if ":" in target.host else target.host
    usual = {"http": 80, "https": 443}.get(target.scheme)
    authority = f"{target.scheme}://{host}" if target.port == usual else f"{target.scheme}://{host}:{target.port}"
    domain = _registrable(target.host) if target.host else ""
    return Place(target.scheme, target.host, target.port, domain, authority)


def _registrable(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return suffixes().registrable(host) or host
