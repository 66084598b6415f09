"""Attempts to go round the gates, put on record before whoever made them learns that they were refused.

They have a session of their own in the ledger, opened at the first one: they happen in any thread, before a crawl's
session is open, after it is closed, and in processes that crawl nothing. A forked child cannot use it (SQLite does not
survive a fork), so a child hands its attempts to the process that forked it and waits for the receipt.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import select
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from ..decide import Judge, message_of
from ..decide import Options as Choices
from ..errors import DesistError
from ..ledger import Ledger
from ..model import Basis, Decision
from ..policy.policyset import PolicySet
from .options import Options
from .places import place_of
from .recorder import DEFAULT_LEDGER
from .signing import open_ledger
from .verdicts import refusal

__all__ = ["Attempt", "Attempts"]

logger = logging.getLogger("desist")
_SECONDS: Final = 10.0
"""How long a refusal waits for its receipt; it stays a refusal without one."""
OBSERVED: Final = "observed.txt"
"""Beside the ledger while a project observes: `what target` a line."""
_MAX_BYTES: Final = 60_000
"""Octets of a message between a child and who forked it, more than the longest that is sent."""
_FIELD: Final = 4_000
"""Octets of each text in it: a command line may have two million."""
_REQUEST: Final = "fetch it with a Request; infrastructure is declared in DESIST_INFRA"
_DECLARE: Final = "where it fetches nothing, declare it in DESIST_INFRA: "
_WORDS: Final = {
    "connect": ("no granted request covers a connection to `{}`", _REQUEST),
    "datagram": ("no granted request covers a datagram to `{}`", _REQUEST),
    "lookup": ("no granted request covers a lookup of `{}`", _REQUEST),
    "socket": ("no gate sees what `{}` does", "use socket.socket"),
    "spawn": ("a child process of `{}` has no gates", _DECLARE + "spawn:{}"),
    "import": ("`{}` opens sockets that no gate sees", _DECLARE + "import:{}"),
    "crawl": ("{} has no gates", 'ADDONS = {{"desist.addon.Addon": 0}}'),
    "interpreter": ("{} has hooks of its own, and no gate among them", "use threads or processes"),
    "unreadable": ("what `{}` was handed can be read in two ways", "plain strings, numbers, tuples and lists"),
    "replaced": ("something replaced `{}`, so what it lets through is not known", "find what sets it"),
    "library": ("`{}` is C code that no gate sees", _DECLARE + "import:ctypes"),
}
"""What is refused, and the mend, by kind of attempt; `{}` is its target."""


class Attempt(msgspec.Struct, frozen=True):
    """One way round the gates that was tried."""

    what: str
    """connect, lookup, datagram, socket, spawn, import, library, interpreter, crawl, replaced, or unreadable."""
    target: str
    """A host, address, socket path, program or module."""
    url: str
    """The same as a URL, for the record: `http://host:port/`, or the URL that a child process was handed."""
    at: str
    """The first frame outside libraries."""
    pid: int = 0

    @property
    def names_a_host(self) -> bool:
        """Whether documents have something to say of it."""
        return "://" in self.url


class Attempts:
    """Owned by nobody's thread; `_lock` guards the session."""

    def __init__(self) -> None:
        self.options = Options()
        self.told: list[Callable[[Decision], None]] = []
        """Told of every refusal once it is on record: the wardens, for log line and count."""
        self._lock = threading.RLock()
        self._ledger: Ledger | None = None
        self._revisions: set[str] = set()
        self._policies: PolicySet | None = None
        self._judge: Judge | None = None
        self._relay: _Relay | None = None
        self._busy = threading.local()
        self._said: set[str] = set()
        self._seen: set[tuple[str, str]] = set()
        self._lines: set[tuple[str, str]] = set()
        atexit.register(self.close)

    def take(self, options: Options) -> None:
        """Judge and record by these options from now on."""
        self.close()
        self.options, self._policies, self._judge = options, None, None

    # --- judging ---------------------------------------------------------------------------------------------------

    def judge(self, host: str) -> Decision | None:
        """What documents say of a host where no crawl is open that could be asked; None where they do not refuse it."""
        try:
            with self._lock:
                if self._judge is None:
                    self._policies = PolicySet.load([Path(folder) for folder in self.options.policies] or None)
                    choices = Choices(notices_to_others=self.options.notices_to_others)
                    self._judge = Judge(self._policies, agent=self.options.agent, options=choices)
                decision = self._judge.host(host)
        except Exception as error:  # noqa: BLE001 - no answer is no permission
            why = f"judging failed: {type(error).__name__}: {error}"
            return refusal(f"http://{host}/", Basis.POLICY_ERROR, "gate", why, help="desist doctor")
        return decision if decision.refused else None

    # --- recording -------------------------------------------------------------------------------------------------

    def record(self, attempt: Attempt, named: Decision | None) -> Decision:
        """Put the refusal of an attempt on record and tell of it; waits for the receipt. Never raises.

        `named`: the refusal that the destination brings with it, where documents refuse it.
        """
        decision = _decision(attempt, named)
        self._put(attempt, decision)
        return decision

    def _put(self, attempt: Attempt, decision: Decision) -> bool:
        """Whether a refused attempt is on record now, and told of. Never raises."""
        if getattr(self._busy, "now", False):
            return False  # an attempt of what records attempts, such as a log handler that uses the network
        self._busy.now = True
        try:
            if self.is_child and self._relay is not None:
                self._relay.send(attempt)
            else:
                self._append(attempt, decision)
                self._tell(decision)
        except Exception as error:  # noqa: BLE001 - the attempt stays refused
            self._complain(error)
            return False
        finally:
            self._busy.now = False
        return True

    def observe(self, attempt: Attempt) -> None:
        """Put on record, once, an undeclared destination that observation lets pass. Raises where it cannot."""
        if (attempt.what, attempt.target) in self._seen or getattr(self._busy, "now", False):
            return
        self._busy.now = True
        try:
            self._append(attempt, _decision(attempt, None), kind="permit")
            self.note(attempt)
            self._seen.add((attempt.what, attempt.target))
        finally:
            self._busy.now = False

    def note(self, attempt: Attempt) -> None:
        """Keep what `desist doctor --project` turns into lines of settings, in a private file beside the ledger."""
        place = Path(self.options.ledger or DEFAULT_LEDGER).parent / OBSERVED
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(place, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        with os.fdopen(fd, "a", encoding="utf-8") as file:
            file.write(f"{attempt.what} {attempt.target}\n")

    def _append(self, attempt: Attempt, decision: Decision, kind: Any = "refuse") -> None:
        reason = decision.governing
        with self._lock:
            ledger = self._open()
            revision = decision.revision
            if revision and revision not in self._revisions:
                ledger.announce(revision)
                self._revisions.add(revision)
            facts: dict[str, int | str] = {"attempt": attempt.what, "pid": attempt.pid or os.getpid()}
            details = {"url": attempt.url, "target": attempt.target, "at": attempt.at}
            receipt = ledger.append(
                kind,
                platforms=decision.platforms,
                domain="" if decision.platforms or not attempt.names_a_host else place_of(attempt.url).domain,
                basis=reason.basis.value if reason else "",
                rule=reason.rule if reason else "",
                docket=decision.docket,
                gate="process",
                facts={**facts, "observed": 1} if kind == "permit" else facts,
                details=details if ledger.sealed_to else {},
                **({"revision": revision} if revision else {}),
            )
        receipt.result(_SECONDS)

    def _open(self) -> Ledger:
        if self._ledger is None or self._ledger.lost is not None:
            options = self.options
            self._ledger = open_ledger(options, Path(options.ledger or DEFAULT_LEDGER), "process")
            self._revisions.clear()
        return self._ledger

    def close(self) -> None:
        """End the session, if there is one; a later attempt opens another."""
        if self.is_child:
            return
        with self._lock, contextlib.suppress(DesistError):
            if self._ledger is not None:
                self._ledger.close()
            self._ledger = None

    def _tell(self, decision: Decision) -> None:
        if self.told:
            self.told[0](decision)
            return
        key = (decision.url, decision.governing.rule if decision.governing else "")
        if key not in self._lines:
            self._lines.add(key)
            logger.warning("%s", message_of(decision))

    def _complain(self, error: Exception) -> None:
        text = f"error: an attempt to go round the gates was refused and could not be recorded: {error}"
        if text not in self._said:
            self._said.add(text)
            print(text, file=sys.stderr, flush=True)

    # --- forks -----------------------------------------------------------------------------------------------------

    @property
    def is_child(self) -> bool:
        """Whether this process was forked from an armed one."""
        return self._relay is not None and self._relay.in_child

    def before_fork(self) -> None:
        """Make the way on which children hand over what they are refused."""
        if self._relay is None:
            self._relay = _Relay(self._from_child)

    def in_child(self) -> None:
        """In a forked child: the parent keeps the record."""
        self._lock = threading.RLock()
        self._busy = threading.local()
        self._ledger = None
        self.told.clear()
        if self._relay is not None:
            self._relay.leave_to_parent()

    def _from_child(self, attempt: Attempt) -> bool:
        host = place_of(attempt.url).host if attempt.names_a_host else ""
        return self._put(attempt, _decision(attempt, self.judge(host) if host else None))


class _Relay:
    """A socket pair that children inherit: one datagram an attempt, with a pipe on which the receipt comes back."""

    def __init__(self, deliver: Callable[[Attempt], bool]) -> None:
        self.in_child = False
        self._deliver = deliver
        """Says whether the attempt is on record."""
        self._ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        threading.Thread(target=self._serve, name="desist-relay", daemon=True).start()

    def leave_to_parent(self) -> None:
        """In a child: it only sends."""
        if not self.in_child:
            self.in_child = True
            self._ours.close()

    def send(self, attempt: Attempt) -> None:
        """From a child; returns once the parent has the receipt. Raises OSError where it has none, or none in time."""
        back, there = os.pipe()
        try:
            socket.send_fds(self._theirs, [msgspec.msgpack.encode(_for_parent(attempt))], [there])
        finally:
            os.close(there)
        try:
            ready, _, _ = select.select([back], [], [], _SECONDS)
            if not ready or not os.read(back, 1):
                raise OSError("the process that forked this one has not said that it did")
        finally:
            os.close(back)

    def _serve(self) -> None:
        while True:
            data, fds, _, _ = socket.recv_fds(self._ours, _MAX_BYTES, 1)
            if not data:
                return
            recorded = self._recorded(data)
            for fd in fds:
                with contextlib.suppress(OSError):
                    if recorded:
                        os.write(fd, b".")
                with contextlib.suppress(OSError):
                    os.close(fd)

    def _recorded(self, data: bytes) -> bool:
        try:
            return self._deliver(msgspec.msgpack.decode(data, type=Attempt))
        except Exception:
            logger.exception("a child process handed over an attempt that could not be recorded")
            return False


def _for_parent(attempt: Attempt) -> Attempt:
    """An attempt of this process that fits into a message: long texts cut, what is no Unicode shown as escapes."""
    url, target, at = map(_cut, (attempt.url, attempt.target, attempt.at))
    return msgspec.structs.replace(attempt, url=url, target=target, at=at, pid=os.getpid())


def _cut(text: str) -> str:
    return text[:_FIELD].encode(errors="backslashreplace")[:_FIELD].decode(errors="ignore")


def _decision(attempt: Attempt, named: Decision | None) -> Decision:
    """The refusal of an attempt: that it went round the gates, and whatever documents say of where it went."""
    why, mend = _WORDS.get(attempt.what, _WORDS["connect"])
    tried = f"{why.format(attempt.target)}, tried at {attempt.at}"
    own = refusal(attempt.url, Basis.PROCESS, f"no-grant:{attempt.what}", tried, help=mend.format(attempt.target))
    if named is None or named.governing is None:
        return own
    governing = msgspec.structs.replace(named.governing, message=f"{named.governing.message}; {tried}", via="")
    return msgspec.structs.replace(named, url=attempt.url, reasons=(*named.reasons, *own.reasons), governing=governing)
