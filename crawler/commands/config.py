"""`desist config`: every setting in force, and with `--show-origin` which file and line says so."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .origins import InForce, Origins

__all__ = ["configure", "run"]

_EXAMPLES = """\
examples:
  desist config --show-origin
  desist config --all
  desist config -s DESIST_LEDGER=/tmp/other.db --format json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What to show, and whose words to look at beside the project's own."""
    parser.epilog = _EXAMPLES
    parser.add_argument("spiders", metavar="SPIDER", nargs="*", help="look at the custom_settings of these spiders too")
    parser.add_argument("--all", action="store_true", help="look at those of every spider of the project")
    parser.add_argument("--show-origin", action="store_true", help="where each value comes from: file:line, default")
    parser.add_argument(
        "-s", "--set", metavar="NAME=VALUE", action="append", default=[], help="what `scrapy crawl -s` would meet"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(args: argparse.Namespace) -> int:
    """0; 2 where something keeps a crawl from starting."""
    from .origins import origins

    found = origins(args.spiders, args.set, every=args.all)
    if args.format == "json":
        print(_json(found))
    else:
        _text(found, show_origin=args.show_origin)
    return 2 if any(finding.severity == "error" for finding in found.findings) else 0


def _json(found: Origins) -> str:
    rows = {
        "module": found.module,
        "settings": [one._asdict() for one in found.settings],
        "findings": [one._asdict() for one in found.findings],
    }
    return json.dumps(rows, indent=1)


def _text(found: Origins, *, show_origin: bool) -> None:
    print(f"project {found.module}" if found.module else "no Scrapy project here: what commands go by, and defaults")
    width = max(len(one.origin) for one in found.settings) + 2 if show_origin else 0
    for one in found.settings:
        print(f"  {one.origin if show_origin else '':<{width}}{_line(one)}")
    for finding in found.findings:
        place = f"{finding.place}: " if finding.place else ""
        print(f"{finding.severity}: {place}{finding.message}")
        if finding.help:
            print(f"  help: {finding.help}")
    print(f"next: {_next(found)}")


def _line(one: InForce) -> str:
    """As it would stand in settings.py; a default in words."""
    return f"{one.name}: {one.value}" if one.origin == "default" else f"{one.name} = {one.value!r}"


def _next(found: Origins) -> str:
    if not found.module:
        return "desist new project NAME, or run it in the folder of scrapy.cfg"
    return "desist doctor --project"
