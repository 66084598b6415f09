"""`scrapy desist dryrun`: judge what a project would ask for, without a packet."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from typing import TYPE_CHECKING

from ..errors import UsageError

if TYPE_CHECKING:
    from ..decide import Judge
    from ..enforce.dry import Spoken
    from .policy_check import Tally
    from .rows import Writer
    from .screen import Bar

__all__ = ["configure", "run"]

_EXAMPLES = """\
examples:
  scrapy desist dryrun faces
  scrapy desist dryrun --all --format sarif > desist.sarif
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Spiders by name, or all of the project in this folder."""
    parser.epilog = _EXAMPLES
    parser.add_argument("spiders", nargs="*", metavar="SPIDER", help="spiders of the project in this folder")
    parser.add_argument("--all", action="store_true", help="every spider of the project")
    parser.add_argument("--format", choices=("text", "jsonl", "json", "sarif"), default="text", help="default: text")


def run(args: argparse.Namespace) -> int:
    """0 where all is allowed, 1 where something is refused, 2 where a spider could not be read."""
    from .policy_check import Tally
    from .project_code import own_code, project_settings
    from .rows import writer_of
    from .screen import Bar

    if bool(args.spiders) == args.all:
        raise UsageError("which spiders?", help="scrapy desist dryrun SPIDER, or --all")
    project_settings()
    tally = Tally()
    writer = writer_of(args.format, sys.stdout, brief=True)
    with Bar("judging") as bar, own_code("the project's code cannot be read"):
        spiders, troubles = _judged(args, tally, writer, bar)
    writer.close()
    if not spiders and not troubles:
        raise UsageError("there is no spider here", help="run it in the folder of scrapy.cfg, or scrapy genspider")
    if args.format == "text":
        print(tally.summary("project", "scrapy crawl SPIDER"))
    return 2 if troubles else 1 if tally.refused else 0


def _judged(args: argparse.Namespace, tally: Tally, writer: Writer, bar: Bar) -> tuple[int, int]:
    """Write what the spiders' URLs come to; how many spiders there are, and how many could not be read."""
    from ..enforce.dry import Spoken, Trouble, asked

    numbers, spiders, troubles, judge = Counter[str](), 0, 0, None
    for one in asked(args.spiders):
        if isinstance(one, Spoken):
            spiders += 1
            judge = _judge(one)
            bar.show(0, one.spider)
        elif isinstance(one, Trouble):
            troubles += 1
            bar.clear()
            print(f"{one.spider}: {one.why}", file=sys.stderr)
        elif judge:
            numbers[one.place] += 1
            decision = judge.decide(one.url)
            tally.count(decision)
            bar.show(0, f"{one.place}: {tally.allowed + tally.refused:,} URLs, {tally.refused:,} refused")
            if decision.refused or args.format != "text":
                bar.clear()
                writer.write(decision, f"{one.place}:{numbers[one.place]}")
    return spiders, troubles


def _judge(spider: Spoken) -> Judge:
    """The judge that the gates of a crawl of this spider would ask."""
    from ..decide import Judge, Options
    from ..policy import PolicySet

    said = spider.options
    options = Options(notices_to_others=said.notices_to_others, unknown_platform=said.unknown_platform)
    policies = PolicySet.load(list(said.policies) or None)
    return Judge(policies, agent=said.agent, purposes=spider.purposes, options=options)
