"""Decisions as output: one class a format, each taking decisions one by one and closing with what it owes."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final, Protocol, TextIO

import msgspec

from .. import __version__
from ..decide.message import line_of, message_of
from ..model import Decision, Reason
from ..policy.located import located
from .screen import coloured, colours

__all__ = ["FORMATS", "Writer", "row_of", "writer_of"]

FORMATS: Final = ("text", "jsonl", "json", "sarif")
"""What `--format` takes where URLs are judged."""


class Writer(Protocol):
    """What a format does with decisions."""

    def write(self, decision: Decision, place: str) -> None:
        """Take one decision and the place of its URL in the input (empty for the command line)."""

    def close(self) -> None:
        """Write what is owed at the end."""


def row_of(decision: Decision, place: str = "") -> dict[str, Any]:
    """The row of one decision; keys are the same for all, empty where nothing is to be said."""
    reason = decision.governing
    row: dict[str, Any] = {
        "url": decision.url.encode("utf-8", "backslashreplace").decode(),
        "effect": decision.effect,
        "basis": reason.basis if reason else "",
        "rule": reason.rule if reason else "",
        "message": reason.message if reason else "",
        "platforms": decision.platforms,
        "docket": decision.docket,
        "via": reason.via if reason else "",
        "source": str(reason.place) if reason and reason.place else "",
        "help": reason.help if reason else "",
        "reasons": [f"{r.basis}:{r.rule}" for r in decision.reasons],
        "lifted": [f"{r.basis}:{r.rule} by {r.lifted_by}" for r in decision.reasons if r.lifted_by],
        "revision": decision.revision,
        "unchecked": decision.unchecked,
    }
    return row | ({"input": place} if place else {})


class TextWriter:
    """The message form; of a file only what is refused, without the help line that would repeat a thousand times."""

    def __init__(self, out: TextIO, *, brief: bool) -> None:
        self._out, self._brief, self._colour = out, brief, colours(out)

    def write(self, decision: Decision, place: str) -> None:
        """Print the message."""
        text = line_of(decision) if self._brief else message_of(decision)
        if self._brief and place:
            text = f"{text} [{place}]"
        if self._colour:
            text = coloured(text, self._out)
        self._out.write(text.encode("utf-8", "backslashreplace").decode() + "\n")

    def close(self) -> None:
        """Nothing is owed."""


class JsonlWriter:
    """A row a line."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, decision: Decision, place: str) -> None:
        """Print the row."""
        self._out.write(msgspec.json.encode(row_of(decision, place)).decode() + "\n")

    def close(self) -> None:
        """Nothing is owed."""


class JsonWriter:
    """All rows as one array, written as they come."""

    def __init__(self, out: TextIO) -> None:
        self._out, self._lead = out, "["

    def write(self, decision: Decision, place: str) -> None:
        """Print the row behind a bracket or comma."""
        self._out.write(self._lead + "\n" + msgspec.json.encode(row_of(decision, place)).decode())
        self._lead = ","

    def close(self) -> None:
        """Close the array; an empty one is `[]`."""
        self._out.write("[]\n" if self._lead == "[" else "\n]\n")


class SarifWriter:
    """Refusals as SARIF 2.1.0 results, for code scanning; written as they come, the rules that spoke behind them."""

    def __init__(self, out: TextIO) -> None:
        self._out, self._lead = out, ""
        self._rules: dict[str, dict[str, Any]] = {}
        out.write('{"version":"2.1.0","$schema":"https://json.schemastore.org/sarif-2.1.0.json","runs":[{"results":[')

    def write(self, decision: Decision, place: str) -> None:
        """Print a result for a refusal; what is allowed is no finding."""
        reason = decision.governing
        if reason is None:
            return
        row = row_of(decision, place)
        file, _, line = place.rpartition(":")
        name = f"{reason.basis}/{reason.rule}"
        about = reason.message if reason.place else reason.basis.value
        self._rules.setdefault(name, {"id": name, "shortDescription": {"text": about}})
        result = {
            "ruleId": name,
            "ruleIndex": list(self._rules).index(name),
            "level": "error",
            "message": {"text": message_of(decision).encode("utf-8", "backslashreplace").decode()},
            "locations": [{"physicalLocation": located(file or "command-line", int(line or 0))}],
            **_rule_of(reason),
            "partialFingerprints": {"urlAndRule/v1": sha256(f"{row['url']} {name}".encode()).hexdigest()},
            "properties": {key: value for key, value in row.items() if key not in ("source", "input")},
        }
        self._out.write(self._lead + "\n" + msgspec.json.encode(result).decode())
        self._lead = ","

    def close(self) -> None:
        """Close what is open, and say which rules spoke."""
        driver = {"name": "desist", "version": __version__, "rules": list(self._rules.values())}
        self._out.write('],"tool":{"driver":' + msgspec.json.encode(driver).decode() + "}}]}\n")


def _rule_of(reason: Reason) -> dict[str, Any]:
    """The place of the rule behind a refusal, which a code host shows beside the result."""
    if reason.place is None:
        return {}
    where = located(reason.place.file, reason.place.line, reason.place.column)
    return {"relatedLocations": [{"id": 1, "physicalLocation": where, "message": {"text": "the rule that refuses"}}]}


def writer_of(name: str, out: TextIO, *, brief: bool) -> Writer:
    """The writer of a format."""
    if name == "text":
        return TextWriter(out, brief=brief)
    makers: dict[str, Callable[[TextIO], Writer]] = {"jsonl": JsonlWriter, "json": JsonWriter, "sarif": SarifWriter}
    return makers[name](out)
