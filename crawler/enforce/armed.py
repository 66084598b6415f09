"""What an armed environment imports at every start of Python, by the .pth file that `desist arm` writes.

It waits for Scrapy: a process that imports it is shut as soon as Scrapy's own package is there, before any spider or
settings module can use it. Standard library only, since it runs in every Python process of the environment.
"""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any

__all__ = ["WaitForScrapy", "wait"]


class WaitForScrapy(MetaPathFinder):
    """Finds nothing itself; once somebody looks for `scrapy`, what loads it also shuts the process."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """The spec that another finder has for `scrapy`, with the arming behind it."""
        if fullname != "scrapy":
            return None
        sys.meta_path.remove(self)
        spec = next((found for finder in sys.meta_path if (found := finder.find_spec(fullname, path, target))), None)
        if spec is not None and spec.loader is not None:
            _arm_after(spec.loader)
        return spec


def _arm_after(loader: Any) -> None:
    load = loader.exec_module

    def exec_module(module: Any) -> None:
        load(module)
        from .shut import shut_by_environment  # noqa: PLC0415 - it needs Scrapy, which is there only now

        shut_by_environment()

    loader.exec_module = exec_module


def wait() -> None:
    """Wait for Scrapy; harmless twice."""
    if not any(isinstance(finder, WaitForScrapy) for finder in sys.meta_path):
        sys.meta_path.insert(0, WaitForScrapy())


wait()
