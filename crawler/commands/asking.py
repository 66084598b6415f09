"""What `policy check` and `policy explain` are asked with: the arguments that both share, and the judge they make."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..model import Purpose

if TYPE_CHECKING:
    from ..decide import Judge

__all__ = ["add_question", "agent_token", "judge_of"]


def add_question(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say who asks, for what, at which moment, by which documents."""
    parser.add_argument(
        "--policies",
        metavar="DIR",
        action="append",
        help="a folder of documents, may be repeated; `shipped` is the shipped one (default: shipped and ./policies)",
    )
    parser.add_argument("--at", metavar="T", help="judge as of this moment: 2026-01-05T09:30:00Z or 2026-01-05")
    parser.add_argument("--known-at", metavar="T", help="by what was on file at this moment")
    parser.add_argument(
        "--purpose",
        metavar="P",
        action="append",
        choices=sorted(purpose.value for purpose in Purpose),
        help=f"what the crawl is for, may be repeated (default: none, judged as all): {', '.join(sorted(Purpose))}",
    )
    parser.add_argument("--agent", metavar="A", type=agent_token, default="", help="the crawler's product token")
    parser.add_argument(
        "--notices-to-others", choices=("refuse", "record"), default="refuse", help="as DESIST_NOTICES_TO_OTHERS"
    )
    parser.add_argument(
        "--unknown-platform", choices=("robots", "refuse"), default="robots", help="as DESIST_UNKNOWN_PLATFORM"
    )


def agent_token(text: str) -> str:
    """A product token as typed; UsageError for what no robots.txt can name (RFC 9309 2.2.1)."""
    if text and not re.fullmatch("[A-Za-z_-]+", text):
        raise UsageError(f"`{text}` is no product token", help="letters, `-` and `_`: --agent ExampleBot")
    return text


def judge_of(args: argparse.Namespace) -> Judge:
    """The judge that the arguments ask for; PolicyError where the documents make no set."""
    from ..decide import Judge, Options
    from ..policy import PolicySet
    from .screen import waiting

    with waiting("reading documents"):
        policies = PolicySet.load(args.policies)
    return Judge(
        policies,
        agent=args.agent,
        purposes=args.purpose,
        options=Options(notices_to_others=args.notices_to_others, unknown_platform=args.unknown_platform),
        at=args.at,
        known_at=args.known_at,
    )
