"""Simulated sites: described once, served by real loopback servers, counted by those servers.

Everything is imported when it is first used, so that the pytest plugin costs a test run nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .hits import Connection, Hit, Query
    from .nameserver import Answer
    from .seen import Seen
    from .site import Failure, Page, Site
    from .web import MountedSite, Web

__all__ = ["Answer", "Connection", "Failure", "Hit", "MountedSite", "Page", "Query", "Seen", "Site", "Web"]

_HOMES = {
    "Answer": "nameserver",
    "Connection": "hits",
    "Failure": "site",
    "Hit": "hits",
    "MountedSite": "web",
    "Page": "site",
    "Query": "hits",
    "Seen": "seen",
    "Site": "site",
    "Web": "web",
}


def __getattr__(name: str) -> Any:
    """The public names, each from its own module (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
