"""What an armed environment imports at every start of Python, by the .pth file that `desist arm` writes.

It waits for Scrapy: a process that imports it is shut as soon as Scrapy's own package is there, before any spider or
settings module can use it. Standard library only, since it runs in every Python process of the environment.
"""

from __future__ import annotations

import errno
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any, Final

__all__ = ["WaitForScrapy", "wait"]


_EVENTS: Final = frozenset(
    {
        "socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname",
        "socket.gethostbyaddr", "subprocess.Popen", "os.system", "os.exec", "os.fork", "os.posix_spawn",
    }
)  # fmt: skip


class WaitForScrapy(MetaPathFinder):
    """Finds nothing itself; whatever loads `scrapy` also shuts the process."""

    def __init__(self) -> None:
        self.shut = False
        self._waiting = False

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """The spec that another finder has for `scrapy`, with the arming behind it."""
        if fullname != "scrapy":
            return None
        others = [finder for finder in sys.meta_path if finder is not self]
        spec = next((found for finder in others if (found := finder.find_spec(fullname, path, target))), None)
        if spec is not None and spec.loader is not None:
            self._arm_after(spec.loader)
        return spec

    def _arm_after(self, loader: Any) -> None:
        load = loader.exec_module

        def exec_module(module: Any) -> None:
            load(module)
            self.arm()

        loader.exec_module = exec_module

    def arm(self) -> None:
        """Shut the process; where Desist itself is being imported just now, at the first use of the network."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        try:
            from .shut import shut_by_environment  # noqa: PLC0415 - it needs Scrapy, which is there only now
        except ImportError:
            if not self._waiting:
                self._waiting = True
                sys.addaudithook(self._first_use)
            return
        self.shut = True
        shut_by_environment()

    def _first_use(self, event: str, _args: Any) -> None:
        if self.shut or event not in _EVENTS:
            return
        process = sys.modules.get("desist.enforce.process")
        if process is not None and process.GATE.armed:  # by an add-on, meanwhile
            self.shut = True
            return
        self.arm()
        raise ConnectionRefusedError(errno.ECONNREFUSED, "this environment is armed, and its gate was not there yet")


def wait() -> None:
    """Wait for Scrapy; harmless twice."""
    if not any(isinstance(finder, WaitForScrapy) for finder in sys.meta_path):
        sys.meta_path.insert(0, WaitForScrapy())


wait()
