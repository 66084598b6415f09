"""The decision: one question, many URLs.

A `Judge` binds what a crawl asks with, so that a URL costs next to nothing: hosts are decided once, by the raw
`scheme://host` in front of a URL, and only where that prefix is strictly plain, so that every reader reads it alike.
All else takes the long way: read by `urls`, its routes judged as their targets, every reason kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from time import time_ns
from typing import Final

import msgspec.structs

from ..model import ALL_PURPOSES, NOT_ASKED, Basis, Decision, Purpose, Reason, RobotsState, RobotsVerdict, Signal
from ..policy.policyset import PolicySet
from ..policy.rules import NEVER
from ..urls import PLAIN_HOST, Target, canonical_host, read
from .options import DEFAULT, Options, instant_of, purposes_of
from .readings import robots_reason, signal_reasons
from .routes import carries, may_carry, routes
from .standing import Question, Standing, readings_of

__all__ = ["Judge", "Robots", "decide", "judge_host"]

Robots = RobotsVerdict | RobotsState
_PLAIN: Final = re.compile(rf"https?://(?:{PLAIN_HOST.pattern})(?::[1-9][0-9]{{0,4}})?")
_KEPT: Final = 1 << 17
"""Prefixes and hosts that a judge remembers before it starts afresh: memory stays flat, whatever is crawled."""
_CHECKED: Final[tuple[str, ...]] = ()
_UNCHECKED: Final = ("robots", "signals")
_UNASKED: Final = ("robots",)
_HELP: Final = {
    Basis.INVALID_URL: "write the whole URL, for example https://example.com/page",
    Basis.AMBIGUOUS: "write the URL so that every reader sees the same host",
    Basis.SCHEME: "only http and https pass a gate",
}


class Answer:
    """What documents say of every plain URL of one prefix; good until `until`."""

    __slots__ = ("docket", "effect", "governing", "platforms", "reasons", "until")

    def __init__(self, reasons: tuple[Reason, ...], platforms: tuple[str, ...], docket: str, until: int) -> None:
        self.governing = governing_of(reasons)
        self.effect: str = "allow" if self.governing is None else "refuse"
        self.reasons = reasons
        self.platforms = platforms
        self.docket = docket
        self.until = until


class Judge:
    """Answers URLs for one agent, set of purposes and moment; `at` None follows the clock."""

    def __init__(
        self,
        policies: PolicySet,
        *,
        agent: str = "",
        purposes: Iterable[Purpose | str] | None = None,
        options: Options = DEFAULT,
        at: datetime | int | str | None = None,
        known_at: datetime | int | str | None = None,
    ) -> None:
        declared = purposes_of(purposes)
        known = instant_of(known_at)
        self.policies = policies
        self.at = instant_of(at)
        self.question = Question(
            declared or ALL_PURPOSES, declared is not None, agent, options, NEVER - 1 if known is None else known
        )
        self._answers: dict[str, Answer] = {}
        self._standings: dict[str, Standing] = {}

    def decide(self, url: str, *, robots: Robots = NOT_ASKED, signals: Sequence[Signal] = ()) -> Decision:
        """The decision on one URL; never raises, whatever the text."""
        end = url.find("/", 8)
        answer = self._answers.get(url[:end] if end > 0 else url)
        if (
            answer is not None
            and robots is NOT_ASKED
            and not signals
            and (end < 0 or not may_carry(url[end:]))
            and (answer.until == NEVER or self.now() < answer.until)
        ):
            return Decision(
                answer.effect,  # type: ignore[arg-type]
                url,
                answer.reasons,
                answer.governing,
                answer.docket,
                answer.platforms,
                self.policies.revision,
                _UNCHECKED,
            )
        try:
            return self._decide(url, robots, signals)
        except Exception as error:  # noqa: BLE001 - an error of ours must never let a request pass
            return self._failed(url, error)

    def refusal(self, url: str) -> Decision | None:
        """The decision where it refuses, None where it allows: what a long list is judged with."""
        end = url.find("/", 8)
        answer = self._answers.get(url[:end] if end > 0 else url)
        if (
            answer is not None
            and answer.governing is None
            and answer.until == NEVER
            and (end < 0 or not may_carry(url[end:]))
        ):
            return None
        decision = self.decide(url)
        return decision if decision.governing is not None else None

    def _failed(self, url: str, error: Exception) -> Decision:
        """The refusal of a URL that could not be judged."""
        message = f"it could not be judged: {type(error).__name__}: {error}"[:300]
        help_ = "report it with this URL; nothing is fetched meanwhile"
        return self._decision(url, [Reason(Basis.POLICY_ERROR, "judge", message, help=help_)], (), "", _UNCHECKED)

    def now(self) -> int:
        """The instant that is asked for, in microseconds."""
        return self.at if self.at is not None else time_ns() // 1000

    def _decide(self, url: str, robots: Robots, signals: Sequence[Signal]) -> Decision:
        """The long way."""
        now = self.now()
        target = read(url)
        reasons, platforms, docket = self._documents(target, now)
        if self._plain(url, target):
            self._remember(url, target, now)
        reasons += robots_reason(robots, target, self.question)
        reasons += signal_reasons(signals, target, self.question)
        return self._decision(url, reasons, platforms, docket, _unchecked(robots, signals))

    def _decision(
        self, url: str, reasons: list[Reason], platforms: tuple[str, ...], docket: str, unchecked: tuple[str, ...]
    ) -> Decision:
        """Put reasons in governing order and say what the decision is filed against."""
        kept = _settled(reasons, self.question, docket)
        governing = governing_of(kept)
        filed = governing.docket if governing else docket
        effect = "refuse" if governing else "allow"
        return Decision(effect, url, kept, governing, filed, platforms, self.policies.revision, unchecked)  # type: ignore[arg-type]

    def _documents(self, target: Target, now: int) -> tuple[list[Reason], tuple[str, ...], str]:
        """What the URL itself, its hosts and its routes give: reasons, platforms, the platform's docket."""
        reasons = [_trouble(target)] if target.trouble else []
        readings = readings_of(target.path, target.raw_path)
        found = [self.standing(host, now).find(readings) for host in target.hosts]
        for finding in found:
            reasons += finding.reasons
        for route in routes(target):
            arrived = [self.standing(host, now).find(readings_of(route.path, route.raw_path)) for host in route.hosts]
            reasons += [_by_way(reason, route.via) for finding in arrived for reason in finding.reasons]
            found += [finding for finding in arrived if finding.reasons]
            if route.trouble:
                reasons.append(
                    Reason(Basis.AMBIGUOUS, "route", route.trouble, via=route.via, help=_HELP[Basis.AMBIGUOUS])
                )
        platforms = tuple(sorted({slug for finding in found for slug in finding.platforms}))
        if not platforms and not reasons and self.question.options.unknown_platform == "refuse":
            reasons.append(_unknown(target))
        return reasons, platforms, next((finding.docket for finding in found if finding.docket), "")

    def standing(self, host: str, now: int) -> Standing:
        """How a host stands at an instant, remembered until something changes."""
        standing = self._standings.get(host)
        if standing is None or not standing.since <= now < standing.until:
            if len(self._standings) >= _KEPT:
                self._standings.clear()
            standing = self._standings[host] = Standing(self.policies, host, self.question, now)
        return standing

    def _plain(self, url: str, target: Target) -> bool:
        """Whether every reader reads this prefix alike, and its host answers for all paths."""
        end = url.find("/", 8)
        prefix = url[:end] if end > 0 else url
        return target.trouble is None and _PLAIN.fullmatch(prefix) is not None and not carries(target.host)

    def _remember(self, url: str, target: Target, now: int) -> None:
        """Keep the answer of a plain prefix whose host does not tell paths apart."""
        standing = self.standing(target.host, now)
        if standing.whole is None:
            return
        bare = Target(url, target.scheme, target.host, target.port, "/", "/", (target.host,))
        reasons, platforms, docket = self._documents(bare, now)
        decision = self._decision(url, reasons, platforms, docket, _UNCHECKED)
        if len(self._answers) >= _KEPT:
            self._answers.clear()
        end = url.find("/", 8)
        until = NEVER if self.at is not None else standing.until
        self._answers[url[:end] if end > 0 else url] = Answer(decision.reasons, platforms, decision.docket, until)

    def host(self, name: str, *, path: str | None = None) -> Decision:
        """The decision on a bare name or address: a CNAME's target, what a name resolves to, a proxy.

        Without `path` whatever a path might be refused for refuses, and nothing that holds for some paths lifts.
        """
        try:
            host = canonical_host(name)
        except ValueError as error:
            trouble = Reason(Basis.INVALID_URL, "invalid-url", str(error), help="a host name or address is wanted")
            return self._decision(name, [trouble], (), "", _UNCHECKED)
        finding = self.standing(host, self.now()).find(None if path is None else readings_of(path))
        return self._decision(name, list(finding.reasons), finding.platforms, finding.docket, _UNCHECKED)


def governing_of(reasons: Iterable[Reason]) -> Reason | None:
    """The first reason in governing order that is not lifted."""
    return min((r for r in reasons if not r.lifted_by), key=lambda reason: reason.basis.rank, default=None)


def _settled(reasons: list[Reason], question: Question, docket: str) -> tuple[Reason, ...]:
    """Each reason once, in governing order, with its docket, and with the mend where only silence refuses."""
    first: dict[tuple[str, str], Reason] = {}
    for reason in reasons:
        first.setdefault((reason.basis, reason.rule), reason)
    unique = sorted(first.values(), key=lambda reason: reason.basis.rank)
    help_ = _purposes_help(unique, question)
    return tuple(_docketed(reason, docket, "" if reason.lifted_by else help_) for reason in unique)


def _docketed(reason: Reason, docket: str, help_: str) -> Reason:
    if reason.docket and not help_:
        return reason
    return msgspec.structs.replace(
        reason, docket=reason.docket or docket or f"house:{reason.basis}", help=help_ or reason.help
    )


def _purposes_help(reasons: Iterable[Reason], question: Question) -> str:
    """Which declared purposes would not be refused, where the spider declares none."""
    if question.declared:
        return ""
    refused: set[Purpose] = set()
    for reason in reasons:
        if not reason.lifted_by:
            refused |= set(reason.purposes or ALL_PURPOSES)
    free = ALL_PURPOSES - refused
    if not refused or not free:
        return ""
    return f"declare what you fetch for in DESIST_PURPOSES: this does not refuse {', '.join(sorted(free))}"


def _by_way(reason: Reason, via: str) -> Reason:
    return msgspec.structs.replace(reason, via=reason.via or via)


def _trouble(target: Target) -> Reason:
    """The reason of a URL that cannot be judged further."""
    basis = target.trouble or Basis.INVALID_URL
    return Reason(basis, str(basis), target.why, help=_HELP[basis])


def _unknown(target: Target) -> Reason:
    help_ = "name it in policies/platforms/, or set DESIST_UNKNOWN_PLATFORM to `robots`"
    return Reason(Basis.DEFAULT, "unknown-platform", f"no document names `{target.host}`", help=help_)


def _unchecked(robots: Robots, signals: Sequence[Signal]) -> tuple[str, ...]:
    """What was not asked."""
    if robots is not NOT_ASKED:
        return _CHECKED
    return _UNASKED if signals else _UNCHECKED


def decide(  # noqa: PLR0913 - the public signature
    policy_set: PolicySet,
    url: str,
    *,
    at: datetime | int | str | None = None,
    agent: str = "",
    purposes: Iterable[Purpose | str] | None = None,
    robots: Robots = NOT_ASKED,
    signals: Sequence[Signal] = (),
    known_at: datetime | int | str | None = None,
    options: Options = DEFAULT,
) -> Decision:
    """Decide one URL: documents, routes, robots and signals, every reason kept, deny overriding.

    `at` replays a past moment, `known_at` what was on file then; purposes None means undeclared, judged as all.
    Never raises on any text; UsageError on a purpose or moment that is none.
    """
    key = (at, agent, purposes if isinstance(purposes, (frozenset, str)) else _frozen(purposes), known_at, options)
    judge = policy_set.judges.get(key)
    if judge is None:
        if len(policy_set.judges) >= 64:
            policy_set.judges.clear()
        judge = Judge(policy_set, agent=agent, purposes=purposes, options=options, at=at, known_at=known_at)
        policy_set.judges[key] = judge
    decision: Decision = judge.decide(url, robots=robots, signals=signals)
    return decision


def _frozen(purposes: Iterable[Purpose | str] | None) -> frozenset[Purpose] | None:
    return None if purposes is None else purposes_of(purposes)


def judge_host(
    policy_set: PolicySet,
    name: str,
    *,
    path: str | None = None,
    at: datetime | int | str | None = None,
    agent: str = "",
    purposes: Iterable[Purpose | str] | None = None,
    options: Options = DEFAULT,
) -> Decision:
    """Decide a bare host name or address: CNAME targets and resolved addresses, for the resolver gate."""
    judge = Judge(policy_set, agent=agent, purposes=purposes, options=options, at=at)
    return judge.host(name, path=path)
