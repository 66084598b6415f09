"""Decisions: documents, routes, robots and signals put together; deny overrides, every reason is kept."""

from __future__ import annotations

from .judge import Judge, decide, judge_host
from .message import message_of
from .options import Options

__all__ = ["Judge", "Options", "decide", "judge_host", "message_of"]
