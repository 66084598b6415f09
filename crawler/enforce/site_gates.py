"""The gates that ask the site itself, put together: its files, its headers, its pages, its wishes for delay."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from ..model import Decision, RobotsState, RobotsVerdict, Signal
from .courier import Courier
from .delay import Delays
from .files_gate import FilesGate
from .headers import HeadersGate
from .heard import Heard
from .meta import MetaGate
from .robots_gate import RobotsGate

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Response

    from .warden import Warden

__all__ = ["SiteGates"]


class SiteGates:
    """One a crawl. `ask` is for the engine side and may fetch; `on_hand` and `received`, for the wire, never do."""

    def __init__(self, warden: Warden) -> None:
        self._warden = warden
        self._courier = Courier(warden)
        self._robots = RobotsGate(warden, self._courier)
        self._files = FilesGate(warden, self._courier, self._robots)
        self._headers = HeadersGate(warden, self._courier)
        self._meta = MetaGate(warden, self._courier, self._files, self._headers)
        self._delays = Delays(warden, self._robots)
        self._heard: WeakKeyDictionary[Request, Heard] = WeakKeyDictionary()

    async def ask(self, request: Request) -> Decision:
        """The decision on a request that documents allow: robots.txt first, then what status and files say."""
        url = request.url
        robots = await self._robots.verdict(request)
        if isinstance(robots, Decision):
            return robots
        signals = self._headers.remembered(request)
        decision = self.judge(url, robots, signals)
        if decision.refused:
            return decision
        signals += await self._files.signals(request)
        if signals:
            return self.judge(url, robots, signals)
        self._keep(request)
        return decision

    def _keep(self, request: Request) -> None:
        """Keep for the wire that nothing which was asked of the site refuses."""
        url, said = self._robots.said(request)
        heard = Heard.of(url, self._robots.known(url), said, self._files.edition) if url == request.url else None
        if heard is not None:
            self._heard[request] = heard

    def own(self, request: Request) -> bool:
        """Whether the gates themselves ask: for robots.txt, a file of a site's terms, a licence."""
        return self._courier.errand(request)

    def on_hand(self, request: Request) -> Decision:
        """The decision by documents and by what was captured of robots.txt, status and files."""
        signals = self._headers.remembered(request)
        heard = self._heard.get(request)
        if heard is not None and not signals:
            known = self._robots.known(request.url)
            if heard.holds(request.url, known, self._files.edition, time.time()):
                return self._warden.judge(request.url)
        signals += self._files.on_hand(request)
        return self.judge(request.url, self._robots.on_hand(request), signals)

    def judge(self, url: str, robots: RobotsVerdict | RobotsState, signals: tuple[Signal, ...]) -> Decision:
        """The decision; where nothing that was asked refuses it is the documents' own, which costs next to nothing."""
        if not signals and isinstance(robots, RobotsVerdict) and robots.effect == "allow":
            return self._warden.judge(url)
        return self._warden.judge(url, robots=robots, signals=signals)

    def facts(self, request: Request) -> dict[str, Any]:
        """What a request's permit says of robots.txt."""
        return self._robots.facts(request)

    def stopped(self, request: Request, response: Response | None) -> Decision | None:
        """The refusal of a download that was stopped at its headers, with the response where a handler made one."""
        return self._headers.stopped(request, response)

    def received(self, request: Request, response: Response) -> Decision | None:
        """The refusal by status or headers of a response just off the wire."""
        self._courier.capture(request, response)
        return self._headers.after(request, response)

    def pace(self, request: Request) -> None:
        """Keep the host of a request to the delay that its robots.txt asks for."""
        self._delays.apply(request)

    async def turn(self, request: Request) -> None:
        """Wait, at the wire, until that delay is over."""
        await self._delays.turn(request)

    async def page(self, request: Request, response: Response) -> Decision | None:
        """The refusal of a page by what it says of itself, before anything can keep it."""
        return await self._meta.judge(request, response)

    def bare(self, request: Request, response: Response, decision: Decision) -> Response:
        """A refused answer without its page, for middlewares that try again; it is never handed over."""
        return self._meta.bare(request, response, decision)

    async def handed_over(self, request: Request, response: Response) -> Decision | None:
        """The refusal of a page as it is about to reach the spider."""
        return await self._meta.hand_over(request, response)

    def may_follow(self, response: Response, link: Request) -> Decision | None:
        """The refusal of a link because its page says `nofollow`."""
        return self._meta.may_follow(response, link)
