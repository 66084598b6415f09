"""`desist policy explain`: every rule considered for one URL, who governs, and what would change the answer."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..errors import UsageError
from ..model import NOT_ASKED, RobotsVerdict, Signal
from .asking import add_question, judge_of
from .broken import in_format
from .screen import coloured

if TYPE_CHECKING:
    from ..decide.explain import Considered, Explanation
    from ..decide.judge import Robots

__all__ = ["configure", "run"]

_FORMATS: Final = ("text", "jsonl", "json", "sarif")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("url", metavar="URL", help="the URL to explain")
    add_question(parser)
    parser.add_argument("--robots", metavar="FILE", help="the robots.txt of its host, as saved; - for input")
    parser.add_argument("--robots-mode", choices=("strict", "rfc"), default="strict", help="default: strict")
    parser.add_argument(
        "--header", metavar="LINE", action="append", default=[], help="a response header: 'X-Robots-Tag: noai'"
    )
    parser.add_argument(
        "--status", metavar="CODE", type=int, default=0, help="the status of the response: 402, 403, 429 and 451 refuse"
    )
    parser.add_argument("--licence", metavar="FILE", help="the RSL licence that a Link header names, as saved")
    parser.add_argument("--format", choices=_FORMATS, default="text", help="default: text")


def run(args: argparse.Namespace) -> int:
    """Print the explanation; 1 where the URL is refused."""
    return in_format(_run, args)


def _run(args: argparse.Namespace) -> int:
    from ..decide.explain import explain

    judge = judge_of(args)
    robots, alone = _robots(args)
    explanation = explain(judge, args.url, robots, _signals(args))
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    if args.format == "text":
        print("\n".join(coloured(line, sys.stdout) for line in _text(explanation, alone, robots)))
    else:
        _machine(args.format, explanation, alone)
    return 1 if explanation.decision.refused else 0


def _machine(form: str, explanation: Explanation, alone: str) -> None:
    """The explanation for programs: one value, or as a finding where the URL is refused."""
    import msgspec

    if form == "sarif":
        from .rows import writer_of

        writer = writer_of(form, sys.stdout, brief=False)
        writer.write(explanation.decision, "")
        writer.close()
        return
    text = msgspec.json.encode({"protego": alone, "explanation": explanation})
    print((msgspec.json.format(text) if form == "json" else text).decode())


def _robots(args: argparse.Namespace) -> tuple[Robots, str]:
    """Our answer from a saved robots.txt, and Protego's alone."""
    if not args.robots:
        return NOT_ASKED, ""
    from protego import Protego

    from ..robots import Robots as File
    from ..urls import read

    data = _bytes(args.robots, "a saved robots.txt")
    target = read(args.url)
    agent = args.agent or "*"
    verdict = File(data, authority=f"{target.scheme}://{target.host}:{target.port}").verdict(
        args.url, agent, args.robots_mode
    )
    fetches = Protego.parse(data.decode("utf-8", "ignore")).can_fetch(args.url, agent)
    return verdict, "would have fetched this" if fetches else "would have refused this too"


def _signals(args: argparse.Namespace) -> tuple[Signal, ...]:
    """The signals in the status, headers and licence that are given."""
    if not (args.header or args.status or args.licence):
        return ()
    from ..optout import read_headers, read_status

    pairs = []
    for line in args.header:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise UsageError(f"`{line}` is not a header", help="write NAME: VALUE")
        pairs.append((name.strip(), value.strip()))
    now = time.time()
    kind = next((value for name, value in pairs if name.lower() == "content-type"), "")
    heard = (*read_headers(pairs, kind, now, args.agent), *read_status(args.status, pairs, now))
    return (*heard, *_licences(args, pairs))


def _licences(args: argparse.Namespace, pairs: list[tuple[str, str]]) -> Iterator[Signal]:
    """What the RSL licence says that a file holds, or a Link header names: unread, it refuses."""
    from ..optout import licence_unread, read_rsl, rsl_of_headers

    named = rsl_of_headers(pairs, args.url)
    if args.licence:
        yield from read_rsl(200, _bytes(args.licence, "a saved licence"), args.url, named[0] if named else args.licence)
        return
    yield from (licence_unread(url, "it was not read: --licence FILE") for url in named)


def _bytes(name: str, wanted: str) -> bytes:
    """A file's content, `-` for input."""
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f"`{name}` cannot be read: {error.strerror}", help=f"name {wanted}") from error


def _text(explanation: Explanation, alone: str, robots: Robots) -> Iterator[str]:
    """The explanation for a person, top down: answer, reading, rules, what would change it."""
    from ..decide.message import message_of

    decision, target = explanation.decision, explanation.target
    yield message_of(decision)
    yield ""
    parts = {"scheme": target.scheme, "host": target.host, "port": target.port, "path": target.path}
    yield "read as    " + ", ".join(f"{name} {value or '-'}" for name, value in parts.items())
    if target.trouble:
        yield f"           {target.trouble}: {target.why}"
    yield f"judged at  {explanation.at}, revision {decision.revision[:16]}"
    yield f"docket     {decision.docket or 'none: nothing is filed'}"
    for host in explanation.hosts:
        yield f"host       {host.host} is {host.platform}'s by `{host.rule}` ({host.role}) {host.place}{_via(host.via)}"
    if not explanation.hosts:
        yield f"host       {target.host or '-'}: no document names it"
    yield from (f"route      {route}" for route in explanation.routes)
    yield ""
    yield f"considered: {len(explanation.considered)} rules and permissions"
    for considered in sorted(explanation.considered, key=_order):
        yield from _rule(considered)
    yield from _other(explanation)
    yield from _robots_lines(robots, alone)
    yield ""
    yield "what would change the answer:"
    yield from (f"  - {change}" for change in explanation.changes or ("nothing that documents or settings can say",))
    yield f"next: {_next(explanation)}"


def _next(explanation: Explanation) -> str:
    """What to type next."""
    if not explanation.decision.refused:
        return "desist policy check --file URLS"
    governing = explanation.decision.governing
    if governing and governing.basis in ("invalid-url", "scheme"):
        return "desist policy explain https://HOST/PATH, the whole URL"
    taken_back = (change.partition("desist policy withdraw ")[2] for change in explanation.changes)
    own = next(filter(None, taken_back), "")
    return (
        f"desist policy withdraw {own} --document FILE --by NAME --by NAME"
        if own
        else "desist policy new permission ID"
    )


def _via(via: str) -> str:
    return f", via {via}" if via else ""


def _order(considered: Considered) -> tuple[int, str]:
    """The winner first, then what refuses, then the rest."""
    ranks = {"governs": 0, "refuses too": 1, "lifts": 2}
    return ranks.get(considered.standing, 3 if considered.standing.startswith("lifted") else 4), considered.id


def _rule(considered: Considered) -> Iterator[str]:
    mark = {"governs": "=>", "refuses too": " +", "lifts": " -"}.get(considered.standing, "  ")
    yield f"{mark} {considered.kind} {considered.id}: {considered.standing}{_via(considered.via)}"
    yield f"     {considered.message}"
    until = f" until {considered.until}" if considered.until else ""
    docket = f", docket {considered.docket}" if considered.docket else ""
    yield f"     {considered.place}; in force since {considered.since}{until}{docket}"


def _other(explanation: Explanation) -> Iterator[str]:
    """Reasons that come from no document."""
    known = {considered.id for considered in explanation.considered}
    for reason in explanation.decision.reasons:
        if reason.rule not in known:
            mark = "=>" if reason is explanation.decision.governing else " +"
            yield f"{mark} {reason.basis} {reason.rule}: {reason.message}{_via(reason.via)}"


def _robots_lines(robots: Robots, alone: str) -> Iterator[str]:
    if isinstance(robots, RobotsVerdict):
        where = f" by line {robots.line} `{robots.rule}`" if robots.line else ""
        runner = f", runner-up line {robots.runner_up_line}" if robots.runner_up_line else ""
        yield f"robots     {robots.effect}{where}{runner} (group `{robots.token or '-'}`); {robots.why}"
        yield f"protego    Scrapy alone {alone}"
    else:
        yield "robots     not asked: --robots FILE judges by a saved one, and says what Scrapy alone would have done"
