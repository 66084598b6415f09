"""Functions of the standard library that tell no hook, or tell it too late, wrapped so that the gate is asked first.

CPython resolves the host of `connect(("name", port))` before it raises the audit event, and `multiprocessing` starts
its children with a function that raises none.
"""

from __future__ import annotations

import _socket
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from .names import INET, is_literal, spelled
from .resolver import local_addresses
from .spawns import words_of

try:
    import _posixsubprocess
except ImportError:  # Windows
    _posixsubprocess = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from .process import ProcessGate

__all__ = ["METHODS", "wrap_sockets", "wrap_spawns"]

METHODS: Final = ("connect", "connect_ex", "bind", "sendto", "sendmsg")
"""Those of `socket.socket` that take an address."""
_BARE: Final = _socket.socket


def wrap_sockets(gate: ProcessGate) -> None:
    """Let names in addresses be answered by the gate and not by the C library, which tells the hook afterwards."""
    look_up = _socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *args: Any, **kinds: Any) -> Any:
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
        fours = [address for address in gate.addresses(name) if ":" not in address]
        return fours[0] if fours else by_name(name)

    _socket.getaddrinfo = getaddrinfo
    _socket.gethostbyname = socket.gethostbyname = gethostbyname
    for method in METHODS:
        setattr(socket.socket, method, _with_address(gate, method))


def wrap_spawns(gate: ProcessGate) -> None:
    """`multiprocessing` starts children with a function that tells no hook."""
    if _posixsubprocess is None:
        return
    fork_exec = _posixsubprocess.fork_exec

    def told(args: Any, executables: Any, *more: Any) -> Any:
        gate.spawn(words_of(next(iter(executables), None), args))
        return fork_exec(args, executables, *more)

    _posixsubprocess.fork_exec = told


def _with_address(gate: ProcessGate, method: str) -> Callable[..., Any]:
    plain_method = getattr(_BARE, method)
    place = {"sendto": -1, "sendmsg": 3}.get(method, 0)

    def call(self: socket.socket, *args: Any) -> Any:
        if self.family in INET and len(args) > place and args:
            address = args[place]
            if isinstance(address, tuple) and address and not is_literal(spelled(address[0])):
                args = (*args[:place], _located(gate, address), *(args[place + 1 :] if place != -1 else ()))
        return plain_method(self, *args)

    call.__name__ = call.__qualname__ = method
    call.gate = gate  # type: ignore[attr-defined]
    return call


def _located(gate: ProcessGate, address: tuple[Any, ...]) -> tuple[Any, ...]:
    """An address whose name the gate has answered; raises LookupShut."""
    name = spelled(address[0])
    if not name or name == "<broadcast>":
        return address
    found = gate.addresses(name) or local_addresses(name)
    if not found:
        gate.look_up(name)
    return (found[0], *address[1:])
