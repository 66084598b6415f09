"""The status of a response as soon as its headers are here, for every handler that Scrapy has.

Scrapy's signal for headers tells no status. Were it judged when the handler is done, a 429 whose body breaks off or
never ends would be an error like any other, and be tried again. A handler of another shape than those known here is
judged when it is done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from scrapy import Request

__all__ = ["STATUSES", "note_statuses"]

STATUSES: Final[WeakKeyDictionary[Request, int]] = WeakKeyDictionary()
"""Of each request whose headers are about to be told; touched by the thread of the event loop only."""
_MARK: Final = "_desist_notes"


def note_statuses(handler: Any) -> None:
    """Let `handler` say the status of a response before it tells of its headers; harmless twice."""
    for cls in type(handler).__mro__:
        hook = _HOOKS.get(f"{cls.__module__}.{cls.__qualname__}")
        if hook is not None:
            hook(handler)
            return


def _of_http11(_: Any) -> None:
    from scrapy.core.downloader.handlers.http11 import _ScrapyAgent  # noqa: PLC0415 - only where it is in use

    _stand_in(_ScrapyAgent, "_cb_bodyready", lambda _, answer, request: (request, int(answer.code)))


def _of_http2(_: Any) -> None:
    from scrapy.core._http2.stream import Stream  # noqa: PLC0415 - only where it is in use

    def said(stream: Any, headers: list[tuple[str, str]]) -> tuple[Request, int]:
        return stream._request, next((int(value) for name, value in headers if name == ":status"), 0)

    _stand_in(Stream, "receive_headers", said)


def _of_streaming(handler: Any) -> None:
    """aiohttp, httpx and their like; the method is a static one, so that it is the instance's that is stood in for."""
    plain = handler._build_base_response_args

    def build(answer: Any, request: Request, headers: Any) -> Any:
        made = plain(answer, request, headers)
        STATUSES[request] = made["status"]
        return made

    handler._build_base_response_args = build


def _stand_in(cls: Any, name: str, said: Callable[..., tuple[Request, int]]) -> None:
    """Note what `said` finds in the arguments of a method before the method runs."""
    plain = getattr(cls, name)
    if hasattr(plain, _MARK):
        return

    def noting(*args: Any) -> Any:
        request, status = said(*args)
        STATUSES[request] = status
        return plain(*args)

    setattr(noting, _MARK, True)
    setattr(cls, name, noting)


_HANDLERS: Final = "scrapy.core.downloader.handlers"
_HOOKS: Final[dict[str, Callable[[Any], None]]] = {
    f"{_HANDLERS}.http11.HTTP11DownloadHandler": _of_http11,
    f"{_HANDLERS}.http2.H2DownloadHandler": _of_http2,
    f"{_HANDLERS}._base_streaming.BaseStreamingDownloadHandler": _of_streaming,
}
