"""Opt-out signals: one file a signal, one shape of result, and the convenience of reading all of a response at once.

llms.txt is a guide for readers and no permission, so nothing here reads it. Absence is never a permission.
"""

from collections.abc import Iterable
from typing import Protocol

from ..model import Signal
from ..patterns import normalise_path, path_of
from .ai_txt import AI_TXT_PATH, read_ai_txt
from .aipref import Line, read_content_usage_header, read_content_usage_lines
from .content_signal import read_content_signal_header, read_content_signal_lines
from .meta import read_meta, rsl_links
from .purposes import (
    AI_PURPOSES,
    PURPOSES_OF,
    USAGES_OF,
    Mode,
    Refusal,
    files_wanted,
    follows,
    refusals,
    stance,
)
from .rsl import licence_unread, licences_to_read, read_rsl, rsl_of_headers, rsl_of_robots
from .signals import Headers
from .status import read_status
from .tdmrep import TDMREP_PATH, read_tdmrep_file, read_tdmrep_header
from .x_robots_tag import read_x_robots_tag

__all__ = [
    "AI_PURPOSES",
    "AI_TXT_PATH",
    "PURPOSES_OF",
    "TDMREP_PATH",
    "USAGES_OF",
    "Mode",
    "Refusal",
    "files_wanted",
    "follows",
    "licence_unread",
    "licences_to_read",
    "read_ai_txt",
    "read_headers",
    "read_html",
    "read_robots",
    "read_rsl",
    "read_status",
    "read_tdmrep_file",
    "refusals",
    "rsl_links",
    "rsl_of_headers",
    "rsl_of_robots",
    "stance",
]


class Statements(Protocol):
    """What robots.txt says to an agent besides its rules (`desist.robots.statements`)."""

    @property
    def usage(self) -> Iterable[Line]:
        """Content-Usage lines."""

    @property
    def signals(self) -> Iterable[Line]:
        """Content-Signal lines."""


def read_headers(
    headers: Headers, content_type: str, now: float, agent: str, mode: Mode = "strict"
) -> tuple[Signal, ...]:
    """Every signal in the headers of a response; `now` in seconds since 1970, `agent` the product token.

    Licences in Link headers are named by `rsl_of_headers` and read by `read_rsl`; the status by `read_status`.
    """
    pairs = list(headers)
    return (
        *read_x_robots_tag(pairs, content_type, now, agent),
        *read_tdmrep_header(pairs, strict=mode == "strict"),
        *read_content_usage_header(pairs, strict=mode == "strict"),
        *read_content_signal_header(pairs),
    )


def read_html(html: bytes, now: float, agent: str, mode: Mode = "strict") -> tuple[Signal, ...]:
    """Every signal in the meta elements of a page, its bytes as received."""
    return read_meta(html, now, agent, strict=mode == "strict")


def read_robots(statements: Statements, url: str, mode: Mode = "strict") -> tuple[Signal, ...]:
    """The Content-Usage and Content-Signal lines of robots.txt that speak of `url` (or of a path).

    To be asked for what may be crawled only: a forbidden path has no preferences (draft-ietf-aipref-attach 3).
    """
    path = normalise_path(path_of(url))
    return (
        *read_content_usage_lines(statements.usage, path, strict=mode == "strict"),
        *read_content_signal_lines(statements.signals, path),
    )
