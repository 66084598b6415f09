"""`desist policy lint`: all errors of all policy documents in one run, each with its place, code and mend."""

from __future__ import annotations

import argparse
import sys

from .screen import colours, waiting

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "folders",
        metavar="DIR",
        nargs="*",
        help="folders to read together, later ones extend earlier ones; `shipped` names the shipped one "
        "(default: shipped and ./policies)",
    )
    parser.add_argument("--format", choices=("text", "json", "jsonl", "sarif"), default="text", help="default: text")
    parser.add_argument("--errors-only", action="store_true", help="leave warnings out")


def run(args: argparse.Namespace) -> int:
    """Print the findings; 1 where there are any."""
    from ..policy.findings import findings
    from ..policy.lint import lint
    from ..policy.load import load_documents
    from ..policy.policyset import folders_of
    from ..policy.testfile import lint_tests

    folders = folders_of(args.folders or None)
    with waiting("reading documents"):
        loaded = load_documents(folders)
        found = [*lint(loaded), *lint_tests(folders, loaded)]
    if args.errors_only:
        found = [finding for finding in found if finding.severity == "error"]
    colour = args.format == "text" and colours(sys.stdout)
    text = findings(found, args.format, loaded.line_of, colour=colour)
    if text:
        print(text)
    if args.format == "text":
        print(f"documents read: {len(loaded.documents)}, files: {len(loaded.files)}")
        print(f"next: desist rule {found[0].code}" if found else "next: desist policy test")
    return 1 if found else 0
