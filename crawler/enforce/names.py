"""Hosts as they are handed to functions of `socket`, in the one spelling that the gate uses."""

from __future__ import annotations

import ipaddress
import socket
from functools import lru_cache
from typing import Any, Final

from .pins import canonical

__all__ = ["INET", "is_literal", "spelled"]

INET: Final = (socket.AF_INET, socket.AF_INET6)
"""The families whose addresses begin with a host."""


def spelled(host: Any) -> str:
    """The canonical spelling of a host as it is handed to a socket function; empty for none."""
    if isinstance(host, (list, tuple)):
        host = host[0] if host else ""
    return _canonical(bytes(host) if isinstance(host, (bytes, bytearray)) else str(host)) if host else ""


_canonical = lru_cache(maxsize=4096)(canonical)


def is_literal(name: str) -> bool:
    """Whether nobody has to be asked for the address: it is one, or there is no host."""
    if not name:
        return True
    try:
        ipaddress.ip_address(name.split("%", 1)[0])
    except ValueError:
        return False
    return True
