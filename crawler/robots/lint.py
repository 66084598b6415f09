"""What is wrong with a robots.txt, for the person who writes it: one finding a line, each with its mend."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from .delay import crawl_delay, request_rate
from .file import Robots
from .groups import Reading
from .records import Kind, Record, Sureness

__all__ = ["Finding", "lint"]

_GOOGLE_LIMIT: Final = 500 * 1024
_KNOWN: Final = (*(kind.value for kind in Kind if kind is not Kind.OTHER), "host", "clean-param", "noindex")
_TOKEN: Final = re.compile(rb"[A-Za-z_-]+|\*")


class Finding(NamedTuple):
    """A line (0: the whole file), what is wrong with it, and the mend."""

    line: int
    message: str
    help: str


def lint(robots: Robots) -> list[Finding]:
    """All findings, in the order of the lines."""
    found = [*_of_file(robots), *_of_groups(robots)]
    for record in robots.records:
        found += _of_record(record)
    return sorted(dict.fromkeys(found))


def _of_file(robots: Robots) -> Iterator[Finding]:
    if len(robots.data) > _GOOGLE_LIMIT:
        yield Finding(0, f"{len(robots.data)} octets: Google stops reading at 500 KiB", "make it shorter")
    if b"\0" in robots.data:
        yield Finding(0, "it holds NUL octets", "save it as UTF-8 text")
    for record in robots.groups().orphans:
        if record.kind in {Kind.ALLOW, Kind.DISALLOW, Kind.CRAWL_DELAY, Kind.CONTENT_USAGE, Kind.CONTENT_SIGNAL}:
            yield Finding(record.line, "it stands before any user-agent line and holds for nobody", "move it down")


def _of_groups(robots: Robots) -> Iterator[Finding]:
    """Rules that say the same thing twice, or two things at once, to one agent."""
    groups = robots.groups(Reading.STANDARD)
    combined = {tuple(map(id, found)): found for found in (groups.governing(token)[1] for token in groups.tokens())}
    for governing in combined.values():
        seen: dict[bytes, Record] = {}
        for group in governing:
            for record in group.records:
                if record.kind in {Kind.ALLOW, Kind.DISALLOW} and record.value:
                    yield from _repeated(record, seen.setdefault(record.value, record))


def _repeated(record: Record, first: Record) -> Iterator[Finding]:
    if first.line == record.line:
        return
    if first.kind is record.kind:
        yield Finding(record.line, f"it repeats line {first.line}", "delete one of them")
    else:
        yield Finding(
            record.line, f"it contradicts line {first.line}: of equal rules, Allow holds", "delete one of them"
        )


def _of_record(record: Record) -> Iterator[Finding]:
    if record.sureness is Sureness.GUESSED:
        yield Finding(record.line, "it holds invisible characters or is not UTF-8", "type the line anew, save as UTF-8")
    elif record.sureness is Sureness.TOLERATED:
        yield Finding(record.line, "only tolerant crawlers read this line", f"write `{record.kind.value.title()}: ...`")
    elif record.kind is Kind.OTHER:
        yield from _unknown(record)
    elif record.kind is Kind.USER_AGENT:
        yield from _of_agent(record)
    elif record.kind in {Kind.ALLOW, Kind.DISALLOW} and record.value and not record.value.startswith((b"/", b"*")):
        yield Finding(record.line, "a path that begins with neither `/` nor `*` matches nothing", "put a `/` before it")
    elif record.kind is Kind.CRAWL_DELAY and crawl_delay(record.value) is None:
        yield Finding(record.line, "it is no number of seconds", "write for example `Crawl-delay: 10`")
    elif record.kind is Kind.REQUEST_RATE and request_rate(record.value) is None:
        yield Finding(record.line, "it is no rate", "write for example `Request-rate: 1/10s`")


def _of_agent(record: Record) -> Iterator[Finding]:
    found = _TOKEN.match(record.value)
    if not found:
        yield Finding(record.line, "no crawler has such a name", "letters, `-` and `_`, or `*` for everyone")
    elif found[0] != record.value:
        name = found[0].decode()
        yield Finding(record.line, f"only `{name}` of it counts", f"write `User-agent: {name}`")


def _unknown(record: Record) -> Iterator[Finding]:
    field = record.text.partition(b":")[0].strip().decode(errors="replace").lower()
    if b":" not in record.text:
        yield Finding(record.line, "it has no colon and says nothing", "write `Field: value`, or `#` before a remark")
    elif field == "noindex":
        yield Finding(record.line, "Noindex is no rule of robots.txt", "send `X-Robots-Tag: noindex` with the page")
    elif field not in _KNOWN:
        meant = difflib.get_close_matches(field, _KNOWN, n=1, cutoff=0.7)
        help_ = f"did you mean `{meant[0].title()}`?" if meant else "crawlers pass over it; `#` makes it a remark"
        yield Finding(record.line, f"no field is called `{field[:40]}`", help_)
