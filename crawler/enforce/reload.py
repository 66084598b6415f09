"""Policies that change while a crawl runs: what a changed file forbids is in force within milliseconds.

Two threads beside the loop's: one looks at the folders and reads changed files alone (policy/tighten.py), so that their
prohibitions take force at once; the other reads and checks the whole set anew (policy/reload.py), which may take a
second, and only that one may loosen. Each set is swapped in the loop's thread, in one go: judge, requests in flight,
idle connections. Then the queue is purged in small steps, and the ledger gets a certificate of the change.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import GateError, LedgerError
from ..policy.policyset import PolicySet, folders_of
from .media import guard_media
from .notices import Notices
from .pools import close_idle
from .purge import Purge
from .recorder import hop
from .sessions import SessionFile
from .watch import Watch

if TYPE_CHECKING:
    from twisted.python.failure import Failure

    from ..ledger import Fields
    from .warden import Warden

__all__ = ["Reload"]

logger = logging.getLogger("desist")
_HANGUP: Final = getattr(signal, "SIGHUP", None)
_PATIENCE: Final = 3.0
"""Seconds for which the reading of a whole set waits for the purge at most."""
_SHOWN: Final = 5
"""Errors of an invalid set that the log names."""


class Reload:
    """Keeps one crawl's policy set at what its folders say."""

    def __init__(self, warden: Warden, notices: Notices) -> None:
        self._warden = warden
        self._named = [Path(folder) for folder in warden.options.policies] or None
        self._hop = hop()
        folders = [*folders_of(self._named), *([] if self._named else [Path("policies")])]
        self._watch = Watch(folders, self._look, partial(self._hop, self._unwatched))
        self._started = self._over = False
        self._signalled = threading.Event()
        self._before: Any = None
        """The handler of SIGHUP that ours stands in for."""
        self._generation = 0
        """How often the folders were found changed; written by the watching thread, read by the loop's."""
        self._running = warden.policies
        """The last set put in force, overlay or whole; owned by the watching thread until it is handed over."""
        self._whole = warden.policies
        """The last whole set; owned by the reading thread."""
        self._reading = threading.Lock()
        self._calm = threading.Event()
        """Unset while an overlay takes force and the queue is purged: reading a whole set would only be in the way."""
        self._calm.set()
        self._purge = Purge(warden)
        self._files: Any = None
        self._notices = notices
        """Asked under `_reading`."""
        self._status = SessionFile(warden.recorder.ledger.session, warden.recorder.path)

    def start(self) -> None:
        """Begin to watch; nothing when done twice."""
        guard_media(self._warden)
        if self._started:
            return
        self._started = True
        self._status.write(self._warden.policies.revision, time.time_ns() // 1000)
        self._watch.start()
        if _HANGUP is not None and threading.current_thread() is threading.main_thread():
            self._before = signal.signal(_HANGUP, self._hung_up)

    def stop(self) -> None:
        """Watch no more."""
        self._over = True
        self._status.remove()
        self._watch.stop()
        self._purge.stop()
        if self._before is not None and _HANGUP is not None:
            signal.signal(_HANGUP, self._before)
            self._before = None

    def _hung_up(self, number: int, frame: Any) -> None:
        self._signalled.set()
        self._watch.poke()
        if callable(self._before):
            self._before(number, frame)

    # --- the watching thread -----------------------------------------------------------------------------------------

    def _look(self) -> None:
        from ..policy.tighten import Files, tightened  # noqa: PLC0415 - YAML and pydantic: never in the loop's thread

        if self._files is None:
            self._files = Files(self._folders)  # `./policies` may come into being while the crawl runs
            self._begin(self._files.look())
            return
        if self._notices.due and self._reading.acquire(blocking=False):
            try:
                self._notices.tell(self._running)
            finally:
                self._reading.release()
        changed = self._files.look()
        asked = self._signalled.is_set()
        self._signalled.clear()
        if not changed and not asked:
            return
        self._generation += 1
        overlay = tightened(self._running, changed)
        if overlay is not None:
            self._running = overlay
            self._calm.clear()
            self._hop(partial(self._put, overlay, "what changed files forbid"))
        self._read_all()

    def _folders(self) -> list[Path]:
        return folders_of(self._named)

    def _begin(self, files: dict[str, bytes | None]) -> None:
        """What changed between the reading of the set that is in force and now."""
        from ..policy.snapshot import revision_of  # noqa: PLC0415

        contents = {name: content for name, content in files.items() if content is not None}
        if len(contents) != len(files) or revision_of(contents) != self._running.revision:
            self._generation += 1
            self._read_all()

    def _read_all(self) -> None:
        threading.Thread(target=self._read, args=(self._generation,), name="desist-reload", daemon=True).start()

    # --- the reading thread ------------------------------------------------------------------------------------------

    def _read(self, generation: int) -> None:
        from ..policy.reload import reload  # noqa: PLC0415

        self._calm.wait(_PATIENCE)
        with self._reading:
            if generation != self._generation:
                return  # a later change has its own reading
            try:
                found = reload(self._named, self._whole)
            except Exception:
                logger.exception("the changed policies could not be read; what they forbid so far stays in force")
                self._signalled.set()  # the next look reads all of them again
                return
            self._whole = found.policy_set
            news = self._notices.news(found.policy_set)
        self._hop(partial(self._complete, found, generation, news))

    # --- the loop's thread -------------------------------------------------------------------------------------------

    def _unwatched(self) -> None:
        error = GateError(
            "nobody watches the policy folders any more: the thread that did has ended", help="start again"
        )
        why = "no letter that comes would take force"
        self._warden.end(error, "the policy folders are not watched", why, reason="desist_unwatched")

    def _complete(self, found: Any, generation: int, news: list[Fields]) -> None:
        if self._over:
            return
        if generation != self._generation:
            self._tell_notices(news)  # a later reading holds them too, and finds them told
            return
        self._running = found.policy_set
        self._put(found.policy_set, "the policies" if not found.errors else "what can be read of the policies")
        self._tell_notices(news)
        for finding in found.errors[:_SHOWN]:
            logger.critical(
                "%s: %s %s: prohibitions are in force, permissions and withdrawals are not\n  help: %s",
                finding.place, finding.code, finding.message, finding.help or "desist policy lint",
            )  # fmt: skip
        for vanished in found.vanished:
            logger.critical(
                "`%s` has vanished from the policy folders and stays in force\n  help: desist policy withdraw %s",
                vanished, vanished,
            )  # fmt: skip
        for weakened in found.weakened:
            logger.critical(
                "`%s` was edited to forbid less; what it forbade stays in force in this crawl\n"
                "  help: desist policy narrow or withdraw; an edit loosens at the next start",
                weakened,
            )

    def _put(self, policies: PolicySet, what: str) -> None:
        """Put a set in force and take back what it refuses; all of this before anything else runs in the loop."""
        warden = self._warden
        if policies.revision == warden.policies.revision or warden.lost or self._over:
            return
        self._guarded(warden.recorder.announce(policies.revision, {}))
        stopped = warden.swap(policies)
        closed = sum(close_idle(handler, warden.refuses_host) for handler in warden.handlers)
        in_force = time.time_ns() // 1000
        self._status.write(policies.revision, in_force)
        facts = {"in_force": in_force, "cancelled": len(stopped), "closed": closed}
        last = in_force if stopped else warden.grants.last_end(warden.refuses_host)
        if last:
            facts["last_byte"] = last
        warden.crawler.stats.inc_value("desist/reloads")
        logger.info(
            "%s: revision %s in force, %d requests in flight stopped, %d idle connections closed",
            what, policies.revision[:12], len(stopped), closed,
        )  # fmt: skip
        self._purge.start(partial(self._certify, policies.revision, facts))

    def _certify(self, revision: str, facts: dict[str, int], purged: int, seconds: float) -> None:
        """The certificate of a change: in force since, last byte, how much was taken back."""
        facts |= {"purged": purged, "purge_micros": int(seconds * 1_000_000)}
        if not self._warden.lost:
            self._guarded(self._warden.recorder.announce(revision, facts))
        self._calm.set()
        logger.info("revision %s: %d queued requests purged", revision[:12], purged)

    def _tell_notices(self, news: list[Fields]) -> None:
        for fields in [] if self._over else news:
            self._guarded(self._warden.recorder.notice(fields))

    def _guarded(self, entry: Any) -> None:
        entry.addErrback(self._lost)

    def _lost(self, failure: Failure) -> None:
        if isinstance(failure.value, LedgerError):
            self._warden.lose(failure.value)
        else:
            logger.error("a change of policies could not be put on record: %s", failure.getTraceback())
