"""Gate 6, the process: it has no network but what a gate grants, so switching the gates off switches the network off.

An audit hook (PEP 578) sees every connection, datagram, lookup and child process that Python code starts, whichever
library starts it, and refuses what no granted request and no declared infrastructure covers. A hook cannot be taken off
again, and no setting can loosen it once it is on.

What tells no hook, or tells it too late, is wrapped (`wraps.py`); sockets without the wrapped methods are refused.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from ..errors import GateError
from ..model import Decision
from .attempts import Attempt, Attempts
from .destinations import Destinations, endpoint_of
from .frames import culprit
from .imports import IMPORT, Imports
from .infra import Infra
from .marks import mark
from .names import is_literal, place_dialled, spelled
from .observe import Observation
from .options import Options
from .pins import PINS, Pins, canonical, plain
from .places import place_of
from .resolver import Resolver, asking, local_addresses
from .shut_errors import AttemptRefused, LibraryRefused, LookupShut, SpawnRefused
from .spawns import SPAWN, Spawns, helpers, words_of
from .whole import Whole
from .wraps import METHODS, wrap_builtins, wrap_sockets, wrap_spawns

if TYPE_CHECKING:
    from .warden import Warden

__all__ = ["ENVIRONMENT", "GATE", "ProcessGate"]

ENVIRONMENT: Final = "its environment (desist arm)"
"""Who armed the process, where no project did."""

_WATCH: Final = "desist.enforce.watch"
_WATCH_CALLS: Final = frozenset({"inotify_init1", "inotify_add_watch", "inotify_rm_watch"})
_ATTEST: Final = "desist.attest"
_SOCKET: Final = socket.socket
_PACKETS: Final = frozenset({int(socket.SOCK_RAW), 10})
"""Kinds of sockets that write packets themselves; 10 is SOCK_PACKET (packet(7))."""
_SCTP: Final = 132
"""It connects by a socket option, which tells no hook (sctp(7))."""
_NOT_EXECUTED: Final = 126
"""What a shell exits with where it may not run a program (POSIX 2.8.2)."""


class ProcessGate:
    """One a process. Asked from every thread: what it reads is only ever replaced as a whole or appended to."""

    def __init__(self) -> None:
        self.armed = ""
        """By what the process was armed; empty while it is not."""
        self.options = Options()
        self.infra = Infra()
        self.spawns = Spawns()
        self.imports = Imports()
        self.attempts = Attempts()
        self._wardens: list[Warden] = []
        self.resolvers: list[Resolver] = []
        """Those that ask besides the wardens' own: of `requests` adapters."""
        self._resolver: Resolver | None = None
        self.observation = Observation()
        self._heard = False
        self._started = threading.local()
        self._checks: dict[str, Callable[[tuple[Any, ...]], None]] = {
            _ATTEST: self._hear,
            "socket.connect": lambda args: self._dial("connect", args[0], args[1]),
            "socket.sendto": lambda args: self._dial("datagram", args[0], args[1]),
            "socket.sendmsg": lambda args: self._dial("datagram", args[0], args[1]),
            "socket.__new__": self._new_socket,
            "socket.getaddrinfo": lambda args: self.look_up(args[0]),
            "socket.gethostbyname": lambda args: self.look_up(args[0]),
            "socket.gethostbyaddr": lambda args: self.look_up(args[0]),
            "socket.getnameinfo": lambda args: self.look_up(args[0][0], reverse=True),
            "subprocess.Popen": self._popen,
            "os.system": lambda args: self.spawn(words_of(None, args[0]), searched=True),
            "os.exec": self._exec,
            "os.posix_spawn": lambda args: self.spawn(words_of(args[0], args[1])),
            "os.spawn": lambda args: self.spawn(words_of(args[1], args[2])),
            "os.startfile": lambda args: self.spawn(words_of(None, args[0])),
            "os.putenv": lambda args: self.spawns.environment(args[0]),
            "os.fork": lambda _args: self.attempts.before_fork(),
            "os.forkpty": lambda _args: self.attempts.before_fork(),
            "import": lambda args: self.let_in(str(args[0]), str(args[1] or "")),
            "ctypes.dlopen": lambda args: self._library(str(args[0])),
            "ctypes.dlsym": lambda args: self._library(str(args[1])),
            "ctypes.dlsym/handle": lambda args: self._library(str(args[1])),
            "ctypes.call_function": lambda args: self._library(f"function at {args[0]}"),
            "cpython.PyInterpreterState_New": lambda _args: self._refuse("interpreter", "a subinterpreter", "", ""),
            "sqlite3.load_extension": lambda _args: self._library("a SQLite extension"),
        }

    # --- arming ----------------------------------------------------------------------------------------------------

    def arm(self, options: Options, why: str) -> None:
        """Shut the process, for good; harmless twice. Raises GateError where it is too late for that.

        The first project's `options` decide where attempts are recorded.
        """
        declared = [line for line in options.infra if line.startswith((SPAWN, IMPORT))]
        self.spawns.declare(line.removeprefix(SPAWN) for line in declared if line.startswith(SPAWN))
        self.imports.declare(line.removeprefix(IMPORT) for line in declared if line.startswith(IMPORT))
        self._too_late()
        if self.armed in {"", ENVIRONMENT} and why != self.armed:
            self.observation = Observation.read(options.observe_until)
            self.options = options
            self.attempts.take(options)
            self.infra.add(Destinations("DESIST_INFRA", options.infra))
        if not self.armed:
            self._shut()
        self.armed = why if self.armed in {"", ENVIRONMENT} else self.armed

    def _shut(self) -> None:
        PINS.infra.append(self._is_infra)
        wrap_sockets(self)
        wrap_spawns(self)
        wrap_builtins(self)
        os.register_at_fork(after_in_child=self._in_child)
        mark()
        sys.addaudithook(self._hook())
        self.attest()  # an older hook may have refused this one, and Python says nothing of that

    def attest(self) -> None:
        """Raises GateError unless the hook is heard and the methods that take an address are the gate's."""
        self._heard = False
        sys.audit(_ATTEST)
        if not self._heard:
            raise GateError("the process is not shut: its audit hook is not there", help="desist doctor")
        if changed := self._changed():
            raise GateError(f"something replaced `{changed}` of the process gate", help=f"find what sets `{changed}`")
        for method in METHODS:
            if getattr(getattr(socket.socket, method), "gate", None) is not self:
                raise GateError(
                    f"something replaced `socket.socket.{method}`, so lookups would not be seen",
                    help="find the library that patches `socket`, and take it out of the crawling process",
                )

    def _changed(self) -> str:
        return _WHOLE.changed(self, PINS, self.attempts, self.infra, self.spawns, self.imports) or (
            "" if PINS.infra == [self._is_infra] else "Pins.infra"
        )

    def _too_late(self) -> None:
        loaded = self.imports.loaded()
        if loaded:
            raise GateError(
                f"`{loaded[0]}` opens sockets that no gate sees, and was imported before the process was shut",
                help=f"take its import out of the settings module, or declare `{IMPORT}{loaded[0]}` in DESIST_INFRA",
            )
        if not self.armed and (started := helpers()):
            raise GateError(
                f"the child process `{started[0]}` was started before the process was shut, so it has no gates",
                help="start it once the crawl has begun: settings, addons and the starting script come too early",
            )

    def _hook(self) -> Callable[[str, tuple[Any, ...]], None]:
        """The hook itself: nearly all events are none of its business, and cost one look into a dict."""
        find = dict(self._checks).get

        def hook(event: str, args: tuple[Any, ...]) -> None:
            check = find(event)
            if check is None:
                return
            try:
                check(args)
            except (OSError, ImportError):
                raise
            except Exception as error:
                self.attempts.record(Attempt("unreadable", event, f"unreadable:{event}", culprit(), os.getpid()), None)
                raise SpawnRefused(errno.EPERM, f"the process gate failed, so this is refused: {error!r}") from error

        return hook

    def _hear(self, _args: tuple[Any, ...]) -> None:
        self._heard = True

    def _in_child(self) -> None:
        PINS.clear()
        self._wardens.clear()
        self.attempts.in_child()

    # --- crawls ----------------------------------------------------------------------------------------------------

    def join(self, warden: Warden, derived: Iterable[str] = ()) -> Callable[[], None]:
        """A crawl opens: its warden judges from now on, and its own destinations pass until the result is called."""
        self._wardens.append(warden)
        removers = [
            self.infra.add(warden.infra),
            self.infra.add(Destinations("FEEDS, stores and mail", list(derived))),
        ]
        self.attempts.told.append(warden.attempted)

        def leave() -> None:
            if self.armed and (changed := self._changed()):
                self.attempts.record(Attempt("replaced", changed, f"replaced:{changed}", culprit(), os.getpid()), None)
            for remove in removers:
                remove()
            if warden in self._wardens:
                self._wardens.remove(warden)
                self.attempts.told.remove(warden.attempted)
            if not self._wardens:
                self.attempts.close()

        return leave

    def named(self, host: str, url: str, what: str) -> Decision | None:
        """The refusal that documents have for a host or address, by whichever crawl; None where none has one."""
        if not self._wardens:
            return self.attempts.judge(host)
        for warden in list(self._wardens):
            decision = warden.judge_name(url, host, what)
            if decision is not None:
                return decision
        return None

    # --- what the hook asks ------------------------------------------------------------------------------------------

    def _dial(self, what: str, sock: Any, address: Any) -> None:
        if address is None:  # a message on a socket that was connected, and judged, before
            return
        host, port, internet = place_dialled(sock, address)
        if self._may_dial(host, port):
            return
        if not internet:
            self._refuse(what, host, "", "")
            return
        target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}" if port else host
        self._refuse(what, target, f"http://{target}/" if port else target, host)

    def _may_dial(self, host: str, port: int) -> bool:
        if PINS.covers(host, port):
            return True
        return asking() and (plain(host), port) in self._nameservers()

    def _is_infra(self, host: str, port: int) -> bool:
        """Whether a destination is declared; a letter outranks the declaration."""
        if not self.infra.covers(host, port):
            return False
        names = {host, self.infra.name_of(host)}
        return host.startswith("/") or not any(self.named(name, f"http://{name}/", "infra") for name in names)

    def _nameservers(self) -> list[tuple[str, int]]:
        return [server for resolver in self._resolvers() for server in resolver.servers]

    def _resolvers(self) -> list[Resolver]:
        if self._wardens or self.resolvers:
            return [*self.resolvers, *(warden.resolver for warden in list(self._wardens))]
        if self._resolver is None:
            self._resolver = Resolver(self.options.nameservers)
        return [self._resolver]

    def look_up(self, host: Any, *, reverse: bool = False) -> None:
        """Refuse a lookup, unless it asks nobody."""
        name = spelled(host)
        if not name or (not reverse and is_literal(name)):
            return
        if local_addresses(name) or (name == canonical(socket.gethostname()) and not self.infra.names(name)):
            if local_addresses(name):
                return  # the machine's own hosts file answers, nobody is asked
            raise LookupShut(socket.EAI_NONAME, f"{name} is not in the hosts file of this machine")
        self._refuse("lookup", name, f"http://{f'[{name}]' if ':' in name else name}/", name)

    def addresses(self, host: Any) -> tuple[str, ...]:
        """What a name stands for where a grant or a declaration covers it; empty where none does."""
        name = spelled(host)
        if not name or is_literal(name):
            return ()
        granted, declared = PINS.granted(name), self.infra.names(name)
        if granted and declared:  # at another port, perhaps: what a request was granted, the declaration covers too
            self.infra.learn(name, granted)
        if granted or not (declared or self.observation.on):
            return granted
        return local_addresses(name) or self._declared(name)

    def _declared(self, name: str) -> tuple[str, ...]:
        """Ask the gate's own resolver for a declared name, judging all that is on the way."""
        url = f"http://{name}/"
        refused: list[str] = []

        def judge(link: str) -> None:
            if self.named(link, url, "cname") is not None:
                refused.append(link)
                raise LookupShut(socket.EAI_NONAME, f"{link} is refused")

        try:
            judge(name)
            found = self._resolvers()[0].ask(name, judge)
            for address in found.addresses:
                judge(address)
        except (OSError, ValueError) as error:
            if refused:
                self._refuse("lookup", name, url, refused[0])
            raise LookupShut(socket.EAI_NONAME, f"{name} cannot be looked up: {error}") from error
        except Exception as error:
            raise LookupShut(socket.EAI_NONAME, f"{name} cannot be looked up: {error}") from error
        self.infra.learn(name, found.addresses)
        return found.addresses

    def _new_socket(self, args: tuple[Any, ...]) -> None:
        sock, family, kind, protocol = args[0], args[1], args[2], args[3]
        bare = not isinstance(sock, _SOCKET)  # its methods would not be the wrapped ones
        packets = family == getattr(socket, "AF_PACKET", None) or (kind != -1 and kind & 0xF in _PACKETS)
        if bare or packets or protocol == _SCTP:
            self._refuse("socket", "a bare C socket" if bare else "a raw socket" if packets else "SCTP", "", "")

    def spawn(self, words: list[str], *, searched: bool = False, env: Mapping[Any, Any] | None = None) -> None:
        """Refuse a child process that nothing declares; `searched` and `env` as in `Spawns.allow`."""
        if self.spawns.allow(words, searched=searched, env=env, idle=not self._wardens):
            return
        urls = [word for word in " ".join(words).replace("'", " ").replace('"', " ").split() if "://" in word]
        host = place_of(urls[0]).host if urls else ""
        self._refuse("spawn", words[0] if words else "nothing", urls[0] if urls else "", host)

    def _popen(self, args: tuple[Any, ...]) -> None:
        self._started.program = ""
        words = words_of(args[0], args[1])
        self.spawn(words, searched=True, env=args[3])
        self._started.program = words[0]

    def passed(self) -> str:
        """The program that `subprocess` was let start a moment ago in this thread; once."""
        program = getattr(self._started, "program", "")
        self._started.program = ""
        return str(program)

    def _exec(self, args: tuple[Any, ...]) -> None:
        try:
            self.spawn(words_of(args[0], args[1]))
        except SpawnRefused:
            if self.attempts.is_child:  # it was forked to become another program, and must not go on as a second crawl
                os._exit(_NOT_EXECUTED)
            raise

    def let_in(self, module: str, file: str) -> None:
        """Refuse a module that opens sockets unseen; `file` is that of an extension, under whatever name."""
        name = self.imports.barred(module)
        if name and not self.imports.installed(name):
            return
        name = name or (self.imports.barred_file(file) if file else "")
        if name:
            self._refuse("import", name, "", "")

    def _library(self, name: str) -> None:
        if "ctypes" in self.imports.declared or _is_our_watch(name):
            return
        self._refuse("library", name, "", "")

    # --- refusing ----------------------------------------------------------------------------------------------------

    def observe_proxy(self, proxy: str) -> bool:
        """Whether observation lets an undeclared proxy pass; on record."""
        if not self.observation.on:
            return False
        endpoint = endpoint_of(proxy)
        self.attempts.observe(
            Attempt("proxy", f"{endpoint.host}:{endpoint.port}", f"http://{endpoint.host}:{endpoint.port}/", culprit())
        )
        return True

    def _refuse(self, what: str, target: str, url: str, host: str) -> None:
        """Record, then raise what the caller knows how to handle; returns where observation lets it pass."""
        named = self.named(self.infra.name_of(host), url, what) if host and not host.startswith("/") else None
        attempt = Attempt(what, target, url or f"{what}:{target}", culprit(3), os.getpid())
        if self.observation.on:
            if named is None and what in {"connect", "datagram"}:
                return self.attempts.observe(attempt)
            self.attempts.note(attempt)
        decision = self.attempts.record(attempt, named)
        why = decision.governing.message if decision.governing else "refused"
        if what == "lookup":
            raise LookupShut(socket.EAI_NONAME, why)
        if what in {"spawn", "library"}:
            raise SpawnRefused(errno.EPERM, why)
        if what == "import":
            raise LibraryRefused(why)
        raise AttemptRefused(errno.ECONNREFUSED, why)


def _is_our_watch(name: str) -> bool:
    """Whether the policy watch asks for the three calls that it makes of the C library."""
    frame = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__") in {__name__, "ctypes", "ctypes._endian"}:
        if frame.f_back is None:
            return False
        frame = frame.f_back
    ours = sys.modules.get(_WATCH)
    return ours is not None and frame.f_globals is vars(ours) and name in {"None", *_WATCH_CALLS}


_WHOLE: Final = Whole((ProcessGate, Attempts, Destinations, Imports, Infra, Pins, Resolver, Spawns))
GATE = ProcessGate()
"""The gate of this process."""
