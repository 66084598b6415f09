"""Folders of YAML to typed documents, with every error of every file in one run.

A folder's `tests/` and hidden files are left out. The same platform in a later folder extends it; any other id that
comes twice is an error (lint.py). What cannot be read is not forgotten: `Loaded.broken` holds every word of such a
file that may be a host or an id, so that a running set can go on refusing what the file may have named.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Final, Generic, NamedTuple, TypeVar

from pydantic import ValidationError

from ..model import Place
from ..urls import canonical_host
from . import source as yaml_source
from .diagnostic import Diagnostic, Severity, closest
from .documents import KINDS, Document, Notice, Permission, Platform, Terms
from .folders import document_files, walk
from .mistakes import diagnose

__all__ = ["Entry", "Loaded", "document_files", "load_documents", "read_documents"]

T_co = TypeVar("T_co", bound=Document, covariant=True)
T = TypeVar("T")
_WORD: Final = re.compile(r"\w(?:[\w.-]*\w)?")
_NUMBERS: Final = re.compile(r"[0-9A-Fa-f]*[:.][0-9A-Fa-f:.]*[0-9A-Fa-f:](?:/\d{1,3})?")
"""What may be an IP address or a network."""
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is the beginning of this one
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Entry(Generic[T_co]):
    """One document, with the positions of all that it holds."""

    doc: T_co
    source: yaml_source.Source
    folder: int
    """Index of its folder in `load_documents(folders)`."""

    @property
    def file(self) -> str:
        """The file, as `str(folder / relative path)`."""
        return self.source.file

    @property
    def kind(self) -> str:
        """The key that made the document one of its kind: `platform`, `notice`, `terms` or `permission`."""
        return next(kind for kind, model in KINDS.items() if isinstance(self.doc, model))

    @property
    def place(self) -> Place:
        """Where the document begins."""
        return self.source.place()

    def at(self, *path: str | int) -> Place:
        """Where a field stands, for example `at("clauses", 2)`; the nearest field round it, if it was not written."""
        return self.source.place(path)


@dataclass
class Loaded:
    """All that the folders hold."""

    folders: tuple[Path, ...]
    platforms: list[Entry[Platform]] = field(default_factory=list)
    notices: list[Entry[Notice]] = field(default_factory=list)
    terms: list[Entry[Terms]] = field(default_factory=list)
    permissions: list[Entry[Permission]] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    """What is wrong with single files and documents; `lint.lint(loaded)` adds what is wrong between them."""
    files: dict[str, bytes] = field(default_factory=dict)
    """Every file that was read, by its name, in reading order."""
    broken: dict[str, frozenset[str]] = field(default_factory=dict)
    """File with an error -> all words in it that may be a host, slug or id, in small letters."""

    @property
    def documents(self) -> list[Entry[Document]]:
        """Every document, by kind."""
        return [*self.platforms, *self.notices, *self.terms, *self.permissions]

    def line_of(self, file: str, number: int) -> str:
        """The text of a line of a file that was read, counted from 1; empty where there is none."""
        lines = self.files.get(file, b"").splitlines()
        return lines[number - 1].decode("utf-8", "replace") if 0 < number <= len(lines) else ""


def load_documents(folders: Sequence[Path]) -> Loaded:
    """Read every document of `folders`, in order; never raises for what a file holds."""
    loaded = Loaded(tuple(folders))
    seen: set[str] = set()
    for index, folder in enumerate(folders):
        real = os.path.realpath(folder)
        if real in seen:
            continue
        seen.add(real)
        _read_folder(loaded, index, folder)
    return loaded


def read_documents(files: Mapping[str, bytes], folder: int = 0, loaded: Loaded | None = None) -> Loaded:
    """The same for bytes that are at hand: an editor's buffer, a document about to be written."""
    loaded = loaded if loaded is not None else Loaded(())
    for name, content in files.items():
        loaded.files[name] = content
        _take_file(loaded, folder, name, content)
    return loaded


def _read_folder(loaded: Loaded, index: int, folder: Path) -> None:
    """Every document of one folder; what cannot be opened never hides what can."""
    try:
        found = walk(folder)
    except OSError as error:
        help_ = "name a folder that holds policy documents, or create it with `desist policy new`"
        loaded.diagnostics.append(_whole(folder, "D006", f"folder cannot be read: {error.strerror}", help_))
        return
    for refused in found.errors:
        help_ = "make it readable for the user that crawls, or take it away"
        message = f"folder cannot be read: {refused.strerror}"
        loaded.diagnostics.append(_whole(Path(refused.filename), "D006", message, help_))
    if not found.files:
        help_ = "write a first document with `desist policy new`, or leave the folder out of DESIST_POLICIES"
        loaded.diagnostics.append(_whole(folder, "D006", "folder holds no policy document", help_))
    for path in found.unread:
        help_ = "give it a name that ends in .yaml, or keep it elsewhere"
        loaded.diagnostics.append(_whole(path, "D007", "file is not read as a document", help_, "warning"))
    for path in found.files:
        _read_file(loaded, index, path)


def _read_file(loaded: Loaded, index: int, path: Path) -> None:
    try:
        content = path.read_bytes()
    except OSError as error:
        help_ = "make it readable for the user that crawls, or take it away"
        loaded.diagnostics.append(_whole(path, "D001", f"file cannot be read: {error.strerror}", help_))
        loaded.broken[str(path)] = frozenset({path.stem.lower()})
        return
    loaded.files[str(path)] = content
    _take_file(loaded, index, str(path), content)


def _whole(path: Path, code: str, message: str, help_: str, severity: Severity = "error") -> Diagnostic:
    return Diagnostic(code, message, Place(str(path)), help=help_, severity=severity)


class Parsed(NamedTuple):
    """What one file holds, whichever folder it lies in."""

    content: bytes
    documents: list[tuple[Document, yaml_source.Source]]
    diagnostics: list[Diagnostic]
    words: frozenset[str] = frozenset()
    """Where it has an error: what it may have named."""


_COMPLAINTS: Final = 200
"""Of one document: a file of a hundred thousand unknown keys must not keep a reload waiting."""
_KEPT: Final = 200_000
_parsed: dict[str, Parsed] = {}
"""Files as they were read last, by name: a reload parses what changed and nothing else. Guarded by the GIL: an entry is
never changed, only replaced, and serves only for equal bytes."""


def _take_file(loaded: Loaded, folder: int, name: str, content: bytes) -> None:
    """Add the documents of one file, and what is wrong with it."""
    parsed = _parsed.get(name)
    if parsed is None or parsed.content != content:
        if len(_parsed) >= _KEPT:
            _parsed.clear()
        parsed = _parsed[name] = _parse(name, content)
    for doc, one in parsed.documents:
        _file_away(loaded, doc, one, folder)
    loaded.diagnostics += parsed.diagnostics
    if parsed.words:
        loaded.broken[name] = parsed.words


def _parse(name: str, content: bytes) -> Parsed:
    sources, diagnostics = yaml_source.read(name, content)
    if not sources and not diagnostics:
        diagnostics.append(Diagnostic("D005", "file holds no document", Place(name, 1, 1), help=_KINDS_HELP))
    documents = []
    for one in sources:
        found = _typed(one)
        if isinstance(found, list):
            diagnostics += found
        else:
            documents.append((found, one))
    broken = any(finding.severity == "error" for finding in diagnostics)
    words = _words(name, content, sources) if broken else frozenset()
    return Parsed(content, documents, sorted(diagnostics, key=lambda d: d.place), words)


_KINDS_HELP = "a document begins with `platform:`, `notice:`, `terms:` or `permission:`; see `desist policy new`"


def _typed(one: yaml_source.Source) -> Document | list[Diagnostic]:
    """The typed document, or all that is wrong with it."""
    if not isinstance(one.data, dict):
        return [Diagnostic("D005", "not a mapping of keys to values", one.place(), help=_KINDS_HELP)]
    kind = next((k for k in KINDS if k in one.data), "")
    if not kind:
        meant = next((c for c in (closest(k, KINDS) for k in one.data) if c), "")
        help_ = f"did you mean `{meant}`? {_KINDS_HELP}" if meant else _KINDS_HELP
        return [Diagnostic("D005", "document is of no known kind", one.place(), help=help_)]
    try:
        return KINDS[kind].model_validate(one.data)
    except ValidationError as error:
        complaints = error.errors(include_url=False)[:_COMPLAINTS]
        return [diagnose(one, KINDS[kind], dict(complaint)) for complaint in complaints]


def _file_away(loaded: Loaded, doc: Document, one: yaml_source.Source, folder: int) -> None:
    match doc:
        case Platform():
            loaded.platforms.append(Entry(doc, one, folder))
        case Notice():
            loaded.notices.append(Entry(doc, one, folder))
        case Terms():
            loaded.terms.append(Entry(doc, one, folder))
        case Permission():
            loaded.permissions.append(Entry(doc, one, folder))


def _words(name: str, content: bytes, sources: Iterable[yaml_source.Source]) -> frozenset[str]:
    """Every word that may name a host, a network or a document, so that what a broken file forbade can be refused."""
    texts = [_text(content)]
    for one in sources:
        texts += _scalars(one.data)
    words = {word.lower() for text in texts for word in _WORD.findall(text)}
    foreign = {host for word in words if not word.isascii() for host in _read(canonical_host, word)}
    numbers = {word for text in texts for word in _NUMBERS.findall(text)}
    networks = {str(network) for word in numbers for network in _read(partial(ip_network, strict=False), word)}
    return frozenset({Path(name).stem.lower()} | words | foreign | networks)


def _text(content: bytes) -> str:
    """Bytes as text, whatever an editor made of them: with a byte order mark, in UTF-16 without one, in Latin-1."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    if content.count(0) > len(content) // 4:
        return content.decode("utf-16-le" if content[1:2] == b"\0" else "utf-16-be", "replace")
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _scalars(value: yaml_source.Value) -> Iterator[str]:
    """Every text in parsed data: what escapes and folded lines say once they are resolved."""
    if isinstance(value, str):
        yield value
    else:
        for part in value if isinstance(value, list) else (*value.keys(), *value.values()):
            yield from _scalars(part)


def _read(reader: Callable[[str], T], word: str) -> Iterator[T]:
    with contextlib.suppress(ValueError):
        yield reader(word)
