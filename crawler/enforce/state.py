"""Where processes of an armed environment keep their record, unless a project says otherwise."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["state_ledger"]


def state_ledger() -> Path:
    """`$XDG_STATE_HOME`, else `~/.local/state` (XDG base directory specification)."""
    base = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return Path(base) / "desist" / "ledger.db"
