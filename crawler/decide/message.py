"""A decision in words: one line that says what refuses *you*, under what it is filed, and one line with the mend."""

from __future__ import annotations

import re
from typing import Final

from ..model import Decision

__all__ = ["line_of", "message_of"]

_PLAIN: Final = re.compile(r"[A-Za-z0-9/:._~%@+,=-]*")


def message_of(decision: Decision) -> str:
    """The message form of a decision; the same on every screen, log line and exception."""
    reason = decision.governing
    if reason is None:
        return line_of(decision)
    help_ = f"; {reason.help}" if reason.help else ""
    return f"{line_of(decision)}\n  help: desist policy explain {_quoted(_shown(decision.url))}{help_}"


def line_of(decision: Decision) -> str:
    """The message form without the line that names the mend."""
    reason = decision.governing
    if reason is None:
        unchecked = f" ({', '.join(decision.unchecked)} unchecked)" if decision.unchecked else ""
        return f"allowed {_shown(decision.url)}{unchecked}"
    via = f", reached via {_shown(reason.via)}" if reason.via else ""
    filed = reason.filed or f"filed under {decision.docket}"
    return f"refused {_shown(decision.url)}: {reason.basis}: {reason.message}{via}; {filed}"


def _shown(url: str) -> str:
    """A URL that cannot break a line or a terminal."""
    if url.isprintable() and " " not in url:
        return url
    return "".join(c if c.isprintable() and c != " " else ascii(c)[1:-1] if c != " " else "%20" for c in url)


def _quoted(url: str) -> str:
    """A URL as a shell takes it."""
    return url if _PLAIN.fullmatch(url) else "'" + url.replace("'", "'\\''") + "'"
