"""What lies deeper: other interpreters, objects that lie, kept functions, other families of sockets, local relays."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import socket
import subprocess
import sys

from raider_tools import CHILD, fake, in_child, in_thread, speak

RELAY = "127.83.0.3"
"""Declared infrastructure: what the liars say that they mean."""
PROXY = "unix.sock"


class Liar(str):
    """Text that says one thing when it is asked and is another when C reads it."""

    __slots__ = ("says",)

    def __new__(cls, text, says):
        made = super().__new__(cls, text)
        made.says = says
        return made

    def __str__(self):
        return self.says

    def __eq__(self, other):
        return self.says == other

    def __hash__(self):
        return hash(self.says)


class LyingPlace(tuple):
    """An address of which every item looks like the relay's."""

    __slots__ = ()

    def __getitem__(self, place):
        return (RELAY, int(self.port()))[place]

    def __iter__(self):
        return iter((RELAY, self.port()))

    def port(self):
        return tuple.__getitem__(self, 1)


def interpreters():
    """The module of interpreters, by the name that this Python has for it."""
    for name in ("_interpreters", "_xxsubinterpreters"):
        with contextlib.suppress(ModuleNotFoundError):
            return importlib.import_module(name)
    raise OSError("no interpreters")


class Depths:
    """One function a way, as in `raider_process.Ways`."""

    def subinterpreter(url, port, ip, **_):
        module = interpreters()
        made = module.create()
        module.run_string(made, CHILD.format(url=url, port=port, ip=ip))

    def tcl(ip, port, url, **_):
        import tkinter

        path, host = url.rpartition("/")[2], url.split("/")[2]
        text = "set s [socket {} {}]; puts $s {{GET /{} HTTP/1.0\nHost: {}\n}}; flush $s; gets $s"
        return tkinter.Tcl().eval(text.format(ip, port, path, host))

    def cffi(ip, port, url, **_):
        import cffi

        made = cffi.FFI()
        made.cdef("int connect(int, const void *, unsigned);")
        address = (2).to_bytes(2, "little") + port.to_bytes(2, "big") + socket.inet_aton(ip) + bytes(8)
        with socket.socket() as sock:
            if made.dlopen(None).connect(sock.fileno(), address, len(address)):
                raise OSError("connect")
            return speak(sock, url)

    def ctypes_syscall(**_):
        import ctypes

        return ctypes.CDLL(None).syscall(425, 0, None)  # io_uring_setup

    def kept_fork(url, port, ip, **_):
        """The function that `subprocess` holds, below everything that tells a hook."""
        start_below(subprocess._fork_exec, url, port, ip)

    def second_copy(url, port, ip, **_):
        """The same function of a module that is made once more."""
        spec = importlib.util.find_spec("_posixsubprocess")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        start_below(module.fork_exec, url, port, ip)

    def second_import(url, port, ip, **_):
        before = sys.modules.pop("_posixsubprocess")
        try:
            start_below(importlib.import_module("_posixsubprocess").fork_exec, url, port, ip)
        finally:
            sys.modules["_posixsubprocess"] = before

    def reloaded_socket(ip, port, url, **_):
        """A module `socket` whose class is new, and has the methods that are not the gate's."""
        before = dict(vars(socket))
        try:
            importlib.reload(socket)
            with socket.socket() as sock:
                sock.connect((ip, port))
                return speak(sock, url)
        finally:
            vars(socket).update(before)

    def silenced(url, port, ip, **_):
        """`subprocess` with a `sys` of its own, in which nobody hears of anything."""

        class Mute:
            audit = staticmethod(lambda *_: None)

            def __getattr__(self, name):
                return getattr(sys, name)

        subprocess.sys = Mute()
        try:
            words = [sys.executable, "-c", CHILD.format(url=url, port=port, ip=ip)]
            return subprocess.run(words, check=True).returncode
        finally:
            subprocess.sys = sys

    def exec_descriptor(url, port, ip, **_):
        program = os.open(sys.executable, os.O_RDONLY)
        words = [sys.executable, "-c", CHILD.format(url=url, port=port, ip=ip)]
        in_child(os.execve, program, words, dict(os.environ))

    def lying_program(url, port, ip, **_):
        words = [Liar(sys.executable, "uname"), Liar("-c" + CHILD.format(url=url, port=port, ip=ip), "-p")]
        return subprocess.run(words, check=True).returncode

    def lying_environment(url, host, port, ip, **_):
        fake(url, host, port, ip, "true")

        class Environment(dict):
            asked = 0

            def items(self):
                Environment.asked += 1
                return os.environ.items() if Environment.asked == 1 else dict.items(self)

            def get(self, name, default=None):
                return dict.get(self, name, default)

        return subprocess.run(["true"], env=Environment(PATH=os.path.abspath("fakes")), check=True).returncode

    def lying_host(ip, port, url, **_):
        with socket.socket() as sock:
            sock.connect((Liar(ip, RELAY), port))
            return speak(sock, url)

    def lying_place(ip, port, url, **_):
        with socket.socket() as sock:
            sock.connect(LyingPlace((ip, port)))
            return speak(sock, url)

    def lying_family(ip, port, url, **_):
        class Sock(socket.socket):
            family = property(lambda self: socket.AF_UNIX)

        with Sock() as sock:
            sock.connect((ip, port))
            return speak(sock, url)

    def lying_lookup(host, **_):
        return socket.getaddrinfo(Liar(host, "127.0.0.1"), 80)

    def lying_lookup_c(host, **_):
        return socket.gethostbyname_ex(Liar(host, "127.0.0.1"))

    def bare_method(ip, port, url, **_):
        import _socket

        with socket.socket() as sock:
            _socket.socket.connect(sock, (ip, port))
            return speak(sock, url)

    def bare_method_name(host, port, **_):
        import _socket

        with socket.socket() as sock:
            _socket.socket.connect(sock, (host, port))

    def swapped_class(ip, port, url, **_):
        """A bare socket once the module says that bare sockets are the ordinary ones."""
        import _socket

        before, socket.socket = socket.socket, _socket.socket
        try:
            sock = socket.socket()
            sock.connect((ip, port))
        finally:
            socket.socket = before
        return speak(sock, url)

    def packet(**_):
        with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM) as sock:
            return sock.sendto(b"x", ("lo", 0x0800))

    def packet_old(**_):
        with socket.socket(socket.AF_INET, 10) as sock:
            return sock.fileno()

    def sctp(**_):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132) as sock:
            return sock.fileno()

    def vsock(**_):
        with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as sock:
            sock.connect((2, 80))

    def netlink(**_):
        with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM) as sock:
            return sock.sendto(b"x" * 16, (0, 0))

    def unix_proxy(url, **_):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(PROXY)
            return speak_to_proxy(sock, url)

    def unix_bytes(url, **_):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(bytearray(os.path.abspath(PROXY).encode()))
            return speak_to_proxy(sock, url)

    def unix_abstract(url, **_):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(b"\0" + os.path.abspath(PROXY).encode())
            return speak_to_proxy(sock, url)

    def unix_loop(url, **_):
        async def get():
            _, writer = await asyncio.open_unix_connection(PROXY)
            writer.write(f"GET {url} HTTP/1.0\r\n\r\n".encode())
            await writer.drain()
            await asyncio.sleep(0.1)

        return in_thread(lambda: asyncio.run(get()))

    def proxy_of_others(url, proxy, **_):
        """A proxy that is declared for requests, by somebody else."""
        import requests

        way = f"http://127.0.0.1:{proxy}"
        return requests.get(url, proxies={"http": way, "https": way}, timeout=3).status_code

    def pipe_client(host, port, **_):
        from multiprocessing.connection import Client

        return Client((host, port))

    def manager(host, port, **_):
        from multiprocessing.managers import BaseManager

        return BaseManager(address=(host, port), authkey=b"x").connect()

    def anyio_thread(host, port, url, **_):
        import anyio

        async def get():
            async with await anyio.connect_tcp(host, port) as stream:
                await stream.send(f"GET /{url.rpartition('/')[2]} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
                return await stream.receive(20)

        return in_thread(lambda: anyio.run(get))

    def datagram_loop(ip, **_):
        async def send():
            way, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                asyncio.DatagramProtocol, local_addr=("0.0.0.0", 0)
            )
            way.sendto(b"x", (ip, 9))

        return in_thread(lambda: asyncio.run(send()))


def start_below(fork_exec, url, port, ip):
    """Start an interpreter as `subprocess` does in the end."""
    words = [sys.executable, "-c", CHILD.format(url=url, port=port, ip=ip)]
    back, there = os.pipe()
    sides = (-1, -1, -1, -1, -1, -1, back, there)
    vfork = (True,) if sys.version_info < (3, 14) else ()
    options = (None, None, *sides, False, False, 0, None, None, None, -1, None, *vfork)
    os.waitpid(fork_exec(words, (os.fsencode(sys.executable),), True, (there,), *options), 0)


def speak_to_proxy(sock, url):
    sock.settimeout(3)
    sock.sendall(f"GET {url} HTTP/1.0\r\nHost: {url.split('/')[2]}\r\n\r\n".encode())
    return len(sock.recv(20))
