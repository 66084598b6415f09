"""What a page says of itself: meta elements and the licences that it names, read before the spider sees it.

A page that refuses is withheld. One that only says `nofollow` is handed over, and its links are not followed. What was
said of a page that was handed over is put on record with it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin
from weakref import WeakKeyDictionary

import msgspec
from scrapy.http import HtmlResponse, XmlResponse

from ..model import Basis, Decision, Signal, Usage
from ..optout import follows, read_html, rsl_links, rsl_of_headers
from ..urls import read
from .courier import Courier, pairs_of
from .files_gate import FilesGate
from .headers import HeadersGate
from .verdicts import refusal

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from .warden import Warden

__all__ = ["MetaGate"]

_SAID: Final = 2000
"""Characters of statements that an outcome keeps."""


class MetaGate:
    """Asked by the engine gate of every response on its way out; belongs to the thread of the event loop."""

    def __init__(self, warden: Warden, courier: Courier, files: FilesGate, headers: HeadersGate) -> None:
        self._warden = warden
        self._courier = courier
        self._files = files
        self._headers = headers
        self._nofollow: WeakKeyDictionary[Request, Signal] = WeakKeyDictionary()

    async def judge(self, request: Request, response: Response) -> Decision | None:
        """The refusal of a page, or None; a page that is let through has its signals put on record."""
        if self._courier.errand(request):
            return None
        found = (*self._headers.said(request, response), *self._of_page(response))
        found += await self._files.licences(_licences(response), request)
        if found:
            decision = self._warden.judge(request.url, signals=found)
            if decision.refused:
                return decision
            if not follows(found):
                self._nofollow[request] = next(one for one in found if Usage.FOLLOW in one.usages)
        self._record(request, response, (*self._files.on_hand(request), *found))
        return None

    def may_follow(self, response: Response, link: Request) -> Decision | None:
        """The refusal of a request that a callback made out of a page whose links must not be followed, or None."""
        said = self._nofollow.get(response.request) if self._nofollow and response.request is not None else None
        if said is None or link.url == response.url:
            return None
        decision = refusal(
            link.url, Basis.OPTOUT, said.name, f"the page that links to it says `{said.text}` ({said.place})",
            help="leave the links of this page alone", revision=self._warden.policies.revision,
        )  # fmt: skip
        return _filed(decision, f"signal:{said.name}:{read(response.url).host}")

    def _of_page(self, response: Response) -> tuple[Signal, ...]:
        if not isinstance(response, (HtmlResponse, XmlResponse)):
            return ()
        options = self._warden.options
        return read_html(response.body, time.time(), options.agent or "Mozilla", options.robots_mode)

    def _record(self, request: Request, response: Response, found: tuple[Signal, ...]) -> None:
        """What was said of a page under which it was allowed: for other purposes, or a permission."""
        if not found:
            return
        names = sorted({f"{one.name}={one.verdict}" for one in found})
        said = [f"{one.place}: {one.text or one.verdict}" for one in found]
        facts = {"status": response.status, "octets": len(response.body), "signals": len(found)}
        entry = self._warden.recorder.outcome(
            request.url, facts, said=" | ".join(said)[:_SAID], signals=" ".join(names)
        )
        entry.addErrback(self._lost)

    def _lost(self, failure: Failure) -> None:
        self._warden.lose(failure.value)  # type: ignore[arg-type]  # the ledger raises LedgerError alone


def _licences(response: Response) -> tuple[str, ...]:
    """Absolute URLs of the RSL licences that a response names."""
    named = rsl_of_headers(pairs_of(response.headers), response.url) if b"Link" in response.headers else ()
    if isinstance(response, (HtmlResponse, XmlResponse)):
        named += tuple(urljoin(response.url, href) for href in rsl_links(response.body))
    return named


def _filed(decision: Decision, docket: str) -> Decision:
    reasons = tuple(msgspec.structs.replace(reason, docket=docket) for reason in decision.reasons)
    return msgspec.structs.replace(decision, reasons=reasons, governing=reasons[0], docket=docket)
