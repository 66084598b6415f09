"""Dictionaries of RFC 9651 (structured field values), as far as reading preferences needs them: all of the syntax.

Parsing fails as a whole (section 4.2): there is no half-read dictionary.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

__all__ = ["Item", "read_dictionary", "read_members"]

_KEY: Final = re.compile(r"[a-z*][a-z0-9_\-.*]*")
_TOKEN: Final = re.compile(r"[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*")
_NUMBER: Final = re.compile(r"-?(?:\d{1,12}\.\d{1,3}(?![\d.])|\d{1,15}(?![\d.]))")
_DATE: Final = re.compile(r"@-?\d{1,15}(?![\d.])")
_STRING: Final = re.compile(r'"(?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"')
_BYTES: Final = re.compile(r":[A-Za-z0-9+/=]*:")
_BOOLEAN: Final = re.compile(r"\?[01]")
_DISPLAY: Final = re.compile(r'%"(?:[\x20-\x21\x23-\x24\x26-\x7e]|%[0-9a-f]{2})*"')
_BLANKS: Final = re.compile(r"[ \t]*")
_SPACES: Final = re.compile(r" *")
_ITEMS: Final = (
    ("token", _TOKEN),
    ("number", _NUMBER),
    ("date", _DATE),
    ("string", _STRING),
    ("bytes", _BYTES),
    ("boolean", _BOOLEAN),
    ("display", _DISPLAY),
)


class Item(NamedTuple):
    """A bare item: its kind and its text as written."""

    kind: str
    text: str


class _Reader:
    """A place in a text; every method moves it on, or raises ValueError."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def take(self, pattern: re.Pattern[str]) -> str | None:
        found = pattern.match(self.text, self.at)
        if not found:
            return None
        self.at = found.end()
        return found[0]

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def key(self) -> str:
        found = self.take(_KEY)
        if found is None:
            raise ValueError(f"no key at character {self.at + 1}")
        return found

    def item(self) -> Item:
        for kind, pattern in _ITEMS:
            if found := self.take(pattern):
                return Item(kind, found)
        raise ValueError(f"no value at character {self.at + 1}")

    def parameters(self) -> None:
        while self.peek() == ";":
            self.at += 1
            self.take(_SPACES)
            self.key()
            if self.peek() == "=":
                self.at += 1
                self.item()

    def inner_list(self) -> Item:
        start = self.at
        self.at += 1
        self.take(_SPACES)
        while self.peek() != ")":
            self.item()
            self.parameters()
            if self.peek() not in {" ", ")"}:
                raise ValueError(f"an inner list is not closed at character {self.at + 1}")
            self.take(_SPACES)
        self.at += 1
        return Item("list", self.text[start : self.at])

    def member(self) -> Item:
        if self.peek() != "=":
            value = Item("boolean", "?1")
        else:
            self.at += 1
            value = self.inner_list() if self.peek() == "(" else self.item()
        self.parameters()
        return value


def read_dictionary(text: str) -> dict[str, Item]:
    """Keys and values, without parameters; the last of equal keys holds. `ValueError` where it is no dictionary."""
    return dict(read_members(text))


def read_members(text: str) -> list[tuple[str, Item]]:
    """Every member as written, equal keys too. `ValueError` where it is no dictionary."""
    reader = _Reader(text.strip(" "))
    found: list[tuple[str, Item]] = []
    while reader.peek():
        key = reader.key()
        found.append((key, reader.member()))
        reader.take(_BLANKS)
        if not reader.peek():
            break
        if reader.peek() != ",":
            raise ValueError(f"no comma at character {reader.at + 1}")
        reader.at += 1
        reader.take(_BLANKS)
        if not reader.peek():
            raise ValueError("a comma ends the list")
    return found
