"""Requests in flight: what was permitted, by which receipt, and how to stop it.

A grant is bound to one request, its URL and method, the policy revision that judged it and the ledger entry that
permits it. It ends with the request, and with it the addresses that it pinned.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..model import Decision
from .destinations import endpoint_of
from .pins import PINS
from .places import place_of
from .resolver import Resolution

if TYPE_CHECKING:
    from scrapy import Request

__all__ = ["Grant", "Grants", "Permit", "Sent"]

_NUMBERS: Final = itertools.count(1)
_HOSTS: Final = 10_000


class Sent(NamedTuple):
    """What of a request decides where it goes."""

    url: str
    method: str
    hosts: tuple[bytes, ...]
    """Its Host headers, where it has any."""
    proxy: str
    agents: tuple[bytes, ...] = ()
    """Its User-Agent headers."""

    @classmethod
    def of(cls, request: Request) -> Sent:
        """As the request stands now."""
        headers = request.headers
        return cls(
            request.url,
            request.method,
            tuple(headers.getlist(b"Host")),
            str(request.meta.get("proxy") or ""),
            tuple(headers.getlist(b"User-Agent")),
        )


class Permit(NamedTuple):
    """What is durable in the ledger of one request, before it may use the wire."""

    sent: Sent
    decision: Decision
    resolution: Resolution
    facts: dict[str, Any]
    """What it says of robots.txt."""
    receipt: int

    def covers(self, sent: Sent, revision: str) -> bool:
        """Whether this is still the request, and the policy, that the receipt speaks of."""
        return self.sent == sent and self.decision.revision == revision

    def says(self, sent: Sent, decision: Decision, resolution: Resolution, facts: dict[str, Any]) -> bool:
        """Whether a permit recorded now would say the same."""
        return (
            self.covers(sent, decision.revision)
            and self.decision.governing == decision.governing
            and self.resolution[:2] == resolution[:2]
            and self.facts == facts
        )


class Grant:
    """One request that may use the wire now."""

    __slots__ = ("_stop", "_unpin", "number", "permit", "resolution", "sent", "stopped")

    def __init__(self, permit: Permit) -> None:
        self.number = next(_NUMBERS)
        self.permit = permit
        self.sent = sent = permit.sent
        self.resolution = resolution = permit.resolution
        self.stopped: Decision | None = None
        """The refusal that stopped it in flight."""
        port = endpoint_of(sent.proxy).port if sent.proxy else place_of(sent.url).port
        self._unpin = [PINS.pin(name, resolution.addresses, port) for name in resolution.names[:1]]
        self._stop: Callable[[], object] | None = None

    def carried_by(self, stop: Callable[[], object]) -> None:
        """Say how to stop the download that this grant lets go."""
        self._stop = stop

    def stop(self, decision: Decision) -> None:
        """Withdraw the grant: its addresses are no longer pinned and its download is cancelled."""
        if self.stopped is not None:
            return
        self.stopped = decision
        self.end()
        if self._stop is not None:
            self._stop()

    def end(self) -> None:
        """Unpin; harmless twice."""
        while self._unpin:
            self._unpin.pop()()


class Grants:
    """Every grant in flight of one crawl; owned by the thread of its event loop."""

    def __init__(self) -> None:
        self._grants: dict[int, Grant] = {}
        self._ends: dict[str, int] = {}
        """When a host's last request ended, microseconds since 1970; the latest hosts are kept."""

    def __len__(self) -> int:
        return len(self._grants)

    def __iter__(self) -> Iterator[Grant]:
        return iter(list(self._grants.values()))

    def add(self, grant: Grant) -> None:
        """Register a grant before its request uses the wire."""
        self._grants[grant.number] = grant

    def drop(self, grant: Grant) -> None:
        """Its request is over."""
        if grant.resolution.names:
            self._ended(grant.resolution.names[0])
        grant.end()
        self._grants.pop(grant.number, None)

    def _ended(self, host: str) -> None:
        self._ends.pop(host, None)
        self._ends[host] = time.time_ns() // 1000
        if len(self._ends) > _HOSTS:
            del self._ends[next(iter(self._ends))]

    def last_end(self, refused: Callable[[str], bool]) -> int:
        """When the last request to one of the refused hosts ended, microseconds since 1970; 0 where none is known."""
        return max((at for host, at in self._ends.items() if refused(host)), default=0)

    def stop_refused(self, judge: Callable[[Grant], Decision]) -> list[Grant]:
        """Stop every grant that `judge` refuses now; those stopped."""
        stopped = []
        for grant in self:
            if grant.stopped is not None:
                continue
            decision = judge(grant)
            if decision.refused:
                grant.stop(decision)
                stopped.append(grant)
        return stopped
