"""Content codings of the files that the gates fetch themselves (RFC 9110 8.4)."""

from __future__ import annotations

import zlib
from typing import Final

__all__ = ["opened"]

_ZLIB_OR_GZIP: Final = 47
"""Told apart by the header (zlib.decompressobj)."""


def opened(body: bytes, coding: str, most: int) -> bytes:
    """A body without its coding, `most` octets at most; ValueError says why it cannot be read."""
    coding = coding.strip().lower()
    if not body or coding in {"", "identity"}:
        return body
    if coding not in {"gzip", "x-gzip", "deflate"}:
        raise ValueError(f"its content coding `{coding[:40]}` was not asked for")
    try:
        plain = zlib.decompressobj(_ZLIB_OR_GZIP).decompress(body, most + 1)
    except zlib.error as error:
        raise ValueError(f"its content coding cannot be undone: {error}") from error
    if len(plain) > most:
        raise ValueError(f"gzip bomb: it opens to more than {most} octets")
    return plain
