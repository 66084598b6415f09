"""The decision: one question, many URLs.

A `Judge` binds what a crawl asks with, so that a URL costs next to nothing: hosts are decided once, by the raw
`scheme://host` in front of a URL, and only where that prefix is strictly plain, so that every reader reads it alike.
All else takes the long way: read by `urls`, its routes judged as their targets, every reason kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from time import time_ns
from typing import Final

from ..model import (
    ALL_PURPOSES,
    NOT_ASKED,
    Basis,
    Decision,
    Effect,
    Purpose,
    Reason,
    RobotsState,
    RobotsVerdict,
    Signal,
)
from ..policy.policyset import PolicySet
from ..policy.rules import ALWAYS, NEVER
from ..urls import MAX_HOST, PLAIN_HOST, Target, canonical_host, read
from .carriers import CARRIER_HOSTS
from .options import DEFAULT, Options, instant_of, purposes_of
from .readings import robots_reason, signal_reasons
from .routes import carries, may_carry, routes
from .settle import broken_route, by_way, governing_of, settled, trouble_of, unknown_platform
from .standing import Question, Standing, readings_of

__all__ = ["Answer", "Judge", "Robots"]

Robots = RobotsVerdict | RobotsState
"""What is known of robots.txt: its answer, or why there is none."""
_WITH_PORT: Final = re.compile(rf"({PLAIN_HOST.pattern}):(?:[1-9][0-9]{{0,3}}|[1-5][0-9]{{4}}|6[0-4][0-9]{{3}})")
"""A plain host and a port below 65,000: no reader stumbles over it."""
_SCHEMES: Final = frozenset({"http:", "https:"})
_KEPT: Final = 1 << 17
"""Prefixes that a judge remembers before it starts afresh: memory stays flat, whatever is crawled."""
_CHECKED: Final[tuple[str, ...]] = ()
_UNCHECKED: Final[tuple[str, ...]] = ("robots", "signals")
_UNASKED: Final[tuple[str, ...]] = ("robots",)


class Answer:
    """What documents say of every plain URL of one prefix; good until `until`."""

    __slots__ = ("docket", "effect", "governing", "passing", "platforms", "reasons", "until")

    def __init__(self, reasons: tuple[Reason, ...], platforms: tuple[str, ...], docket: str, until: int) -> None:
        self.governing = governing_of(reasons)
        self.effect: Effect = "allow" if self.governing is None else "refuse"
        self.reasons = reasons
        self.platforms = platforms
        self.docket = self.governing.docket if self.governing else docket
        self.until = until
        self.passing = until != NEVER
        """Whether the clock has to be asked each time."""


_UNSETTLED: Final = Answer((), (), "", ALWAYS)
"""Stands for the answer of a host that is not plain, is a carrier, or whose paths are told apart."""


class Judge:
    """Answers URLs for one agent, set of purposes and moment; `at` None follows the clock."""

    __slots__ = (
        "_answers",
        "_free",
        "_passes_unknown",
        "_passing",
        "_revision",
        "_standings",
        "at",
        "policies",
        "question",
    )

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
        self._revision = policies.revision
        self._answers: dict[str, Answer] = {}
        """By authority as written: what holds for every path and for good."""
        self._passing: dict[str, Answer] = {}
        """What holds for a time, or not for every path."""
        self._standings: dict[object, Standing] = {}
        self._free = Answer((), (), "", NEVER)
        self._passes_unknown = options.unknown_platform != "refuse" and not policies.image.broken

    def decide(self, url: str, robots: Robots = NOT_ASKED, signals: Sequence[Signal] = ()) -> Decision:
        """The decision on one URL; never raises, whatever the text."""
        # One split, one look-up and a few searches decide most URLs: what is written out here and in `refusals` is
        # `routes.asks_oddly` and a scheme in `_SCHEMES`, since a call costs a tenth of the whole.
        try:
            scheme, empty, host, rest = url.split("/", 3)
            answer = self._answers[host]
        except KeyError:
            answer = self._learn(host)
            if answer.passing:
                return self._judge(url, robots, signals)
        except ValueError:
            return self._judge(url, robots, signals)
        if (
            "%" in rest
            or ":" in rest
            or "HR0c" in rest
            or (scheme != "https:" and scheme != "http:")  # noqa: PLR1714
            or empty
            or signals
        ):
            return self._judge(url, robots, signals)
        if "?" in rest:
            query = rest.partition("?")[2]
            if "." in query or "/" in query or "\\" in query or "8747470" in query or not query.isascii():
                return self._judge(url, robots, signals)
        if robots is NOT_ASKED:
            unchecked = _UNCHECKED
        elif type(robots) is RobotsVerdict and robots.effect == "allow":
            unchecked = _CHECKED
        else:
            return self._guarded(url, robots, signals)
        return Decision(
            answer.effect,
            url,
            answer.reasons,
            answer.governing,
            answer.docket,
            answer.platforms,
            self._revision,
            unchecked,
        )

    def refusals(self, urls: Iterable[str]) -> Iterator[tuple[int, Decision]]:
        """The refusals of a long list, with the place in it (from 0): what is allowed costs no object and no call."""
        known, learn, free = self._answers.get, self._learn, self._free
        for place, url in enumerate(urls):
            try:
                scheme, empty, host, rest = url.split("/", 3)
            except ValueError:
                host = scheme = empty = rest = ""
            if (
                (known(host) or learn(host)) is free
                and not ("%" in rest or ":" in rest or "HR0c" in rest)
                and (scheme == "https:" or scheme == "http:")  # noqa: PLR1714
                and not empty
            ):
                if "?" not in rest:
                    continue
                query = rest.partition("?")[2]
                if not ("." in query or "/" in query or "\\" in query or "8747470" in query) and query.isascii():
                    continue
            decision = self.decide(url)
            if decision.governing is not None:
                yield place, decision

    def _learn(self, authority: str) -> Answer:
        """The answer of a host that is new or whose answer passes, kept for the next time where the host is plain."""
        held = self._passing.get(authority)
        if held is not None and (held is _UNSETTLED or self.now() < held.until):
            return held
        host = name = authority if PLAIN_HOST.fullmatch(authority) else _without_port(authority)
        if not host or "xn--" in authority or len(authority) > MAX_HOST:
            return _UNSETTLED
        known = self.policies.image.hosts
        while name and name not in known and name not in CARRIER_HOSTS:
            name = name.partition(".")[2]
        if not name and self._passes_unknown:
            answer = self._free
        else:
            answer = _UNSETTLED if carries(host) else self._answer(host)
        kept = self._passing if answer.passing else self._answers
        if len(kept) >= _KEPT:
            kept.clear()
        kept[authority] = answer
        return answer

    def _judge(self, url: str, robots: Robots, signals: Sequence[Signal]) -> Decision:
        """A URL that needs a closer look: most that look odd carry nothing all the same."""
        scheme, _, rest = url.partition("//")
        authority, slash, path = rest.partition("/")
        answer = self._answers.get(authority) or self._learn(authority)
        if answer is _UNSETTLED or scheme not in _SCHEMES or signals or may_carry(slash + path):
            return self._guarded(url, robots, signals)
        if robots is NOT_ASKED:
            return self._of(answer, url, _UNCHECKED)
        if type(robots) is RobotsVerdict and robots.effect == "allow":
            return self._of(answer, url, _CHECKED)
        return self._guarded(url, robots, signals)

    def _of(self, answer: Answer, url: str, unchecked: tuple[str, ...]) -> Decision:
        """A remembered answer as the decision on one URL."""
        return Decision(
            answer.effect,
            url,
            answer.reasons,
            answer.governing,
            answer.docket,
            answer.platforms,
            self._revision,
            unchecked,
        )

    def _answer(self, host: str) -> Answer:
        """What documents say of a plain host; unsettled where paths are told apart, or where an error of ours shows."""
        try:
            standing = self.standing(host, self.now())
        except Exception:  # noqa: BLE001 - the long way meets it again and refuses with it
            return _UNSETTLED
        if standing.whole is None:
            return _UNSETTLED
        reasons = list(standing.whole.reasons)
        if self.question.options.unknown_platform == "refuse" and not standing.platforms and not reasons:
            reasons.append(unknown_platform(host))
        docket = standing.whole.docket
        until = NEVER if self.at is not None else standing.until
        return Answer(settled(reasons, self.question, docket), standing.platforms, docket, until)

    def now(self) -> int:
        """The instant that is asked for, in microseconds."""
        return self.at if self.at is not None else time_ns() // 1000

    def _guarded(self, url: str, robots: Robots, signals: Sequence[Signal]) -> Decision:
        """The long way, where an error of ours refuses."""
        try:
            return self._decide(url, robots, signals)
        except Exception as error:  # noqa: BLE001 - an error of ours must never let a request pass
            message = f"it could not be judged: {type(error).__name__}: {error}"[:300]
            help_ = "report it with this URL; nothing is fetched meanwhile"
            return self._decision(url, [Reason(Basis.POLICY_ERROR, "judge", message, help=help_)], (), "", _UNCHECKED)

    def _decide(self, url: str, robots: Robots, signals: Sequence[Signal]) -> Decision:
        """The long way."""
        now = self.now()
        target = read(url)
        reasons, platforms, docket = self._documents(target, now)
        reasons += robots_reason(robots, target, self.question)
        reasons += signal_reasons(signals, target, self.question)
        unchecked = _CHECKED if robots is not NOT_ASKED else _UNASKED if signals else _UNCHECKED
        return self._decision(url, reasons, platforms, docket, unchecked)

    def _decision(
        self, url: str, reasons: Iterable[Reason], platforms: tuple[str, ...], docket: str, unchecked: tuple[str, ...]
    ) -> Decision:
        """Put reasons in governing order and say what the decision is filed against."""
        answer = Answer(settled(reasons, self.question, docket), platforms, docket, NEVER)
        return Decision(
            answer.effect, url, answer.reasons, answer.governing, answer.docket, platforms, self._revision, unchecked
        )

    def _documents(self, target: Target, now: int) -> tuple[list[Reason], tuple[str, ...], str]:
        """What the URL itself, its hosts and its routes give: reasons, platforms, the platform's docket."""
        reasons = [trouble_of(target)] if target.trouble else []
        readings = readings_of(target.path, target.raw_path)
        found = [self.standing(host, now).find(readings) for host in target.hosts]
        for finding in found:
            reasons += finding.reasons
        for route in routes(target):
            arrived = [self.standing(host, now).find(readings_of(route.path, route.raw_path)) for host in route.hosts]
            reasons += [by_way(reason, route.via) for finding in arrived for reason in finding.reasons]
            found += [finding for finding in arrived if finding.reasons]
            if route.trouble:
                reasons.append(broken_route(route.trouble, route.via))
        platforms = tuple(sorted({slug for finding in found for slug in finding.platforms}))
        if not platforms and not reasons and self.question.options.unknown_platform == "refuse":
            reasons.append(unknown_platform(target.host))
        return reasons, platforms, next((finding.docket for finding in found if finding.docket), "")

    def standing(self, host: str, now: int) -> Standing:
        """How a host stands at an instant, remembered until something changes.

        Hosts of the same owners stand alike, unless a rule or permission of theirs names hosts.
        """
        held = self._standings.get(host)
        if held is not None and held.since <= now < held.until:
            return held
        owners = self.policies.owners(host)
        alike = not self.policies.image.broken and all(self.policies.alike(number) for number, _ in owners)
        key: object = owners if alike else host
        standing = self._standings.get(key)
        if standing is None or not standing.since <= now < standing.until:
            standing = Standing(self.policies, host, self.question, now)
        if len(self._standings) >= _KEPT:
            self._standings.clear()
        self._standings[key] = self._standings[host] = standing
        return standing

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
        return self._decision(name, finding.reasons, finding.platforms, finding.docket, _UNCHECKED)


def _without_port(authority: str) -> str:
    """The plain host of `authority` where a port follows that all readers take; empty where it is something else."""
    found = _WITH_PORT.fullmatch(authority)
    return found[1] if found else ""
