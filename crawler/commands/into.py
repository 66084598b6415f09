"""Where a new prohibition is written: into a folder that the crawls of this project read."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from ..errors import UsageError

__all__ = ["add_into", "folder_to_write"]


def add_into(parser: argparse.ArgumentParser) -> None:
    """Add `--into DIR`."""
    words = "default: ./policies, or the first folder that the project's DESIST_POLICIES names"
    parser.add_argument("--into", metavar="DIR", type=Path, help=words)


def folder_to_write(into: Path | None) -> Path:
    """The folder named, or the one that is read here; says so where the project's crawls do not read it."""
    root = _project()
    usual = Path(os.path.relpath(root / "policies")) if root else Path("policies")
    read = _read_by(root) if root else None
    if read is None:
        return into or usual
    known = {folder.resolve() for folder in read}
    chosen = into or (usual if usual.resolve() in known or not read else read[0])
    if not any(chosen.resolve().is_relative_to(folder) for folder in known):
        print(f"warning: no crawl of this project reads `{chosen}`", file=sys.stderr)
        other = f"--into {read[0]}, or " if read else ""
        print(f"  help: {other}name `{chosen}` in DESIST_POLICIES too", file=sys.stderr)
    return chosen


def _project() -> Path | None:
    """The folder of the Scrapy project around this one, where crawls start."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / "scrapy.cfg").exists()), None)


def _read_by(root: Path) -> list[Path] | None:
    """The folders of its own that the project's DESIST_POLICIES names; None where it does not say."""
    from ..policy.policyset import SHIPPED
    from .project_code import project_settings

    try:
        settings = project_settings()
    except UsageError:
        return None  # broken code of the project must not keep a prohibition from being entered
    if settings is None or settings["DESIST_POLICIES"] is None:
        return None
    named = [text for text in settings.getlist("DESIST_POLICIES") if text != SHIPPED]
    return [Path(os.path.relpath(root / text)) for text in named]
