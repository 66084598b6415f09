"""Diagnostics in the four formats of the command line: text, json, jsonl, sarif."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from .codes import CODES
from .diagnostic import Diagnostic, render, summary
from .located import located

__all__ = ["FORMATS", "findings"]

FORMATS: Final = ("text", "json", "jsonl", "sarif")
"""What `--format` takes where documents are checked."""


def findings(
    diagnostics: Sequence[Diagnostic],
    form: str,
    line_of: Callable[[str, int], str] | None = None,
    *,
    colour: bool = False,
) -> str:
    """All diagnostics as one text in a format of FORMATS, without a final line break."""
    if form == "json":
        return _encode([row(d) for d in diagnostics], indent=2)
    if form == "jsonl":
        return "\n".join(_encode(row(d)) for d in diagnostics)
    if form == "sarif":
        return _encode(sarif(diagnostics), indent=2)
    shown = [render(d, line_of, colour=colour) for d in diagnostics]
    return "\n\n".join([*shown, summary(diagnostics)])


def _encode(value: object, indent: int = 0) -> str:
    text = msgspec.json.encode(value)
    return (msgspec.json.format(text, indent=indent) if indent else text).decode()


def row(diagnostic: Diagnostic) -> dict[str, Any]:
    """One finding as a flat mapping."""
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "file": diagnostic.place.file,
        "line": diagnostic.place.line,
        "column": diagnostic.place.column,
        "width": diagnostic.width,
        "help": diagnostic.help,
    }


def sarif(diagnostics: Sequence[Diagnostic]) -> dict[str, Any]:
    """A SARIF 2.1.0 log with one run (OASIS sarif-v2.1.0, sections 3.13, 3.19, 3.27)."""
    used = sorted({d.code for d in diagnostics})
    rules = [
        {"id": c, "shortDescription": {"text": CODES[c].title}, "fullDescription": {"text": CODES[c].why}} for c in used
    ]
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "desist", "rules": rules}},
                "columnKind": "unicodeCodePoints",
                "results": [_result(d, used.index(d.code)) for d in diagnostics],
            }
        ],
    }


def _result(diagnostic: Diagnostic, rule: int) -> dict[str, Any]:
    place = diagnostic.place
    location = located(place.file)
    if place.line:
        column = max(place.column, 1)
        location["region"] = {"startLine": place.line, "startColumn": column, "endColumn": column + diagnostic.width}
    text = f"{diagnostic.message}; help: {diagnostic.help}" if diagnostic.help else diagnostic.message
    return {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": diagnostic.severity,
        "message": {"text": text},
        "locations": [{"physicalLocation": location}],
    }
