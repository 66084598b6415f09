"""The parser that serves `desist ...` and `scrapy desist ...` alike.

A verb is a module with `configure(parser)` and `run(args) -> int`. The table below holds what `--help` needs, so that a
verb's module is imported only when the verb is typed: `desist --help` stays quick.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple, NoReturn

from .. import __version__
from ..errors import DesistError, PolicyError, UsageError
from .examples import epilog
from .overview import FAMILIES, columns, meant, overview, wrapped

__all__ = ["VERBS", "Verb", "build_parser", "main"]


class Verb(NamedTuple):
    """One verb: the words that a user types, the module below `desist.commands`, one line of help."""

    words: str
    module: str
    summary: str


VERBS = (
    Verb("demo", "demo", "crawl six simulated platforms, without internet, and see what is refused"),
    Verb("policy check", "policy_check", "judge URLs without fetching anything"),
    Verb("policy explain", "policy_explain", "every rule considered for one URL, and what would change the answer"),
    Verb("policy stop", "policy_stop", "refuse a host or platform from this moment on"),
    Verb("ledger verify", "ledger_verify", "is the record intact, complete, anchored"),
    Verb("policy lint", "policy_lint", "all errors of all policy documents, with places and mends"),
    Verb("policy letter", "policy_letter", "enter a letter that has just arrived, by seven plain questions"),
    Verb("letter", "policy_letter", "the same as `desist policy letter`, for the afternoon when it arrives"),
    Verb("policy preview", "policy_preview", "what a notice would refuse, before it is in force"),
    Verb("policy withdraw", "policy_withdraw", "end a notice: takes a document and two names"),
    Verb("policy narrow", "policy_narrow", "narrow a notice: takes a document and two names"),
    Verb("policy diff", "policy_diff", "what differs between two policy sets, with a URL for each difference"),
    Verb("policy test", "policy_test", "run policies/tests and say which rules none of them touches"),
    Verb("policy new", "policy_new", "write a new policy document to fill in"),
    Verb("policy hosts", "policy_hosts", "the hosts of a platform, for crawlers and firewalls without gates"),
    Verb("policy refresh", "policy_refresh", "compare host families with a checkout of domain-list-community"),
    Verb("policy schema", "policy_schema", "write policies/schema.json for editors"),
    Verb("robots", "robots", "what a robots.txt says to an agent, line by line"),
    Verb("rule", "rule", "explain a code that a message named"),
    Verb("status", "status", "running sessions, their policy revision and since when it is in force"),
    Verb("doctor", "doctor", "check this machine, ledger and project, with mends"),
    Verb("arm", "arm", "make every Python process of this environment that imports Scrapy start shut"),
    Verb("disarm", "disarm", "take that back; on record, with a name"),
    Verb("report", "report", "one HTML page of what was refused and fetched, for people, without network"),
    Verb("config", "config", "every setting in force, and where it comes from"),
    Verb("completion", "completion", "the script that completes verbs and options in bash, zsh or fish"),
    Verb("dryrun", "dryrun", "judge what the spiders of this project would ask for, without a packet"),
    Verb("new project", "new_project", "a Scrapy project that already refuses"),
    Verb("ledger docket", "ledger_docket", "what was refused and fetched under each notice"),
    Verb("ledger prove", "ledger_prove", "proofs of entries that a stranger can check, and checking them"),
    Verb("ledger absence", "ledger_absence", "what was refused and permitted for a platform, and the limits of that"),
    Verb(
        "ledger export", "ledger_export", "a zip for counsel: notice, policies, refusals, proofs, and how to check them"
    ),
    Verb("ledger log-key", "ledger_log_key", "make the key that signs checkpoints of the record"),
    Verb("ledger redact", "ledger_redact", "erase the details of entries; hashes stay as they were"),
    Verb("ledger rotate-key", "ledger_rotate_key", "seal further details to another of counsel's keys"),
)
"""The five commonest first, the rest by family."""
_EXIT_CODES = "exit codes: 0 clean; 1 refused, or lint findings; 2 usage, or broken policies; 3 evidence not intact"

_UNHEARD = "DESIST_POLICIES"


class _Once(argparse._StoreAction):
    """An option with one value. Given twice it is an error: argparse would forget the first, a list of URLs perhaps."""

    def __call__(
        self, parser: argparse.ArgumentParser, space: argparse.Namespace, values: Any, typed: str | None = None
    ) -> None:
        given = vars(space).setdefault("given", set())
        if typed and self.dest in given:
            parser.error(f"`{typed}` is given twice, and takes one value")
        given.add(self.dest)
        super().__call__(parser, space, values, typed)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong as every other error is said: one message and its mend."""

    options: tuple[str, ...] = ()
    """What the typed verb takes, for the option that was meant."""
    verb: str = ""
    """The verb that was typed, where this parser stands above it."""

    def __init__(self, **words: Any) -> None:
        super().__init__(**words)
        for action in (None, "store"):
            self.register("action", action, _Once)

    def _get_formatter(self) -> argparse.HelpFormatter:
        """As argparse's own, which asks `shutil` for the width and brings four compressors to every verb's start."""
        return self.formatter_class(prog=self.prog, width=columns() - 2)  # type: ignore[call-arg]

    def error(self, message: str) -> NoReturn:
        """Print it and exit with 2."""
        self.exit(2, f"error: {DesistError(message, help=self._mend(message))}\n")

    def _mend(self, message: str) -> str:
        from difflib import get_close_matches

        _, unknown, typed = message.partition("unrecognized arguments: ")
        near = get_close_matches(typed.partition(" ")[0].partition("=")[0], self.options, 1) if unknown else []
        return f"did you mean `{near[0]}`?" if near else f"{self.verb or self.prog} --help"


class _Top(_Parser):
    """The parser above all verbs, whose help is an overview."""

    def format_help(self) -> str:
        """Usage, the five commonest verbs, all others, exit codes."""
        width = columns(100)
        about = overview(self.prog, VERBS, width)
        codes = "\n".join(wrapped(_EXIT_CODES, width))
        return f"{self.format_usage()}\nA crawler that can prove it said no.\n\n{about}\n{codes}\n"


def build_parser(prog: str = "desist", *, words: Sequence[str] = (), every: bool = False) -> argparse.ArgumentParser:
    """The parser for `prog`: of the verb that `words` names, of `every` one, or of all as mere names."""
    parser = _Top(prog=prog, usage="%(prog)s [-h] [--version] VERB ...")
    parser.add_argument("--version", action="version", version=f"desist {__version__}", help="the version")
    verbs = parser.add_subparsers(metavar="VERB", required=True, prog=prog, parser_class=_Parser)
    families: dict[str, argparse._SubParsersAction[_Parser]] = {}
    typed = " ".join(words)
    chosen = [verb for verb in VERBS if typed == verb.words or typed.startswith(verb.words + " ")]
    if words and words[0] in ("-h", "--help", "--version"):
        return parser  # the overview knows the verbs by the table
    for verb in VERBS if every or not chosen else chosen:
        family, _, name = verb.words.rpartition(" ")
        if family and family not in families:
            families[family] = _family(verbs, family)
        sub = (families[family] if family else verbs).add_parser(
            name, help=verb.summary, description=verb.summary, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        if every or chosen:
            module = importlib.import_module(f"..{verb.module}", __name__)
            module.configure(sub)
            sub.epilog = sub.epilog or epilog(verb.words)
            sub.set_defaults(run=module.run)
            parser.options, parser.verb = tuple(sub._option_string_actions), sub.prog
    return parser


def _family(verbs: argparse._SubParsersAction[_Parser], name: str) -> argparse._SubParsersAction[_Parser]:
    """The parser of the verbs that begin with one word."""
    about, examples = FAMILIES[name]
    group = verbs.add_parser(
        name, help=about, description=about, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n  ".join(["examples:", *examples]),
    )  # fmt: skip
    return group.add_subparsers(title="verbs", metavar="VERB", required=True, prog=group.prog)


def _check_verb(words: Sequence[str]) -> None:
    """UsageError for words that name no verb, with the verb that was meant."""
    typed = [word for word in words[:2] if not word.startswith("-")]
    if not typed or words[0] != typed[0]:
        return
    known = [verb.words for verb in VERBS]
    wanted = " ".join(typed) if typed[0] in FAMILIES else typed[0]
    if wanted in FAMILIES or wanted in known:
        return
    near = meant(typed, [*known, *FAMILIES])
    lists = f"desist {typed[0]} --help" if typed[0] in FAMILIES else "desist --help"
    raise UsageError(
        f"there is no verb `{wanted}`", help=f"did you mean `desist {near}`?" if near else f"{lists} lists them"
    )


def main(argv: Sequence[str] | None = None, *, prog: str = "desist") -> int:
    """Run one verb and return its exit code; every `DesistError` becomes one message on stderr and its own code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without a letter shows its number
    if not words or words in ([family] for family in FAMILIES):
        print(_help_of(prog, words), file=sys.stderr)
        return 2
    try:
        _check_verb(words)
        args = build_parser(prog, words=words).parse_args(words)
        _unheard(words)
        code: int = args.run(args)
        sys.stdout.flush()
    except DesistError as error:
        print("\n".join([*_findings(error), f"error: {error}"]), file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141  # as a shell counts SIGPIPE: what nobody read to its end is no clean result
    except OSError as error:
        print(f"error: {_system(error)}", file=sys.stderr)
        return DesistError.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        print(f"error: {_unforeseen(error)}", file=sys.stderr)
        return DesistError.exit_code  # Python's own would be 1, which says `refused`
    return code


def _unforeseen(error: Exception) -> DesistError:
    """What nobody thought of, in one line; where it happened is for whoever mends it."""
    first = next(iter(str(error).splitlines()), "")
    return DesistError(
        f"{type(error).__name__}: {first}",
        help="this is a fault of Desist's; PYTHONDEVMODE=1 shows where: please report it",
    )


def _system(error: OSError) -> DesistError:
    """What the system refused, on which file, and what to look at."""
    mends = {
        errno.EROFS: "the file system is read-only: name a place elsewhere",
        errno.ENOSPC: "the disk is full: make room, or name a place elsewhere",
        errno.EDQUOT: "your quota is used up: make room, or name a place elsewhere",
        errno.EISDIR: "name a file, not a folder",
        errno.ENOTDIR: "a part of this path is a file: name another",
        errno.ENOENT: "name a file that is there, or make the folder first",
        errno.EMFILE: "`ulimit -n` says how many files may be open: raise it",
    }
    denied = "`ls -ld` says whose it is and who may read and write it"
    mend = denied if error.errno in (errno.EACCES, errno.EPERM) else mends.get(error.errno or 0, "desist doctor")
    return DesistError(error.strerror or str(error), place=str(error.filename or ""), help=mend)


def _unheard(words: Sequence[str]) -> None:
    """Say that a variable is no setting: whoever sets it thinks that other documents are read than are."""
    if words[0] == "policy" and os.environ.get(_UNHEARD):
        print(f"warning: variable `{_UNHEARD}` is heard by nobody", file=sys.stderr)
        print("  help: a verb takes folders by name, a crawl takes them from settings.py", file=sys.stderr)


def _help_of(prog: str, words: Sequence[str]) -> str:
    """What `--help` would print: whoever types no verb wants to see which there are."""
    parser = build_parser(prog)
    if words:
        [choices] = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
        parser = choices.choices[words[0]]
    return parser.format_help().rstrip()


def _findings(error: DesistError) -> list[str]:
    """Everything that is wrong with documents, one finding a paragraph; the last lines on a screen stay the error's."""
    if not isinstance(error, PolicyError) or not error.diagnostics:
        return []
    from ..policy.diagnostic import paragraphs

    return paragraphs(error.diagnostics)
