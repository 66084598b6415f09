"""Results for code scanning: SARIF 2.1.0 (OASIS sarif-v2.1.0, sections 3.13 and 3.27) of what is no diagnostic."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from .. import __version__
from ..model import Place
from ..policy.located import located

__all__ = ["log", "result"]


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
