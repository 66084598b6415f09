"""Somebody else's text, made safe to show: what would reorder or hide the words around it is shown as an escape."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["in_cell", "plain"]

_HIDDEN: Final = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
"""Controls, format characters (those that turn the direction round among them), what is no character, line breaks."""
_JOINERS: Final = "\u200c\u200d"
"""Several scripts cannot be written without these, and they reorder nothing."""
_FORMULA: Final = re.compile(r"\s*[=+\-@]")


def plain(text: str) -> str:
    """The same text in one line, each hidden character as `\\u` and its number."""
    if text.isprintable():
        return text
    return "".join(
        f"\\u{ord(one):04x}" if unicodedata.category(one) in _HIDDEN and one not in _JOINERS else one for one in text
    )


def in_cell(text: str) -> str:
    """Plain text for a table; what a spreadsheet would take for a formula, once pasted, begins with an apostrophe."""
    shown = plain(text)
    return f"'{shown}" if _FORMULA.match(shown) else shown
