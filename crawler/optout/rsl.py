"""RSL 1.0 licences: named by a robots.txt `License` line, a Link header or a link element; read from rsl.xml.

Source: rslstandard.org (specification and the guides robots-txt and http). A crawler retrieves the licence and complies
before it accesses anything, so a licence that cannot be read refuses the fetch itself; so does a `server`, from which a
licence would have to be obtained first. A licence grants what it lists and nothing else; what it prohibits wins. What
it prohibits in words that are not known, or to users and places, is `unknown`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple
from urllib.parse import urljoin

from lxml import etree

from ..model import Signal, SignalVerdict, Usage
from ..patterns import Pattern, normalise_path, path_of
from ..urls import Target, read
from .purposes import AI_USAGES
from .signals import Headers, shown, values_of

__all__ = ["MAX_LICENCES", "licence_unread", "licences_to_read", "read_rsl", "rsl_of_headers", "rsl_of_robots"]

_SEARCH: Final = frozenset({Usage.SEARCH, Usage.INDEX})
_AI: Final = frozenset({Usage.TRAIN_AI, Usage.AI_INPUT})
_ALL: Final = frozenset(Usage) - {Usage.FOLLOW}
_USAGES: Final = {
    "all": _ALL,
    "ai-all": _AI,
    "ai-train": frozenset({Usage.TRAIN_AI}),
    "ai-input": frozenset({Usage.AI_INPUT}),
    "ai-index": frozenset({Usage.AI_INPUT}),
    "search": _SEARCH,
    # Tokens of drafts before 1.0, still in use.
    "train-ai": frozenset({Usage.TRAIN_AI}),
    "train-genai": frozenset({Usage.TRAIN_AI}),
    "ai-use": frozenset({Usage.AI_INPUT}),
    "ai-summarize": frozenset({Usage.AI_INPUT}),
}
_GRANTABLE: Final = _SEARCH | _AI
"""Usages that a licence which lists others does not grant."""
_OF_USAGE: Final = frozenset({"", "usage"})
_UNPAID: Final = frozenset({"", "free", "attribution"})
_LINK: Final = re.compile(r"<([^>]*)>((?:\s*;\s*[^\s=;,]+\s*(?:=\s*(?:\"[^\"]*\"|[^\s;,\"]*))?)*)")
_PARAMETER: Final = re.compile(r";\s*([^\s=;,]+)\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]*))")
_WORDS: Final = re.compile(r"[\s,]+")
_MEDIA_TYPE: Final = "application/rsl+xml"
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
MAX_LICENCES: Final = 4
"""Licences of one robots.txt or page that are retrieved. Whoever names more aims every crawler at somebody else."""


class _Terms(NamedTuple):
    """What one content element says."""

    permits: frozenset[Usage]
    prohibits: frozenset[Usage]
    unread: str
    """What it prohibits in words that are not known."""
    lists: bool
    """Whether it lists permitted usages at all."""
    server: str
    payment: str


def rsl_of_robots(lines: list[tuple[int, bytes]], robots_url: str) -> tuple[str, ...]:
    """Absolute URLs of the licences that `License` lines name, whatever group they stand in.

    One more than `MAX_LICENCES` at most: what that one says is the same as what a thousand say.
    """
    found: dict[str, None] = {}
    for value in dict.fromkeys(value for _, value in lines):
        found[urljoin(robots_url, value.decode("latin-1").strip())] = None
        if len(found) > MAX_LICENCES:
            break
    return tuple(found)


def licences_to_read(named: Iterable[str]) -> tuple[tuple[str, ...], tuple[Signal, ...]]:
    """Which of the licences that one robots.txt or page names are retrieved, and what refuses where they are too many.

    Of too many none is retrieved: the page is refused whatever they say.
    """
    urls = tuple(dict.fromkeys(named))
    if len(urls) <= MAX_LICENCES:
        return urls, ()
    return (), (licence_unread(urls[MAX_LICENCES], f"more than {MAX_LICENCES} licences are named"),)


def rsl_of_headers(headers: Headers, url: str) -> tuple[str, ...]:
    """Absolute URLs of the licences that Link headers of a response to `url` name."""
    found = []
    for value in values_of(headers, "link"):
        for link in _LINK.finditer(value):
            said = {m[1].lower(): m[2] if m[2] is not None else m[3] for m in _PARAMETER.finditer(link[2])}
            kind = said.get("type", "").partition(";")[0].strip().lower()
            if kind == _MEDIA_TYPE and "license" in said.get("rel", "").lower().split():
                found.append(urljoin(url, link[1].strip()))
    return tuple(dict.fromkeys(found))


def licence_unread(licence_url: str, why: str) -> Signal:
    """The signal of a licence that is named and has not been read: nothing may be accessed."""
    return Signal("rsl", _ALL, "disallow", f"licence {shown(licence_url)}", shown(why))


def read_rsl(status: int, xml: bytes, url: str, licence_url: str) -> tuple[Signal, ...]:
    """What a licence says of `url`; nothing where all of its content elements name something else.

    A content element whose `url` cannot be read speaks of everything: whom it leaves out nobody can say.
    """
    if status != 200:
        return (licence_unread(licence_url, f"the licence could not be retrieved: {status or 'no answer'}"),)
    root = _parsed(xml)
    if root is None:
        return (licence_unread(licence_url, "the licence is not RSL"),)
    if not any(_name(element) == "content" for element in root.iter()):
        return (licence_unread(licence_url, "the licence has no content element"),)
    place = f"licence {shown(licence_url)}"
    return tuple(signal for terms in _governing(root, url) for signal in _signals(terms, place))


def _parsed(xml: bytes) -> Any | None:
    """The root of an RSL document, without entities or network; None where it is none."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return root if _name(root) == "rsl" else None


def _name(element: Any) -> str:
    """Local name, in lower case; empty for comments and the like."""
    return etree.QName(element).localname.lower() if isinstance(element.tag, str) else ""


def _governing(root: Any, url: str) -> list[_Terms]:
    """Terms of the content elements whose `url` matches with most octets (RFC 9309 matching), or cannot be read."""
    found: list[tuple[int, _Terms]] = []
    unread: list[_Terms] = []
    here = read(url)
    for content in (element for element in root.iter() if _name(element) == "content"):
        octets = _matched((content.get("url") or "").strip(), here)
        if octets is None:
            unread.append(_terms(content))
        elif octets >= 0:
            found.append((octets, _terms(content)))
    longest = max((octets for octets, _ in found), default=0)
    return unread + [terms for octets, terms in found if octets == longest]


def _matched(pattern: str, here: Target) -> int | None:
    """Octets with which a content's url matches, -1 where it does not, None where it cannot be read.

    A whole URL must name the same host and port, however they are spelt; with their own ports http and https are one
    place, since a licence means the page and not the way to it.
    """
    if not pattern.startswith(("/", "*")) or pattern.startswith("//"):
        there = read(f"{here.scheme}:{pattern}" if pattern.startswith("//") else pattern)
        if there.trouble or "://" not in there.url:
            return None
        if _place(there) != _place(here):
            return -1
        pattern = path_of(pattern)
    compiled = Pattern(pattern)
    return compiled.octets if compiled.matches(normalise_path(path_of(here.url))) else -1


def _place(target: Target) -> tuple[str, int]:
    """Host and port; 0 for the scheme's own port."""
    return target.host, 0 if target.port == _DEFAULT_PORTS.get(target.scheme) else target.port


def _terms(content: Any) -> _Terms:
    permits: set[Usage] = set()
    prohibits: set[Usage] = set()
    unread: list[str] = []
    lists, payment = False, ""
    for element in content.iter():
        name, kind = _name(element), (element.get("type") or "").strip()
        if name == "permits" and kind.lower() in _OF_USAGE:
            lists = True
            permits.update(*(_USAGES.get(word, ()) for word in _words(element)))
        elif name == "prohibits":
            known, unknown = _prohibited(element, kind)
            prohibits.update(known)
            unread += unknown
        elif name == "payment" and kind.lower() not in _UNPAID:
            payment = kind
    return _Terms(
        frozenset(permits), frozenset(prohibits), " ".join(unread), lists, content.get("server") or "", payment
    )


def _prohibited(element: Any, kind: str) -> tuple[frozenset[Usage], list[str]]:
    """The usages that an element prohibits, and what of it cannot be read: words, or users and places (RSL 1.0)."""
    words = _words(element)
    if kind.lower() not in _OF_USAGE:
        return frozenset(), [f"{kind}:{word}" for word in words] or [f"{kind}:"]
    known = frozenset[Usage]().union(*(_USAGES.get(word, frozenset()) for word in words))
    return known, [word for word in words if word not in _USAGES]


def _words(element: Any) -> list[str]:
    """The words of an element and of all within it; an entity that is not resolved is a word, a comment none."""
    text = element.text or ""
    for inner in element.iterdescendants():
        if inner.tag is not etree.Comment and inner.tag is not etree.ProcessingInstruction:
            text += f" {inner.text or ''}"
        text += f" {inner.tail or ''}"
    return [word for word in _WORDS.split(text.lower()) if word]


def _signals(terms: _Terms, place: str) -> Iterator[Signal]:
    if terms.server:
        yield Signal("rsl", _ALL, "disallow", place, shown(f"a licence must be obtained from {terms.server}"))
        return
    granted = terms.permits - terms.prohibits - {Usage.FETCH}
    closed = terms.lists or terms.payment
    withheld = _GRANTABLE - terms.permits - terms.prohibits if closed else frozenset()
    stated: tuple[tuple[frozenset[Usage], SignalVerdict, str], ...] = (
        (terms.prohibits, "disallow", "prohibits"),
        (withheld, "disallow", "not granted by the licence"),
        (granted, "disallow" if terms.payment else "allow", f"permits, payment {terms.payment or 'free'}"),
    )
    if terms.unread:
        yield Signal("rsl", AI_USAGES, "unknown", place, shown(f"prohibits what cannot be read: {terms.unread}"))
    for usages, verdict, text in stated:
        if usages:
            yield Signal("rsl", usages, verdict, place, shown(f"{text}: {', '.join(sorted(usages))}"))
