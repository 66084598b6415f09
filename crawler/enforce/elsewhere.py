"""Long work in a thread of its own, awaited under asyncio and under Twisted reactors that know no asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from scrapy.utils.asyncio import is_asyncio_available
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.threads import deferToThread

__all__ = ["elsewhere"]

P = ParamSpec("P")
T = TypeVar("T")


async def elsewhere(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `work` returns or raises; it runs in another thread and must share nothing with the loop's."""
    if is_asyncio_available():
        return await asyncio.to_thread(work, *args, **kwargs)
    done: T = await maybe_deferred_to_future(deferToThread(work, *args, **kwargs))
    return done
