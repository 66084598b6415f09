"""robots.txt bytes to records: one for each line that says something, with its number and how sure the reading is.

Lines end at LF, CR LF or CR and nowhere else (RFC 9309 2.2, `NL`); where other readers see more ends, the refusals that
they find are guesses. What Google's parser tolerates is read wherever it
refuses; a tolerated `Allow` keeps its place in the group and loses its permission, so that nothing is allowed which an
exact reader would not have allowed. Bytes are never an error: what cannot be read is passed over, line by line
(2.3.1.5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, IntEnum
from typing import Final

import msgspec

__all__ = ["Kind", "Record", "Sureness", "read_records"]


class Kind(Enum):
    """What a line is about."""

    USER_AGENT = "user-agent"
    ALLOW = "allow"
    DISALLOW = "disallow"
    CRAWL_DELAY = "crawl-delay"
    REQUEST_RATE = "request-rate"
    CONTENT_USAGE = "content-usage"
    CONTENT_SIGNAL = "content-signal"
    LICENSE = "license"
    SITEMAP = "sitemap"
    OTHER = "other"


class Sureness(IntEnum):
    """Who reads the line so."""

    EXACT = 0
    """RFC 9309 does."""
    TOLERATED = 1
    """Google's parser does: a misspelt field, a missing colon, words behind the field name."""
    GUESSED = 2
    """A person would, or a reader with other line ends. Counts in strict mode, to refuse."""


class Record(msgspec.Struct, frozen=True, gc=False):
    """One line. `value` is empty for a tolerated Allow."""

    line: int
    kind: Kind
    value: bytes
    text: bytes
    """The line as written, without comment and surrounding blanks."""
    sureness: Sureness = Sureness.EXACT


_EXACT: Final = {kind.value.encode(): kind for kind in Kind if kind is not Kind.OTHER}
_MISSPELT: Final = (
    # Prefixes, as in google/robotstxt 22b355f, robots.cc, `ParsedRobotsKey`.
    (b"user-agent", Kind.USER_AGENT),
    (b"useragent", Kind.USER_AGENT),
    (b"user agent", Kind.USER_AGENT),
    (b"allow", Kind.ALLOW),
    (b"disallow", Kind.DISALLOW),
    (b"dissallow", Kind.DISALLOW),
    (b"dissalow", Kind.DISALLOW),
    (b"disalow", Kind.DISALLOW),
    (b"diasllow", Kind.DISALLOW),
    (b"disallaw", Kind.DISALLOW),
)
_GOOGLE_LINE: Final = 2083 * 8 - 1
"""Octets of a line that Google's parser looks at; a refusing pattern cut there reaches further, so it is cut."""
_UTF8_BOM: Final = b"\xef\xbb\xbf"
_BREAK: Final = re.compile(rb"\r\n?|\n")
_OTHER_BREAK: Final = re.compile(rb"[\x0b\x0c\x1c-\x1e]|\xc2\x85|\xe2\x80[\xa8\xa9]")
"""Where other readers end a line as well: Python's `str.splitlines`, and so Protego and the standard library."""
_WORD_BREAK: Final = re.compile(rb"[ \t]+")
_INVISIBLE: Final = re.compile(
    # C0, DEL, C1, NBSP, zero-width and directional marks, ideographic space, byte order mark; in UTF-8 or Latin-1.
    rb"(?:[\x00-\x20\x7f]|\xc2[\x80-\xa0]|\xe2\x80[\x80-\x8f\xa8-\xaf]|\xe2\x81[\xa0-\xaf]|\xe3\x80\x80|\xef\xbb\xbf|\xa0)+"
)


def read_records(data: bytes, charset: str = "") -> Iterator[Record]:
    """Every record of a file, in order; `charset` is what its Content-Type names, for octets that are not UTF-8."""
    kinds: dict[bytes, tuple[Kind, Sureness]] = {}
    other, disallow, exact = Kind.OTHER, Kind.DISALLOW, Sureness.EXACT
    broken = _OTHER_BREAK.search(data) is not None
    for number, raw in enumerate(_BREAK.split(_without_bom(data)), start=1):
        text = raw.partition(b"#")[0].strip()
        if not text:
            if broken:
                yield from _lines_within(number, raw)
            continue
        key, colon, value = text.partition(b":")
        if colon:
            kind, sureness = kinds.get(key) or kinds.setdefault(key, _kind_of(key))
            if kind is other or sureness is exact:
                record = Record(number, kind, value.strip(), text)
            else:
                record = _tolerated(number, kind, value.strip(), text)
        else:
            record = _without_colon(number, text)
        kind = record.kind
        if kind is disallow and (len(raw) > _GOOGLE_LINE or b"\0" in raw):
            record = _reaching_furthest(record, raw)
        yield record
        if kind is other or not text.isascii() or b" " in key or b"\t" in key:
            yield from _guesses(record, text, charset)
        if broken and kind is not disallow and kind is not Kind.ALLOW:
            yield from _lines_within(number, raw)


def _lines_within(number: int, raw: bytes) -> Iterator[Record]:
    """The refusals of a line that other readers take for several lines.

    Of remarks, user-agent lines and the like, where such an octet has no meaning; in a path it is an octet of the path.
    """
    parts = _OTHER_BREAK.split(raw)
    if len(parts) == 1:
        return
    for part in parts:
        text = part.partition(b"#")[0].strip()
        key, _, value = text.partition(b":")
        kind, _ = _kind_of(key)
        if kind is Kind.DISALLOW or kind is Kind.USER_AGENT:
            yield Record(number, kind, value.strip(), text, Sureness.GUESSED)


def _without_bom(data: bytes) -> bytes:
    """Skip a UTF-8 byte order mark, a broken one too."""
    skip = 0
    while skip < len(_UTF8_BOM) and data[skip : skip + 1] == _UTF8_BOM[skip : skip + 1]:
        skip += 1
    return data[skip:]


def _kind_of(key: bytes) -> tuple[Kind, Sureness]:
    """What the text before the colon names."""
    name = key.strip().lower()
    exact = _EXACT.get(name)
    if exact is not None:
        return exact, Sureness.EXACT
    for prefix, kind in _MISSPELT:
        if name.startswith(prefix):
            return kind, Sureness.TOLERATED
    return Kind.OTHER, Sureness.EXACT


def _tolerated(number: int, kind: Kind, value: bytes, text: bytes) -> Record:
    return Record(number, kind, b"" if kind is Kind.ALLOW else value, text, Sureness.TOLERATED)


def _without_colon(number: int, text: bytes) -> Record:
    """A line without a colon counts where it is one word, blanks and one other word."""
    words = _WORD_BREAK.split(text)
    if len(words) == 2:
        kind, _ = _kind_of(words[0])
        if kind is Kind.USER_AGENT or kind is Kind.ALLOW or kind is Kind.DISALLOW:
            return _tolerated(number, kind, words[1], text)
    return Record(number, Kind.OTHER, text, text)


def _reaching_furthest(record: Record, raw: bytes) -> Record:
    """Cut a refusing pattern where Google's parser cuts: at a NUL octet, and where its line buffer ends."""
    value = record.value
    if len(raw) > _GOOGLE_LINE:
        value = value[: max(0, len(value) - (len(raw) - _GOOGLE_LINE))]
    if b"\0" in value:
        value = value.partition(b"\0")[0].rstrip()
    return msgspec.structs.replace(record, value=value)


def _guesses(record: Record, text: bytes, charset: str) -> Iterator[Record]:
    """Refusals that an exact reader misses: beside invisible characters, in another encoding, with a late colon."""
    bare = _INVISIBLE.sub(b" ", text).strip()
    if bare != text:
        key, _, value = bare.partition(b":")
        kind, _ = _kind_of(key)
        seen = kind is record.kind and value.strip() == record.value
        if not seen and (kind is Kind.DISALLOW or kind is Kind.USER_AGENT):
            yield Record(record.line, kind, value.strip(), text, Sureness.GUESSED)
    if record.kind is not Kind.DISALLOW:
        return
    if record.sureness is Sureness.TOLERATED and (words := _WORD_BREAK.split(text, maxsplit=1))[1:]:
        yield msgspec.structs.replace(record, value=words[1].lstrip(b": "), sureness=Sureness.GUESSED)
    if (recoded := _recoded(record.value, charset)) != record.value:
        yield msgspec.structs.replace(record, value=recoded, sureness=Sureness.GUESSED)


def _recoded(value: bytes, charset: str) -> bytes:
    """`value` in UTF-8 where it is not UTF-8 already, read as the response's charset or else as Latin-1."""
    try:
        value.decode()
    except UnicodeDecodeError:
        pass
    else:
        return value
    try:
        return value.decode(charset or "latin-1").encode()
    except (UnicodeError, LookupError):
        return value.decode("latin-1").encode()
