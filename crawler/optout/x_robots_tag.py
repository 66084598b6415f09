"""X-Robots-Tag and robots-tag headers, and the rules that they share with meta robots.

Sources: Google's documentation of X-Robots-Tag (`name: rule, rule`), draft-illyes-repext-00 2.1.1 (`name=rule, rule;
name=rule`), the noai and noimageai convention (DeviantArt, November 2022). Both headers may hold both notations. A name
governs until the next name or semicolon; only refusing rules count, and they add up. A word is a crawler's name where a
known rule stands behind it: `rating: general` addresses nobody and hides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from ..model import Signal, SignalVerdict, Usage
from .signals import Headers, shown, values_of

__all__ = ["EVERY_NAME", "read_rules", "read_x_robots_tag", "refuses"]

_HEADERS: Final = ("x-robots-tag", "robots-tag")
_LONGEST: Final = 65_536
"""Octets of a value that are read; draft-illyes-repext asks for 8 KiB at least."""
_RULES: Final = {
    "noindex": {Usage.INDEX},
    "none": {Usage.INDEX, Usage.FOLLOW},
    "nofollow": {Usage.FOLLOW},
    "noarchive": {Usage.ARCHIVE},
    "nocache": {Usage.ARCHIVE},
    "noai": {Usage.TRAIN_AI},
    "noimageai": {Usage.TRAIN_AI},
    "noml": {Usage.TRAIN_AI},
}
_FOR_IMAGES: Final = {"noimageindex": {Usage.INDEX}}
"""Rules about images, which concern a response only where it is one."""
_UNAVAILABLE_AFTER: Final = "unavailable_after"
_VALUED: Final = frozenset({_UNAVAILABLE_AFTER, "max-snippet", "max-image-preview", "max-video-preview"})
_PERMITTING_WORDS: Final = """
all index follow archive cache snippet nosnippet noodp noydir notranslate noimageindex nositelinkssearchbox
indexifembedded nopagereadaloud
"""
_PERMITTING: Final = frozenset(_PERMITTING_WORDS.split())
"""Rules that refuse nothing here; a crawler is addressed with them all the same."""
_KNOWN: Final = _PERMITTING | _RULES.keys() | _VALUED
_QUOTES: Final = str.maketrans(dict.fromkeys("\"'`\u2018\u2019\u201c\u201d", " "))
_NAMED: Final = re.compile(r"\s*([^\s:=,;]+)\s*([:=])\s*(.*)", re.DOTALL)
_FIRST_WORD: Final = re.compile(r"\s*([^\s:=,;]+)")
_TOKEN: Final = re.compile(r"[A-Za-z_-]+")
_EVERYONE: Final = frozenset({"*", "robots", "all"})
EVERY_NAME: Final = "mozilla"
"""An agent that cannot be addressed obeys what is said to anybody (as in `desist.robots`)."""
_ZONES: Final = {"PST": "-0800", "PDT": "-0700", "CET": "+0100", "CEST": "+0200", "BST": "+0100"}


def read_x_robots_tag(headers: Headers, content_type: str, now: float, agent: str) -> tuple[Signal, ...]:
    """One signal for each refusing rule that is addressed to everyone or to `agent`; `now` in seconds since 1970."""
    pairs = list(headers)
    return tuple(
        signal
        for name in _HEADERS
        for value in values_of(pairs, name)
        for signal in read_rules(
            value, agent, now, name="x-robots-tag", place=f"header {name.title()}", content_type=content_type
        )
    )


def read_rules(
    value: str, agent: str, now: float, *, name: str, place: str, content_type: str = "", names: bool = True
) -> Iterator[Signal]:
    """The refusing rules of one header value, or of the content of one meta element, which holds no `names`."""
    for rule, argument in _addressed(value[:_LONGEST].translate(_QUOTES), agent.lower(), names=names):
        usages = _RULES.get(rule)
        verdict: SignalVerdict = "disallow"
        if rule in _FOR_IMAGES and content_type.lower().startswith("image/"):
            usages = _FOR_IMAGES[rule]
        if rule == _UNAVAILABLE_AFTER:
            at = _instant(argument)
            verdict = "unknown" if at is None else "disallow"
            usages = {Usage.INDEX} if at is None or at <= now else None
        if usages:
            text = f"{rule}: {argument}" if argument else rule
            yield Signal(name, frozenset(usages), verdict, place, shown(text))


def refuses(value: str) -> bool:
    """Whether one of the items between commas is a refusing rule and nothing else."""
    return any(item.strip().lower() in _RULES for item in value[:_LONGEST].translate(_QUOTES).split(","))


def _addressed(value: str, agent: str, *, names: bool) -> Iterator[tuple[str, str]]:
    """Rules with their arguments that are said to everyone or to us."""
    for segment in value.split(";"):
        ours = True
        for item in _items(segment):
            rule, argument = item.strip(), ""
            while (named := _NAMED.match(rule)) and named[1].lower() not in _VALUED and named[1].lower() not in _RULES:
                if names and _is_name(named[1].lower(), named[3]):
                    ours = _is_ours(named[1].lower(), agent)
                rule = named[3]
            if named := _NAMED.match(rule):
                rule, argument = named[1], named[3].strip()
            if ours and argument:
                yield rule.lower(), argument
            elif ours:
                yield from ((word, "") for word in rule.lower().split())


def _is_name(name: str, rest: str) -> bool:
    """Whether somebody is addressed by what stands before a colon: a known rule follows, or one more name."""
    if name in _EVERYONE:
        return True
    behind = _FIRST_WORD.match(rest.lower())
    known = behind is not None and behind[1] in _KNOWN
    return _TOKEN.match(name) is not None and (known or _NAMED.match(rest) is not None)


def _is_ours(name: str, agent: str) -> bool:
    token = _TOKEN.match(name)
    return name in _EVERYONE or agent == EVERY_NAME or (token is not None and token[0] == agent)


def _items(segment: str) -> Iterator[str]:
    """Parts between commas; a part that goes on with a digit belongs to the date before it."""
    held = ""
    for part in segment.split(","):
        if held and _UNAVAILABLE_AFTER in held.lower() and part.strip()[:1].isdigit():
            held += "," + part
            continue
        if held:
            yield held
        held = part
    yield held


def _instant(text: str) -> float | None:
    """A date as RFC 822, RFC 850 or ISO 8601 write it, in seconds; without a zone the earliest instant it can mean."""
    for zone, offset in _ZONES.items():
        text = re.sub(rf"\b{zone}\b", offset, text)
    text = text.strip()
    readings = (
        (datetime.fromisoformat, re.sub(r"\s+(?=[+-]\d{4}$)", "", text)),
        (parsedate_to_datetime, text),
        (parsedate_to_datetime, f"{text} 00:00:00"),
    )
    for parse, written in readings:
        try:
            found = parse(written)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        if found.tzinfo is None:
            found = found.replace(tzinfo=UTC) - timedelta(hours=14)
        return found.timestamp()
    return None
