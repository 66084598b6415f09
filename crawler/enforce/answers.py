"""What `requests` makes of an answer: whether it is asked for again, and the markup of a page."""

from __future__ import annotations

import codecs
from types import NoneType
from typing import Final

import requests
import urllib3.exceptions
from requests.utils import rewind_body
from urllib3.util import Retry

__all__ = ["again", "markup_of"]

_WIDE: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def again(
    retries: Retry, request: requests.PreparedRequest, response: requests.Response | None, failure: Exception | None
) -> Retry | None:
    """What is left of the retries, after their pause; None where the response stands. Raises a failure that stands."""
    if response is not None and not retries.is_retry(
        str(request.method), response.status_code, "Retry-After" in response.headers
    ):
        return None
    raw = response.raw if response is not None else None
    said = failure.args[0] if failure is not None and failure.args else failure
    cause = getattr(said, "reason", said)
    try:
        error = cause if isinstance(cause, Exception) else failure
        left = retries.increment(request.method, request.url, raw, error)
    except (urllib3.exceptions.HTTPError, OSError) as over:
        if failure is not None:
            raise failure from None
        if retries.raise_on_status:
            raise requests.exceptions.RetryError(over, request=request) from None
        return None
    if response is not None:
        response.close()
    if not isinstance(request.body, (str, bytes, NoneType)):
        rewind_body(request)
    left.sleep(raw)
    return left


def markup_of(response: requests.Response, kind: str) -> bytes:
    """The body of a page in ASCII or a superset of it; empty for what says that it is no page."""
    if kind and not any(word in kind.lower() for word in ("html", "xml")):
        return b""
    body = response.content
    wide = next((name for bom, name in _WIDE if body.startswith(bom)), response.encoding or "ascii")
    try:
        return body if "<a>".encode(wide) == b"<a>" else body.decode(wide, "replace").encode()
    except LookupError:
        return body  # a charset that nobody knows: the elements are looked for as they stand
