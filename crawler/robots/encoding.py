"""What the bytes of a robots.txt are: UTF-8 by rule (RFC 9309 2.3), UTF-16 and HTML by accident.

`rfc` mode takes bytes as they come. Strict mode makes UTF-16 and UTF-32 good, which RFC 9309 2.2.2 lets a crawler do,
and takes what is not plain text for no robots.txt at all.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

__all__ = ["charset_of", "trouble_of", "utf8_of"]

_BOMS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE: Final = re.compile(r"utf-?(?:16|32)|ucs-?[24]", re.IGNORECASE)
_CHARSET: Final = re.compile(r";\s*charset\s*=\s*\"?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_MARKUP: Final = re.compile(
    rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype|\?xml|html|head|body|title|meta|script|div|h1|p|rss|svg)\b",
    re.IGNORECASE | re.DOTALL,
)
_SNIFFED: Final = 4096
"""Octets in which markup is looked for."""


def charset_of(content_type: str) -> str:
    """The charset that a Content-Type names, in lower case; empty where it names none that Python knows."""
    found = _CHARSET.search(content_type)
    if not found:
        return ""
    try:
        return codecs.lookup(found[1]).name
    except LookupError:
        return ""


def utf8_of(body: bytes, charset: str = "") -> bytes | None:
    """The body in UTF-8 where it is UTF-16 or UTF-32, else as it is; None where it is wide and cannot be decoded.

    ASCII that only claims to be wide, by its first octets or its charset, is taken for what it is.
    """
    bom, wide = next(((bom, name) for bom, name in _BOMS if body.startswith(bom)), (b"", ""))
    if not wide and _WIDE.match(charset):
        wide = charset
    bare = body[len(bom) :]
    if wide and bare.isascii() and b"\0" not in bare:
        return bare
    if not wide:
        return None if _looks_wide(body) else body
    try:
        return body.decode(wide).encode()
    except UnicodeError:
        return None


def _looks_wide(body: bytes) -> bool:
    """Whether every second octet of the beginning is NUL: wide text that does not say so."""
    head = body[:64]
    return len(head) >= 8 and (not any(head[::2]) or not any(head[1::2]))


def trouble_of(body: bytes, content_type: str) -> str:
    """Why this is no plain text, in one clause; empty where it is, or where nothing says otherwise."""
    kind = content_type.partition(";")[0].strip().lower()
    if _MARKUP.match(body[:_SNIFFED].removeprefix(codecs.BOM_UTF8)):
        return "it is a page of markup, not a robots.txt"
    if kind and kind != "text/plain":
        return f"it is served as `{kind[:60]}`, not as text/plain"
    return ""
