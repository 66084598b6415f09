"""`scrapy desist ...`: the same verbs from inside Scrapy's own command line."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from scrapy.commands import ScrapyCommand

from ..enforce.process import GATE
from ..enforce.shut import shut_by_project
from .main import main

__all__ = ["Command"]


class Command(ScrapyCommand):
    """Hands everything behind `desist` to Desist's own parser."""

    requires_project = False
    requires_crawler_process = False  # verbs that say what is wrong with a project must run where something is
    default_settings = {"LOG_ENABLED": False}  # noqa: RUF012 - Scrapy's own attribute

    def __init__(self) -> None:
        """Scrapy builds every command whichever is asked for, before it reads its options: here the process is shut."""
        super().__init__()
        typed = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
        browser = _browser() if typed == "view" else ""
        if typed != "desist":
            shut_by_project()  # our own verbs fetch nothing, and the demo starts a crawl of its own
        if browser and GATE.armed:
            GATE.spawns.declare([browser])  # whoever types `scrapy view` asks for it by name
            print(f"desist: {browser} has no gates: what the page embeds, it fetches by itself", file=sys.stderr)

    def syntax(self) -> str:
        """The usage line that `scrapy --help` shows."""
        return "VERB ..."

    def short_desc(self) -> str:
        """The line in Scrapy's list of commands."""
        return "Policies, refusals and the record of them (desist --help)"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Leave Scrapy's global options out, `-h` too: they would shadow the verbs' own."""
        parser.set_defaults(profile=None)  # read by Scrapy before it runs a command
        parser.add_argument("-h", "--help", dest="wants_help", action="store_true")
        parser.add_argument("words", nargs=argparse.REMAINDER)

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Nothing to do: the verbs read their own options."""

    def run(self, args: list[str], opts: Any) -> None:  # noqa: ARG002
        """Run the verb; Scrapy exits with `exitcode`."""
        self.exitcode = main(["--help"] if opts.wants_help else opts.words, prog="scrapy desist")


def _browser() -> str:
    """The program that shows pages to the person at this machine; empty where there is none."""
    import webbrowser

    try:
        return str(getattr(webbrowser.get(), "name", ""))
    except webbrowser.Error:
        return ""
