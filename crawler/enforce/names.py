"""Hosts as they are handed to functions of `socket`, in the one spelling that the gate uses."""

from __future__ import annotations

import _socket
import ipaddress
import operator
import os
import socket
from functools import lru_cache
from typing import Any, Final

from .pins import canonical

__all__ = ["INET", "exact", "family_of", "is_literal", "place_dialled", "spelled"]

INET: Final = (socket.AF_INET, socket.AF_INET6)
"""The families whose addresses begin with a host."""
family_of: Final = _socket.socket.family.__get__
"""A socket's family as C knows it, whatever a subclass says."""
_HOSTS: Final = frozenset({str, bytes, bytearray, type(None)})


def exact(value: Any) -> Any:
    """The same host, port or address of plain types: what methods of subclasses say of it is not what C reads."""
    if isinstance(value, tuple):
        return tuple(exact(item) for item in tuple.__iter__(value))
    if isinstance(value, str):
        return value if type(value) is str else str.__str__(value)
    return operator.index(value) if hasattr(type(value), "__index__") else value


def place_dialled(sock: Any, address: Any) -> tuple[str, int, bool]:
    """Host or path, port, and whether it is an internet address; TypeError for what C may read in another way."""
    family = family_of(sock)
    if family in INET:
        host, port = tuple.__getitem__(address, 0), tuple.__getitem__(address, 1)
        if type(port) is not int:
            raise TypeError(f"a port of type {type(port).__name__}")
        return spelled(host) or "0.0.0.0", port, True  # noqa: S104 - what an empty host stands for
    if family == socket.AF_UNIX:
        if type(address) not in _HOSTS:
            raise TypeError(f"a path of type {type(address).__name__}")
        path = address if type(address) is str else os.fsdecode(bytes(address))
        return path.replace("\0", "@"), 0, False  # an abstract name, as `ss` shows it
    return f"address family {int(family)}", 0, False


def spelled(host: Any) -> str:
    """The canonical spelling of a host as it is handed to a socket function; empty for none.

    Raises TypeError for an object that can say one thing here and another to C.
    """
    if type(host) is tuple:  # the arguments of the call, as some events have them
        host = host[0] if host else ""
    if type(host) not in _HOSTS:
        raise TypeError(f"a host of type {type(host).__name__}")
    return _canonical(host if type(host) is str else bytes(host)) if host else ""


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
