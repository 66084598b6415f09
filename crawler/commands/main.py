"""The parser that serves `desist ...` and `scrapy desist ...` alike.

A verb is a module with `configure(parser)` and `run(args) -> int`. The table below holds what `--help` needs, so that a
verb's module is imported only when the verb is typed: `desist --help` stays quick.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NamedTuple

from ..errors import DesistError, PolicyError

__all__ = ["VERBS", "Verb", "build_parser", "main"]


class Verb(NamedTuple):
    """One verb: the words that a user types, the module below `desist.commands`, one line of help."""

    words: str
    module: str
    summary: str


# The five commonest first; the rest by family.
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
    Verb("dryrun", "dryrun", "judge what the spiders of this project would ask for, without a packet"),
    Verb("new project", "new_project", "a Scrapy project that already refuses"),
    Verb("ledger docket", "ledger_docket", "what was refused and fetched under each notice"),
    Verb("ledger redact", "ledger_redact", "erase the details of entries; hashes stay as they were"),
    Verb("ledger rotate-key", "ledger_rotate_key", "seal further details to another of counsel's keys"),
)
_FAMILIES = {
    "policy": "documents: judge, explain, write, withdraw",
    "ledger": "the record: verify, read, redact",
    "new": "begin something: a project",
}
_EXIT_CODES = "exit codes: 0 clean; 1 refused, or lint findings; 2 usage, or broken policies; 3 evidence not intact"


def build_parser(prog: str = "desist", *, words: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The parser for `prog`; only the verb that `words` names is imported and configured, the others are names."""
    parser = argparse.ArgumentParser(
        prog=prog,
        description="A crawler that can prove it said no.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    families: dict[str, argparse._SubParsersAction[argparse.ArgumentParser]] = {}
    typed = " ".join(words)
    for verb in VERBS:
        family, _, name = verb.words.rpartition(" ")
        if family and family not in families:
            group = verbs.add_parser(family, help=_FAMILIES[family], description=_FAMILIES[family])
            families[family] = group.add_subparsers(title="verbs", metavar="VERB", required=True)
        sub = (families[family] if family else verbs).add_parser(
            name, help=verb.summary, description=verb.summary, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        if typed == verb.words or typed.startswith(verb.words + " "):
            module = importlib.import_module(f"..{verb.module}", __name__)
            module.configure(sub)
            sub.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str] | None = None, *, prog: str = "desist") -> int:
    """Run one verb and return its exit code; every `DesistError` becomes one message on stderr and its own code."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        args = build_parser(prog, words=words).parse_args(words)
        code: int = args.run(args)
        sys.stdout.flush()
    except DesistError as error:
        print("\n".join([*_findings(error), f"error: {error}"]), file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    return code


def _findings(error: DesistError) -> list[str]:
    """Everything that is wrong with documents, one finding a paragraph; the last lines on a screen stay the error's."""
    if not isinstance(error, PolicyError) or not error.diagnostics:
        return []
    from ..policy.diagnostic import paragraphs

    return paragraphs(error.diagnostics)
