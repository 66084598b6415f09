"""The ledger as gates use it: awaitable under every loop and reactor that Scrapy runs on."""

from __future__ import annotations

import asyncio
import ipaddress
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scrapy.utils.defer import maybe_deferred_to_future
from scrapy.utils.reactor import is_reactor_installed
from twisted.internet.defer import Deferred

from ..ledger import Gate, Kind, Ledger, Receipt
from ..ledger.keys import counsel_key
from ..policy.publicsuffix import suffixes
from ..urls import read

if TYPE_CHECKING:
    from scrapy import Request

    from ..model import Decision
    from .options import Options
    from .resolver import Resolution

__all__ = ["DEFAULT_LEDGER", "Recorder", "hop"]

DEFAULT_LEDGER: Final = Path(".desist") / "ledger.db"
"""Where a project's ledger is when DESIST_LEDGER does not say: below the folder that the crawl is started in."""

_GATES: Final[dict[str, Gate]] = {
    "early": "early",
    "engine": "engine",
    "wire": "wire",
    "resolver": "resolver",
    "headers": "headers",
    "process": "process",
}
"""Where the ledger files a stage that is no gate of its own, such as meta tags: under the engine's."""


class Recorder:
    """Appends entries and waits for their receipts without ever blocking the loop."""

    def __init__(self, ledger: Ledger, operator: str) -> None:
        self.ledger = ledger
        self._operator = operator
        self._thread = threading.get_ident()
        self._hop = hop()

    @classmethod
    def open(cls, options: Options, *, revision: str, spider: str) -> Recorder:
        """Start a session; raises LedgerUnusable, and UsageError for a key that is none."""
        ledger = Ledger.open(
            options.ledger or DEFAULT_LEDGER,
            revision=revision,
            operator=options.operator,
            spider=spider,
            counsel_key=counsel_key(options.counsel_key).key,
            deliver=hop(),
        )
        return cls(ledger, options.operator)

    async def refuse(self, decision: Decision, stage: str) -> int:
        """Record a refusal; its receipt's number once it is durable. Raises LedgerLost."""
        reason = decision.governing
        receipt = await self.append(
            "refuse",
            platforms=decision.platforms,
            domain="" if decision.platforms else _domain(decision.url),
            basis=reason.basis.value if reason else "",
            rule=reason.rule if reason else "",
            docket=decision.docket,
            gate=_GATES.get(stage, "engine"),
            revision=decision.revision,
            details=self._details(url=decision.url, via=reason.via if reason else ""),
        )
        return receipt.n

    async def permit(
        self,
        request: Request,
        decision: Decision,
        resolution: Resolution,
        *,
        proxied: bool,
        facts: Mapping[str, int | str],
    ) -> int:
        """Record a permit; its receipt's number once it is durable. Raises LedgerLost."""
        receipt = await self.append(
            "permit",
            platforms=decision.platforms,
            domain="" if decision.platforms else _domain(decision.url),
            docket=decision.docket,
            gate="wire",
            revision=decision.revision,
            facts={**facts, "dns": "not-looked-up"} if proxied else facts,
            details=self._details(
                url=request.url,
                method=request.method,
                names=" ".join(resolution.names),
                addresses=" ".join(resolution.addresses),
            ),
        )
        return receipt.n

    def outcome(self, url: str, facts: Mapping[str, int | str], **details: str) -> Deferred[Receipt]:
        """What came of a permitted request, where that is worth an entry; fires when it is durable."""
        details = self._details(url=url, **details)
        return self._later(self.ledger.append("outcome", domain=_domain(url), facts=facts, details=details))

    async def append(self, kind: Kind, **fields: Any) -> Receipt:
        """Record any entry and wait until it is durable. Raises LedgerLost."""
        return await maybe_deferred_to_future(self._later(self.ledger.append(kind, **fields)))

    def announce(self, revision: str, facts: Mapping[str, int | str]) -> Deferred[Receipt]:
        """A policy revision takes force; fires when that is durable."""
        return self._later(self.ledger.announce(revision, facts=facts))

    def _details(self, **details: str) -> dict[str, str]:
        if not self.ledger.sealed_to:
            return {}
        return {name: text for name, text in {**details, "operator": self._operator}.items() if text}

    def _later(self, future: Future[Receipt]) -> Deferred[Receipt]:
        """A Deferred that fires in the loop's own thread, whichever thread the ledger resolves in."""
        receipt: Deferred[Receipt] = Deferred()

        def fire() -> None:
            error = future.exception()
            if receipt.called:
                return
            if error is None:
                receipt.callback(future.result())
            else:
                receipt.errback(error)

        def done(_: Future[Receipt]) -> None:
            if threading.get_ident() == self._thread:
                fire()
            else:
                self._hop(fire)

        future.add_done_callback(done)
        return receipt


def hop() -> Callable[[Callable[[], None]], object]:
    """How to get back into the thread of the loop or reactor that runs, or is about to run, this crawl."""
    if is_reactor_installed():
        from twisted.internet import reactor  # noqa: PLC0415 - importing it installs one

        call: Callable[[Callable[[], None]], object] = reactor.callFromThread
        return call
    return asyncio.get_running_loop().call_soon_threadsafe


def _domain(url: str) -> str:
    host = read(url).host
    return _registrable(host) if host else ""


@lru_cache(maxsize=4096)
def _registrable(host: str) -> str:
    """The registrable domain, the host itself where it has none: it goes into the ledger as a keyed tag only."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return suffixes().registrable(host) or host
