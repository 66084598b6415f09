"""`desist completion SHELL`: the script that completes verbs, options and choices, made from the one parser.

It serves `desist ...` and `scrapy desist ...`; what else `scrapy` is followed by stays with what completed it before.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["Option", "Words", "configure", "run", "words_of"]

_SHELLS: Final = ("bash", "zsh", "fish")
_FILES: Final = frozenset({"F", "F.html", "FILE", "LEDGER", "NEW", "OLD", "PATH", "SCAN", "URLS"})
_FOLDERS: Final = frozenset({"CHECKOUT", "DIR", "FOLDER"})
_INTO: Final = {
    "bash": 'eval "$(desist completion bash)" in ~/.bashrc',
    "zsh": 'eval "$(desist completion zsh)" in ~/.zshrc, after compinit',
    "fish": "desist completion fish > ~/.config/fish/conf.d/desist.fish",
}


class Option(NamedTuple):
    """What can be typed for one argument: its names (none: it is known by its place), and what its value is."""

    names: tuple[str, ...]
    about: str
    kind: str
    """`flag` (no value), `choice`, `file`, `folder`, or `text` (nobody can guess it)."""
    choices: tuple[str, ...] = ()


class Words(NamedTuple):
    """One verb, or the beginning of several: what may follow it."""

    typed: tuple[str, ...]
    verbs: tuple[tuple[str, str], ...]
    """Name and summary of each verb that may be typed next."""
    options: tuple[Option, ...]


def configure(parser: argparse.ArgumentParser) -> None:
    """The shell."""
    lines = [f"  {_INTO[shell]}" for shell in _SHELLS]
    parser.epilog = "\n".join(["examples:", *lines])
    parser.add_argument("shell", choices=_SHELLS, help="bash, zsh or fish")


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    from . import completion_bash, completion_fish, completion_zsh
    from .main import build_parser

    script = {"bash": completion_bash.script, "zsh": completion_zsh.script, "fish": completion_fish.script}[args.shell]
    print(script(list(words_of(build_parser(every=True)))), end="")
    if sys.stdout.isatty():
        print(f"next: {_INTO[args.shell]}", file=sys.stderr)
    return 0


def words_of(parser: argparse.ArgumentParser, typed: tuple[str, ...] = ()) -> Iterator[Words]:
    """What may follow each verb of a parser, and each beginning of one."""
    below: dict[str, argparse.ArgumentParser] = {}
    verbs: list[tuple[str, str]] = []
    options: list[Option] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            below = action.choices
            verbs = [(choice.dest, choice.help or "") for choice in action._choices_actions]
        elif action.help != argparse.SUPPRESS:
            options.append(_option(action))
    yield Words(typed, tuple(verbs), tuple(options))
    for name, sub in below.items():
        yield from words_of(sub, (*typed, name))


def _option(action: argparse.Action) -> Option:
    names = tuple(action.option_strings)
    about = " ".join((action.help or "").split()).replace("%(default)s", str(action.default))
    if action.choices:
        return Option(names, about, "choice", tuple(str(choice) for choice in action.choices))
    if action.nargs == 0:
        return Option(names, about, "flag")
    if action.metavar in _FOLDERS:
        return Option(names, about, "folder")
    return Option(names, about, "file" if action.metavar in _FILES or action.type is Path else "text")
