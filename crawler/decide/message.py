"""A decision in words: one line that says what refuses *you*, under what it is filed, and one line with the mend.

It quotes what others wrote, a site's robots.txt for example, and goes to terminals and log files: what could break a
line, move a cursor or turn the reading direction is shown as an escape.
"""

from __future__ import annotations

import re
from typing import Final

from ..errors import harmless
from ..model import Decision

__all__ = ["line_of", "message_of"]

_PLAIN: Final = re.compile(r"[A-Za-z0-9/:._~%@+,=-]*")


def message_of(decision: Decision) -> str:
    """The message form of a decision; the same on every screen, log line and exception."""
    reason = decision.governing
    if reason is None:
        return line_of(decision)
    help_ = f"; {reason.help}" if reason.help else ""
    mend = harmless(f"desist policy explain {_quoted(_shown(decision.url))}{help_}", keep="")
    return f"{line_of(decision)}\n  help: {mend}"


def line_of(decision: Decision) -> str:
    """The message form without the line that names the mend."""
    reason = decision.governing
    if reason is None:
        unchecked = f" ({', '.join(decision.unchecked)} unchecked)" if decision.unchecked else ""
        return f"allowed {_shown(decision.url)}{unchecked}"
    via = f", reached via {_shown(reason.via)}" if reason.via else ""
    filed = reason.filed or f"filed under {decision.docket}"
    return harmless(f"refused {_shown(decision.url)}: {reason.basis}: {reason.message}{via}; {filed}", keep="")


def _shown(url: str) -> str:
    """A URL that cannot break a line or a terminal, in one word."""
    return harmless(url, keep="").replace(" ", "%20")


def _quoted(url: str) -> str:
    """A URL as a shell takes it."""
    return url if _PLAIN.fullmatch(url) else "'" + url.replace("'", "'\\''") + "'"
