"""`desist new project`: Scrapy's own project, with the line that makes it refuse."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from ..errors import UsageError

__all__ = ["configure", "run"]

_SETTINGS = """
# The line that makes this project refuse. Everything DESIST_* is read from this file and nowhere else.
ADDONS = {"desist.addon.Addon": 0}
# DESIST_POLICIES: unset means the documents that Desist ships, and ./policies.
# DESIST_PURPOSES = ["index"]  # what the spiders fetch for; undeclared means: judged as if for everything
DESIST_LEDGER = ".desist/ledger.db"
"""
_IGNORE = "# The record of a crawl is evidence, not source.\n.desist/\n.scrapy/\n__pycache__/\n"
_README = """\
# Policies

Documents of your own, beside those that Desist ships: `platforms/`, `notices/`, `terms/`, `permissions/`, `tests/`.

- a letter has arrived: `desist policy letter`
- stop a host at once: `desist policy stop HOST`
- what is wrong with these documents: `desist policy lint policies`
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The project's name, as for `scrapy startproject`."""
    parser.epilog = "examples:\n  desist new project faces\n"
    parser.add_argument("name", metavar="NAME", help="a Python name; the folder of the same name must not exist")


def run(args: argparse.Namespace) -> int:
    """0; 2 where Scrapy does not take the name or the folder is there."""
    folder = Path(args.name)
    if not (args.name.isascii() and args.name.isidentifier()):
        raise UsageError(f"`{args.name}` is no name of a package", help="letters, digits and underscores")
    if folder.exists():
        raise UsageError("exists already", place=str(folder), help="choose another name")
    command = [sys.executable, "-m", "scrapy", "startproject", args.name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - Scrapy, a checked name
    settings = folder / args.name / "settings.py"
    if done.returncode or not settings.is_file():
        said = [line.strip() for line in (done.stderr + done.stdout).splitlines() if line.strip()] or ["made nothing"]
        mend = "choose another name, or a folder that you may write to"
        raise UsageError(f"scrapy startproject: {said[-1]}", place=args.name, help=mend)
    with settings.open("a", encoding="utf-8") as file:
        file.write(_SETTINGS)
    (folder / ".gitignore").write_text(_IGNORE, encoding="utf-8")
    for part in ("platforms", "notices", "terms", "permissions", "tests"):
        (folder / "policies" / part).mkdir(parents=True)
        (folder / "policies" / part / ".gitkeep").touch()
    (folder / "policies" / "README.md").write_text(_README, encoding="utf-8")
    print(f"made {folder}: a Scrapy project that refuses what documents, robots.txt and signals forbid")
    print(f"next: cd {folder} && scrapy genspider NAME HOST && scrapy desist dryrun --all")
    return 0
