"""Records to groups: who is addressed, which rules and other records stand with whom.

Only rules end a list of user-agent lines (RFC 9309 2.1); Sitemap, Crawl-delay, Content-Signal and all other records do
not interfere (2.2.4). AIPREF makes Content-Usage a rule (draft-ietf-aipref-attach 3), so the same bytes can have two
readings; a `Reading` says which one is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from typing import Final, NamedTuple

from .records import Kind, Record, Sureness

__all__ = ["ANYONE", "Group", "Groups", "Reading"]

ANYONE: Final = "*"
"""The token of the group for all others (RFC 9309 2.2.1)."""
_TOKEN: Final = re.compile(rb"[A-Za-z_-]*")
_STAR: Final = re.compile(rb"\*(?:\s|$)")


class Reading(Enum):
    """One way to read a file."""

    STANDARD = "as Google reads it"
    EXACT = "by the letter of RFC 9309, misspelt lines passed over"
    AIPREF = "with Content-Usage as a rule, as in draft-ietf-aipref-attach"
    GUESSED = "with its invisible characters, odd line ends and foreign encodings made good"

    @property
    def sureness(self) -> Sureness:
        """The least sure records that exist in this reading."""
        if self is Reading.EXACT:
            return Sureness.EXACT
        return Sureness.GUESSED if self is Reading.GUESSED else Sureness.TOLERATED


class Group(NamedTuple):
    """Tokens in lower case with the line that names them first; then all that is said to them."""

    tokens: dict[str, int]
    records: list[Record]


def _token(value: bytes) -> str:
    """The product token at the head of a user-agent line's value; empty where there is none (2.2.1)."""
    if _STAR.match(value):
        return ANYONE
    found = _TOKEN.match(value)
    return found[0].decode().lower() if found else ""


class Groups:
    """The groups of one reading, found by token."""

    def __init__(self, records: Iterable[Record], reading: Reading) -> None:
        self.all: list[Group] = []
        self.orphans: list[Record] = []
        """Records before the first user-agent line: rules among them are void (2.2.2)."""
        listing, sureness, current = False, reading.sureness, self.orphans
        user_agent, allow, disallow = Kind.USER_AGENT, Kind.ALLOW, Kind.DISALLOW
        usage = Kind.CONTENT_USAGE if reading is Reading.AIPREF else disallow
        for record in records:
            kind = record.kind
            if record.sureness > sureness:
                continue
            if kind is user_agent:
                if not listing:
                    self.all.append(Group({}, []))
                    current = self.all[-1].records
                listing = True
                self.all[-1].tokens.setdefault(_token(record.value), record.line)
                continue
            if kind is disallow or kind is allow or kind is usage:
                listing = False
            current.append(record)
        self._by_token: dict[str, list[Group]] = {}
        for group in self.all:
            for token in group.tokens:
                self._by_token.setdefault(token, []).append(group)

    def governing(self, agent: str) -> tuple[str, list[Group]]:
        """The token that governs an agent, and its groups: its own, else `*`, else none (2.2.1)."""
        for token in (agent.lower(), ANYONE):
            if token and token in self._by_token:
                return token, self._by_token[token]
        return "", []

    def tokens(self) -> list[str]:
        """Every token that the file names, `*` included."""
        return [token for token in self._by_token if token]
