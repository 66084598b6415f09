"""`desist policy diff OLD NEW`: what differs between two policy sets, with a URL that shows each difference."""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .broken import in_format

if TYPE_CHECKING:
    from ..decide import Judge
    from ..model import Decision, Purpose
    from ..policy.diff import Cell, Difference, Report
    from ..policy.policyset import PolicySet

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("old", metavar="OLD", help="a folder of documents; `shipped` names the shipped one")
    parser.add_argument("new", metavar="NEW", help="the folder to compare it with")
    parser.add_argument("--beside", metavar="DIR", action="append", default=[], help="read before both; repeatable")
    parser.add_argument("--file", metavar="URLS", help="count whose answer changes: a list, feed, log or sitemap")
    parser.add_argument("--format", choices=("text", "json", "jsonl", "sarif"), default="text", help="default: text")


def run(args: argparse.Namespace) -> int:
    """Compare, print; 1 where something differs or could not be proved."""
    return in_format(_run, args)


def _run(args: argparse.Namespace) -> int:
    from ..policy.diff import diff
    from ..policy.policyset import PolicySet
    from .screen import waiting

    with waiting("reading documents"):
        old, new = (PolicySet.load([*args.beside, folder]) for folder in (args.old, args.new))
    now = time.time_ns() // 1000
    with waiting("comparing every boundary of both sets"):
        report = diff(old, new, _ask, now)
    urls = _urls(args.file, old, new, now) if args.file else None
    if args.format == "text":
        _text(report, urls, old, new)
    else:
        _machine(args.format, report, urls, old, new)
    return 1 if report.differences or report.unproven else 0


@lru_cache(maxsize=4096)
def _judge(policies: PolicySet, at: int, purpose: Purpose | None, agent: str) -> Judge:
    from ..decide import Judge

    return Judge(policies, at=at, purposes=None if purpose is None else [purpose], agent=agent)


def _ask(policies: PolicySet, cell: Cell) -> Decision:
    return _judge(policies, cell.at, cell.purpose, cell.agent).decide(cell.url)


def _urls(file: str, old: PolicySet, new: PolicySet, now: int) -> dict[str, Any]:
    """How many URLs of a file get another answer, and the first of them."""
    from .url_sources import UrlSource

    was, judge = (_judge(policies, now, None, "") for policies in (old, new))
    counts: Counter[str] = Counter()
    shown: list[str] = []
    for url, _ in UrlSource(file).watched("comparing"):
        before, after = was.decide(url), judge.decide(url)
        change = f"{before.effect} -> {after.effect}" if before.effect != after.effect else "same effect"
        other = change == "same effect" and (before.governing, before.docket) != (after.governing, after.docket)
        counts["same effect, other reason" if other else change] += 1
        if change != "same effect" and len(shown) < 10:
            shown.append(f"{change}: {url}")
    return {"counts": dict(counts), "first": shown}


def _text(report: Report, urls: dict[str, Any] | None, old: PolicySet, new: PolicySet) -> None:
    for one in report.differences:
        print(f"{one.rule}: {one.change}")
        print(f"  {_question(one.cell)}")
        print(f"  {_answer(one.before)} -> {_answer(one.after)}")
    for host in report.unproven:
        print(f"{host}: not proved: its path patterns combine in too many ways; asked about `/` alone")
    if not report.differences and not report.unproven:
        said = "the same documents" if old.revision == new.revision else "no decision differs"
        print(f"nothing changed: {said} ({old.revision[:12]}, {new.revision[:12]})")
    print(f"{report.cells} cells asked, {report.alike} kinds of host alike in both: every boundary, no sampling")
    if urls is not None:
        counts = ", ".join(f"{change} {count:,}" for change, count in sorted(urls["counts"].items()))
        print("\n".join([f"URLs of the file: {counts or 'none'}", *(f"  {line}" for line in urls["first"])]))
    print(
        f"next: desist policy explain '{report.differences[0].cell.url}'"
        if report.differences
        else "next: desist policy test"
    )


def _question(cell: Cell) -> str:
    from ..policy.rules import moment

    agent = f", agent {cell.agent}" if cell.agent else ""
    return f"{cell.url} at {moment(cell.at)}, for {cell.purpose or 'undeclared purposes'}{agent}"


def _answer(decision: Decision) -> str:
    reason = decision.governing
    return decision.effect if reason is None else f"{decision.effect} ({reason.basis}: {reason.rule})"


def _machine(form: str, report: Report, urls: dict[str, Any] | None, old: PolicySet, new: PolicySet) -> None:
    rows = [_row(one) for one in report.differences]
    if form == "sarif":
        from .sarif import log

        print(log(map(_result, report.differences)))
        return
    end = {
        "cells": report.cells,
        "alike": report.alike,
        "unproven": report.unproven,
        "revisions": [old.revision, new.revision],
        **({"urls": urls} if urls is not None else {}),
    }
    if form == "json":
        print(json.dumps({"differences": rows, **end}, indent=1, ensure_ascii=False))
        return
    for row in [*rows, end]:
        print(json.dumps(row, ensure_ascii=False))


def _row(one: Difference) -> dict[str, Any]:
    from ..policy.rules import moment

    return {
        "rule": one.rule,
        "change": one.change,
        "url": one.cell.url,
        "at": moment(one.cell.at),
        "purpose": one.cell.purpose,
        "agent": one.cell.agent,
        "before": one.before.effect,
        "after": one.after.effect,
    }


def _result(one: Difference) -> dict[str, Any]:
    """A difference for code scanning, where the rule stands now, or stood."""
    from .sarif import result

    reasons = (*one.after.reasons, *one.before.reasons)
    place = next((reason.place for reason in reasons if reason.rule == one.rule), None)
    text = f"{one.rule}: {one.change}: {_question(one.cell)}: {_answer(one.before)} -> {_answer(one.after)}"
    return result(one.rule, "note", text, place, _row(one))
