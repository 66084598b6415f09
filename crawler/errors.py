"""Every exception that Desist raises, in one tree.

* DesistError
  + UsageError             the command line or a setting is wrong                    exit 2
  + PolicyError            documents do not make a policy set; carries diagnostics   exit 2
  + LedgerError
    x LedgerUnusable       cannot be opened or written: nothing may be fetched       exit 2
    x LedgerLost           failed in the middle of a crawl: the crawl stops          exit 2
    x EvidenceError        what is on record does not hold together                  exit 3
  + GateError              a gate is missing or was taken out                        exit 2

`Refused`, which Scrapy's errbacks receive, lives in `desist.enforce.refused`: it must subclass Scrapy's IgnoreRequest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .policy.diagnostic import Diagnostic

__all__ = [
    "EXIT_CODES",
    "DesistError",
    "EvidenceError",
    "GateError",
    "LedgerError",
    "LedgerLost",
    "LedgerUnusable",
    "PolicyError",
    "UsageError",
    "harmless",
]

EXIT_CODES: Final[Mapping[int, str]] = MappingProxyType(
    {
        0: "clean",
        1: "refused, or lint findings",
        2: "usage, or broken policies; a crawl whose gates, ledger or documents are not in order",
        3: "evidence not intact, or short of what was asked for",
        126: "a forked child that was to become a program that no setting declares: the program was not started",
        130: "interrupted from the keyboard",
        141: "whoever read the output has closed it before its end (as a shell counts SIGPIPE)",
    }
)
"""What the exit codes of `desist`, and of a process under its gates, mean. No other code is ours."""


class DesistError(Exception):
    """Carries a message, the place it speaks of and the mend, so that every room can print it in the same way."""

    exit_code = 2

    def __init__(self, message: str, *, place: str = "", help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.help = help

    def __str__(self) -> str:
        """`place: message` and, on a line of its own, `help: ...`; no character that a terminal would obey."""
        head = f"{self.place}: {self.message}" if self.place else self.message
        return harmless(f"{head}\n  help: {self.help}" if self.help else head)


class UsageError(DesistError):
    """The command line or a setting is wrong."""


class PolicyError(DesistError):
    """The documents do not make a policy set; `diagnostics` holds all that is wrong with all files."""

    def __init__(
        self, message: str, *, diagnostics: Sequence[Diagnostic] = (), place: str = "", help: str = ""
    ) -> None:
        super().__init__(message, place=place, help=help)
        self.diagnostics = tuple(diagnostics)


class LedgerError(DesistError):
    """The record is in trouble."""


class LedgerUnusable(LedgerError):
    """The ledger cannot be opened or written, so nothing may be fetched."""


class LedgerLost(LedgerError):
    """The ledger failed in the middle of a crawl, so the crawl stops."""


class EvidenceError(LedgerError):
    """What is on record does not hold together."""

    exit_code = 3


class GateError(DesistError):
    """A gate is missing, or somebody took it out."""


def harmless(text: str, *, keep: str = "\n\t") -> str:
    """What was typed or read, as a terminal may have it: escapes for controls and what reorders or hides text.

    Unicode Cc, Cf, Cs, Zl, Zp and all spaces but one, but for the characters in `keep`.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in keep else ascii(char)[1:-1] for char in text)
