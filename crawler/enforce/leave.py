"""Ending the process with one clear message where going on would mean crawling without a gate.

Scrapy offers no exit code to a component: `NotConfigured` lets the crawl go on without it, `CloseSpider` and errors in
`spider_opened` end with 0. `SystemExit` passes all of that inside a task of the asyncio reactor; Deferreds swallow it,
and the reactor-less loop buries the message under a traceback, so there the process is ended directly.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from typing import NoReturn

from scrapy.utils.reactor import is_asyncio_reactor_installed, is_reactor_installed

from ..errors import DesistError, PolicyError
from ..policy.diagnostic import paragraphs
from .process import GATE

__all__ = ["leave", "say"]


def say(error: DesistError) -> None:
    """Print the message, its place and its mend on stderr, once; before it, all that is wrong with documents."""
    findings = paragraphs(error.diagnostics) if isinstance(error, PolicyError) else []
    print("\n".join([*findings, f"error: {error}"]), file=sys.stderr, flush=True)


def leave(code: int) -> NoReturn:
    """End the process with `code`, whatever runs it; never returns."""
    if _passes():
        raise SystemExit(code)
    GATE.attempts.close()
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _passes() -> bool:
    """Whether `SystemExit` reaches the top of the process from here, and without a traceback."""
    try:
        in_task = asyncio.current_task() is not None
    except RuntimeError:
        return False  # a Deferred may stand between here and the top, as in CrawlerProcess.crawl
    return in_task and is_reactor_installed() and is_asyncio_reactor_installed()
