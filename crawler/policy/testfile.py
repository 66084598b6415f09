"""Tests of policies: a URL and the decision that the documents must give, in `tests/*.yaml` of a policy folder.

```yaml
tests:
  - {url: "https://www.pictogram.test/u/1", effect: refuse, basis: notice, docket: 2026-01-pictogram}
  - {url: "https://shop.test/", effect: allow, why: an ordinary site}
```
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, ValidationError

from ..model import Basis, Place
from .diagnostic import Diagnostic
from .fields import Purposes, Slugs, Text
from .load import Loaded
from .mistakes import diagnose
from .parts import Part
from .source import Source, read
from .when import WhenField

__all__ = ["Expectation", "ExpectationFile", "Expectations", "lint_tests", "load_tests"]


class Expectation(Part):
    """One URL with what must be decided about it; what is not said is not compared."""

    url: Text
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


class ExpectationFile(Part):
    """A file of tests."""

    tests: tuple[Expectation, ...]


class Located(NamedTuple):
    """A test and where it stands."""

    test: Expectation
    place: Place


class Expectations(NamedTuple):
    """All tests of some folders, what is wrong with their files, and those files' bytes."""

    tests: list[Located]
    diagnostics: list[Diagnostic]
    files: dict[str, bytes]


def load_tests(folders: Sequence[Path]) -> Expectations:
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


def _files(folders: Sequence[Path]) -> list[Path]:
    """The files, each once, however often its folder is named."""
    found = {path.resolve(): path for folder in folders for path in sorted((folder / "tests").glob("*.y*ml"))}
    return [path for path in found.values() if not path.name.startswith(".")]


def _take(found: Expectations, source: Source) -> None:
    if not isinstance(source.data, dict) or "tests" not in source.data:
        help_ = "a test file holds `tests:` and a list of {url: ..., effect: refuse}"
        found.diagnostics.append(Diagnostic("D005", "no tests here", source.place(), help=help_))
        return
    try:
        file = ExpectationFile.model_validate(source.data)
    except ValidationError as error:
        complaints: list[dict[str, Any]] = [dict(e) for e in error.errors(include_url=False)]
        found.diagnostics.extend(diagnose(source, ExpectationFile, complaint) for complaint in complaints)
        return
    found.tests.extend(Located(test, source.place(("tests", n))) for n, test in enumerate(file.tests))


def lint_tests(folders: Sequence[Path], loaded: Loaded) -> list[Diagnostic]:
    """What is wrong with the test files of the folders; their lines become known to `loaded.line_of`."""
    found = load_tests(folders)
    loaded.files.update(found.files)
    return sorted(found.diagnostics, key=lambda d: (d.place, d.code))
