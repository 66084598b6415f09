"""Tests of policies: URLs and the decisions that the documents must give, in `tests/*.yaml` of a policy folder.

```yaml
"https://shop.test/": allow
"https://www.pictogram.test/u/1": refuse notice          # effect and basis
"https://www.pictogram.test/u/2": {effect: refuse, docket: 2026-01-pictogram, purposes: [index], at: 2026-01-06}
```
A list of expectations asks one URL several times, for several dates or purposes. `tests: [{url: ..., effect: ...}]`
says the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, ValidationError

from ..model import Basis, Place
from .diagnostic import Diagnostic
from .fields import Purposes, Slugs, Text
from .load import Loaded
from .mistakes import diagnose
from .parts import Part
from .source import Path, Source, Value, read
from .when import WhenField

__all__ = ["Expectation", "Expectations", "Located", "lint_tests", "load_tests"]


class Expectation(Part):
    """What must be decided about a URL; what is not said is not compared."""

    effect: Literal["allow", "refuse"]
    basis: Basis | None = None
    rule: Text | None = None
    """The id of the governing rule, or the id of its document."""
    platforms: Slugs | None = None
    docket: Text | None = None
    via: Text | None = None
    purposes: Annotated[Purposes, Field(min_length=1)] | None = None
    """What the crawl is for; absent: everything."""
    agent: Text | None = None
    at: WhenField | None = None
    """The moment that is asked about; absent: now."""
    why: Text | None = None


class Located(NamedTuple):
    """A test and where it stands."""

    url: str
    test: Expectation
    place: Place


class Expectations(NamedTuple):
    """All tests of some folders, what is wrong with their files, and those files' bytes."""

    tests: list[Located]
    diagnostics: list[Diagnostic]
    files: dict[str, bytes]


def load_tests(folders: Sequence[FilePath]) -> Expectations:
    """Every test of the folders' `tests/*.yaml`; a folder without any is no error."""
    found = Expectations([], [], {})
    for path in _files(folders):
        try:
            found.files[str(path)] = path.read_bytes()
        except OSError as error:
            message = f"file cannot be read: {error.strerror}"
            found.diagnostics.append(Diagnostic("D001", message, Place(str(path)), help="make it readable"))
            continue
        sources, diagnostics = read(str(path), found.files[str(path)])
        found.diagnostics.extend(diagnostics)
        for source in sources:
            _take(found, source)
    return found


def _files(folders: Sequence[FilePath]) -> list[FilePath]:
    """The files, each once, however often its folder is named."""
    found = {path.resolve(): path for folder in folders for path in sorted((folder / "tests").glob("*.y*ml"))}
    return [path for path in found.values() if not path.name.startswith(".")]


def _take(found: Expectations, source: Source) -> None:
    if not isinstance(source.data, dict):
        help_ = 'a test file maps URLs to expectations: "https://shop.test/": allow'
        found.diagnostics.append(Diagnostic("D005", "no tests here", source.place(), help=help_))
        return
    if set(source.data) == {"tests"} and isinstance(source.data["tests"], list):
        for number, one in enumerate(source.data["tests"]):
            _take_listed(found, source, one, ("tests", number))
        return
    for url, said in source.data.items():
        many = isinstance(said, list)
        for number, one in enumerate(said if isinstance(said, list) else [said]):
            _take_one(found, source, url, one, (url, number) if many else (url,))


def _take_listed(found: Expectations, source: Source, said: Value, path: Path) -> None:
    """One of `tests: [{url: ..., effect: ...}]`."""
    fields = dict(said) if isinstance(said, dict) else {}
    url = fields.pop("url", "")
    if not isinstance(url, str) or not url:
        place = source.place(path)
        found.diagnostics.append(Diagnostic("D011", "`url` is missing", place, help="add `url: ...`"))
        return
    _take_one(found, source, url, fields, path)


def _take_one(found: Expectations, source: Source, url: str, said: Value, path: Path) -> None:
    span = source.keys[path[:1]] if len(path) == 1 else source.span(path)
    try:
        test = Expectation.model_validate(_whole(said))
    except ValidationError as error:
        complaints: list[dict[str, Any]] = [dict(e) for e in error.errors(include_url=False)]
        found.diagnostics.extend(diagnose(source, Expectation, complaint, path) for complaint in complaints)
        return
    found.tests.append(Located(url, test, Place(source.file, span.line, span.column)))


def _whole(said: Value) -> Value:
    """`refuse terms` is short for an effect and a basis."""
    if not isinstance(said, str):
        return said
    effect, _, basis = said.partition(" ")
    return {"effect": effect, "basis": basis.strip()} if basis else {"effect": effect}


def lint_tests(folders: Sequence[FilePath], loaded: Loaded) -> list[Diagnostic]:
    """What is wrong with the test files of the folders; their lines become known to `loaded.line_of`."""
    found = load_tests(folders)
    loaded.files.update(found.files)
    return sorted(found.diagnostics, key=lambda d: (d.place, d.code))
