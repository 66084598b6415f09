"""The Scrapy project of this folder: its settings, and what its own code raises, as an error with a place."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from scrapy.settings import BaseSettings
from scrapy.utils.project import get_project_settings, inside_project

from ..errors import DesistError, UsageError

__all__ = ["own_code", "project_settings"]


def project_settings() -> BaseSettings | None:
    """The settings of the project in this folder; None where there is none. UsageError where they do not import."""
    with own_code("the project's settings cannot be imported", os.environ.get("SCRAPY_SETTINGS_MODULE", "scrapy.cfg")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that they do not import is said as an error, with its place
            found = inside_project()
        if not found:
            return None
        if os.getcwd() not in sys.path:
            sys.path.insert(0, os.getcwd())
        return get_project_settings()


@contextmanager
def own_code(doing: str, otherwise: str = "") -> Iterator[None]:
    """What code of the project raises becomes a UsageError: what was being done, what it raised, and where.

    Without a line of the project's own the place is `otherwise`; where that is empty the exception passes.
    """
    try:
        yield
    except (DesistError, BrokenPipeError):
        raise
    except Exception as error:
        place = _raised_at(error) or otherwise
        if not place:
            raise
        message = f"{doing}: {type(error).__name__}: {getattr(error, 'msg', '') or error}"
        raise UsageError(message, place=place, help="scrapy list, once that is mended") from None


def _raised_at(error: BaseException) -> str:
    """The last line of the project's own that was run or read; empty where none was."""
    here = os.getcwd() + os.sep
    frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        frames.append((str(error.filename), error.lineno or 1))
    own = [f"{file.removeprefix(here)}:{line}" for file, line in frames if file.startswith(here)]
    return own[-1] if own else ""
