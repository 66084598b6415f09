"""`desist policy test`: do the documents decide as their tests say, and which rules does no test touch."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from ..errors import PolicyError, UsageError
from .broken import in_format

if TYPE_CHECKING:
    from ..model import Decision, Place
    from ..policy.policyset import PolicySet
    from ..policy.testfile import Expectation, Located

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("folders", metavar="DIR", nargs="*", help="as for policy lint; `shipped` names the shipped one")
    parser.add_argument("--threshold", metavar="PERCENT", type=float, help="exit 1 where fewer rules are touched")
    parser.add_argument("--untouched", action="store_true", help="list every rule that no test touches")
    parser.add_argument("--format", choices=("text", "json", "jsonl", "sarif"), default="text", help="default: text")


class Row(NamedTuple):
    """One test and its outcome; `wrong` is empty where it passed."""

    located: Located
    decision: Decision
    wrong: tuple[str, ...]


class Rule(NamedTuple):
    """One rule that refuses, or one permission that lifts: its id and where it stands."""

    id: str
    place: Place


def run(args: argparse.Namespace) -> int:
    """Run every test; 1 where one fails or too few rules are touched."""
    return in_format(_run, args)


def _run(args: argparse.Namespace) -> int:
    from ..policy.policyset import PolicySet, folders_of
    from ..policy.testfile import load_tests
    from .screen import Bar, waiting

    if args.threshold is not None and not 0 <= args.threshold <= 100:
        raise UsageError(f"`{args.threshold:g}` is no percentage", help="--threshold 80")
    folders = folders_of(args.folders or None)
    with waiting("reading documents"):
        policies = PolicySet.load(folders)
        found = load_tests(folders)
    if found.diagnostics:
        first = found.diagnostics[0]
        message = f"{first.code} {first.message}"
        raise PolicyError(message, diagnostics=found.diagnostics, place=str(first.place), help=first.help)
    if not found.tests:
        help_ = 'write tests/first.yaml in the folder: "https://shop.test/": allow'
        raise UsageError("there is no test in these folders", help=help_)
    rows = list(Bar("testing", len(found.tests)).over(_rows(policies, found.tests), "tests"))
    rules = _rules(policies)
    missed = sorted(rules - _touched(rows, rules), key=lambda rule: (rule.place, rule.id))
    percent = 100.0 * (len(rules) - len(missed)) / len(rules) if rules else 100.0
    failed = [row for row in rows if row.wrong]
    _report(args, rows, failed, missed, len(rules))
    return 1 if failed or (args.threshold is not None and percent < args.threshold) else 0


def _rows(policies: PolicySet, tests: Iterable[Located]) -> Iterable[Row]:
    from ..decide import decide

    for located in tests:
        test = located.test
        decision = decide(
            policies,
            located.url,
            at=test.at.earliest if test.at else None,
            agent=test.agent or "",
            purposes=test.purposes,
        )
        yield Row(located, decision, tuple(_differences(test, decision)))


def _differences(test: Expectation, decision: Decision) -> Iterable[str]:
    """What the decision says otherwise than the test."""
    governing = decision.governing
    pairs = {
        "effect": (test.effect, decision.effect),
        "basis": (test.basis, governing.basis if governing else None),
        "docket": (test.docket, decision.docket),
        "via": (test.via, governing.via if governing else None),
    }
    for name, (expected, actual) in pairs.items():
        if expected is not None and expected != actual:
            yield f"{name} is {actual or 'none'}, expected {expected}"
    if test.platforms is not None and set(test.platforms) != set(decision.platforms):
        yield f"platforms are {', '.join(decision.platforms) or 'none'}, expected {', '.join(test.platforms) or 'none'}"
    ids = {word for reason in decision.reasons for word in (reason.rule, reason.rule.partition(":")[0])}
    if test.rule is not None and test.rule not in ids:
        yield f"rule {test.rule} is not among the reasons"


def _rules(policies: PolicySet) -> set[Rule]:
    """Every rule and clause that refuses, and every permission that lifts."""
    found: set[Rule] = set()
    for _, record in policies.platforms():
        found.update(Rule(rule.id, rule.place) for rule in record.rules if not rule.idle)
        found.update(Rule(permit.id, permit.place) for permit in record.permits if not permit.idle)
    return found


def _touched(rows: Iterable[Row], rules: Iterable[Rule]) -> set[Rule]:
    """Rules that gave a reason in some test, and permissions that lifted one."""
    reasons = [reason for row in rows for reason in row.decision.reasons]
    spoken = {Rule(reason.rule, reason.place) for reason in reasons if reason.place}
    lifting = {reason.lifted_by for reason in reasons}
    return {rule for rule in rules if rule in spoken or rule.id in lifting}


def _report(args: argparse.Namespace, rows: list[Row], failed: list[Row], missed: list[Rule], total: int) -> None:
    if args.format != "text":
        _machine(args.format, rows, missed, total)
        return
    for row in failed:
        print(f"{row.located.place}: {row.located.url}: {'; '.join(row.wrong)}")
        for reason in row.decision.reasons:
            lifted = f" (lifted by {reason.lifted_by})" if reason.lifted_by else ""
            print(f"  {reason.basis}: {reason.rule} at {reason.place}: {reason.message}{lifted}")
    for rule in missed if args.untouched else []:
        print(f"{rule.place}: no test touches {rule.id}")
    print(
        f"{len(rows) - len(failed)} passed, {len(failed)} failed; {total - len(missed)} of {total} rules touched",
        end="",
    )
    print(f" ({100.0 * (total - len(missed)) / total:.0f}%)" if total else "")
    if failed:
        print(f"next: desist policy explain '{failed[0].located.url}'")
    else:
        print(
            "next: desist policy test --untouched" if missed and not args.untouched else "next: desist policy check URL"
        )


def _machine(form: str, rows: list[Row], missed: list[Rule], total: int) -> None:
    """Rows for programs: a row a test, then one of coverage."""
    import json

    out = [
        {
            "url": row.located.url,
            "place": str(row.located.place),
            "passed": not row.wrong,
            "effect": row.decision.effect,
            "wrong": list(row.wrong),
        }
        for row in rows
    ]
    if form == "sarif":
        from .sarif import log, result

        failed = ((row.located, row.wrong, said) for row, said in zip(rows, out, strict=True) if row.wrong)
        print(log(result("policy-test", "error", f"{t.url}: {'; '.join(w)}", t.place, said) for t, w, said in failed))
        return
    coverage = {"rules": total, "untouched": [{"rule": rule.id, "place": str(rule.place)} for rule in missed]}
    if form == "json":
        print(json.dumps({"tests": out, "coverage": coverage}, indent=1, ensure_ascii=False))
        return
    for one in [*out, {"coverage": coverage}]:
        print(json.dumps(one, ensure_ascii=False))
