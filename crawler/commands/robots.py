"""`desist robots FILE`: what a robots.txt says to an agent, line by line, and where Scrapy would read it otherwise."""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import UsageError, harmless
from .asking import agent_token

if TYPE_CHECKING:
    from ..robots import Mode, Robots
    from ..robots.records import Record

__all__ = ["configure", "run"]

_one_line = functools.partial(harmless, keep="")

_ORIGIN: Final = "https://site.test"
"""Stands for the site in questions to Protego; robots.txt does not name its own."""
_WIDTH: Final = 52
_SECOND_OPINIONS: Final = 500
"""Rules about which Protego is asked too: on a long file it takes milliseconds for each."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("file", metavar="FILE", help="a robots.txt as saved; - for input")
    parser.add_argument(
        "--agent", type=agent_token, default="DesistBot", metavar="A", help="a product token (default: DesistBot)"
    )
    parser.add_argument("--url", action="append", default=[], metavar="U", help="a URL or path to judge; repeatable")
    parser.add_argument("--mode", choices=("strict", "rfc"), default="strict", help="default: strict")


def run(args: argparse.Namespace) -> int:
    """Print the file's lines with their meaning, verdicts, findings; 1 where a URL is refused or there is a finding."""
    from ..robots import Robots
    from ..robots.encoding import utf8_of
    from ..robots.lint import lint

    data = _read(args.file)
    text = utf8_of(data)
    if text is None:
        raise UsageError("the file is in an encoding that cannot be read", place=args.file, help="save it as UTF-8")
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    robots = Robots(text)
    peer = _Protego(data)
    print("\n".join(map(_one_line, _lines(robots, args.agent, args.mode, peer))))
    refused = False
    for url in args.url:
        verdict = robots.verdict(url, args.agent, args.mode)
        refused = refused or verdict.effect == "refuse"
        print("\n".join(map(_one_line, _judged(url, robots, args.agent, args.mode, peer))))
    findings = [*lint(robots), *_unreadable_preferences(robots, args)]
    for finding in sorted(findings):
        place = f"{args.file}:{finding.line}" if finding.line else args.file
        print(f"{_one_line(f'{place}: {finding.message}')}\n  help: {_one_line(finding.help)}")
    print(f"next: desist policy explain URL --robots {args.file}")
    return 1 if refused or findings else 0


def _read(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f"`{name}` cannot be read: {error.strerror}", help="name a saved robots.txt") from error


class _Protego:
    """Scrapy's parser, as Scrapy uses it: bytes that are not UTF-8 dropped."""

    def __init__(self, data: bytes) -> None:
        from protego import Protego

        self._parsed: Any = Protego.parse(data.decode("utf-8", "ignore"))

    def differs(self, path: str, agent: str, effect: str) -> bool:
        """Whether it would answer otherwise; a URL that it cannot read counts as no answer."""
        try:
            allows = self._parsed.can_fetch(path if "://" in path else _ORIGIN + path, agent)
        except ValueError:
            return False
        return bool(allows) != (effect == "allow")


def _lines(robots: Robots, agent: str, mode: Mode, peer: _Protego) -> Iterator[str]:
    """Head line, then every line of the file with what it means for the agent."""
    from ..robots.delay import delay_floor

    token, _ = robots.rules(agent)[0]
    governs = f"group `{token}` governs" if token else "no group names it, everything is allowed"
    if len(robots.rules(agent)) > 1:
        governs = "the strictest of all groups governs"
    floor = delay_floor(robots, agent)
    wait = f", at least {floor:g} s between requests" if floor else ""
    rules = sum(len(rules.records) for _, rules in robots.rules(agent))
    if rules > _SECOND_OPINIONS:
        print(f"Scrapy's parser is asked about the first {_SECOND_OPINIONS} of {rules} rules", file=sys.stderr)
    yield f"to `{agent}`: {governs}{wait}; {len(robots.data)} octets, sha256 {robots.sha256}"
    meanings = dict(_meanings(robots, agent, mode, peer))
    rows = robots.data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").removesuffix(b"\n").split(b"\n")
    for number, row in enumerate(rows, start=1):
        shown = row.decode(errors="replace").expandtabs(4).rstrip()
        yield f"{number:>5}  {shown[:_WIDTH]:<{_WIDTH}}  {meanings.get(number, '')}".rstrip()


def _meanings(robots: Robots, agent: str, mode: Mode, peer: _Protego) -> Iterator[tuple[int, str]]:
    from ..robots.groups import Reading
    from ..robots.records import Kind

    ours = {record for _, rules in robots.rules(agent, Reading.STANDARD) for record in rules.records}
    tokens = {token for token, _ in robots.rules(agent)}
    named: dict[int, set[str]] = {}
    for group in robots.groups().all:
        for token, at in group.tokens.items():
            named.setdefault(at, set()).add(token)
    said = {record for kind in Kind for record in robots.said(kind, agent)}
    asked = 0
    for record in robots.records:
        if record in ours:
            asked += 1
            yield (
                record.line,
                _meaning_of_rule(record, robots, agent, mode, peer if asked <= _SECOND_OPINIONS else None),
            )
        elif record.kind is Kind.USER_AGENT:
            yield record.line, "addresses you" if named.get(record.line, set()) & tokens else "others"
        elif record.kind in {Kind.ALLOW, Kind.DISALLOW}:
            yield record.line, "says nothing" if not record.value else "others"
        elif record.kind is Kind.OTHER:
            yield record.line, "passed over"
        elif record.kind is not Kind.SITEMAP and record.kind is not Kind.LICENSE:
            yield record.line, "for you" if record in said else "others"


def _meaning_of_rule(record: Record, robots: Robots, agent: str, mode: Mode, peer: _Protego | None) -> str:
    """The rule's effect and weight, and what becomes of a path that it matches."""
    from ..patterns import Pattern
    from ..robots.records import Kind

    pattern = Pattern(record.value)
    effect = "allow" if record.kind is Kind.ALLOW else "refuse"
    said = f"{effect}, {pattern.octets} octets"
    probe = "x".join(pattern.parts).removesuffix("$")
    if not pattern.text.startswith(("/", "*")):
        return f"{said}, matches nothing"
    probe = probe if probe.startswith("/") else "/" + probe
    verdict = robots.verdict(probe, agent, mode)
    if verdict.line != record.line and verdict.effect != effect:
        said += f"; {probe} is decided by line {verdict.line}"
    if peer and peer.differs(probe, agent, verdict.effect):
        said += f"; Scrapy alone would {'fetch' if verdict.effect == 'refuse' else 'refuse'} {probe}"
    return said


def _judged(url: str, robots: Robots, agent: str, mode: Mode, peer: _Protego) -> Iterator[str]:
    """The verdict on one URL with its evidence."""
    verdict = robots.verdict(url, agent, mode)
    line = f"line {verdict.line} `{verdict.rule}` ({verdict.octets} octets)" if verdict.line else verdict.why
    beat = f", over line {verdict.runner_up_line} ({verdict.runner_up_octets} octets)" if verdict.runner_up_line else ""
    why = f"; {verdict.why}" if verdict.line and verdict.why else ""
    yield f"{verdict.effect} {url}: {line}{beat}{why}"
    if peer.differs(url, agent, verdict.effect):
        yield f"  Scrapy alone would have {'fetched' if verdict.effect == 'refuse' else 'refused'} it"


def _unreadable_preferences(robots: Robots, args: argparse.Namespace) -> Iterator[Any]:
    """Preference lines that nobody can read, as findings."""
    from ..optout import read_robots
    from ..robots import statements_of
    from ..robots.lint import Finding

    statements = statements_of(robots, args.agent, args.mode)
    for name, lines in (("usage", statements.usage), ("signals", statements.signals)):
        for line in lines:
            path = line[1].split(None, 1)[0].decode(errors="replace") if line[1].startswith(b"/") else "/"
            alone = statements._replace(usage=[], signals=[], licences=[])._replace(**{name: [line]})
            if any(signal.verdict == "unknown" for signal in read_robots(alone, path, args.mode)):
                help_ = "`train-ai=n`" if name == "usage" else "`ai-train=no`"
                yield Finding(line[0], "the preference cannot be read, and refuses AI purposes", f"write {help_}")
