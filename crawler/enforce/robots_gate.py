"""robots.txt as gates use it: fetched once an authority, however many requests wait, and kept at most a day.

The engine side fetches where that is due; the wire never does, and refuses where no captured answer is on hand.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from ..model import UNREAD, Decision, RobotsState, RobotsVerdict
from ..robots import MAX_OCTETS, MAX_SECONDS, AuthorityRobots, Outcome, Robots, RobotsFetch, parse_ahead
from .courier import Courier, Failed
from .elsewhere import elsewhere
from .once import Once
from .places import place_of
from .verdicts import with_route

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scrapy import Request
    from scrapy.http import Response

    from .warden import Warden

__all__ = ["RobotsGate", "authority_of"]

_MOST: Final = 10_000
"""Authorities whose files are kept: a broad crawl forgets the one that it has not asked about for longest."""
_MOST_WEIGHT: Final = 256 * 1024 * 1024
"""Octets of memory that they may take together, about: the heaviest is forgotten."""
_LARGE: Final = 16 * 1024
"""Octets of a file that is parsed in another thread: a hostile one of 5 MiB takes seconds."""
_LEAD: Final = 600.0
"""Seconds before a permission runs out at which it is renewed: what waits for its slot must still hold one."""
_IS_FILE: Final = RobotsVerdict(effect="allow", why="robots.txt itself is always asked for (RFC 9309 2.2.2)")


class RobotsGate:
    """All authorities of one crawl; belongs to the thread of the event loop."""

    def __init__(self, warden: Warden, courier: Courier) -> None:
        self._warden = warden
        self._courier = courier
        self._authorities: OrderedDict[str, AuthorityRobots] = OrderedDict()
        self._weights: dict[str, int] = {}
        """What each file takes; `_weight` is their sum."""
        self._weight = 0
        self._flights: Once[None] = Once()
        self._refused: dict[str, Decision] = {}
        """Authorities whose file may not even be asked for, with the platform's own refusal."""
        self._said: WeakKeyDictionary[Request, tuple[str, RobotsVerdict]] = WeakKeyDictionary()
        """What was said last of a request, and of which URL, since a request's URL may change."""

    async def verdict(self, request: Request) -> RobotsVerdict | RobotsState | Decision:
        """What the authority's file says of a request, after fetching the file where that is due.

        A Decision where the file itself may not be asked for: a name or address on the way belongs to a platform.
        """
        if self._courier.errand_for_robots(request):
            return _IS_FILE
        known = self._authority(authority_of(request.url))
        if known.fetching or self._due(known):
            await self._flights.get(known.authority, lambda: self._fetch(known, request))
        refused = self._refused.get(known.authority)
        return with_route(refused, request.url, "") if refused else self.on_hand(request)

    def on_hand(self, request: Request) -> RobotsVerdict | RobotsState:
        """The same without ever fetching: UNREAD where nothing was captured."""
        if self._courier.errand_for_robots(request):
            return _IS_FILE
        known = self._authorities.get(authority_of(request.url))
        if known is None:
            return UNREAD
        options = self._warden.options
        verdict = known.verdict(request.url, options.agent or "Mozilla", time.time(), options.robots_mode)
        self._said[request] = (request.url, verdict)
        self._weigh(known)
        return verdict

    def known(self, url: str) -> AuthorityRobots | None:
        """What is on hand of the authority of a URL."""
        return self._authorities.get(authority_of(url))

    def facts(self, request: Request) -> dict[str, Any]:
        """What the permit of a request says of robots.txt: the file's hash and the line that spoke."""
        said = self.said(request)[1]
        if said is None:
            return {}
        return {name: value for name, value in (("robots", said.sha256), ("line", said.line)) if value}

    def said(self, request: Request) -> tuple[str, RobotsVerdict | None]:
        """The URL of a request that was judged last, and what was said of it."""
        return self._said.get(request, ("", None))

    def capture(self, request: Request, response: Response) -> None:
        """Bytes of one of our own requests, just as they came off the wire."""
        self._courier.capture(request, response)

    def _due(self, known: AuthorityRobots) -> bool:
        now = time.time()
        return known.due(now) or (known.failure is None and known.due(now + _LEAD) and not known.due(now - _LEAD))

    def _authority(self, name: str) -> AuthorityRobots:
        known = self._authorities.get(name)
        if known is None:
            known = self._authorities[name] = AuthorityRobots(name)
            if len(self._authorities) > _MOST:
                self._forget(next(self._idle(name), None))
        else:
            self._authorities.move_to_end(name)
        return known

    def _weigh(self, known: AuthorityRobots) -> None:
        """Make room for what a file takes by forgetting others, so that a few large ones never drive out the small."""
        name, weight = known.authority, known.weight
        if weight == self._weights.get(name, 0):
            return
        self._weight += weight - self._weights.get(name, 0)
        self._weights[name] = weight
        while self._weight > _MOST_WEIGHT:
            heaviest = max(self._idle(name), key=lambda one: self._weights.get(one, 0), default=None)
            if not self._forget(heaviest):
                break

    def _idle(self, but: str) -> Iterator[str]:
        """Authorities that may be forgotten, the one not asked about for longest first."""
        return (name for name, known in self._authorities.items() if name != but and not known.fetching)

    def _forget(self, name: str | None) -> bool:
        """What is forgotten permits nothing: the engine side asks anew, the wire refuses."""
        if name is None:
            return False
        del self._authorities[name]
        self._refused.pop(name, None)
        self._weight -= self._weights.pop(name, 0)
        return True

    async def _fetch(self, known: AuthorityRobots, cause: Request) -> None:
        fetch = known.begin()
        if fetch is None:
            return
        self._refused.pop(known.authority, None)
        until = time.time() + MAX_SECONDS
        outcome: Outcome | None = None
        parsed: Mapping[str, Robots] = {}
        try:
            while outcome is None:
                outcome = await self._ask(fetch, cause, until)
            parsed = await self._parse(known.authority, outcome)
        finally:
            known.settle(outcome or fetch.fail("the fetch was given up", time.time()), parsed)

    async def _parse(self, authority: str, outcome: Outcome) -> Mapping[str, Robots]:
        """The parses of a large file, made while the loop goes on; small ones are parsed where they are asked for."""
        if len(outcome.body) < _LARGE:
            return {}
        options = self._warden.options
        return await elsewhere(parse_ahead, authority, outcome, options.agent or "Mozilla", options.robots_mode)

    async def _ask(self, fetch: RobotsFetch, cause: Request, until: float) -> Outcome | None:
        """One hop: the outcome, or None where `fetch` names a further one."""
        answer = await self._courier.fetch(
            fetch.url, cause, headers=fetch.headers, most=MAX_OCTETS, until=until, is_robots=True
        )
        now = time.time()
        if isinstance(answer, Failed):
            if answer.refused is not None and answer.refused.decision.platforms and len(fetch.hops) == 1:
                self._refused[fetch.authority] = answer.refused.decision
            return fetch.fail(answer.why, now)
        if now > until:
            return fetch.fail("timeout", now)
        if answer.unmarked and self._warden.options.robots_mode == "strict":
            return fetch.fail("nothing marks its end, so that it may be cut short", now)
        return fetch.respond(answer.status, answer.headers, answer.body, now, cut=answer.cut)


def authority_of(url: str) -> str:
    """`scheme://host:port` as a URL of that authority begins; the port is left out where it is the scheme's own."""
    return place_of(url).authority
