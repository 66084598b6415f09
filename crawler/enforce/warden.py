"""The warden of one crawl: it judges, it records, and only then it lets a gate act.

Every gate asks here. Whatever goes wrong in judging becomes a refusal of its own (`policy-error`); whatever goes wrong
in recording stops the crawl. The policy set is replaced as a whole, and whoever waited for a receipt asks again.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from scrapy.exceptions import IgnoreRequest
from scrapy.utils.asyncio import call_later
from scrapy.utils.defer import deferred_from_coro
from twisted.python.failure import Failure

from ..decide import Judge, message_of
from ..decide import Options as Choices
from ..errors import DesistError, GateError, LedgerError
from ..model import NOT_ASKED, Basis, Decision, Purpose, RobotsState, RobotsVerdict, Signal
from ..urls import read
from .derived import derived
from .destinations import Destinations
from .grants import Grant, Grants, Permit, Sent
from .links import Links
from .observe import Observation, is_observed
from .options import Options
from .pins import PINS
from .process import GATE
from .recorder import Recorder
from .refused import Refused
from .resolver import Resolution, Resolver
from .site_gates import SiteGates
from .verdicts import refusal, with_route

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler

    from ..policy.policyset import PolicySet

__all__ = ["RecordLost", "Warden"]

logger = logging.getLogger("desist")
_FREE_SECONDS: Final = 1.0
"""How late a document that takes force by its own date may be noticed for a name on the way."""
_KEPT_NAMES: Final = 10_000
_WARDENS: Final[WeakKeyDictionary[Any, Warden]] = WeakKeyDictionary()


class RecordLost(IgnoreRequest):  # read by errbacks, like Refused
    """The ledger failed, so nothing is fetched any more; this is no refusal, since none could be put on record."""


class _RouteRefused(Exception):
    def __init__(self, decision: Decision) -> None:
        super().__init__(decision.url)
        self.decision = decision


class Warden:
    """One a crawl; all of it belongs to the thread of the event loop, but for `judge_name`, which is pure."""

    def __init__(
        self,
        crawler: Crawler,
        *,
        options: Options,
        purposes: frozenset[Purpose] | None,
        policies: PolicySet,
        recorder: Recorder,
    ) -> None:
        self.crawler = crawler
        self.options = options
        self.purposes = purposes
        self.recorder = recorder
        self.grants = Grants()
        self.resolver = Resolver(options.nameservers)
        self.proxies = Destinations("DESIST_PROXIES", options.proxies, ports=True)
        self.infra = Destinations("DESIST_INFRA", options.infra)
        self.on_swap: list[Callable[[PolicySet, PolicySet], None]] = []
        """Told (old, new) once a new set is in force."""
        self.lost = False
        self._lost_by = "the ledger failed"
        self.closed = False
        """Whether the session has ended: what still asks is refused without a record, and that is no loss."""
        self._links = Links(self)
        self._counted: Counter[tuple[Basis, str, tuple[str, ...]]] = Counter()
        self._told: set[tuple[tuple[str, ...], str]] = set()
        self._choices = Choices(
            notices_to_others=options.notices_to_others,
            unknown_platform=options.unknown_platform,
            mode=options.robots_mode,
        )
        self._take(policies)
        self.site = SiteGates(self)
        """The gates that ask the site itself: robots.txt, headers, pages."""
        _WARDENS[crawler] = self
        PINS.watchers.append(self._off_route)
        recorder.watch(self.lose)
        self._leave = GATE.join(self, derived(crawler.settings))
        self.observation = Observation.read(options.observe_until)
        if self.observation.on:
            until = options.observe_until
            logger.warning("observing until %s: robots, signals and undeclared destinations pass, on record", until)
            recorder.observing(int(self.observation.until))

    @classmethod
    def of(cls, crawler: Crawler) -> Warden:
        """The warden of a crawl; raises GateError before the attest has made it."""
        try:
            return _WARDENS[crawler]
        except KeyError:
            raise GateError("the crawl has no warden: the extension that attests its gates did not run") from None

    def _take(self, policies: PolicySet) -> None:
        self.policies = policies
        self._judge = Judge(policies, agent=self.options.agent, purposes=self.purposes, options=self._choices)
        self._in_force: tuple[Judge, dict[str, float]] = (self._judge, {})
        """The judge, and the names that it found free a moment ago."""

    # --- judging ---------------------------------------------------------------------------------------------------

    def judge(
        self, url: str, *, robots: RobotsVerdict | RobotsState = NOT_ASKED, signals: Sequence[Signal] = ()
    ) -> Decision:
        """The decision on a URL as things stand now; never raises."""
        if self.lost:
            return self.trouble(url, f"{self._lost_by}, so nothing is fetched")
        try:
            return self.observation.of(self._judge.decide(url, robots=robots, signals=signals))
        except Exception as error:  # noqa: BLE001 - an erring gate refuses
            return self.trouble(url, f"judging failed: {type(error).__name__}: {error}")

    def judge_name(self, url: str, name: str, how: str) -> Decision | None:
        """The refusal that a name or address on the way to `url` brings with it, or None; never raises."""
        now, (judge, free) = time.monotonic(), self._in_force  # both of one set: another thread may swap it here
        if free.get(name, 0.0) > now:
            return None
        try:
            decision = judge.host(name)
            if not decision.refused:
                _keep_free(free, name, now)
                return None
            decision = judge.host(name, path=read(url).path)
        except Exception as error:  # noqa: BLE001 - an erring gate refuses
            decision = self.trouble(url, f"judging failed: {type(error).__name__}: {error}")
        return with_route(decision, url, f"{how} {name}") if decision.refused else None

    def trouble(self, url: str, why: str) -> Decision:
        """A refusal because a gate could not do its work."""
        return refusal(url, Basis.POLICY_ERROR, "gate", why, help="desist doctor", revision=self.policies.revision)

    def robots_trouble(self, url: str, error: Exception) -> RobotsVerdict:
        """No answer from robots.txt because the robots gate failed: that refuses."""
        why = f"robots.txt could not be asked: {type(error).__name__}: {error}"
        return RobotsVerdict(effect="refuse", basis=Basis.ROBOTS_UNAVAILABLE, why=why, authority=url)

    async def route(self, url: str, host: str) -> Resolution | Decision:
        """Look `host` up and judge all that is on the way; the refusal where some of it is refused."""

        def judge(name: str) -> None:
            decision = self.judge_name(url, name, "cname") if name != host else self._refused_now(url)
            if decision is not None:
                raise _RouteRefused(decision)

        try:
            resolution = self.resolver.kept(host) or await self.resolver.resolve(host, judge)
        except _RouteRefused as stop:
            return with_route(stop.decision, url, "")
        return self.refusal_of_route(url, resolution) or resolution

    def _refused_now(self, url: str) -> Decision | None:
        decision = self.judge(url)
        return decision if decision.refused else None

    def refusal_of_route(self, url: str, resolution: Resolution) -> Decision | None:
        """What the names and addresses of a resolution bring with them under the set in force now."""
        for name in resolution.names[1:]:
            decision = self.judge_name(url, name, "cname")
            if decision is not None:
                return decision
        for address in resolution.addresses:
            decision = self.judge_name(url, address, "address")
            if decision is not None:
                return decision
        return None

    # --- recording -------------------------------------------------------------------------------------------------

    async def refuse(self, decision: Decision, stage: str) -> Refused | RecordLost:
        """Put a refusal on record; what to raise, once the record is durable and the refusal is logged and counted."""
        try:
            receipt = await self.recorder.refuse(decision, stage)
        except LedgerError as error:
            return self.lose(error)
        self.announce(decision, stage)
        return Refused(decision, stage=stage, receipt=receipt.n)

    def refuse_later(self, decision: Decision, stage: str, request: Request) -> None:
        """The same without waiting: log line, count and errback follow the receipt."""
        self._links.add(decision, stage, request)

    def refuse_queued(self, refused: Sequence[tuple[Request, Decision]]) -> None:
        """The same for requests that a reload takes out of a queue."""
        for request, decision in refused:
            self._links.add(decision, "reload", request)
        self._links.flush()

    async def permit(self, request: Request, decision: Decision, resolution: Resolution) -> Permit:
        """Put a permit on record; the permit, once that is durable. Raises RecordLost."""
        sent, facts = Sent.of(request), self.site.facts(request)
        try:
            receipt = await self.recorder.permit(request, decision, resolution, proxied=bool(sent.proxy), facts=facts)
        except LedgerError as error:
            raise self.lose(error) from error
        self.crawler.stats.inc_value("desist/permitted")
        if self.site.own(request):
            self.crawler.stats.inc_value("desist/permitted_files")
        if is_observed(decision):
            self._would_refuse(decision)
        return Permit(sent, decision, resolution, facts, receipt)

    def grant(self, permit: Permit) -> Grant:
        """Open the way for a request whose permit is durable."""
        grant = Grant(permit)
        self.grants.add(grant)
        return grant

    def _would_refuse(self, decision: Decision) -> None:
        reason = decision.governing
        assert reason is not None
        for name in ("desist/would_refuse", f"desist/would_refuse/{reason.basis.value}"):
            self.crawler.stats.inc_value(name)
        key = (decision.platforms, f"observed {reason.rule}")
        level = logging.DEBUG if key in self._told else logging.WARNING
        self._told.add(key)
        logger.log(level, "would refuse %s: %s: %s", decision.url, reason.basis.value, reason.message)

    @property
    def waiting(self) -> bool:
        """Whether refusals are on their way to the ledger whose errbacks are still to be called."""
        return self._links.waiting > 0

    def announce(self, decision: Decision, stage: str, number: int = 1) -> None:
        """The first refusal of a platform by a rule is a warning; what follows is counted."""
        reason = decision.governing
        key = (decision.platforms, reason.rule if reason else "")
        if key not in self._told:
            self._told.add(key)
            logger.warning("%s", message_of(decision), extra={"spider": self.crawler.spider})
        if not self._counted:
            call_later(0, self._count)
        self._counted[reason.basis if reason else Basis.DEFAULT, stage, decision.platforms] += number

    def _count(self) -> None:
        """Add what was refused since the last turn of the loop to the crawl's stats."""
        counted, self._counted = self._counted, Counter()
        for (basis, stage, platforms), number in counted.items():
            for name in _stats(basis, stage, platforms):
                self.crawler.stats.inc_value(name, number)

    # --- changes and ends --------------------------------------------------------------------------------------------

    def swap(self, policies: PolicySet) -> list[Grant]:
        """Put a new set in force for everything that is judged from now on, and stop what it refuses in flight."""
        old = self.policies
        with self.resolver.sending:
            self._take(policies)
        self.resolver.forget()
        stopped = self.grants.stop_refused(self._judge_grant)
        for listener in self.on_swap:
            listener(old, policies)
        return stopped

    def refuses_host(self, host: str) -> bool:
        """Whether a name or address is refused, for some path or purpose of ours at least; empty is not."""
        return bool(host) and self._judge.host(host).refused

    @property
    def handlers(self) -> list[Any]:
        """The download handlers behind the wire gate that are in use."""
        gates: Any = self.crawler.engine.downloader.handlers._handlers.values()
        return list({id(inner): inner for gate in gates for inner in gate.inner}.values())

    def _judge_grant(self, grant: Grant) -> Decision:
        decision = self.judge(grant.sent.url)
        return decision if decision.refused else self.refusal_of_route(grant.sent.url, grant.resolution) or decision

    def lose(self, error: LedgerError) -> RecordLost:
        """The ledger failed: refuse everything, stop what is in flight, and let the crawl end with an exit code."""
        self.end(error, "the ledger failed", "nothing is fetched that cannot be recorded", reason="desist_ledger")
        return RecordLost(f"{error.message}: nothing is fetched without a record")

    def end(self, error: DesistError, what: str, why: str, *, reason: str) -> None:
        """Refuse everything from now on, stop what is in flight, and let the crawl end with exit code 2."""
        if self.lost or self.closed:
            return
        self.lost, self._lost_by = True, what
        logger.critical("%s: the crawl stops, since %s", error, why)
        for grant in self.grants:
            grant.stop(self.trouble(grant.sent.url, what))
        if self.crawler.engine.spider is not None:
            deferred_from_coro(self.crawler.engine.close_spider_async(reason=reason)).addErrback(self._failed)

    def close(self) -> None:
        """Count what is still to be counted, and let go of what the process shares."""
        self.closed = True
        self._links.flush()
        self._count()
        if self._off_route in PINS.watchers:
            PINS.watchers.remove(self._off_route)
            self._leave()

    def _off_route(self, what: str, host: str) -> None:
        """A lookup or connection that no grant covers was refused: put the attempt on record."""
        url = f"http://{f'[{host}]' if ':' in host else host}/"
        decision = self.judge_name(url, host, what)
        if decision is None:
            why = f"no request in flight was granted a {what} of `{host}`"
            mend = "fetch it with a Request, or declare infrastructure in DESIST_INFRA"
            decision = refusal(url, Basis.PROCESS, f"no-grant:{what}", why, help=mend, revision=self.policies.revision)
        deferred_from_coro(self.refuse(decision, "resolver")).addErrback(self._failed)

    def attempted(self, decision: Decision) -> None:
        """An attempt to go round the gates is on record: log and count it. From any thread."""
        try:
            self.recorder.hop(partial(self.announce, decision, "process"))
        except RuntimeError:  # the loop has ended
            self.announce(decision, "process")

    def wake(self) -> None:
        """Let the engine look at its queue again."""
        slot = self.crawler.engine._slot  # Scrapy has no other way to look at its queue again
        if slot is not None:
            slot.nextcall.schedule()

    def _failed(self, failure: Failure) -> None:
        logger.error("a gate failed in the background: %s", failure.getTraceback(), extra={"at": time.time_ns()})


def _keep_free(free: dict[str, float], name: str, now: float) -> None:
    """Remember for a moment that no path of this name is refused: every page asks the same of its host."""
    if len(free) >= _KEPT_NAMES:
        free.clear()
    free[name] = now + _FREE_SECONDS


def _stats(basis: Basis, stage: str, platforms: tuple[str, ...]) -> tuple[str, ...]:
    """The names under which one refusal counts."""
    return (
        "desist/refused",
        f"desist/refused/{basis.value}",
        f"desist/refused_at/{stage}",
        *(f"desist/refused_platform/{platform}" for platform in platforms),
    )
