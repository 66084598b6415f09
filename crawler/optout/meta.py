"""Meta elements of a page: robots rules (our token's too), tdm-reservation; links to an RSL licence.

An HTML parser finds them, so that a comment or a script that looks like an element is none. draft-illyes-repext-00 4
counts only those in the head, since users of a site may write into the body; strict mode obeys them anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Final

from lxml import etree

from ..model import Signal
from .tdmrep import read_reservation
from .x_robots_tag import EVERY_NAME, read_rules, refuses

__all__ = ["read_meta", "rsl_links"]

_STARTS: Final = {
    "meta": re.compile(rb"<meta[\s/]", re.IGNORECASE),
    "link": re.compile(rb"<link[\s/]", re.IGNORECASE),
}
_WHOLE_TAG: Final = re.compile(rb"<(?:[^>\"']|\"[^\"]*\"|'[^']*')*+>")
_WIDE_BOMS: Final = (
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_NAMES: Final = frozenset({"robots", "x-robots-tag", "robots-tag"})
_Attributes = Mapping[str, str | None]
_RSL: Final = "application/rsl+xml"


def read_meta(html: bytes, now: float, agent: str, *, strict: bool) -> tuple[Signal, ...]:
    """The signals of a page's meta elements; `now` in seconds since 1970.

    An agent that cannot be addressed obeys rules under any name, as in headers.
    """
    found: list[Signal] = []
    for element, in_head in _elements(html, "meta"):
        if not in_head and not strict:
            continue
        name = (element.get("name") or (element.get("http-equiv") if strict else "") or "").strip().lower()
        content = element.get("content") or ""
        place = f"meta {name}" if in_head else f"meta {name} outside the head"
        anybody = agent.lower() == EVERY_NAME and refuses(content)
        if name in _NAMES or name == agent.lower() or (name and anybody):
            found += read_rules(content, agent, now, name="meta-robots", place=place, names=False)
        elif name == "tdm-reservation":
            found += read_reservation(content, place, strict=strict)
    return tuple(found)


def rsl_links(html: bytes) -> tuple[str, ...]:
    """The licences that `<link rel=license type=application/rsl+xml>` names, as written."""
    return tuple(element.get("href") or "" for element, _ in _elements(html, "link") if _is_licence(element))


def _is_licence(element: _Attributes) -> bool:
    kind = (element.get("type") or "").partition(";")[0].strip().lower()
    return kind == _RSL and "license" in (element.get("rel") or "").lower().split()


def _elements(html: bytes, tag: str) -> Iterator[tuple[_Attributes, bool]]:
    """Elements of one name, and whether they stand in the head."""
    for whole in _octets(html):
        data = _up_to_last(whole, _STARTS[tag])
        if not data:
            continue
        parser = etree.HTMLParser(recover=True, no_network=True, encoding="utf-8", huge_tree=True, remove_pis=True)
        try:
            root = etree.fromstring(data, parser)
        except etree.XMLSyntaxError:
            root = None
        if root is None or any(entry.level == etree.ErrorLevels.FATAL for entry in parser.error_log):
            # libxml2 gave up, on a page nested 2,048 deep for example.
            yield from ((attributes, False) for attributes in _Scanner.elements(data, tag))
            continue
        for element in root.iter(tag):
            yield element.attrib, any(above.tag == "head" for above in element.iterancestors())


def _up_to_last(data: bytes, start: re.Pattern[bytes]) -> bytes:
    """The page up to the last place where such a tag could end: what follows need not be parsed. Empty without one."""
    last = None
    for last in start.finditer(data):  # noqa: B007 - the last one is wanted
        pass
    if last is None:
        return b""
    end = _WHOLE_TAG.match(data, last.start())
    return data[: end.end()] if end else data


def _octets(html: bytes) -> Iterator[bytes]:
    """The page in UTF-8, and where it begins with a wide byte order mark also as it would be without one.

    NUL octets, at which libxml2 would stop, become blanks.
    """
    for bom, name in _WIDE_BOMS:
        if html.startswith(bom):
            yield html.decode(name, "replace").encode()
            break
    yield html if html.isascii() and b"\0" not in html else html.replace(b"\0", b" ").decode(errors="replace").encode()


class _Scanner(HTMLParser):
    """A parser without a tree, and so without a limit to its depth. It does not know where the head ends."""

    def __init__(self, tag: str) -> None:
        super().__init__()
        self.wanted = tag
        self.found: list[_Attributes] = []

    @classmethod
    def elements(cls, data: bytes, tag: str) -> list[_Attributes]:
        scanner = cls(tag)
        scanner.feed(data.decode(errors="replace"))
        scanner.close()
        return scanner.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == self.wanted:
            self.found.append(dict(attrs))
