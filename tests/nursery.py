"""Children that are Python programs, forked from one process that has imported Scrapy: a second less for each crawl.

A child differs from `python WORD ...` in two things. Third-party modules are there before it begins; Desist's own are
not: they are imported, and their gates armed, in each child anew. And Scrapy looks for the end of an idle crawl more
often than every five seconds. A test of starting itself uses `subprocess`.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

_BEFOREHAND = (
    "scrapy.cmdline", "scrapy.core.downloader.handlers.http11", "scrapy.core.downloader.handlers._httpx",
    "scrapy.core.downloader.handlers._aiohttp", "scrapy.core.engine", "scrapy.dupefilters",
    "scrapy.extensions.closespider", "scrapy.extensions.corestats", "scrapy.extensions.feedexport",
    "scrapy.extensions.logcount", "scrapy.extensions.logstats", "scrapy.extensions.memusage",
    "scrapy.extensions.remote_control", "scrapy.extensions.spiderstate", "scrapy.extensions.telnet",
    "scrapy.extensions.throttle", "scrapy.logformatter", "scrapy.pipelines.files", "scrapy.pqueues", "scrapy.shell",
    "scrapy.squeues", "scrapy.statscollectors",
    "twisted.internet.asyncioreactor", "twisted.internet.epollreactor", "twisted.web.client",
    "aiohttp.web", "apsw", "can_ada", "cryptography.hazmat.primitives.asymmetric.ed25519",
    "cryptography.hazmat.primitives.ciphers.aead", "cryptography.hazmat.primitives.hpke", "dns.resolver", "html.parser",
    "httpx2", "jinja2", "msgspec", "platformdirs", "protego", "pydantic.fields", "pydantic.types", "rich.console",
    "tldextract", "watchfiles", "yaml",
)  # fmt: skip
_PACKAGES = ("scrapy.commands", "scrapy.downloadermiddlewares", "scrapy.spidermiddlewares")
_BYTES = 1 << 20
"""What one order may be long: the words, the folder and the environment of a child."""


class Nursery:
    """Starts children, as `subprocess` would; its process begins with the first of them and ends at `close`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._server: subprocess.Popen[bytes] | None = None
        self._orders: socket.socket | None = None

    def close(self) -> None:
        """End it; children that still run go on."""
        if self._orders is not None and self._server is not None:
            self._orders.close()
            self._server.wait(60)

    def run(
        self, command: Sequence[str], *, cwd: Path, env: Mapping[str, str], stdout: BinaryIO, stderr: BinaryIO,
        check: bool = False, timeout: float = 120.0,
    ) -> subprocess.CompletedProcess[Any]:  # fmt: skip
        """`subprocess.run` of this interpreter, without its pipes."""
        assert command[0] == sys.executable
        order = json.dumps({"words": command[1:], "folder": str(cwd), "environ": dict(env)}).encode()
        ours, theirs = socket.socketpair()
        with ours, open(os.devnull, "rb") as nothing:
            with theirs:
                self._order(order, [file.fileno() for file in (nothing, stdout, stderr, theirs)])
            code = _end(ours, command, timeout)
        if check and code:
            raise subprocess.CalledProcessError(code, list(command))
        return subprocess.CompletedProcess(command, code)

    def _order(self, order: bytes, files: list[int]) -> None:
        with self._lock:
            if self._orders is None:
                self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                self._orders.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BYTES)
                with theirs:
                    self._server = _server(theirs.fileno())
            socket.send_fds(self._orders, [order], files)


def _server(orders: int) -> subprocess.Popen[bytes]:
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, __file__, str(orders)]
    return subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, pass_fds=[orders])


def _end(child: socket.socket, command: Sequence[str], seconds: float) -> int:
    """Await the exit code, which is that of `subprocess`; a child that is late is killed."""
    child.settimeout(seconds)
    lines = child.makefile("r")
    pid = int(lines.readline())
    try:
        return int(lines.readline())
    except TimeoutError:
        os.kill(pid, signal.SIGKILL)
        raise subprocess.TimeoutExpired(list(command), seconds) from None


def _import() -> None:
    """Import what crawls import. A reactor is not among it: it can be had once a process."""
    for name in _BEFOREHAND:
        importlib.import_module(name)
    misc = importlib.import_module("scrapy.utils.misc")
    for name in _PACKAGES:
        list(misc.walk_modules_iter(name))
    assert not {"desist", "twisted.internet.reactor"} & set(sys.modules)
    sys.modules["scrapy.core.engine"].ExecutionEngine._SLOT_HEARTBEAT_INTERVAL = 0.2  # type: ignore[attr-defined]


def _serve(orders: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Fork a child for each order and tell how it ended; returns the order and its files in the child, None at last."""
    poll = select.poll()
    born: dict[int, tuple[int, int]] = {}
    poll.register(orders, select.POLLIN)
    while True:
        for fd, _ in poll.poll():
            if fd in born:
                poll.unregister(fd)
                pid, answer = born.pop(fd)
                code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                with contextlib.suppress(BrokenPipeError):  # nobody waits for one that was late
                    os.write(answer, b"%d\n" % code)
                os.close(answer)
                os.close(fd)
                continue
            text, files, _, _ = socket.recv_fds(orders, _BYTES, 4)
            if not text:
                return None
            pid = os.fork()
            if not pid:
                return json.loads(text), files[:3]
            os.write(files[3], b"%d\n" % pid)
            watch = os.pidfd_open(pid)
            born[watch] = pid, files[3]
            poll.register(watch, select.POLLIN)
            for file in files[:3]:
                os.close(file)


def _become(words: list[str], folder: str, environ: dict[str, str], files: list[int]) -> None:
    """Be `python WORD ...` from here on."""
    for stream, file in enumerate(files):
        os.dup2(file, stream)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    way, *rest = words
    first = {"-m": folder, "-c": ""}.get(way, str(Path(way).parent))
    sys.path[:] = [first, *filter(None, environ.get("PYTHONPATH", "").split(os.pathsep)), *sys.path[1:]]
    sys.argv = words
    if way == "-m":
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif way == "-c":
        sys.argv = ["-c", *rest[1:]]
        exec(compile(rest[0], "<string>", "exec"), {"__name__": "__main__"})
    else:
        runpy.run_path(way, run_name="__main__")


def main() -> None:
    """Serve; only the first process comes back from it, and each child goes on as what it is to be."""
    orders = socket.socket(fileno=int(sys.argv[1]))
    _import()
    gc.collect()
    gc.freeze()
    born = _serve(orders)
    if born is not None:
        orders.detach()
        order, files = born
        _become(**order, files=files)


if __name__ == "__main__":
    main()
