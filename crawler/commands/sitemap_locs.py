"""The `<loc>` of a sitemap or sitemap index. No XML parser, so that no entity is ever expanded.

One pass from `<` to `<`: its time is linear in the file's length whatever the file holds, and nothing that begins as a
`<loc>` is passed over: what is not closed, holds a tag or has no end in sight is an error of its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import IO, Final

from ..errors import UsageError

__all__ = ["LONGEST", "locs"]

LONGEST: Final = 1 << 20
"""Characters between two `<`, and of one URL, at most."""
_CHUNK: Final = 1 << 18
_OPENS: Final = re.compile(r"(?:[\w.-]+:)?loc(?=[\s/>]|$)", re.IGNORECASE)
_CDATA: Final = "![CDATA["
_CLOSED: Final = "]]>"

Piece = tuple[str, int]
"""What stands behind a `<` up to the next one, and the line of that `<`, from 1."""


def locs(stream: IO[str], name: str) -> Iterator[Piece]:
    """Each URL with the line of its `<loc>`; UsageError with that line for one that cannot be read to its end."""
    pieces = _pieces(stream, name)
    for piece, line in pieces:
        opened = _OPENS.match(piece)
        if opened is None:
            continue
        inside, closed, text = piece[opened.end() :].partition(">")
        if not closed:
            raise _bad("is not closed", name, line)
        if not inside.endswith("/"):
            yield _text(text, pieces, name, line).strip(), line


def _text(first: str, pieces: Iterator[Piece], name: str, line: int) -> str:
    """The text up to the tag that closes it: its character references resolved, but for what stands in CDATA."""
    parts = [unescape(first)]
    for piece, _ in pieces:
        if piece.startswith("/"):
            return "".join(parts)
        if not piece.startswith(_CDATA):
            raise _bad("holds another tag", name, line)
        plain, rest = _plain(piece.removeprefix(_CDATA), pieces, name, line)
        parts += [plain, unescape(rest)]
        if sum(map(len, parts)) > LONGEST:
            raise _bad(f"is longer than {LONGEST:,} characters", name, line)
    raise _bad("has no end", name, line)


def _plain(first: str, pieces: Iterator[Piece], name: str, line: int) -> tuple[str, str]:
    """What a CDATA section holds, and the text behind it; a `<` within it is text."""
    held, length = [first], len(first)
    while _CLOSED not in held[-1]:
        more = next(pieces, None)
        if more is None or length > LONGEST:
            raise _bad("holds a CDATA section without an end", name, line)
        held.append(more[0])
        length += len(more[0]) + 1
    last, _, rest = held.pop().partition(_CLOSED)
    return "<".join([*held, last]), rest


def _pieces(stream: IO[str], name: str) -> Iterator[Piece]:
    held, line = "", 1
    while chunk := stream.read(_CHUNK):
        *whole, held = (held + chunk).split("<")
        for piece in whole:
            yield piece, line
            line += piece.count("\n")
        if len(held) > LONGEST:
            kind = "`<loc>`" if _OPENS.match(held) else "text"
            raise _bad(f"is longer than {LONGEST:,} characters", name, line, kind)
    yield held, line


def _bad(what: str, name: str, line: int, kind: str = "`<loc>`") -> UsageError:
    return UsageError(f"a {kind} {what}", place=f"{name}:{line}", help="mend the sitemap, or fetch it again")
