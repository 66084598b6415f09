"""The ledger: every entry durable, sealed, accounted for. See ARCHITECTURE.md and docs."""

from __future__ import annotations

from .entry import Entry, Gate, Kind, Receipt
from .ledger import Ledger
from .seal import CounselKey
from .session import Fields

__all__ = ["CounselKey", "Entry", "Fields", "Gate", "Kind", "Ledger", "Receipt"]
