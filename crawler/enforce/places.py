"""Where a URL goes, remembered by what stands in front of its path: a gate asks this several times a page."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import Final, NamedTuple

from ..policy.publicsuffix import suffixes
from ..urls import PLAIN_HOST, read

__all__ = ["Place", "place_of"]

_PLAIN: Final = re.compile(rf"https?://(?:{PLAIN_HOST.pattern}|localhost)(?::[1-9][0-9]{{0,4}})?")
"""What every reader reads alike; all else is read whole, every time."""


class Place(NamedTuple):
    """Scheme, canonical host and port that a URL names, and the registrable domain of the host."""

    scheme: str
    host: str
    port: int
    domain: str
    """The host itself where it has no registrable domain; it goes into the ledger as a keyed tag only."""


def place_of(url: str) -> Place:
    """Where `url` goes; never raises, and has an empty host where nobody can say."""
    end = url.find("/", 8)
    front = url[:end] if end > 0 else url
    return _remembered(front) if _PLAIN.fullmatch(front) else _place(url)


def _place(url: str) -> Place:
    target = read(url)
    return Place(target.scheme, target.host, target.port, _registrable(target.host) if target.host else "")


_remembered = lru_cache(maxsize=1 << 14)(_place)


def _registrable(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return suffixes().registrable(host) or host
