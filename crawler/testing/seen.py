"""What a test asserts of a site: by what reached it, never by what a crawler says of itself."""

from __future__ import annotations

from collections.abc import Sequence

from .hits import Connection, Hit, Query

__all__ = ["Seen"]

_WELL_KNOWN = ("/robots.txt", "/.well-known/", "/ai.txt", "/rsl.xml")
_SHOWN = 20


class Seen:
    """A site with its log."""

    name: str
    """Its first name."""

    @property
    def hits(self) -> list[Hit]:
        """Requests, by arrival."""
        raise NotImplementedError

    @property
    def connections(self) -> Sequence[Connection]:
        """Connections, by acceptance; none where nothing is served."""
        return ()

    @property
    def queries(self) -> Sequence[Query]:
        """DNS questions for one of its names; none where nothing is served."""
        return ()

    def hits_after(self, moment_ns: int) -> list[Hit]:
        """Requests that arrived later than `moment_ns` (Unix time in ns)."""
        return [hit for hit in self.hits if hit.arrived_ns > moment_ns]

    def was_never_contacted(self) -> bool:
        """True, or an AssertionError that lists every DNS question, connection and request that reached it."""
        seen = [str(query) for query in self.queries]
        seen += [f"connection {one.id} from port {one.peer_port}" for one in self.connections]
        return _nothing(f"{self.name} was contacted", seen + [str(hit) for hit in self.hits])

    def was_never_requested(self) -> bool:
        """True, or an AssertionError that lists every request but those for robots.txt and its like."""
        seen = [str(hit) for hit in self.hits if not hit.path.startswith(_WELL_KNOWN)]
        return _nothing(f"{self.name} was asked for more than its well-known files", seen)

    def was_contacted(self) -> bool:
        """True, or an AssertionError: the control that shows the crawl ran at all."""
        if self.hits:
            return True
        raise AssertionError(f"{self.name} was never asked for anything")


def _nothing(message: str, seen: list[str]) -> bool:
    if seen:
        more = f"\n  and {len(seen) - _SHOWN} more" if len(seen) > _SHOWN else ""
        raise AssertionError(f"{message}, {len(seen)} times:\n  " + "\n  ".join(seen[:_SHOWN]) + more)
    return True
