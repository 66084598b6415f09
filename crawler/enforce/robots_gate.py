"""robots.txt as gates use it: fetched once an authority, through every gate, and believed only as it came off the wire.

The request for the file travels like any other one, so that proxies, delays and downloader middlewares apply; but the
answer that counts is what the wire gate captured. A middleware that answers by itself opens nothing.
"""

from __future__ import annotations

import itertools
import time
import zlib
from typing import TYPE_CHECKING, Final

from scrapy import Request
from scrapy.http.request import NO_CALLBACK

from ..model import UNREAD, Basis, Decision, RobotsState, RobotsVerdict
from ..robots import MAX_OCTETS, AuthorityRobots, Outcome, RobotsFetch
from ..urls import read
from .once import Once
from .refused import Refused
from .verdicts import with_route

if TYPE_CHECKING:
    from scrapy.http import Response

    from .warden import Warden

__all__ = ["RobotsGate"]

_TICKET: Final = "desist_robots"
_PRIORITY: Final = 1000
_META: Final = {
    "dont_cache": True,
    "dont_redirect": True,
    "dont_retry": True,
    "handle_httpstatus_all": True,
    "download_maxsize": MAX_OCTETS + 1,
    "download_warnsize": 0,
}
_BY_DOCUMENTS: Final = {
    Basis.COURT_ORDER,
    Basis.REGULATOR_ORDER,
    Basis.NOTICE,
    Basis.TERMS,
    Basis.NOTICE_TO_OTHER,
    Basis.POLICY_ERROR,
}
_GZIP: Final = 47  # zlib or gzip, told by the header


class RobotsGate:
    """All authorities of one crawl; owned by the thread of the event loop."""

    def __init__(self, warden: Warden) -> None:
        self._warden = warden
        self._authorities: dict[str, AuthorityRobots] = {}
        self._flights: Once[None] = Once()
        self._tickets = itertools.count(1)
        self._asked: dict[int, str] = {}
        """The URL of each hop under way, by its ticket."""
        self._captured: dict[int, Response] = {}
        self._refused: dict[str, Decision] = {}
        """Authorities whose file may not even be asked for, with the platform's own refusal."""

    async def verdict(self, request: Request) -> RobotsVerdict | RobotsState | Decision:
        """What the authority's file says of a request, after fetching the file where that is due.

        A Decision where the file itself may not be asked for: a name or address on the way belongs to a platform.
        """
        if self._is_hop(request):
            return _IS_FILE
        known = self._authority(request.url)
        if known.due(time.time()) or known.fetching:
            await self._flights.get(known.authority, lambda: self._fetch(known, request))
        refused = self._refused.get(known.authority)
        return with_route(refused, request.url, "") if refused else self.on_hand(request.url)

    def on_hand(self, url: str) -> RobotsVerdict | RobotsState:
        """The same without ever fetching: UNREAD where nothing was captured."""
        if url in self._asked.values():
            return _IS_FILE
        known = self._authorities.get(_authority_of(url))
        if known is None:
            return UNREAD
        return known.verdict(url, self._warden.options.agent, time.time(), self._warden.options.robots_mode)

    def capture(self, request: Request, response: Response) -> None:
        """Keep what the wire gate received for a hop that is under way."""
        if self._is_hop(request):
            self._captured[request.meta[_TICKET]] = response

    def _is_hop(self, request: Request) -> bool:
        return self._asked.get(request.meta.get(_TICKET, 0)) == request.url

    def _authority(self, url: str) -> AuthorityRobots:
        name = _authority_of(url)
        return self._authorities.setdefault(name, AuthorityRobots(name))

    async def _fetch(self, known: AuthorityRobots, cause: Request) -> None:
        fetch = known.begin()
        if fetch is None:
            return
        self._refused.pop(known.authority, None)
        outcome = None
        try:
            while outcome is None:
                outcome = await self._ask(fetch, cause)
        finally:
            known.settle(outcome or fetch.fail("the fetch was given up", time.time()))

    async def _ask(self, fetch: RobotsFetch, cause: Request) -> Outcome | None:
        """One hop: the outcome, or None where `fetch` names a further one."""
        ticket = next(self._tickets)
        meta = {**_META, _TICKET: ticket} | {
            key: cause.meta[key] for key in ("proxy", "bindaddress") if key in cause.meta
        }
        request = Request(
            fetch.url,
            headers={"Accept-Encoding": "identity", **fetch.headers},
            meta=meta,
            callback=NO_CALLBACK,
            dont_filter=True,
            priority=_PRIORITY,
        )
        self._asked[ticket] = request.url
        try:
            await self._warden.crawler.engine.download_async(request)
        except Refused as refused:
            reason = refused.decision.governing
            if reason is not None and reason.basis in _BY_DOCUMENTS and len(fetch.hops) == 1:
                self._refused[fetch.authority] = refused.decision
            return fetch.fail(f"refused: {reason.message if reason else refused}", time.time())
        except Exception as error:  # noqa: BLE001 - whatever it is, the file is not on hand
            if ticket not in self._captured:
                return fetch.fail(f"{type(error).__name__}: {error}"[:200], time.time())
        finally:
            del self._asked[ticket]
            captured = self._captured.pop(ticket, None)
        if captured is None:
            return fetch.fail("a middleware answered in the place of the site", time.time())
        return _outcome(fetch, captured)


_IS_FILE: Final = RobotsVerdict(effect="allow", why="robots.txt itself is always asked for (RFC 9309 2.2.2)")


def _authority_of(url: str) -> str:
    """`scheme://host:port` as a URL of that authority begins; the port is left out where it is the scheme's own."""
    target = read(url)
    host = f"[{target.host}]" if ":" in target.host else target.host
    usual = {"http": 80, "https": 443}.get(target.scheme)
    return f"{target.scheme}://{host}" if target.port == usual else f"{target.scheme}://{host}:{target.port}"


def _outcome(fetch: RobotsFetch, response: Response) -> Outcome | None:
    headers = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in response.headers.items()
        for value in values or ()
    ]
    now = time.time()
    if "partial" in response.flags or "dataloss" in response.flags:
        return fetch.fail("truncated", now)
    try:
        body = _decoded(response)
    except zlib.error as error:
        return fetch.fail(f"an encoding that cannot be read: {error}", now)
    if body is None:
        return fetch.fail("gzip bomb", now)
    return fetch.respond(response.status, headers, body, now)


def _decoded(response: Response) -> bytes | None:
    """The body without its content coding (RFC 9110 8.4); None where it would be larger than any robots.txt."""
    coding = (response.headers.get("Content-Encoding") or b"").strip().lower()
    if not response.body or coding in {b"", b"identity"}:
        return response.body
    if coding not in {b"gzip", b"x-gzip", b"deflate"}:
        raise zlib.error(f"content coding {coding.decode('latin-1')}")
    body = zlib.decompressobj(_GZIP).decompress(response.body, MAX_OCTETS + 1)
    return body if len(body) <= MAX_OCTETS else None
