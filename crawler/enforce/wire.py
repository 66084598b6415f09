"""Gate 3, the wire: the last look at a request, after the slot queue, and the receipt without which there is no socket.

A downloader middleware decides up to minutes before a request uses the network, and every middleware behind it may
rewrite the URL, the Host header and the proxy. So this handler stands in front of every download handler, judges what
is really about to be sent, waits until the permit is durable, asks whether the policies are still those that it judged
by, and only then lets the inner handler go.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.exceptions import StopDownload
from scrapy.utils.asyncio import is_asyncio_available
from scrapy.utils.defer import deferred_from_coro, maybe_deferred_to_future
from scrapy.utils.misc import build_from_crawler, load_object
from twisted.internet.defer import CancelledError, Deferred

from ..errors import DesistError, GateError
from ..model import Decision
from .carriage import first_host
from .grants import Grant, Permit, Sent
from .inner import fit
from .places import place_of
from .reactor_gate import on_reactor
from .resolver import Resolution
from .warden import Warden

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

__all__ = ["BEHIND", "WireGate"]

BEHIND: Final = "_DESIST_BEHIND"
"""The settings key for the download handlers that stand behind the gate, by scheme."""
_ROUNDS: Final = 3
"""How often the policies may change under a request before it is refused: each round waits for a receipt."""


class WireGate(BaseDownloadHandler):
    """In front of every scheme's download handler. The inner one is built at the scheme's first use."""

    lazy = True

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._warden = Warden.of(crawler)
        self._behind: dict[str, Any] = dict(crawler.settings[BEHIND])
        self._inner: dict[str, Any] = {}
        self._is_new: dict[int, bool] = {}
        """Whether a handler in use returns coroutines, by its `id`; the old kind returns Deferreds."""
        self._permits: WeakKeyDictionary[Request, Permit] = WeakKeyDictionary()
        """Permits of requests that still wait for their slot."""
        self._with_reactor = crawler.settings.getbool("TWISTED_REACTOR_ENABLED")

    async def download_request(self, request: Request) -> Response:
        """Decide, record, let go; raises Refused."""
        await self._warden.site.turn(request)
        grant = await self._admit(request)
        try:
            response = await self._carry(grant, request)
            await self._look_at(request, partial(self._warden.site.received, request, response))
        except StopDownload as stop:
            await self._look_at(request, partial(self._warden.site.stopped, request, stop.response))
            raise
        finally:
            self._warden.grants.drop(grant)
        return response

    async def _look_at(self, request: Request, judge: Callable[[], Decision | None]) -> None:
        """Raise Refused where status or headers refuse the response."""
        try:
            decision = judge()
        except Exception as error:  # noqa: BLE001 - an erring gate refuses
            decision = self._warden.trouble(request.url, f"the headers gate failed: {type(error).__name__}: {error}")
        if decision is not None:
            raise await self._warden.refuse(decision, "headers")

    @property
    def inner(self) -> list[Any]:
        """The handlers behind the gate that are in use."""
        return list(self._inner.values())

    async def close(self) -> None:
        """Close what was opened behind the gate."""
        for inner in self._inner.values():
            if hasattr(inner, "close"):
                closing = inner.close()
                if inspect.isawaitable(closing):
                    await closing

    # --- admitting -------------------------------------------------------------------------------------------------

    async def prepare(self, request: Request) -> None:
        """Put a permit on record for a request that is about to wait for its turn; raises Refused.

        It is looked at once more when the turn comes, and recorded anew where it would say something else by then.
        """
        self._permits[request] = await self._permit(request, None)

    async def _admit(self, request: Request) -> Grant:
        permit = self._permits.pop(request, None)
        for _ in range(_ROUNDS):
            permit = await self._permit(request, permit)
            if permit.covers(Sent.of(request), self._warden.policies.revision) and not self._warden.lost:
                return self._warden.grant(permit)
        raise await self._warden.refuse(
            self._warden.trouble(request.url, "the policies changed while the permit was being recorded"), "wire"
        )

    async def _permit(self, request: Request, known: Permit | None) -> Permit:
        """The permit on record of a request as it stands: the one at hand where that says all of it, else a new one."""
        sent = Sent.of(request)
        travels = known is not None and not sent.proxy and known.covers(sent, self._warden.policies.revision)
        decision, resolution = await self._decide(request, place_of(request.url).host if travels else None)
        if decision.refused or resolution is None:
            raise await self._warden.refuse(decision, "wire")
        if known is not None and known.says(sent, decision, resolution, self._warden.site.facts(request)):
            return known
        return await self._warden.permit(request, decision, resolution)

    async def _decide(self, request: Request, host: str | None) -> tuple[Decision, Resolution | None]:
        """The decision on all that is about to be sent, with where it would go; never raises but for a dead DNS.

        `host` is the one to dial where a permit on record says that the request may travel as it does.
        """
        url = request.url
        try:
            decision = self._warden.site.on_hand(request)
            if decision.refused:
                return decision, None
            way = host or first_host(self._warden, request)
            if isinstance(way, Decision):
                return way, None
        except Exception as error:  # noqa: BLE001 - an erring gate refuses
            return self._warden.trouble(url, f"the wire gate failed: {type(error).__name__}: {error}"), None
        route = await self._warden.route(url, way)
        return (route, None) if isinstance(route, Decision) else (decision, route)

    # --- letting go ------------------------------------------------------------------------------------------------

    async def _carry(self, grant: Grant, request: Request) -> Response:
        try:
            inner = self._handler(request)
        except DesistError as error:
            raise await self._warden.refuse(self._warden.trouble(request.url, error.message), "wire") from error
        try:
            return await self._download(grant, inner, request)
        except (asyncio.CancelledError, CancelledError):
            if grant.stopped is None:
                raise
            raise await self._withdrawn(grant) from None
        except Exception as error:
            if grant.stopped is None:
                raise
            raise await self._withdrawn(grant) from error

    async def _withdrawn(self, grant: Grant) -> Exception:
        assert grant.stopped is not None
        if is_asyncio_available() and (task := asyncio.current_task()) is not None:
            task.uncancel()
        return await self._warden.refuse(grant.stopped, "wire")

    async def _download(self, grant: Grant, inner: Any, request: Request) -> Response:
        """Run the inner handler so that the grant can stop it."""
        if not self._is_new[id(inner)]:
            waiting: Deferred[Response] = inner.download_request(request, self.crawler.spider)
            grant.carried_by(waiting.cancel)
            return await maybe_deferred_to_future(waiting)
        if is_asyncio_available() and (task := asyncio.current_task()) is not None:
            grant.carried_by(task.cancel)
            return await inner.download_request(request)  # type: ignore[no-any-return]
        flight: Deferred[Response] = deferred_from_coro(inner.download_request(request))
        grant.carried_by(flight.cancel)
        return await maybe_deferred_to_future(flight)

    def _handler(self, request: Request) -> Any:
        """The handler behind the gate for the request's scheme, fitted so that it dials what was judged."""
        scheme = place_of(request.url).scheme
        if self._with_reactor and not on_reactor():
            raise GateError("something took the resolver gate out of the reactor")
        if scheme not in self._inner:
            path = self._behind.get(scheme)
            if path is None:
                raise GateError(f"no download handler stands behind the gate for `{scheme}`")
            inner = build_from_crawler(load_object(path), self.crawler)
            fit(inner)
            self._is_new[id(inner)] = inspect.iscoroutinefunction(inner.download_request)
            self._inner[scheme] = inner
        return self._inner[scheme]
