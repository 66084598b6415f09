"""Broken documents in the format that was asked for: a program that reads JSON must not have to read stderr."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from ..errors import PolicyError

__all__ = ["in_format"]


def in_format(run: Callable[[argparse.Namespace], int], args: argparse.Namespace) -> int:
    """`run(args)`; where documents are broken and `args.format` is not text, their findings on stdout and exit 2."""
    try:
        return run(args)
    except PolicyError as error:
        if args.format == "text" or not error.diagnostics:
            raise
        from ..policy.findings import findings

        print(findings(error.diagnostics, args.format))
        return error.exit_code
