"""One thing that is wrong with a document: its code, where it stands, what it means and how to mend it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal

import msgspec

from ..errors import harmless
from ..model import Place

__all__ = ["Diagnostic", "Severity", "closest", "paragraphs", "render", "summary"]

Severity = Literal["error", "warning"]
"""An error keeps a set from being compiled, a warning does not."""


class Diagnostic(msgspec.Struct, frozen=True):
    """One finding. An `error` keeps a policy set from being made; a `warning` is shown by lint alone."""

    code: str
    """A stable code that `desist rule CODE` explains, for example `D010`."""
    message: str
    """Lower case, no full stop, back-ticks round what the user wrote."""
    place: Place
    width: int = 1
    """Columns that the caret line underlines, from `place.column` on."""
    help: str = ""
    severity: Severity = "error"


def closest(word: str, known: Iterable[str]) -> str:
    """The known word that `word` was most likely meant to be, or an empty text."""
    words = list(known)
    if len(word) > 60:
        return ""
    lowered = word.lower().replace("-", "_")
    for candidate in words:
        if candidate.lower().replace("-", "_") == lowered:
            return candidate
    found = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    return found[0] if found else ""


def render(diagnostic: Diagnostic, line_of: Callable[[str, int], str] | None = None, *, colour: bool = False) -> str:
    """The finding as a person reads it: headline, the line with a caret below the culprit, help.

    `line_of(file, number)` gives the text of a line, counted from 1; without it the excerpt is left out.
    """
    bold, tint, plain = ("\x1b[1m", _TINT[diagnostic.severity], "\x1b[0m") if colour else ("", "", "")
    mark = "" if diagnostic.severity == "error" else "warning: "
    rows = [f"{bold}{diagnostic.place}{plain}: {tint}{diagnostic.code}{plain} {mark}{harmless(diagnostic.message)}"]
    if line_of is not None and diagnostic.place.line:
        rows += _excerpt(diagnostic, line_of(diagnostic.place.file, diagnostic.place.line))
    if diagnostic.help:
        rows.append(f"  help: {harmless(diagnostic.help)}")
    return "\n".join(rows)


_TINT: Final[dict[Severity, str]] = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m"}


def _excerpt(diagnostic: Diagnostic, text: str) -> list[str]:
    """The source line, cut to what a terminal shows, and the caret line below it."""
    if not text.strip():
        return []
    column = max(diagnostic.place.column, 1)
    shift = max(0, column - 80)
    shown = text[shift : shift + 120].replace("\t", " ").rstrip()
    shown = "".join(char if char.isprintable() else "\ufffd" for char in shown)  # one for one: the caret stays below
    number = str(diagnostic.place.line)
    width = max(1, min(diagnostic.width, len(shown) - (column - shift) + 1))
    gutter = " " * len(number)
    return [f"  {number} | {shown}", f"  {gutter} | {' ' * (column - shift - 1)}{'^' * width}"]


def paragraphs(diagnostics: Sequence[Diagnostic], most: int = 20) -> list[str]:
    """Findings as they are put before an error's own lines, which stay the last on a screen."""
    shown = [f"{render(diagnostic)}\n" for diagnostic in diagnostics[:most]]
    more = len(diagnostics) - len(shown)
    return [*shown, f"... and {more} more\n"] if more else shown


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """`3 errors, 1 warning in 2 files`, or `no findings`."""
    found = list(diagnostics)
    errors = sum(d.severity == "error" for d in found)
    counts = [_count(errors, "error"), _count(len(found) - errors, "warning")]
    said = ", ".join(c for c in counts if c)
    return f"{said} in {_count(len({d.place.file for d in found}), 'file')}" if said else "no findings"


def _count(number: int, noun: str) -> str:
    """`1 error`, `2 errors`, or nothing for none."""
    return f"{number} {noun}{'' if number == 1 else 's'}" if number else ""
