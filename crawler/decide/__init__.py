"""Decisions: documents, routes, robots and signals put together; deny overrides, every reason is kept."""

from __future__ import annotations

from .ask import decide, judge_host
from .judge import Judge
from .message import message_of
from .options import Options

__all__ = ["Judge", "Options", "decide", "judge_host", "message_of"]
