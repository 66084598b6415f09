"""A platform's host family against the host lists that it was taken from, and the document brought up to date.

Hosts that bear a `source` or rest on memory are own entries and never touched, nor is any role. What the lists have
dropped stays in force until a person takes it out: a list that shrinks is no permission.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from ..errors import UsageError
from ..model import Role
from ..urls import canonical_host
from .documents import HostRule, Platform
from .hostlists import HostLists, ListRule
from .load import Entry
from .publicsuffix import suffixes
from .source import Path, Span

__all__ = ["LIST_SOURCE", "Change", "Origin", "compare", "updated"]

LIST_SOURCE: Final = "v2fly"
"""The name that the lists have among a platform's `sources`."""
REMOVED: Final = f"{LIST_SOURCE}/removed"
"""The source of a host that the lists held once."""


class Origin(NamedTuple):
    """The commit of the lists, and its date."""

    commit: str
    date: str


class Change(NamedTuple):
    """One difference between a platform document and its lists."""

    kind: str
    """`added`; `wider` (exact here, all names below it in the lists); `removed` from the lists; `narrower` there;
    `untold` (a pattern or keyword that no host rule says); `no list`."""
    value: str
    match: str = ""
    role: Role | None = None

    @property
    def written(self) -> bool:
        """Whether `updated` changes the document for it."""
        return self.kind in ("added", "wider", "removed")


def compare(entry: Entry[Platform], lists: HostLists) -> list[Change]:
    """What differs, in the order of `Change.kind`; nothing for a platform that names no lists."""
    doc = entry.doc
    missing = [Change("no list", name) for name in doc.v2fly_lists if name not in lists]
    told = {pattern.regexp for pattern in doc.host_patterns}
    listed: dict[str, tuple[str, frozenset[str]]] = {}
    untold: dict[str, None] = {}
    for rule in (rule for name in doc.v2fly_lists for rule in lists.rules(name)):
        host = _host(rule)
        if host:
            match = "suffix" if rule.kind == "domain" else "exact"
            before, attributes = listed.get(host, (match, frozenset()))
            listed[host] = (match if before == "exact" else before, attributes | rule.attributes)
        elif rule.value not in told:
            untold[f"{rule.kind}:{rule.value}"] = None
    return [*_hosts(doc, listed, complete=not missing), *(Change("untold", rule) for rule in untold), *missing]


def _host(rule: ListRule) -> str:
    """The host that a rule names; empty for a pattern, a keyword and what is no host name."""
    try:
        return canonical_host(rule.value) if rule.kind in ("domain", "full") else ""
    except ValueError:
        return ""


def _hosts(doc: Platform, listed: dict[str, tuple[str, frozenset[str]]], *, complete: bool) -> Iterator[Change]:
    """The changes of hosts; where a list is missing nobody can tell what was removed."""
    here = {rule.host: rule for rule in doc.hosts}
    for host, (match, attributes) in sorted(listed.items()):
        if host not in here:
            yield Change("added", host, match, _role(host, attributes, here))
    for host, rule in here.items():
        if _own(rule):
            continue
        if host not in listed:
            if complete:
                yield Change("removed", host, rule.match, rule.role)
        elif listed[host][0] != rule.match:
            yield Change("wider" if rule.match == "exact" else "narrower", host, listed[host][0], rule.role)


def _own(rule: HostRule) -> bool:
    """Whether a host stands here on other grounds than the lists."""
    return rule.source is not None or rule.confidence is not None


def _role(host: str, attributes: frozenset[str], here: dict[str, HostRule]) -> Role:
    """The role of a new host: what is certain, else that of the nearest name above it, else `site`."""
    if suffixes().is_public_suffix(host):
        return Role.TENANT
    if "ads" in attributes:
        return Role.ADS
    labels = host.split(".")
    above = (here.get(".".join(labels[start:])) for start in range(1, len(labels)))
    nearest = next((rule.role for rule in above if rule is not None), Role.SITE)
    return Role.CDN if nearest is Role.TENANT else nearest


class _Edit(NamedTuple):
    """Columns `start` to `end` (from 1, end excluded) of a line become `text`."""

    line: int
    start: int
    end: int
    text: str


def updated(entry: Entry[Platform], text: str, changes: Iterable[Change], origin: Origin) -> str:
    """The document's text with its changes and the new origin: comments, order and all else stay as they are."""
    changes = list(changes)
    lines = text.split("\n")
    edits = [*_origin_edits(entry, origin)]
    index = {rule.host: number for number, rule in enumerate(entry.doc.hosts)}
    for change in changes:
        if change.kind == "wider":
            edits.append(_replace(entry.source.span(("hosts", index[change.value], "match")), "suffix"))
        elif change.kind == "removed":
            edits.append(_marked(entry, index[change.value], lines))
    for edit in sorted(edits, reverse=True):
        line = lines[edit.line - 1]
        lines[edit.line - 1] = line[: edit.start - 1] + edit.text + line[edit.end - 1 :]
    added = [change for change in changes if change.kind == "added"]
    if added:
        after, indent = _end_of_hosts(entry, lines)
        lines[after:after] = _new_lines(added, indent, origin)
    return "\n".join(lines)


def _origin_edits(entry: Entry[Platform], origin: Origin) -> Iterator[_Edit]:
    """The lists' commit and date among the sources."""
    for number, source in enumerate(entry.doc.sources):
        if source.name == LIST_SOURCE:
            for field, value in zip(("commit", "date"), origin, strict=True):
                if ("sources", number, field) in entry.source.spans and value:
                    yield _replace(entry.source.span(("sources", number, field)), value)


def _replace(span: Span, text: str) -> _Edit:
    return _Edit(span.line, span.column, span.end_column, text)


def _marked(entry: Entry[Platform], number: int, lines: list[str]) -> _Edit:
    """Say of a host that the lists held it once, in whichever way the entry is written."""
    path: Path = ("hosts", number)
    span = entry.source.span(path)
    if (*path, "host") not in entry.source.spans:
        return _replace(
            span, f"{{host: {lines[span.line - 1][span.column - 1 : span.end_column - 1]}, source: {REMOVED}}}"
        )
    host = entry.source.span((*path, "host"))
    if lines[span.line - 1][span.column - 1] == "{":
        return _Edit(host.line, host.end_column, host.end_column, f", source: {REMOVED}")
    return _Edit(host.line, host.end_column, host.end_column, f"\n{' ' * (span.column - 1)}source: {REMOVED}")


def _end_of_hosts(entry: Entry[Platform], lines: list[str]) -> tuple[int, str]:
    """The number of the last line of `hosts`, and the blanks before its dashes."""
    start = entry.source.span(("hosts",))
    if not entry.doc.hosts or lines[start.line - 1][start.column - 1] == "[":
        help_ = "write `hosts:` and each host on a line of its own: `  - example.com`"
        raise UsageError("hosts do not stand one a line", place=str(entry.at("hosts")), help=help_)
    number = len(entry.doc.hosts) - 1
    last = max(span.line for path, span in entry.source.spans.items() if path[:2] == ("hosts", number))
    first = lines[entry.source.span(("hosts", 0)).line - 1]
    return last, first[: len(first) - len(first.lstrip())]


def _new_lines(added: list[Change], indent: str, origin: Origin) -> Iterator[str]:
    yield f"{indent}# new in {origin.commit[:12]}: check the roles"
    for change in added:
        fields = {"host": change.value, "match": change.match, "role": change.role}
        said = ", ".join(f"{k}: {v}" for k, v in fields.items() if v not in ("suffix", Role.SITE))
        yield f"{indent}- {change.value}" if said == f"host: {change.value}" else f"{indent}- {{{said}}}"
