"""Where a new prohibition is written: into a folder that the crawls of this project read."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Final

from ..errors import UsageError

__all__ = ["add_into", "folder_to_write"]

_USUAL: Final = Path("policies")


def add_into(parser: argparse.ArgumentParser) -> None:
    """Add `--into DIR`."""
    words = "default: ./policies, or the first folder that the project's DESIST_POLICIES names"
    parser.add_argument("--into", metavar="DIR", type=Path, help=words)


def folder_to_write(into: Path | None) -> Path:
    """The folder named, or the one that is read here; says so where the project's crawls do not read what is named."""
    read = _read_here()
    if into is None:
        return _USUAL if not read or _USUAL.resolve() in {folder.resolve() for folder in read} else read[0]
    if read and not any(into.resolve().is_relative_to(folder.resolve()) for folder in read):
        print(f"warning: no crawl of this project reads `{into}`", file=sys.stderr)
        print(f"  help: --into {read[0]}, or name `{into}` in DESIST_POLICIES too", file=sys.stderr)
    return into


def _read_here() -> list[Path]:
    """What the project's DESIST_POLICIES names; nothing where there is no project, or it does not say."""
    here = Path.cwd()
    if not any((folder / "scrapy.cfg").exists() for folder in (here, *here.parents)) and (
        "SCRAPY_SETTINGS_MODULE" not in os.environ
    ):
        return []
    from ..policy.policyset import SHIPPED
    from .project_code import project_settings

    try:
        settings = project_settings()
    except UsageError:
        return []  # broken code of the project must not keep a prohibition from being entered
    named = settings.getlist("DESIST_POLICIES") if settings else []
    return [Path(text) for text in named if text != SHIPPED]
