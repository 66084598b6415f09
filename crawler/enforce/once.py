"""One flight for many waiters, under asyncio and under Twisted reactors that know no asyncio."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from scrapy.utils.defer import deferred_from_coro, maybe_deferred_to_future
from twisted.internet.defer import Deferred

__all__ = ["Once"]

T = TypeVar("T")


class Once(Generic[T]):
    """Runs what `make` starts once for a key, however many wait for it, and hands all of them its result or its error.

    The flight is a task of its own: a waiter that is cancelled takes nobody else down with it.
    """

    def __init__(self) -> None:
        self._waiting: dict[object, list[Deferred[T]]] = {}

    async def get(self, key: object, make: Callable[[], Awaitable[T]]) -> T:
        """Join the flight for `key`, starting it where there is none."""
        mine: Deferred[T] = Deferred()
        waiting = self._waiting.get(key)
        if waiting is None:
            self._waiting[key] = [mine]
            flight: Deferred[T] = deferred_from_coro(make())
            flight.addBoth(self._land, key)
        else:
            waiting.append(mine)
        return await maybe_deferred_to_future(mine)

    def _land(self, result: Any, key: object) -> None:
        for waiter in self._waiting.pop(key):
            if not waiter.called:
                waiter.callback(result)  # a Failure fires its errbacks
