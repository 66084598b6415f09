"""Fitting a download handler: it tells statuses early, asks the resolver gate, and keeps no addresses of its own.

Whatever runs in the event loop is already seen by the gate in the loop; aiohttp alone keeps a DNS cache of its own and
may bring a resolver that never asks the loop (aiodns).
"""

from __future__ import annotations

from typing import Any

from .statuses import note_statuses

__all__ = ["fit"]


def fit(inner: Any) -> None:
    """Fit `inner` where it needs it."""
    note_statuses(inner)
    session = getattr(inner, "_session", None)
    connector = getattr(session, "connector", None)
    if connector is None or not hasattr(connector, "_resolve_host"):
        return
    from aiohttp.resolver import ThreadedResolver  # noqa: PLC0415 - only where aiohttp is in use

    connector._resolver = ThreadedResolver()  # asks the loop, where the gate is
    connector._use_dns_cache = False  # an answer holds as long as its grant
