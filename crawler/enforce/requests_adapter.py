"""The gates for code that uses `requests`: a transport adapter that decides, records and grants as a crawl does.

    session.mount("http://", adapter := GatedAdapter(Options(policies=("policies",))))
    session.mount("https://", adapter)

Making one shuts the process: from then on nothing in it reaches the network but what an adapter or a crawl grants.
Redirects come back through the adapter hop by hop, so each hop is decided.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from requests.utils import select_proxy
from scrapy.exceptions import CannotResolveHostError
from urllib3.util import Retry

from ..decide import Judge, message_of
from ..decide import Options as Choices
from ..decide.options import purposes_of
from ..model import NOT_ASKED, Basis, Decision, Purpose, RobotsState, RobotsVerdict, Signal
from ..optout import read_status
from ..policy.policyset import PolicySet, folders_of
from ..policy.reload import reload
from ..policy.tighten import Files
from ..robots import EVERY_GROUP, MAX_OCTETS, AuthorityRobots, product_token, stands_in
from .answers import again, markup_of
from .codings import opened
from .destinations import Destinations, Endpoint, endpoint_of
from .notices import Notices
from .options import Options
from .pins import PINS
from .places import place_of
from .process import GATE
from .recorder import DEFAULT_LEDGER
from .resolver import Resolution, Resolver
from .resting import Resting
from .signing import open_ledger
from .site_files import Brought, SiteFiles
from .verdicts import refusal, with_route

__all__ = ["GatedAdapter", "RequestRefused"]

logger = logging.getLogger("desist")
_BY: Final = "a requests adapter"
_ROBOTS_SECONDS: Final = 30
_LOOK_SECONDS: Final = 1.0


class RequestRefused(requests.RequestException):
    """A request that was refused, raised only after the refusal is on record.

    `decision` holds every reason, `receipt` the number of the ledger entry.
    """

    def __init__(self, decision: Decision, receipt: int, request: requests.PreparedRequest) -> None:
        super().__init__(message_of(decision), request=request)
        self.decision = decision
        self.receipt = receipt


class _Stop(Exception):
    def __init__(self, decision: Decision) -> None:
        super().__init__(decision.url)
        self.decision = decision


class GatedAdapter(HTTPAdapter):
    """Documents, proxy, robots.txt, names and addresses before the request; status and headers after it.

    May be used by several threads. `shut=False` leaves the process open: for tests in which nothing is dialled.
    Raises PolicyError, LedgerUnusable, GateError.
    """

    def __init__(
        self,
        options: Options | None = None,
        *,
        purposes: Iterable[Purpose | str] | None = None,
        user_agent: str = "",
        shut: bool = True,
        max_retries: Retry | int = 0,
        **pool: Any,
    ) -> None:
        super().__init__(max_retries=Retry(0, read=False), **pool)  # what it sent again itself nobody would decide
        self.options = options or Options()
        self._retries = Retry.from_int(max_retries)
        self._user_agent = user_agent
        self._agent = product_token(self.options.agent, user_agent or requests.utils.default_user_agent()).token
        self._folders = [Path(folder) for folder in self.options.policies] or None
        self._files = Files(lambda: folders_of(self._folders))
        self._files.look()  # before they are read: what changes in between is found by the next look
        self._looked = time.monotonic()
        self._stale = False
        """Whether files have changed that could not be read or put on record yet: the next request tries again."""
        self._policies = PolicySet.load(self._folders)
        choices = Choices(
            notices_to_others=self.options.notices_to_others,
            unknown_platform=self.options.unknown_platform,
            mode=self.options.robots_mode,
        )
        self._make_judge = partial(Judge, agent=self._agent, purposes=purposes, options=choices)
        self._judge = self._make_judge(self._policies)
        self._resting = Resting()
        self._resolver = Resolver(self.options.nameservers)
        self._proxies = Destinations("DESIST_PROXIES", self.options.proxies, ports=True)
        self._robots: dict[str, tuple[AuthorityRobots, threading.RLock]] = {}
        """With a lock each, held while its robots.txt is fetched: one slow site keeps no other waiting."""
        said, mode = purposes_of(purposes), self.options.robots_mode
        self._site_files = SiteFiles(self._bring, lambda url: self._route(url, place_of(url).host).addresses, said,
                                     self._agent, mode)  # fmt: skip
        self._next: dict[str, float] = {}
        """When each authority may be asked again, by its Crawl-delay."""
        self._lock = threading.Lock()
        self._robots_lock = threading.RLock()
        """Guards `_robots` and `_next`; never held while anything is waited for."""
        if shut:
            GATE.arm(self.options, _BY)
            GATE.resolvers.append(self._resolver)
        path = Path(self.options.ledger or DEFAULT_LEDGER)
        self._ledger = open_ledger(self.options, path, "requests", revision=self._policies.revision)
        self._notices = Notices(self._ledger, self.options.notices_to_others)
        self._notices.begin(self._policies, folders_of(self._folders))

    def close(self) -> None:
        """End the session in the ledger and close the pools."""
        self._ledger.close()
        super().close()

    def send(
        self, request: requests.PreparedRequest, *args: Any, proxies: Mapping[str, str] | None = None, **kinds: Any
    ) -> requests.Response:
        """Decide, record, grant, send, look at the answer, and all of it again for each of `max_retries`.

        Raises RequestRefused, LedgerLost.
        """
        retries = self._retries.new()
        while True:
            failure, response = None, None
            try:
                response = self._send_once(request, args, proxies, kinds)
            except (requests.ConnectionError, requests.Timeout) as error:
                failure = error
            left = again(retries, request, response, failure)
            if left is None and response is not None:
                return response
            retries = left or retries

    def _send_once(
        self, request: requests.PreparedRequest, args: tuple[Any, ...], proxies: Any, kinds: Mapping[str, Any]
    ) -> requests.Response:
        url = str(request.url)
        try:
            self._renew()
            self._ask(url, NOT_ASKED, self._resting.of(url))
            self._check_headers(request, url)
            if not select_proxy(url, dict(proxies or {})):
                self._find(request, url, place_of(url).host)
            verdict = self._verdict(url)
            self._ask(url, verdict)
            said = self._said(url)
            self._wait(url)
            self._renew()  # fetching files and waiting take time, in which a letter may come
            decision = self._ask(url, verdict, said)
            response = self._carry(request, decision, proxies, args, kinds)
            self._look_at(url, response)
        except _Stop as stop:
            raise RequestRefused(stop.decision, self._refuse(stop.decision), request) from None
        return response

    # --- deciding --------------------------------------------------------------------------------------------------

    def _renew(self) -> None:
        """Read the policies anew where their files have changed, looked at once a second at most; on record first."""
        with self._lock:
            if time.monotonic() < self._looked + _LOOK_SECONDS:
                return
            self._looked = time.monotonic()
            self._stale = bool(self._files.look()) or self._stale
            if self._notices.due:
                self._notices.tell(self._policies)
            if not self._stale:
                return
            policies = reload(self._folders, self._policies).policy_set
            if policies.revision != self._policies.revision:
                self._ledger.announce(policies.revision).result()
                self._notices.tell(policies)
                self._policies, self._judge = policies, self._make_judge(policies)
            self._stale = False

    def _ask(self, url: str, robots: RobotsVerdict | RobotsState, signals: tuple[Signal, ...] = ()) -> Decision:
        try:
            with self._lock:
                decision = self._judge.decide(url, robots=robots, signals=signals)
        except Exception as error:  # noqa: BLE001 - an erring gate refuses
            why = f"judging failed: {type(error).__name__}: {error}"
            decision = refusal(url, Basis.POLICY_ERROR, "gate", why, help="desist doctor")
        if decision.refused:
            raise _Stop(decision)
        return decision

    def _verdict(self, url: str) -> RobotsVerdict:
        """What the authority's robots.txt says; fetched here where it is due, once at a time."""
        authority = _authority(url)
        with self._robots_lock:
            robots, lock = self._robots.setdefault(authority, (AuthorityRobots(authority), threading.RLock()))
        with lock:
            if robots.due(time.time()):
                self._fetch(robots)
            return robots.verdict(url, self._agent, time.time(), self.options.robots_mode)

    def _said(self, url: str) -> tuple[Signal, ...]:
        """What the authority's other files say, and its robots.txt beside its rules."""
        authority = _authority(url)
        robots, lock = self._robots[authority]
        with lock:
            parsed = robots.robots(self.options.robots_mode)
        return self._site_files.of_site(url, authority, parsed)

    def _wait(self, url: str) -> None:
        """Keep the Crawl-delay of the authority, whichever thread asked it last."""
        with self._robots_lock:
            now = time.monotonic()
            at = max(now, self._next.get(_authority(url), 0.0))
            self._asked(url, at)
        time.sleep(at - now)

    def _asked(self, url: str, at: float) -> None:
        """The authority is asked at this moment (of the monotonic clock), and not again before its delay is over."""
        authority = _authority(url)
        with self._robots_lock:
            known = self._robots.get(authority)
            if known is not None and (delay := known[0].delay(self._agent, self.options.robots_mode)):
                self._next[authority] = max(self._next.get(authority, 0.0), at + delay)

    def _bring(self, url: str) -> Brought:
        """One file of a site's own, decided as a page is; nothing where it is refused or does not come whole."""
        headers = {"Accept-Encoding": "identity"} | ({"User-Agent": self._user_agent} if self._user_agent else {})
        asked = requests.Request("GET", url, headers=headers).prepare()
        try:
            decision = self._ask(url, self._verdict(url), self._resting.of(url))
            self._wait(url)
            answer = self._carry(asked, decision, None, (), {"timeout": _ROBOTS_SECONDS, "stream": True})
            body = opened(_body(answer), answer.headers.get("Content-Encoding", ""), MAX_OCTETS + 1)
            return Brought(answer.status_code, answer.headers.get("Location", ""), body)
        except _Stop as stop:
            self._refuse(stop.decision)
        except Exception as error:  # noqa: BLE001 - no answer is no permission; a lost ledger fails the page's permit too
            logger.debug("%s did not come: %r", url, error)
        return Brought()

    def _fetch(self, robots: AuthorityRobots) -> None:
        fetch = robots.begin()
        outcome = None
        while fetch is not None and outcome is None:
            plain = {"Accept-Encoding": "identity", **fetch.headers}
            asked = requests.Request("GET", fetch.url, headers=plain).prepare()
            try:
                decision = self._ask(fetch.url, NOT_ASKED)
                answer = self._carry(asked, decision, None, (), {"timeout": _ROBOTS_SECONDS, "stream": True})
                body = opened(_body(answer), answer.headers.get("Content-Encoding", ""), MAX_OCTETS + 1)
                outcome = fetch.respond(answer.status_code, list(answer.headers.items()), body, time.time())
            except _Stop as stop:
                reason = stop.decision.governing
                outcome = fetch.fail(f"refused: {reason.message if reason else ''}", time.time())
            except Exception as error:  # noqa: BLE001 - no answer is no permission
                outcome = fetch.fail(f"{type(error).__name__}: {error}", time.time())
        if outcome is not None:
            robots.settle(outcome)

    def _find(self, request: requests.PreparedRequest, url: str, host: str) -> Resolution:
        try:
            return self._route(url, host)
        except (OSError, CannotResolveHostError) as error:
            raise requests.ConnectionError(str(error), request=request) from error

    def _route(self, url: str, host: str) -> Resolution:
        """Names and addresses on the way, each of them judged."""

        def judge(name: str) -> None:
            with self._lock:
                decision = self._judge.host(name)
            if decision.refused:
                raise _Stop(with_route(decision, url, f"via {name}"))

        judge(host)
        found = self._resolver.ask(host, judge)
        for address in found.addresses:
            judge(address)
        return found

    def _proxy(self, url: str, proxies: Mapping[str, str] | None) -> Endpoint | None:
        proxy = select_proxy(url, dict(proxies or {}))
        if not proxy:
            return None
        endpoint = endpoint_of(proxy)
        if not self._proxies.allow(endpoint.host, endpoint.port):
            why = "the request names a proxy that DESIST_PROXIES does not list"
            help_ = "add `host:port` of the proxy to DESIST_PROXIES"
            raise _Stop(refusal(url, Basis.PROXY, "proxy", why, help=help_))
        return endpoint

    # --- acting ------------------------------------------------------------------------------------------------------

    def _carry(
        self,
        request: requests.PreparedRequest,
        decision: Decision,
        proxies: Mapping[str, str] | None,
        args: tuple[Any, ...],
        kinds: Mapping[str, Any],
    ) -> requests.Response:
        url = str(request.url)
        place = self._proxy(url, proxies) or place_of(url)
        route = self._find(request, url, place.host)
        self._permit(request, decision, route)
        unpin = PINS.pin(place.host, route.addresses, place.port)
        try:
            return super().send(request, *args, **{**kinds, "proxies": proxies})
        finally:
            unpin()
            self._asked(url, time.monotonic())

    def _check_headers(self, request: requests.PreparedRequest, url: str) -> None:
        agent = request.headers.get("User-Agent")
        if agent and self._agent.lower() != EVERY_GROUP and not stands_in(self._agent, _text(agent)):
            why = "the User-Agent header to be sent does not name the agent by which the site's files were judged"
            raise _Stop(refusal(url, Basis.AMBIGUOUS, "user-agent", why, help="name it in `user_agent=`"))
        host = request.headers.get("Host")
        if host and place_of(f"http://{host}/").host != place_of(url).host:
            raise _Stop(refusal(url, Basis.AMBIGUOUS, "host-header", "the Host header names another host than the URL"))

    def _look_at(self, url: str, response: requests.Response) -> None:
        headers = list(response.headers.items())
        now = time.time()
        status = read_status(response.status_code, headers, now)
        self._resting.add(url, status)
        kind = response.headers.get("Content-Type", "")
        signals = (*status, *self._site_files.of_page(url, headers, kind, markup_of(response, kind)))
        if not signals:
            return
        try:
            self._ask(url, NOT_ASKED, signals)
        except _Stop:
            response.close()
            raise

    def _permit(self, request: requests.PreparedRequest, decision: Decision, route: Resolution) -> None:
        details = {"url": str(request.url), "method": str(request.method), "addresses": " ".join(route.addresses)}
        self._ledger.record(
            "permit",
            platforms=decision.platforms,
            domain="" if decision.platforms else place_of(decision.url).domain,
            docket=decision.docket,
            gate="wire",
            revision=decision.revision,
            details=details if self._ledger.sealed_to else {},
        )

    def _refuse(self, decision: Decision) -> int:
        reason = decision.governing
        return self._ledger.record(
            "refuse",
            platforms=decision.platforms,
            domain="" if decision.platforms else place_of(decision.url).domain,
            basis=reason.basis.value if reason else "",
            rule=reason.rule if reason else "",
            docket=decision.docket,
            gate="wire",
            revision=self._policies.revision,
            details={"url": decision.url} if self._ledger.sealed_to else {},
        ).n


def _authority(url: str) -> str:
    place = place_of(url)
    host = f"[{place.host}]" if ":" in place.host else place.host
    return f"{place.scheme}://{host}:{place.port}"


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _body(answer: requests.Response) -> bytes:
    """The body as it was sent, one octet more than counts at most; TimeoutError where it does not come in time."""
    until, body = time.monotonic() + _ROBOTS_SECONDS, b""
    while len(body) <= MAX_OCTETS and (part := answer.raw.read1(1 << 16, decode_content=False)):
        body += part
        if time.monotonic() > until:
            raise TimeoutError("robots.txt does not come to an end")
    answer.close()
    return body
