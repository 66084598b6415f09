"""`desist policy check`: judge URLs by the documents, without fetching anything."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from typing import TYPE_CHECKING, Final

from ..errors import PolicyError, UsageError
from .asking import add_question, judge_of

if TYPE_CHECKING:
    from ..decide import Judge
    from ..model import Decision
    from .rows import Writer
    from .screen import Bar
    from .url_sources import UrlSource

__all__ = ["configure", "run"]

_FORMATS: Final = ("text", "jsonl", "json", "sarif")
_SHOWN_EVERY: Final = 1 << 10
_TYPED: Final = 2_000
"""Characters of a URL that anybody would type again."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("urls", metavar="URL", nargs="*", help="URLs to judge")
    parser.add_argument(
        "--file", metavar="F", help="a list, JSON or CSV feed, Scrapy log or sitemap (may be gzipped); - for input"
    )
    parser.add_argument(
        "--field", metavar="NAME", default="", help="the field of a feed that holds URLs (default: url)"
    )
    add_question(parser)
    parser.add_argument("--format", choices=_FORMATS, default="text", help="default: text")


def run(args: argparse.Namespace) -> int:
    """Print a row for each URL; 1 where one is refused."""
    from .rows import writer_of

    if not args.urls and not args.file:
        raise UsageError("no URL is given", help="desist policy check https://www.facebook.com/, or --file URLS")
    try:
        judge = judge_of(args)
    except PolicyError as error:
        return _broken(error, args.format)
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    tally = Tally()
    writer = writer_of(args.format, sys.stdout, brief=bool(args.file))
    for url in args.urls:
        decision = judge.decide(url)
        tally.count(decision)
        writer.write(decision, "")
    if args.file:
        _judge_file(judge, args, writer, tally)
    writer.close()
    if args.format == "text" and (args.file or len(args.urls) > 1):
        print(tally.summary(args.file))
    elif args.format == "text" and not tally.refused:
        import shlex

        print(f"next: desist policy explain {shlex.quote(args.urls[0])}")
    return 1 if tally.refused else 0


def _broken(error: PolicyError, form: str) -> int:
    """Every error of the documents, in the format that was asked for."""
    if not error.diagnostics:
        raise error
    from ..policy.findings import findings

    print(findings(error.diagnostics, form), file=sys.stderr if form == "text" else sys.stdout)
    if form == "text":
        print("nothing was judged\n  help: desist policy lint shows the lines", file=sys.stderr)
    return error.exit_code


class Tally:
    """Counts of one run, and its last lines."""

    def __init__(self) -> None:
        self.allowed = 0
        self.bases: Counter[str] = Counter()
        self.platforms: Counter[str] = Counter()
        self.help = ""

    @property
    def refused(self) -> int:
        """How many URLs are refused."""
        return self.bases.total()

    @property
    def total(self) -> int:
        """How many URLs were judged."""
        return self.allowed + self.refused

    def count(self, decision: Decision) -> None:
        """Add one decision."""
        reason = decision.governing
        if reason is None:
            self.allowed += 1
            return
        self.bases[str(reason.basis)] += 1  # the hash of a member of an enumeration is worked out in Python
        for slug in decision.platforms:
            self.platforms[slug] += 1
        if not self.help:
            self.help = decision.url

    def summary(self, file: str | None, clean: str = "scrapy desist dryrun --all") -> str:
        """What was judged, why the most was refused, and what to type next."""
        lines = [f"{self.total:,} URLs: {self.allowed:,} allowed, {self.refused:,} refused"]
        if self.refused:
            lines.append("by basis: " + ", ".join(f"{basis} {n:,}" for basis, n in self.bases.most_common()))
        if self.platforms:
            lines.append("by platform: " + ", ".join(f"{slug} {n:,}" for slug, n in self.platforms.most_common(8)))
        typed = self.help.isprintable() and "'" not in self.help and len(self.help) <= _TYPED
        shown = self.help if typed else "URL"
        then = f"desist policy explain '{shown}'" if self.refused else clean
        return "\n".join([*lines, f"next: {then}" if file or self.refused else "next: desist policy explain URL"])


def _judge_file(judge: Judge, args: argparse.Namespace, writer: Writer, tally: Tally) -> None:
    """Judge every URL of a file; of a text run only refusals are made into decisions."""
    from .screen import Bar
    from .url_sources import UrlSource

    source, typed = UrlSource(args.file, args.field), tally.total
    with Bar("judging", source.size) as bar:
        if args.format == "text":
            _refusals(judge, source, writer, tally, bar)
        else:
            _rows(judge, source, writer, tally, bar)
    if tally.total == typed:
        print(f"warning: `{source.name}` holds no URL: nothing of it was judged", file=sys.stderr)


def _rows(judge: Judge, source: UrlSource, writer: Writer, tally: Tally, bar: Bar) -> None:
    """Write a row for every URL of a source."""
    for seen, (url, number) in enumerate(source, 1):
        decision = judge.decide(url)
        tally.count(decision)
        bar.clear()
        writer.write(decision, f"{source.name}:{number}")
        if not seen % _SHOWN_EVERY:
            _show(bar, source, seen, tally)


def _refusals(judge: Judge, source: UrlSource, writer: Writer, tally: Tally, bar: Bar) -> None:
    """Write the refusals among all URLs of a source, block by block, and count the rest as allowed."""
    seen, before = 0, tally.refused
    for block, lines in source.blocks():
        seen += len(block)
        for place, decision in judge.refusals(block):
            tally.count(decision)
            bar.clear()
            writer.write(decision, f"{source.name}:{lines[place]}")
        _show(bar, source, seen, tally)
    tally.allowed += seen - (tally.refused - before)


def _show(bar: Bar, source: UrlSource, count: int, tally: Tally) -> None:
    if bar.on:
        bar.show(source.done, f"{count:,} URLs, {tally.refused:,} refused")
