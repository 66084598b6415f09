"""YAML bytes to plain data with the position of every value: all scalars stay text.

PyYAML's loaders turn an all-digit hash into a number and `no` into False, and forget where things stood. Here the
parser's events are walked once, without recursion, into dicts, lists and texts, with a span for every value and key.
Depth, size and number of values are bounded, and anchors, aliases and tags are refused: a policy document needs none
of them, and an alias bomb is how a small file becomes a large one.

Libyaml's scanner tells no position beyond line and column, both counted here from 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple, cast

import yaml

from ..model import Place
from .diagnostic import Diagnostic

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_VALUES", "Path", "Source", "Span", "Value", "read"]

MAX_BYTES: Final = 8 * 1024 * 1024
"""Of one file: more is no policy document."""
MAX_DEPTH: Final = 24
"""Of mappings and lists within each other."""
MAX_VALUES: Final = 400_000
"""Of one file: more is no policy document."""

Value = str | list["Value"] | dict[str, "Value"]
"""YAML as it is read: every scalar a text."""
Path = tuple[str | int, ...]
"""Keys and places from the top of a document to a value."""
Mark = Any  # libyaml's own mark class is not the one that PyYAML's stubs name


class Span(NamedTuple):
    """Where a value or key stands; lines and columns from 1, the end column is the first one after it."""

    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def width(self) -> int:
        """Columns to underline on its first line."""
        return max(1, self.end_column - self.column) if self.end_line == self.line else 1


class Source(NamedTuple):
    """One YAML document of a file: its data, and the span of every value and of every key by path."""

    file: str
    data: Value
    spans: dict[Path, Span]
    keys: dict[Path, Span]

    def span(self, path: Path) -> Span:
        """The span of the value at `path`, or of the nearest value round it."""
        for length in range(len(path), -1, -1):
            found = self.spans.get(path[:length])
            if found is not None:
                return found
        return Span(1, 1, 1, 1)

    def place(self, path: Path = ()) -> Place:
        """File, line and column of the value at `path`, or of the nearest value round it."""
        span = self.span(path)
        return Place(self.file, span.line, span.column)


class _Unreadable(Exception):
    """Carries the one diagnostic that ends the reading of a file."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def read(file: str, content: bytes) -> tuple[list[Source], list[Diagnostic]]:
    """All YAML documents of one file, and what is wrong with them; a file that breaks off keeps its first documents."""
    builder = _Builder(file)
    try:
        for event in _events(file, content):
            builder.take(event)
    except _Unreadable as broken:
        builder.diagnostics.append(broken.diagnostic)
    return builder.sources, builder.diagnostics


def _events(file: str, content: bytes) -> Iterator[yaml.Event]:
    """The parser's events; what libyaml cannot read becomes one diagnostic with its place."""
    if len(content) > MAX_BYTES:
        help_ = "split it: one platform, notice, terms document or permission a file"
        raise _Unreadable(_at(file, "D001", f"{len(content)} bytes, more than the {MAX_BYTES} that are read", help_))
    try:
        # CBaseLoader is libyaml's parser; building it is the only thing that PyYAML's own classes are used for.
        loader = yaml.CBaseLoader(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        raise _Unreadable(
            _at(file, "D001", "not UTF-8 text", "save the file as UTF-8", line, column),
        ) from error
    except yaml.YAMLError as error:
        raise _Unreadable(_broken(file, error)) from error
    try:
        while loader.check_event():
            yield cast("yaml.Event", loader.get_event())
    except yaml.YAMLError as error:
        raise _Unreadable(_broken(file, error)) from error
    finally:
        loader.dispose()


def _broken(file: str, error: yaml.YAMLError) -> Diagnostic:
    """Libyaml's complaint, at the place it names."""
    mark = getattr(error, "problem_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    said = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    context = getattr(error, "context", None)
    message = f"broken YAML: {said}{f' {context}' if context else ''}"
    return _at(file, "D002", message, _mend(said), line, column)


def _mend(said: str) -> str:
    """What usually mends libyaml's complaint."""
    if "tab" in said or "cannot start any token" in said:
        return "indent with blanks, and put quotes round a value that starts with a tab, `@`, `%` or a back-tick"
    if "mapping values are not allowed" in said:
        return 'put quotes round a value that holds `: `, for example summary: "Section 4: no bots"'
    return "check indentation, quotes and brackets on this line and the one above"


def _at(file: str, code: str, message: str, help_: str, line: int = 1, column: int = 1, width: int = 1) -> Diagnostic:
    return Diagnostic(code, message, Place(file, line, column), width, help_)


class _Open(NamedTuple):
    """A collection whose end has not come: where it goes, what it holds so far, where it began."""

    path: Path
    value: list[Value] | dict[str, Value]
    start: Mark


class _Builder:
    """Turns events into `Source`s; owns the stack of open collections of the one document being read."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.sources: list[Source] = []
        self.diagnostics: list[Diagnostic] = []
        self._count = 0
        self._begin()

    def _begin(self) -> None:
        self._spans: dict[Path, Span] = {}
        self._keys: dict[Path, Span] = {}
        self._stack: list[_Open] = []
        self._key: str | None = None
        self._root: Value | None = None

    def take(self, event: yaml.Event) -> None:
        """Take the next event."""
        if isinstance(event, yaml.ScalarEvent):
            self._refuse_magic(event)
            self._scalar(event)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._refuse_magic(event)
            self._open(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close(event)
        elif isinstance(event, yaml.AliasEvent):
            self._refuse_magic(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._begin()
        elif isinstance(event, yaml.DocumentEndEvent) and self._root not in (None, ""):
            self.sources.append(Source(self.file, self._root or "", self._spans, self._keys))

    def _refuse_magic(self, event: yaml.NodeEvent) -> None:
        """Anchors, aliases, tags, and more values than any honest document has."""
        self._count += 1
        if self._count > MAX_VALUES:
            self._fail(event, "D004", f"more than {MAX_VALUES} values", "split the file")
        if event.anchor is not None:
            self._fail(event, "D004", f"anchor or alias `{event.anchor}`", "write the value out where it is meant")
        tag = getattr(event, "tag", None)
        if tag is not None and tag != "!":
            self._fail(event, "D004", f"tag `{tag}`", "leave the tag out: every value is read as text")

    def _fail(self, event: yaml.Event, code: str, message: str, help_: str) -> None:
        span = _span(event.start_mark, event.end_mark)
        raise _Unreadable(_at(self.file, code, message, help_, span.line, span.column))

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        span = _span(event.start_mark, event.end_mark)
        top = self._stack[-1] if self._stack else None
        if top is not None and isinstance(top.value, dict) and self._key is None:
            self._take_key(top, event.value, span)
        else:
            self._put(event.value, span)

    def _take_key(self, top: _Open, key: str, span: Span) -> None:
        """A key; one that stands there already is an error, and its second value is not the one that counts."""
        self._key = key
        path = (*top.path, key)
        first = self._keys.get(path)
        if first is None:
            self._keys[path] = span
            return
        self.diagnostics.append(
            _at(
                self.file,
                "D003",
                f"key `{key}` stands here twice",
                f"it is already on line {first.line}: keep one of the two",
                span.line,
                span.column,
                span.width,
            )
        )

    def _put(self, value: Value, span: Span) -> Path:
        """Put a value where it belongs and return its path."""
        if not self._stack:
            self._root = value
            self._spans[()] = span
            return ()
        top = self._stack[-1]
        if isinstance(top.value, list):
            path = (*top.path, len(top.value))
            top.value.append(value)
        else:
            key = self._key or ""
            path = (*top.path, key)
            self._key = None
            if key in top.value:  # a second value is kept apart, so that what it holds is not reported as well
                path = (*path, f"again {self._count}")
            else:
                top.value[key] = value
        self._spans[path] = span
        return path

    def _open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        if len(self._stack) >= MAX_DEPTH:
            self._fail(event, "D004", f"nested deeper than {MAX_DEPTH} levels", "no policy document nests that deep")
        if self._stack and isinstance(self._stack[-1].value, dict) and self._key is None:
            self._fail(event, "D002", "broken YAML: a key is a list or mapping", "write the key as text")
        value: list[Value] | dict[str, Value] = [] if isinstance(event, yaml.SequenceStartEvent) else {}
        path = self._put(value, _span(event.start_mark, event.start_mark))
        self._stack.append(_Open(path, value, event.start_mark))

    def _close(self, event: yaml.Event) -> None:
        top = self._stack.pop()
        self._spans[top.path] = _span(top.start, event.end_mark)


def _span(start: Mark, end: Mark) -> Span:
    """PyYAML's marks count from 0."""
    return Span(start.line + 1, start.column + 1, end.line + 1, end.column + 1)
