"""What a page says of itself: meta elements and the licences that it names, read before the spider sees it.

A page that refuses is withheld. One that only says `nofollow` is handed over, and its links are not followed. What was
said of a page that was handed over is put on record with it.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin
from weakref import WeakKeyDictionary

import msgspec
from scrapy.http import HtmlResponse, XmlResponse

from ..errors import GateError
from ..model import Basis, Decision, Signal, Usage
from ..optout import follows, read_html, rsl_links, rsl_of_headers
from ..urls import read
from .courier import Courier, Failed, pairs_of, undo_coding
from .files_gate import FilesGate
from .headers import HeadersGate
from .verdicts import refusal

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from .warden import Warden

__all__ = ["MetaGate"]

_PAGE: Final = re.compile(rb"html|xml|^$")
_MOST_OCTETS: Final = 64 * 1024 * 1024
"""To which a page may open."""
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
        body = _markup(response)
        options = self._warden.options
        return read_html(body, time.time(), options.agent or "Mozilla", options.robots_mode) if body else ()

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
    return named + tuple(urljoin(response.url, href) for href in rsl_links(_markup(response)))


def _markup(response: Response) -> bytes:
    """A page's body as ASCII and its supersets, whatever its coding and alphabet; empty for what is no page.

    GateError where a content coding is left on it that cannot be undone: what it says of itself would stay unread.
    """
    if isinstance(response, (HtmlResponse, XmlResponse)):
        plain = "<".encode(response.encoding) == b"<"
        return response.body if plain else response.text.encode()
    kind = (response.headers.get("Content-Type") or b"").lower()
    if not response.headers.get("Content-Encoding") or not response.body or not _PAGE.search(kind):
        return b""
    opened = undo_coding(response, _MOST_OCTETS)
    if isinstance(opened, Failed):
        raise GateError(f"a page whose meta elements cannot be read: {opened.why}")
    return opened.body


def _filed(decision: Decision, docket: str) -> Decision:
    reasons = tuple(msgspec.structs.replace(reason, docket=docket) for reason in decision.reasons)
    return msgspec.structs.replace(decision, reasons=reasons, governing=reasons[0], docket=docket)
