"""`desist status`: the sessions that run on this machine, their policy revision, and since when it is in force."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from .screen import Paint

if TYPE_CHECKING:
    from ..enforce.sessions import Running

__all__ = ["configure", "run"]

_SHOWN: Final = 5
"""Sessions that ended without a word which are shown: the newest."""
_STEPS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def configure(parser: argparse.ArgumentParser) -> None:
    """For people, or one JSON object a line."""
    parser.add_argument("--format", choices=("text", "jsonl"), default="text", help="text (default) or jsonl")


def run(args: argparse.Namespace) -> int:
    """0 always; sessions whose process is gone without a word are said to be so."""
    from ..enforce.sessions import running

    found = list(running())
    if args.format == "jsonl":
        for one in found:
            print(_row(one))
        return 0
    paint = Paint(sys.stdout)
    alive = [one for one in found if one.alive]
    ended = sorted((one for one in found if not one.alive), key=lambda one: one.since, reverse=True)
    for one in [*alive, *ended[:_SHOWN]]:
        print(_line(one, paint))
    if len(ended) > _SHOWN:
        print(f"and {len(ended) - _SHOWN:,} earlier that ended without a word: --format jsonl has them all")
    if not found:
        print("no session is running on this machine")
    for process in _unarmed():
        print(process)
    ledger = (alive or ended)[0].ledger if found else ".desist/ledger.db"
    print(f"next: desist ledger docket {ledger}" if os.path.lexists(ledger) else "next: scrapy crawl SPIDER")
    return 0


def _unarmed() -> Iterator[str]:
    """Scrapy processes of this machine that no gate holds, or of which nobody can say."""
    from ..enforce.marks import scrapy_processes

    for found in scrapy_processes():
        if not found.armed:
            state = "is not armed: no gate holds it" if found.readable else "cannot be looked at (it is another user's)"
            words = [word for word in found.command.split() if "://" not in word]  # no URL ever
            command = "".join(letter if letter.isprintable() else "?" for letter in " ".join(words))
            yield f"pid {found.pid}  {state}\n  {command[:100]}\n  help: restart it with the add-on, or desist arm"


def _row(one: Running) -> str:
    import msgspec

    fields = {**msgspec.structs.asdict(one), "alive": one.alive}
    del fields["started"]
    return msgspec.json.encode(fields).decode()


def _line(one: Running, paint: Paint) -> str:
    since = datetime.fromtimestamp(one.since / 1e6, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    state = paint("green", "running") if one.alive else paint("red", "ended without a word")
    ago = _span(max(0.0, time.time() - one.since / 1e6))
    return (
        f"{one.session}  {state}  pid {one.pid}\n"
        f"  policy revision {one.revision[:12]} in force since {since} ({ago})\n"
        f"  ledger {one.ledger}"
    )


def _span(seconds: float) -> str:
    size, unit = next((step for step in _STEPS if seconds >= step[0]), _STEPS[-1])
    return f"{int(seconds // size)} {unit} ago"
