"""Which addresses a name has for as long as a granted request is in flight, and nothing beside.

One table a process: reactors and event loops resolve for all crawls in it. The names are those that a gate granted, the
addresses those that it judged; a lookup or connection outside of the table is refused and reported.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Callable, Iterable

from ..urls import canonical_host

__all__ = ["PINS", "Pins", "canonical"]


def canonical(host: str | bytes) -> str:
    """The one spelling of a host that the table uses; what is no host at all stays itself and is never in the table."""
    text = host.decode("latin-1") if isinstance(host, bytes) else host
    try:
        return canonical_host(text.strip("[]"))
    except ValueError:
        return text


class Pins:
    """Counts, since many requests to one host overlap; touched by the thread of the event loop only."""

    def __init__(self) -> None:
        self._names: dict[str, Counter[tuple[str, ...]]] = {}
        self._open: Counter[str] = Counter()
        self.infra: list[Callable[[str, int], bool]] = []
        """Each says whether a destination is infrastructure that its crawl declared."""
        self.watchers: list[Callable[[str, str], None]] = []
        """Told (what, host) of every lookup and connection that was refused."""

    def pin(self, host: str, addresses: Iterable[str]) -> Callable[[], None]:
        """Let a canonical `host` be `addresses` until the returned function is called."""
        name, pinned = host, tuple(addresses)
        self._names.setdefault(name, Counter())[pinned] += 1
        self._open.update(pinned)

        def unpin() -> None:
            counts = self._names.get(name)
            if counts is None:
                return
            counts.subtract([pinned])
            self._open.subtract(pinned)
            for address in pinned:
                if self._open[address] <= 0:
                    del self._open[address]
            if counts[pinned] <= 0:
                del counts[pinned]
            if not counts:
                del self._names[name]

        return unpin

    def addresses(self, host: str | bytes) -> tuple[str, ...]:
        """Where `host` may be reached now; empty, and reported, where nothing was granted."""
        name = canonical(host)
        counts = self._names.get(name)
        if not counts:
            self.report("lookup", name)
            return ()
        return tuple(dict.fromkeys(address for pinned in counts for address in pinned))

    def may_connect(self, address: str, port: int) -> bool:
        """Whether a granted request or declared infrastructure covers a connection; reported where none does."""
        try:
            plain = str(_plain(address))
        except ValueError:
            plain = address
        if plain in self._open or any(declared(plain, port) for declared in self.infra):
            return True
        self.report("connect", plain)
        return False

    def report(self, what: str, host: str) -> None:
        """Tell every watcher."""
        for watcher in list(self.watchers):
            watcher(what, host)


def _plain(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address itself: no zone, and IPv4 where IPv6 only wraps it (RFC 4291 2.5.5.2)."""
    found = ipaddress.ip_address(address.split("%", 1)[0])
    return (found.ipv4_mapped or found) if isinstance(found, ipaddress.IPv6Address) else found


PINS = Pins()
"""The table of this process."""
