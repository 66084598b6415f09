"""The ledger as gates use it: awaitable under every loop and reactor that Scrapy runs on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scrapy.utils.asyncio import is_asyncio_available
from scrapy.utils.defer import maybe_deferred_to_future
from scrapy.utils.reactor import is_reactor_installed
from twisted.internet.defer import Deferred

from ..errors import LedgerError, LedgerLost
from ..ledger import Gate, Kind, Ledger, Receipt
from .places import place_of
from .signing import open_ledger

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
    "reload": "reload",
}
"""Where the ledger files a stage that is no gate of its own, such as meta tags: under the engine's."""


class Recorder:
    """Appends entries and waits for their receipts without ever blocking the loop."""

    def __init__(self, ledger: Ledger, operator: str, path: Path) -> None:
        self.ledger = ledger
        self.path = path
        self._operator = operator
        self._sealed = bool(ledger.sealed_to)
        self.hop = hop()
        """Calls a function in the thread of the loop or reactor, from any thread."""

    @classmethod
    def open(cls, options: Options, *, revision: str, spider: str, spiders: Sequence[str] = ()) -> Recorder:
        """Start a session; raises LedgerUnusable, and UsageError for a key that is none.

        `spiders` are all those of the project: sealed, they let a docket name the ones without a session.
        """
        path = Path(options.ledger or DEFAULT_LEDGER)
        ledger = open_ledger(
            options, path, "crawl", revision=revision, spider=spider, details={"spiders": list(spiders)}, deliver=hop()
        )
        return cls(ledger, options.operator, path)

    def watch(self, told: Callable[[LedgerLost], object]) -> None:
        """Call `told` in the loop's thread as soon as the ledger fails, even where nobody waits for a receipt."""

        def hear(lost: LedgerLost) -> None:
            def tell() -> None:
                told(lost)

            with contextlib.suppress(RuntimeError):  # the loop has ended, and nothing can be fetched any more
                self.hop(tell)

        self.ledger.on_failure = hear
        if self.ledger.lost:
            hear(self.ledger.lost)

    async def refuse(self, decision: Decision, stage: str) -> Receipt:
        """Record a refusal; its receipt once it is durable. Raises LedgerLost."""
        return await maybe_deferred_to_future(self._later(self._refusal(decision, stage)))

    def refuse_then(
        self, decision: Decision, stage: str, then: Callable[[Receipt | LedgerError], None], *, urls: Sequence[str] = ()
    ) -> None:
        """Record a refusal, and call `then` in the loop's thread with its receipt or the ledger's failure.

        `urls` are those of all the requests that the entry speaks of, where they are more than one.
        """
        self._when(self._refusal(decision, stage, urls), then)

    def _refusal(self, decision: Decision, stage: str, urls: Sequence[str] = ()) -> Future[Receipt]:
        reason = decision.governing
        details: dict[str, Any] = {}
        if self._sealed:
            details |= self._details(url=decision.url, via=reason.via if reason else "")
            if urls:
                details["urls"] = list(urls)
        return self._append(
            "refuse",
            platforms=decision.platforms,
            domain="" if decision.platforms else place_of(decision.url).domain,
            basis=reason.basis.value if reason else "",
            rule=reason.rule if reason else "",
            docket=decision.docket,
            gate=_GATES.get(stage, "engine"),
            revision=decision.revision,
            facts={"requests": len(urls)} if urls else {},
            details=details,
        )

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
        would = decision.governing
        if would is not None:  # observed: this would have refused
            facts = {**facts, "observed": 1}
        future = self._append(
            "permit",
            basis=would.basis.value if would is not None else "",
            rule=would.rule if would is not None else "",
            platforms=decision.platforms,
            domain="" if decision.platforms else place_of(decision.url).domain,
            docket=decision.docket,
            gate="wire",
            revision=decision.revision,
            facts={**facts, "dns": "not-looked-up"} if proxied else facts,
            details=self._details(
                url=request.url,
                method=request.method,
                names=" ".join(resolution.names),
                addresses=" ".join(resolution.addresses),
            )
            if self._sealed
            else {},
        )
        receipt = await self._receipt(future)
        return receipt.n

    def _append(self, kind: Kind, **fields: Any) -> Future[Receipt]:
        """Hand an entry to the ledger; one that it does not take as it is fails like a ledger that is lost."""
        try:
            return self.ledger.append(kind, **fields)
        except (KeyError, ValueError) as error:
            failed: Future[Receipt] = Future()
            failed.set_exception(LedgerLost(f"the ledger takes no such entry: {error}", help="desist doctor"))
            return failed

    def notice(self, fields: Mapping[str, Any]) -> Deferred[Receipt]:
        """A notice that this session holds; fires when that is durable."""
        return self._later(self._append("notice", **fields))

    def outcome(self, url: str, facts: Mapping[str, int | str], **details: str) -> Deferred[Receipt]:
        """What came of a permitted request, where that is worth an entry; fires when it is durable."""
        details = self._details(url=url, **details) if self._sealed else {}
        return self._later(self._append("outcome", domain=place_of(url).domain, facts=facts, details=details))

    def observing(self, until: int) -> None:
        """This session lets pass what would be refused until then, seconds since 1970; durable before any permit."""
        self._append("outcome", gate="process", facts={"observe_until": until})

    async def append(self, kind: Kind, **fields: Any) -> Receipt:
        """Record any entry and wait until it is durable. Raises LedgerLost."""
        return await maybe_deferred_to_future(self._later(self._append(kind, **fields)))

    def announce(self, revision: str, facts: Mapping[str, int | str]) -> Deferred[Receipt]:
        """A policy revision takes force; fires when that is durable."""
        return self._later(self.ledger.announce(revision, facts=facts))

    def _details(self, **details: str) -> dict[str, str]:
        """What is sealed to counsel; asked for only where details are kept at all."""
        return {name: text for name, text in {**details, "operator": self._operator}.items() if text}

    async def _receipt(self, future: Future[Receipt]) -> Receipt:
        """The same, with one future less under asyncio: every page waits here."""
        if not is_asyncio_available():
            return await self._later(future)
        waiting: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()

        def land(receipt: Receipt | LedgerError) -> None:
            if waiting.done():
                return
            if isinstance(receipt, LedgerError):
                waiting.set_exception(receipt)
            else:
                waiting.set_result(receipt)

        self._when(future, land)
        return await waiting

    def _later(self, future: Future[Receipt]) -> Deferred[Receipt]:
        """A Deferred that fires in the loop's own thread, whichever thread the ledger resolves in."""
        waiting: Deferred[Receipt] = Deferred()

        def fire(receipt: Receipt | LedgerError) -> None:
            if waiting.called:
                return
            if isinstance(receipt, LedgerError):
                waiting.errback(receipt)
            else:
                waiting.callback(receipt)

        self._when(future, fire)
        return waiting

    def _when(self, future: Future[Receipt], then: Callable[[Receipt | LedgerError], None]) -> None:
        """Call `then` in the loop's thread: the ledger resolves there, but fails in its own."""

        def done(future: Future[Receipt]) -> None:
            error = future.exception()
            if error is None:
                then(future.result())
                return
            lost = error if isinstance(error, LedgerError) else LedgerLost(f"the ledger failed: {error!r}")
            self.hop(partial(then, lost))

        future.add_done_callback(done)


def hop() -> Callable[[Callable[[], None]], object]:
    """How to get back into the thread of the loop or reactor that runs, or is about to run, this crawl."""
    if is_reactor_installed():
        from twisted.internet import reactor  # noqa: PLC0415 - importing it installs one

        call: Callable[[Callable[[], None]], object] = reactor.callFromThread
        return call
    return asyncio.get_running_loop().call_soon_threadsafe
