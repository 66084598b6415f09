"""Loads the spider that a test names, in the child process that runs it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

from ..errors import UsageError

__all__ = ["spider_class"]


def spider_class(path: str, name: str) -> type[Any]:
    """The class `name` (dotted where nested) of the Python file `path`."""
    spec = importlib.util.spec_from_file_location(f"desist_crawled_{Path(path).stem}", path)
    if spec is None or spec.loader is None:
        raise UsageError(f"`{path}` is no Python file")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part)
    return found  # type: ignore[no-any-return]
