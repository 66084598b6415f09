"""Where `policy check --file` finds URLs: plain lists, JSON and CSV feeds, Scrapy logs, sitemaps, gzipped or not.

The kind is read off the first bytes, and every kind is read as a stream: a file of any size takes the same memory.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Final

import msgspec

from ..errors import UsageError
from .screen import Bar
from .sitemap_locs import locs

__all__ = ["Found", "UrlSource"]

Found = tuple[str, int]
"""A URL and the line on which it stands, from 1."""

_HEAD: Final = 1 << 16
_BLOCK: Final = 1 << 13
_SHOWN_EVERY: Final = 256
_CHUNK: Final = 1 << 16
"""Octets of a plain list that are read at a time."""
_BLANKS: Final = " \t\r\n"
_GZIP: Final = b"\x1f\x8b"
_UTF_8: Final = "utf-8-sig"
_WIDE: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LOGGED: Final = re.compile(r"<(?:GET|POST|HEAD|PUT|DELETE|PATCH|OPTIONS) (\S+?)>")
_LOG_LINE: Final = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d.*\[[\w.]+\] (?:DEBUG|INFO|WARNING|ERROR)", re.MULTILINE)
_XML: Final = re.compile(r"\s*<(?:\?xml|urlset|sitemapindex|\w+:urlset)")


class UrlSource:
    """One file, or standard input for `-`. `kind` says how it is read; `done` and `size` are octets, for a bar."""

    def __init__(self, name: str, field: str = "") -> None:
        self.name = "<stdin>" if name == "-" else name
        self.field = field or "url"
        self._raw = _open(name)
        self.size = 0 if name == "-" else Path(name).stat().st_size
        stream = io.BufferedReader(self._raw, 1 << 18)
        packed = stream.peek(2)[:2] == _GZIP
        self._binary = io.BufferedReader(_Unpacked(self.name, stream), 1 << 18) if packed else stream
        head = self._binary.peek(_HEAD)[:_HEAD]
        self._codec = "utf-16" if head.startswith(_WIDE) else _UTF_8  # as Windows programs save "Unicode"
        self.kind = self._kind(head.decode(self._codec, "replace"), asked=bool(field))

    @property
    def done(self) -> int:
        """Octets read so far, as they lie in the file."""
        try:
            return self._raw.tell()
        except (OSError, ValueError):  # a pipe has no position, and a reader that came to its end has closed it
            return 0

    def _kind(self, head: str, *, asked: bool) -> str:
        if _XML.match(head):
            return "sitemap"
        if "\0" in head:
            raise UsageError(
                f"`{self.name}` is no text in UTF-8", help="a list, JSON or CSV feed, Scrapy log or sitemap"
            )
        first = head.lstrip().partition("\n")[0].strip()
        if first.startswith(("{", "[{")) or first == "[":
            return "json"
        if self.field in _columns(first) and (asked or "," in first or first == self.field):
            return "csv"
        if _LOG_LINE.search(head):
            return "log"
        if asked:
            raise UsageError(f"`{self.name}` has no field `{self.field}`", help="it is read as a JSON or CSV feed")
        return "list"

    def watched(self, doing: str) -> Iterator[Found]:
        """The same URLs, with a bar on the terminal of whoever waits for them."""
        bar = Bar(doing, self.size)
        if not bar.on:
            yield from self
            return
        with bar:
            for count, found in enumerate(self):
                if not count % _SHOWN_EVERY:
                    bar.show(self.done, f"{count:,} URLs")
                yield found

    def blocks(self) -> Iterator[tuple[list[str], Sequence[int]]]:
        """The URLs in blocks, each with the lines on which they stand; a plain list costs next to nothing."""
        if self.kind != "list" or self._codec != _UTF_8:
            found = iter(self)
            while block := list(islice(found, _BLOCK)):
                yield [url for url, _ in block], [line for _, line in block]
            return
        first = 1
        for text in self._chunks():
            taken = text.split("\n")
            if " " in text or "\t" in text or "\r" in text:
                taken = [line.strip(_BLANKS) for line in taken]
            if "#" not in text and "" not in taken:
                yield taken, range(first, first + len(taken))
            else:
                held = [(line, number) for number, line in enumerate(taken, first) if line and line[0] != "#"]
                yield [url for url, _ in held], [number for _, number in held]
            first += len(taken)

    def _chunks(self) -> Iterator[str]:
        """The text in pieces of whole lines, each without its last line's end."""
        rest, codec = bytearray(), _UTF_8
        while data := self._binary.read1(_CHUNK):
            whole, newline, tail = data.rpartition(b"\n")
            if not newline:
                rest += tail
                continue
            yield (rest + whole).decode(codec, "surrogateescape")
            rest, codec = bytearray(tail), "utf-8"
        if rest:
            yield rest.decode(codec, "surrogateescape")

    def _text(self) -> io.TextIOWrapper:
        return io.TextIOWrapper(self._binary, self._codec, errors="surrogateescape", newline="\n")

    def __iter__(self) -> Iterator[Found]:
        readers: dict[str, Callable[[Iterable[str]], Iterator[Found]]] = {
            "list": _from_list,
            "log": _from_log,
            "json": self._from_json,
            "csv": self._from_csv,
        }
        text = self._text()
        return self._read(locs(text, self.name) if self.kind == "sitemap" else readers[self.kind](text))

    def _read(self, found: Iterator[Found]) -> Iterator[Found]:
        """The same, and UsageError where the octets behind the last of them are no text."""
        line = 0
        try:
            for url, line in found:
                yield url, line
        except UnicodeError as error:
            message = f"is no text in {self._codec.removesuffix('-sig')}: {error}"
            place = f"{self.name}:{line + 1}"
            raise UsageError(message, place=place, help="save it as UTF-8, or fetch it again") from error

    def _from_json(self, lines: Iterable[str]) -> Iterator[Found]:
        """JSON lines, or one array with an object a line as Scrapy exports it."""
        decode = msgspec.json.Decoder().decode
        for number, line in enumerate(lines, 1):
            text = line.strip().lstrip("[").rstrip(",]").strip()
            if not text:
                continue
            try:
                value = decode(text.encode("utf-8", "surrogateescape"))
            except msgspec.DecodeError as error:
                raise UsageError(str(error), place=f"{self.name}:{number}", help="one JSON object a line") from error
            yield from ((url, number) for url in self._fields(value, number))

    def _fields(self, value: object, number: int) -> Iterator[str]:
        if not isinstance(value, dict) or self.field not in value:
            help_ = "name the field that holds URLs: --field NAME"
            raise UsageError(f"no field `{self.field}`", place=f"{self.name}:{number}", help=help_)
        held = value[self.field]
        yield from (str(url) for url in (held if isinstance(held, list) else [held]) if url)

    def _from_csv(self, lines: Iterable[str]) -> Iterator[Found]:
        reader = csv.DictReader(lines)
        try:
            for row in reader:
                if row.get(self.field):
                    yield row[self.field], reader.line_num
        except csv.Error as error:
            raise UsageError(
                f"no CSV: {error}", place=f"{self.name}:{reader.reader.line_num}", help="mend the line, or leave it out"
            ) from error


class _Unpacked(gzip.GzipFile):
    """What a gzipped file holds; one that is cut off or damaged is an error of the user's."""

    def __init__(self, name: str, packed: IO[bytes]) -> None:
        super().__init__(fileobj=packed)
        self._shown = name

    def read(self, size: int | None = -1) -> bytes:
        """As a file's; UsageError where the rest cannot be unpacked."""
        try:
            return super().read(size)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            message = f"`{self._shown}` cannot be unpacked: {error}"
            raise UsageError(message, help="it is cut off or damaged: fetch it again") from error


def _columns(line: str) -> list[str]:
    """The fields of a CSV file's first line; none where it is no such line."""
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return []


def _open(name: str) -> io.FileIO:
    """The file, unbuffered, so that its position says how far the reading is."""
    try:
        if name == "-":
            if sys.stdin.isatty():
                print("reading from the terminal: a URL a line, Ctrl-D after the last", file=sys.stderr)
            return open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)
        return open(name, "rb", buffering=0)
    except OSError as error:
        raise UsageError(f"`{name}` cannot be read: {error.strerror}", help="name a file, or - for input") from error


def _from_list(lines: Iterable[str]) -> Iterator[Found]:
    """A URL a line; blank lines and those that begin with `#` are left out."""
    for number, line in enumerate(lines, 1):
        url = line.strip(_BLANKS)
        if url and url[0] != "#":
            yield url, number


def _from_log(lines: Iterable[str]) -> Iterator[Found]:
    """Every `<GET URL>` of a Scrapy log."""
    for number, line in enumerate(lines, 1):
        yield from ((url, number) for url in _LOGGED.findall(line))
