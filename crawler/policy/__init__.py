"""Policy documents, and the sets that they are compiled into."""

from __future__ import annotations

from .policyset import PolicySet

__all__ = ["PolicySet"]
