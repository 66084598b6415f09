"""Which addresses a name has for as long as a granted request is in flight, and nothing beside.

One table a process: reactors and event loops resolve for all crawls in it. The names are those that a gate granted, the
addresses those that it judged, each with the port that the request is for; a lookup or connection outside of the table
is refused and reported.
"""

from __future__ import annotations

import ipaddress
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from ..urls import canonical_host

__all__ = ["PINS", "Pins", "canonical", "plain"]


def canonical(host: str | bytes) -> str:
    """The one spelling of a host that the table uses; what is no host at all stays itself and is never in the table."""
    text = host.decode("latin-1") if isinstance(host, bytes) else host
    try:
        return canonical_host(text.strip("[]"))
    except ValueError:
        return text


class Pins:
    """Counts, since many requests to one host overlap: a crawl's in its loop, a `requests` adapter's in any thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        """Held by who writes the counts; who reads them looks at one entry or at a copy. A request that is collected as
        garbage may unpin in the middle of a thread's own writing: that one must not wait for itself."""
        self._names: dict[str, Counter[tuple[str, ...]]] = {}
        self._open: Counter[tuple[str, int]] = Counter()
        self.infra: list[Callable[[str, int], bool]] = []
        """Each says whether a destination is infrastructure that its crawl declared."""
        self.watchers: list[Callable[[str, str], None]] = []
        """Told (what, host) of every lookup and connection that was refused."""

    def pin(self, host: str, addresses: Iterable[str], port: int) -> Callable[[], None]:
        """Let a canonical `host` be `addresses`, and these be dialled at `port`, until the result is called."""
        name, pinned = host, tuple(addresses)
        doors = [(address, port) for address in pinned]
        with self._lock:
            self._names.setdefault(name, Counter())[pinned] += 1
            self._open.update(doors)

        def unpin() -> None:
            with self._lock:
                counts = self._names.get(name)
                if counts is None:
                    return
                for door in doors:
                    _take(self._open, door)
                _take(counts, pinned)
                if not counts:
                    del self._names[name]

        return unpin

    def addresses(self, host: str | bytes) -> tuple[str, ...]:
        """Where `host` may be reached now; empty, and reported, where nothing was granted."""
        name = canonical(host)
        found = self.granted(name)
        if not found:
            self.report("lookup", name)
        return found

    def granted(self, name: str) -> tuple[str, ...]:
        """The same for a canonical name, from any thread and without a report."""
        counts = self._names.get(name)
        return tuple(dict.fromkeys(address for pinned in list(counts) for address in pinned)) if counts else ()

    def may_connect(self, address: str, port: int) -> bool:
        """Whether a granted request or declared infrastructure covers a connection; reported where none does."""
        if self.covers(address, port):
            return True
        self.report("connect", plain(address))
        return False

    def covers(self, address: str, port: int) -> bool:
        """The same from any thread and without a report."""
        door = (plain(address), port)
        return door in self._open or any(declared(*door) for declared in list(self.infra))

    def clear(self) -> None:
        """Drop every grant: a forked child has none, and nobody in it who could hold the lock."""
        self._lock = threading.RLock()
        self._names.clear()
        self._open.clear()

    def report(self, what: str, host: str) -> None:
        """Tell every watcher."""
        for watcher in list(self.watchers):
            watcher(what, host)


def _take(counts: Counter[Any], key: object) -> None:
    """One off; nothing stays of what is at none."""
    counts[key] -= 1
    if counts[key] <= 0:
        del counts[key]


@lru_cache(maxsize=1024)
def plain(address: str) -> str:
    """The address itself: no zone, and IPv4 where IPv6 only wraps it (RFC 4291 2.5.5.2); what is none stays itself."""
    try:
        found = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return address
    return str((found.ipv4_mapped or found) if isinstance(found, ipaddress.IPv6Address) else found)


PINS = Pins()
"""The table of this process."""
