"""Functions of the standard library that tell no hook, or tell it too late, wrapped so that the gate is asked first.

CPython resolves the host of `connect(("name", port))` before it raises the audit event, and `multiprocessing` starts
its children with a function that raises none.
"""

from __future__ import annotations

import _imp
import _socket
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from .imports import TCL
from .names import INET, exact, family_of, is_literal, spelled
from .resolver import local_addresses
from .spawns import words_of

try:
    import _posixsubprocess
except ImportError:  # Windows
    _posixsubprocess = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from .process import ProcessGate

__all__ = ["METHODS", "wrap_builtins", "wrap_sockets", "wrap_spawns"]

METHODS: Final = ("connect", "connect_ex", "bind", "sendto", "sendmsg")
"""Those of `socket.socket` that take an address."""
_BARE: Final = _socket.socket
_PLAIN: Final = {method: getattr(_BARE, method) for method in METHODS}


def wrap_sockets(gate: ProcessGate) -> None:
    """Let names in addresses be answered by the gate and not by the C library, which tells the hook afterwards."""
    look_up = _socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *args: Any, **kinds: Any) -> Any:
        host = exact(host)
        addresses = gate.addresses(host)
        if not addresses:
            return look_up(host, port, *args, **kinds)
        found, trouble = [], None
        for address in addresses:
            try:
                found += look_up(address, port, *args, **kinds)
            except socket.gaierror as error:  # an address of the other family
                trouble = error
        if not found and trouble is not None:
            raise trouble
        return found

    by_name = _socket.gethostbyname

    def gethostbyname(name: Any) -> str:
        name = exact(name)
        fours = [address for address in gate.addresses(name) if ":" not in address]
        return fours[0] if fours else by_name(name)

    _socket.getaddrinfo = getaddrinfo
    _socket.gethostbyname = socket.gethostbyname = gethostbyname
    for method in METHODS:
        call = _with_address(gate, method)
        setattr(socket.socket, method, call)
        with contextlib.suppress(TypeError):  # the C type may be changed by some versions of CPython only
            setattr(_BARE, method, call)


def wrap_spawns(gate: ProcessGate) -> None:
    """`multiprocessing` starts children with a function that tells no hook, and `subprocess` holds on to the same."""
    if _posixsubprocess is None:
        return
    fork_exec = _posixsubprocess.fork_exec

    def told(args: Any, executables: Any, *more: Any) -> Any:
        executables = tuple(executables)
        if not _is_program(gate.passed(), executables):
            gate.spawn(words_of(next(iter(executables), None), args))
        return fork_exec(args, executables, *more)

    _posixsubprocess.fork_exec = told
    if hasattr(subprocess, "_fork_exec"):
        subprocess._fork_exec = told


def wrap_builtins(gate: ProcessGate) -> None:
    """`importlib.import_module` tells no hook of modules that are part of the interpreter; Tcl may be there already."""
    create = _imp.create_builtin

    def create_builtin(spec: Any) -> Any:
        gate.let_in(exact(spec.name), "")
        return create(spec)

    _imp.create_builtin = create_builtin
    if TCL in sys.modules:
        vars(sys.modules[TCL])["create"] = lambda *_, **__: gate.let_in(TCL, "")


def _is_program(passed: str, executables: tuple[Any, ...]) -> bool:
    """Whether all files that are tried are the program that was let pass a moment ago, by its name or its path."""
    if not passed or any(type(file) is not bytes for file in executables):
        return False
    names = [file if "/" in passed else os.path.basename(file) for file in executables]
    return set(names) == {os.fsencode(passed)}


def _with_address(gate: ProcessGate, method: str) -> Callable[..., Any]:
    plain_method = _PLAIN[method]
    place = {"sendto": -1, "sendmsg": 3}.get(method, 0)

    def call(self: socket.socket, *args: Any) -> Any:
        if len(args) > place and args:
            address = exact(args[place])
            if family_of(self) in INET and isinstance(address, tuple) and address:
                address = _located(gate, address)
            args = (*args[:place], address, *(args[place + 1 :] if place != -1 else ()))
        return plain_method(self, *args)

    call.__name__ = call.__qualname__ = method
    call.gate = gate  # type: ignore[attr-defined]
    return call


def _located(gate: ProcessGate, address: tuple[Any, ...]) -> tuple[Any, ...]:
    """An address whose name the gate has answered; raises LookupShut."""
    name = spelled(address[0])
    if name == "<broadcast>" or is_literal(name):
        return address
    found = gate.addresses(name) or local_addresses(name)
    if not found:
        gate.look_up(name)
    return (found[0], *address[1:])
