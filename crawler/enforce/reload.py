"""Policies that change while a crawl runs: a folder that is watched, a set that is swapped as a whole."""

from __future__ import annotations

import logging
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DesistError, LedgerError
from ..policy.policyset import PolicySet
from .recorder import hop

if TYPE_CHECKING:
    from twisted.python.failure import Failure

    from .warden import Warden

__all__ = ["Reload"]

logger = logging.getLogger("desist")
_STEP_MS = 5


class Reload:
    """Watches the policy folders from a thread of its own and swaps in the loop's."""

    def __init__(self, warden: Warden) -> None:
        self._warden = warden
        self._folders = [Path(folder) for folder in warden.options.policies] or None
        self._stop = threading.Event()
        self._hop = hop()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to watch; nothing when done twice."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="desist-policies", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._stop.set()

    def _watch(self) -> None:
        import watchfiles  # noqa: PLC0415 - 20 ms that only a running crawl pays

        watched = [folder for folder in self._folders or [Path("policies")] if folder.is_dir()]
        if not watched:
            return
        for _changes in watchfiles.watch(
            *watched, stop_event=self._stop, debounce=_STEP_MS, step=_STEP_MS, rust_timeout=500
        ):
            try:
                policies = PolicySet.load(self._folders)
            except DesistError as error:
                self._hop(partial(self._complain, error))
                continue
            self._hop(partial(self._swap, policies))

    def _complain(self, error: DesistError) -> None:
        logger.critical("the changed policies cannot be read: %s", error)

    def _swap(self, policies: PolicySet) -> None:
        old = self._warden.policies.revision
        if policies.revision == old:
            return
        announced = self._warden.recorder.announce(policies.revision, {})
        stopped = self._warden.swap(policies)
        announced.addErrback(self._lost)
        logger.info("policies %s in force, %d requests in flight stopped", policies.revision[:12], len(stopped))

    def _lost(self, failure: Failure) -> None:
        if isinstance(failure.value, LedgerError):
            self._warden.lose(failure.value)
