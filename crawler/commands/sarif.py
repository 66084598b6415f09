"""Results for code scanning: SARIF 2.1.0 (OASIS sarif-v2.1.0, sections 3.13 and 3.27) of what is no diagnostic."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import msgspec

from .. import __version__
from ..model import Place

__all__ = ["located", "log", "result"]


def located(file: str, line: int = 0, column: int = 0) -> dict[str, Any]:
    """A physical location, which goes into artefacts and to code hosts: it holds no path of this machine.

    Below the working folder the path from there; anything else its last two names, on the base OUTSIDE.
    """
    path, here = Path(os.path.abspath(file)), Path.cwd()
    if path.is_relative_to(here):
        place: dict[str, Any] = {"artifactLocation": {"uri": quote(path.relative_to(here).as_posix())}}
    else:
        place = {"artifactLocation": {"uri": quote("/".join(path.parts[-2:])), "uriBaseId": "OUTSIDE"}}
    if line:
        place["region"] = {"startLine": line} | ({"startColumn": column} if column else {})
    return place


def result(
    rule: str, level: Literal["error", "note"], text: str, place: Place | None, properties: dict[str, Any]
) -> dict[str, Any]:
    """One result; without a place it stands at the command line."""
    location = located(place.file, place.line, max(place.column, 1)) if place else located("command-line")
    return {
        "ruleId": rule,
        "level": level,
        "message": {"text": text},
        "locations": [{"physicalLocation": location}],
        "properties": properties,
    }


def log(results: Iterable[dict[str, Any]]) -> str:
    """A log of one run."""
    run = {"tool": {"driver": {"name": "desist", "version": __version__}}, "results": list(results)}
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    text = msgspec.json.encode({"$schema": schema, "version": "2.1.0", "runs": [run]})
    return msgspec.json.format(text, indent=2).decode()
