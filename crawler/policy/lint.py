"""What is wrong between documents: ids that clash or dangle, rules that reach too far, loosening without evidence.

Each rule is a generator over one document or over everything loaded, so that all findings of all files come in one run.
Rules know no clock: the same documents give the same findings on any day.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from ..urls import is_address
from .diagnostic import Diagnostic, Severity, closest
from .documents import CrawlEffect, Document, HostRule, Notice, Permission, Platform, Terms, why_it_replaces_nothing
from .load import Entry, Loaded
from .parts import Limit, StatusChange, differ
from .policyset import shipped_policies
from .publicsuffix import suffixes
from .source import Path

__all__ = ["BETWEEN", "WITHIN", "lint"]

Findings = Iterator[Diagnostic]


def lint(loaded: Loaded) -> list[Diagnostic]:
    """All findings: those of single files and documents, and those between them, by file and line."""
    found = list(loaded.diagnostics)
    for rule in BETWEEN:
        found += rule(loaded)
    for entry in loaded.documents:
        found += _within(entry)
    return sorted(found, key=lambda d: (d.place, d.code))


_within_kept: dict[int, tuple[Document, list[Diagnostic]]] = {}
"""Findings of single documents, by the document's identity: a document never changes, so a reload looks at new ones."""


def _within(entry: Entry[Document]) -> list[Diagnostic]:
    """What is wrong with one document by itself."""
    kept = _within_kept.get(id(entry.doc))
    if kept is None or kept[0] is not entry.doc:
        if len(_within_kept) >= _KEPT:
            _within_kept.clear()
        kept = (entry.doc, [finding for rule in WITHIN for finding in rule(entry)])
        _within_kept[id(entry.doc)] = kept
    return kept[1]


def _finding(
    entry: Entry[Document], path: Path, code: str, message: str, help_: str, severity: Severity = "error"
) -> Diagnostic:
    """A finding at a field of a document."""
    return Diagnostic(code, message, entry.source.place(path), entry.source.span(path).width, help_, severity)


def _scoped(loaded: Loaded) -> list[Entry[Notice | Permission]]:
    """What names platforms and hosts."""
    return [*loaded.notices, *loaded.permissions]


def duplicate_ids(loaded: Loaded) -> Findings:
    """A slug twice in one folder; a notice, terms or permission id twice anywhere."""
    first: dict[tuple[str, int], Entry[Document]] = {}
    for entry in loaded.documents:
        of_platform = isinstance(entry.doc, Platform)
        key = (f"platform {entry.doc.key}", entry.folder) if of_platform else (entry.doc.key, -1)
        earlier = first.setdefault(key, entry)
        if earlier is not entry:
            help_ = f"it stands at {earlier.at(earlier.kind)}: rename one, or merge the two"
            yield _finding(entry, (entry.kind,), "D020", f"id `{entry.doc.key}` is taken", help_)


def unknown_platforms(loaded: Loaded) -> Findings:
    """A slug that no platform document bears: the rule would reach nothing."""
    known = {entry.doc.key for entry in loaded.platforms}
    for entry in _scoped(loaded):
        for index, slug in enumerate(entry.doc.platforms):
            if slug not in known:
                field = "platforms" if ("platforms",) in entry.source.spans else "platform"
                yield _unknown_slug(entry, (field, index), slug, known)
    for terms in loaded.terms:
        if terms.doc.platform not in known:
            yield _unknown_slug(terms, ("platform",), terms.doc.platform, known)


def _unknown_slug(entry: Entry[Document], path: Path, slug: str, known: set[str]) -> Diagnostic:
    meant = closest(slug, known)
    help_ = f"did you mean `{meant}`?" if meant else f"write it with `desist policy new platform {slug}`"
    if (shipped_policies() / "platforms" / f"{slug}.yaml").exists():
        help_ = "it is a shipped platform: name `shipped` before your own folder: desist policy lint shipped policies"
    return _finding(entry, path, "D021", f"no platform `{slug}` in these folders", help_)


def dangling_ids(loaded: Loaded) -> Findings:
    """A permission that overrides, or a document that supersedes, an id which is not there."""
    known = {entry.doc.key for entry in loaded.documents if entry.kind != "platform"}
    for entry in loaded.permissions:
        for index, one in enumerate(entry.doc.overrides):
            if one not in known:
                meant = closest(one, known)
                help_ = f"did you mean `{meant}`?" if meant else "name the id of a notice or terms document"
                yield _finding(entry, ("overrides", index), "D022", f"overrides `{one}`, which is not there", help_)
    for other in loaded.documents:
        for index, one in enumerate(other.doc.supersedes):
            if one not in known:
                help_ = "name the id of the earlier document, and keep that document"
                message = f"supersedes `{one}`, which is not there"
                yield _finding(other, ("supersedes", index), "D023", message, help_, "warning")


def wide_hosts(entry: Entry[Document]) -> Findings:
    """A rule for all names below a public suffix would reach every customer of a registry or hosting provider."""
    doc = entry.doc
    if isinstance(doc, Platform):
        for index, rule in enumerate(doc.hosts):
            if rule.match == "suffix" and rule.role != "tenant" and _is_suffix(rule.host):
                yield _wide(entry, ("hosts", index, "host"), rule.host)
    elif isinstance(doc, (Notice, Permission)):
        for index, host in enumerate(doc.hosts or ()):
            if host != "all" and _is_suffix(host):
                yield _wide(entry, ("hosts", index), host)


def _is_suffix(host: str) -> bool:
    return not is_address(host) and suffixes().is_public_suffix(host)


def _wide(entry: Entry[Document], path: Path, host: str) -> Diagnostic:
    help_ = f"name the platform's own host below it, or record it as {{host: {host}, role: tenant}}, which matches none"
    return _finding(entry, path, "D030", f"`{host}` is a public suffix: others live below it", help_)


def repeated_hosts(entry: Entry[Document]) -> Findings:
    """A host twice in one platform document: the second says nothing, or contradicts the first."""
    hosts = entry.doc.hosts if isinstance(entry.doc, Platform) else ()
    first: dict[str, int] = {}
    for index, rule in enumerate(hosts):
        earlier = first.setdefault(rule.host, index)
        if earlier != index:
            yield _repeated(entry, index, rule, hosts[earlier], earlier)


def _repeated(entry: Entry[Document], index: int, rule: HostRule, earlier: HostRule, at: int) -> Diagnostic:
    line = entry.at("hosts", at).line
    differs = (rule.match, rule.role) != (earlier.match, earlier.role)
    message = f"`{rule.host}` stands here twice" + (", and the two differ" if differs else "")
    return _finding(
        entry, ("hosts", index, "host"), "D031", message, f"the first is on line {line}: keep one", "warning"
    )


def covered_hosts(entry: Entry[Document]) -> Findings:
    """A host below a suffix rule of the same role: it adds nothing. A family kept as its source has it is left be."""
    doc = entry.doc
    hosts = doc.hosts if isinstance(doc, Platform) and not (doc.sources or doc.v2fly_lists) else ()
    wide = {rule.host: rule for rule in hosts if rule.match == "suffix" and rule.role != "tenant"}
    for index, rule in enumerate(hosts):
        above = rule.host.partition(".")[2]
        while above and above not in wide:
            above = above.partition(".")[2]
        if above and wide[above].role == rule.role:
            message = f"`{rule.host}` is covered by `{above}`"
            help_ = f"leave it out: `{above}` means itself and all below it"
            yield _finding(entry, ("hosts", index, "host"), "D032", message, help_, "warning")


def unbacked_loosening(entry: Entry[Document]) -> Findings:
    """Withdrawal, narrowing, suspension: a document and two names, or nothing changes."""
    doc = entry.doc
    if not isinstance(doc, Notice):
        return
    for index, change in enumerate(doc.status_history):
        if not doc.counts(change, loosens=change.status.loosens):
            yield _unbacked(entry, doc, ("status_history", index), f"`{change.status}`", change)
    for index, limit in enumerate(doc.limits):
        if not doc.counts(limit, loosens=limit.effect.loosens):
            yield _unbacked(entry, doc, ("limits", index), f"an order that {limit.effect}", limit)


def _unbacked(entry: Entry[Document], doc: Notice, path: Path, what: str, change: StatusChange | Limit) -> Diagnostic:
    lacks = [] if change.document_sha256 else ["`document_sha256`"]
    lacks += [] if differ(change.by) else ["two different names in `by`"]
    if doc.addressed_to == "other":
        lacks = ["a `sources` entry (it is somebody else's letter)"]
    message = f"{what} without {' and '.join(lacks)} changes nothing"
    return _finding(entry, path, "D040", message, f"add {' and '.join(lacks)}; `desist policy withdraw` asks for them")


def void_supersessions(loaded: Loaded) -> Findings:
    """A document that cannot take the place of the one that it names, so that both stay in force."""
    held = {entry.doc.key: entry.doc for entry in loaded.documents if entry.kind != "platform"}
    for entry in loaded.documents:
        for index, old in enumerate(entry.doc.supersedes):
            why = why_it_replaces_nothing(entry.doc, held[old]) if old in held else ""
            if why:
                help_ = "withdraw the earlier one: desist policy withdraw"
                if isinstance(entry.doc, Notice):
                    help_ = "add a second name in `approved_by` and the paper's `document_sha256`"
                message = f"takes the place of nothing, both stay in force: {why}"
                yield _finding(entry, ("supersedes", index), "D048", message, help_, "warning")


def retroactive(entry: Entry[Document]) -> Findings:
    """A loosening dated before the day it was entered counts from its entry only."""
    doc = entry.doc
    if not isinstance(doc, Notice) or doc.addressed_to == "other":
        return
    for index, change in enumerate(doc.status_history):
        entered = change.entered_at
        if change.status.loosens and entered is not None and change.at.late_start < entered.earliest:
            message = f"`{change.at}` is before it was entered: it counts from {entered} on"
            path = ("status_history", index, "at")
            yield _finding(entry, path, "D041", message, f"write `at: {entered}`", "warning")


def contradicting_dates(entry: Entry[Document]) -> Findings:
    """A letter entered before it was received, and a loosening that a later line takes back before it begins."""
    doc = entry.doc
    if not isinstance(doc, Notice):
        return
    entered, received = doc.entered_at, doc.received_at
    if entered and received and received.earliest > entered.late_end and doc.force < received.earliest:
        message = f"received at `{received}`, after it was entered: it is in force from {entered} on"
        yield _finding(entry, ("received_at",), "D049", message, "mend the date: is the year right?", "warning")
    for index, change in enumerate(doc.status_history):
        if doc.undone(change):
            message = f"`{change.status}` has no effect: a line written after it says `in_force` from no later a date"
            help_ = "write the lines in the order in which they were entered"
            yield _finding(entry, ("status_history", index), "D049", message, help_, "warning")


def empty_notices(entry: Entry[Document]) -> Findings:
    """A notice that refuses, but over nothing, since no date, or without saying to what it is restricted."""
    notice = entry.doc
    if not isinstance(notice, Notice) or notice.crawl_effect is CrawlEffect.NONE:
        return
    if not notice.platforms and notice.hosts in (None, ("all",)):
        help_ = "name the `platforms` or `hosts` that it covers, or write `crawl_effect: none`"
        yield _finding(entry, ("notice",), "D042", "refuses, but names no platform and no host", help_)
    if not notice.dated:
        help_ = "add `received_at`, or what is known under `dates`"
        message = "has no date: it counts as in force since ever"
        yield _finding(entry, ("notice",), "D043", message, help_, "warning")
    if notice.crawl_effect is CrawlEffect.RESTRICT and not _narrowed(notice):
        help_ = "say `block`, or name what it restricts: `scope: {purposes: [...], paths: [...]}` or `hosts: [...]`"
        message = "`restrict` without purposes, paths or hosts refuses everything"
        yield _finding(entry, ("crawl_effect",), "D044", message, help_, "warning")


def _narrowed(notice: Notice) -> bool:
    scope = notice.scope
    return "purposes" in scope.model_fields_set or scope.paths is not None or (notice.hosts or ("all",)) != ("all",)


def weak_permissions(entry: Entry[Document]) -> Findings:
    """A permission for us must say from when, for what, over what, on which document and by whom."""
    doc = entry.doc
    if not isinstance(doc, Permission) or doc.addressed_to == "other":
        return
    needed = {
        "from": doc.start,
        "purposes": doc.purposes,
        "overrides": doc.overrides,
        "document_sha256": doc.document_sha256,
        "approved_by (two different names)": doc.approved,
    }
    lacks = [name for name, value in needed.items() if not value]
    if lacks:
        message = f"lifts nothing without {', '.join(lacks)}"
        yield _finding(entry, ("permission",), "D045", message, "add what is missing: nothing is lifted by silence")
    elif doc.force and doc.end and doc.end <= doc.force:
        help_ = "a date alone begins in the latest zone and ends in the earliest: give times with a zone"
        yield _finding(entry, ("until",), "D046", "ends before it begins", help_, "warning")


def empty_terms(entry: Entry[Document]) -> Findings:
    """Terms without a clause refuse nothing, and do not say on what they are silent."""
    if isinstance(entry.doc, Terms) and not entry.doc.clauses and not entry.doc.silent_on:
        help_ = "add `clauses`, or `silent_on` for the topics that it was read for"
        yield _finding(entry, ("terms",), "D047", "has no clause and refuses nothing", help_, "warning")


_COUNSEL: Final = re.compile(
    r"\b(?:attorney.client|privileged|work product|in our view|our position|we (?:believe|argue|dispute|consider)"
    r"|without prejudice|legal advice)\b",
    re.IGNORECASE,
)


def counsels_words(entry: Entry[Document]) -> Findings:
    """What counsel thinks is no fact of the letter, and must not lie on the machine that crawls."""
    help_ = "keep it elsewhere: a document holds the letter's facts and the paper's hash"
    for path, text in _texts((), entry.source.data):
        said = _COUNSEL.search(text) if " " in text or "-" in text else None
        if said:
            message = f"`{said[0]}` reads like counsel's words, not the letter's facts"
            yield _finding(entry, path, "D050", message, help_, "warning")
    doc = entry.doc
    if isinstance(doc, Notice) and doc.addressed_to == "us" and doc.reply is not None and doc.reply.what:
        message = "a reply's position does not belong into a policy document"
        yield _finding(entry, ("reply", "what"), "D050", message, help_, "warning")


def _texts(path: Path, value: object) -> Iterator[tuple[Path, str]]:
    """Every text in a document, with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts((*path, key), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts((*path, index), inner)


_KEPT: Final = 200_000
BETWEEN: Final[tuple[Callable[[Loaded], Findings], ...]] = (
    duplicate_ids,
    unknown_platforms,
    dangling_ids,
    void_supersessions,
)
"""Rules that look at all documents together."""
WITHIN: Final[tuple[Callable[[Entry[Document]], Findings], ...]] = (
    wide_hosts,
    repeated_hosts,
    covered_hosts,
    unbacked_loosening,
    retroactive,
    contradicting_dates,
    empty_notices,
    weak_permissions,
    empty_terms,
    counsels_words,
)
"""Rules that look at one document."""
