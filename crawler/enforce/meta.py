"""What a page says of itself: meta elements and the licences that it names, read before anything can keep it.

A page that refuses is withheld. One that only says `nofollow` is handed over, and its links are not followed. What was
said of a page that was handed over is put on record with it.
"""

from __future__ import annotations

import re
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urljoin
from weakref import WeakKeyDictionary

import msgspec
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.http import HtmlResponse, TextResponse, XmlResponse
from scrapy.responsetypes import responsetypes
from w3lib.encoding import http_content_type_encoding

from ..errors import GateError
from ..model import Basis, Decision, Signal, Usage
from ..optout import follows, read_html, rsl_links, rsl_of_headers
from ..urls import read
from .courier import Courier, pairs_of
from .files_gate import FilesGate
from .headers import HeadersGate
from .verdicts import refusal

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Headers, Response
    from twisted.python.failure import Failure

    from .warden import Warden

__all__ = ["MetaGate"]

_PAGE: Final = re.compile(rb"html|xml|^$")
_MOST_OCTETS: Final = 64 * 1024 * 1024
"""To which a page may open."""
_WIDE_BOMS: Final = (b"\xfe\xff", b"\xff\xfe", b"\x00\x00\xfe\xff")
"""They outrank what a header declares."""
_SAID: Final = 2000
"""Characters of statements that an outcome keeps."""


class _Seen(NamedTuple):
    """A page without its coding, as it was judged, and all that was said of it."""

    headers: Headers
    body: bytes
    found: tuple[Signal, ...]

    def is_of(self, response: Response) -> bool:
        """Whether a response still is this page."""
        return self.body == response.body and self.headers == response.headers


class MetaGate:
    """Asked of every response, as it comes and as it is handed over; belongs to the thread of the event loop."""

    def __init__(self, warden: Warden, courier: Courier, files: FilesGate, headers: HeadersGate) -> None:
        self._warden = warden
        self._courier = courier
        self._files = files
        self._headers = headers
        self._nofollow: WeakKeyDictionary[Request, Signal] = WeakKeyDictionary()
        self._seen: WeakKeyDictionary[Request, _Seen] = WeakKeyDictionary()
        self._withheld: WeakKeyDictionary[Request, Decision] = WeakKeyDictionary()
        """Refused answers that go on without their page."""

    async def judge(self, request: Request, response: Response) -> Decision | None:
        """The refusal of a page as it came, or None."""
        if self._courier.errand(request):
            return None
        page = _opened(response)
        found = await self._all_of(request, response, page)
        self._seen[request] = _Seen(page.headers, page.body, found)
        return self._refusal(request, found)

    def bare(self, request: Request, response: Response, decision: Decision) -> Response:
        """A refused answer without its page; `hand_over` knows it again."""
        self._withheld[request] = decision
        emptied = response.replace(body=b"")
        emptied.headers.pop("Content-Encoding", None)
        return emptied

    async def hand_over(self, request: Request, response: Response) -> Decision | None:
        """The refusal of what is about to be handed over; a page that is let through has its signals put on record."""
        if self._courier.errand(request):
            return None
        if (withheld := self._withheld.pop(request, None)) is not None:
            return withheld
        seen = self._seen.pop(request, None)
        if seen is not None and seen.is_of(response):
            found = seen.found
        else:
            found = await self._all_of(request, response, _opened(response))
        if not found:
            self._record(request, response, self._files.on_hand(request))
            return None
        if (decision := self._refusal(request, found)) is not None:
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

    async def _all_of(self, request: Request, response: Response, page: Response) -> tuple[Signal, ...]:
        """What headers, meta elements and the licences named there say; `page` is the response without its coding."""
        markup, found = _markup(page), self._headers.said(request, response)
        if markup:
            options = self._warden.options
            found += read_html(markup, time.time(), options.agent or "Mozilla", options.robots_mode)
        named = _licences(response, markup)
        return found + await self._files.licences(named, request) if named else found

    def _refusal(self, request: Request, found: tuple[Signal, ...]) -> Decision | None:
        if not found:
            return None
        decision = self._warden.judge(request.url, signals=found)
        return decision if decision.refused else None

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


def _licences(response: Response, markup: bytes) -> tuple[str, ...]:
    """Absolute URLs of the RSL licences that a response names."""
    named = rsl_of_headers(pairs_of(response.headers), response.url) if b"Link" in response.headers else ()
    return named + tuple(urljoin(response.url, href) for href in rsl_links(markup))


def _markup(page: Response) -> bytes:
    """A page's body as ASCII and its supersets, whatever its alphabet; empty for what is no page."""
    if not isinstance(page, (HtmlResponse, XmlResponse)):
        return b""
    return page.body if _is_plain(page) else page.text.encode()


def _is_plain(page: TextResponse) -> bool:
    """Whether a page's octets hold its tags as ASCII does; an encoding is worked out only where nothing declares it."""
    kind = page.headers.get(b"Content-Type")
    if kind and page._encoding is None and not page.body.startswith(_WIDE_BOMS) and _declares_plain(kind):
        return True
    return _holds_ascii(page.encoding)


@lru_cache(maxsize=1024)
def _declares_plain(content_type: bytes) -> bool:
    name = http_content_type_encoding(content_type.decode("latin-1"))
    return name is not None and _holds_ascii(name)


def _holds_ascii(encoding: str) -> bool:
    return "<".encode(encoding) == b"<"


def _opened(response: Response) -> Response:
    """A response without its content codings, as Scrapy's own middleware undoes them.

    GateError for a page with a coding that cannot be undone: what it says of itself would stay unread.
    """
    codings = response.headers.getlist("Content-Encoding")
    if not codings or not response.body:
        return response
    headers = response.headers.copy()
    body, left = _undone(response, codings)
    headers["Content-Encoding"] = left
    if not left:
        del headers["Content-Encoding"]
    kind = responsetypes.from_args(headers=headers, url=response.url, body=body)
    if left and not issubclass(kind, (HtmlResponse, XmlResponse)) and _may_be_page(response):
        raise GateError("a page whose meta elements cannot be read: its content coding is not known")
    return kind(response.url, status=response.status, headers=headers, body=body)


def _undone(response: Response, codings: list[bytes]) -> tuple[bytes, list[bytes]]:
    """A body without the codings that are known, from the last one applied on, and those that are left on it."""
    known, left = HttpCompressionMiddleware._split_encodings(codings)
    body = response.body
    try:
        for coding in known:
            body = HttpCompressionMiddleware._decode(body, coding, _MOST_OCTETS)
    except Exception as error:
        if _may_be_page(response):
            raise GateError(f"a page whose meta elements cannot be read: {type(error).__name__}: {error}") from error
        return response.body, left
    return body, [coding for coding in left if coding not in {b"", b"identity"}]


def _may_be_page(response: Response) -> bool:
    """Whether a response that nobody can read says that it is a page, or does not say what it is."""
    return _PAGE.search((response.headers.get("Content-Type") or b"").lower()) is not None


def _filed(decision: Decision, docket: str) -> Decision:
    reasons = tuple(msgspec.structs.replace(reason, docket=docket) for reason in decision.reasons)
    return msgspec.structs.replace(decision, reasons=reasons, governing=reasons[0], docket=docket)
