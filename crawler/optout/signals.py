"""Helpers that every reader of a signal shares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

__all__ = ["SHOWN", "Headers", "shown", "values_of"]

Headers = Iterable[tuple[str, str]]
"""Name and value of each header line, in order; names in any letter case."""

SHOWN: Final = 500
"""Characters of a statement that a Signal keeps."""


def shown(text: str | bytes) -> str:
    """A statement as a Signal keeps it."""
    return (text.decode(errors="replace") if isinstance(text, bytes) else text)[:SHOWN]


def values_of(headers: Headers, name: str) -> list[str]:
    """The values of one header, line by line."""
    return [value for key, value in headers if key.strip().lower() == name]
