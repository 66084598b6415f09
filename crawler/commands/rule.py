"""`desist rule CODE`: what a diagnostic's code means, with an example and its mend."""

from __future__ import annotations

import argparse
import textwrap

from ..errors import UsageError

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("code", metavar="CODE", nargs="?", help="for example D030; without it all codes are listed")


def run(args: argparse.Namespace) -> int:
    """Print one code's explanation, or the list."""
    from ..policy.codes import CODES
    from ..policy.diagnostic import closest

    if args.code is None:
        for one in CODES.values():
            print(f"{one.code}  {one.title}")
        print("next: desist rule D030")
        return 0
    code = CODES.get(args.code.upper())
    if code is None:
        meant = closest(args.code.upper(), CODES)
        help_ = f"did you mean `{meant}`? " if meant else ""
        raise UsageError(f"no code `{args.code}`", help=f"{help_}desist rule lists all codes")
    print(f"{code.code}: {code.title}\n")
    print(textwrap.fill(code.why, 100))
    for title, text in (("found in", code.example), ("mended", code.mend)):
        if text:
            print(f"\n{title}:\n{textwrap.indent(text.rstrip(), '    ')}")
    print("\nnext: desist policy lint")
    return 0
