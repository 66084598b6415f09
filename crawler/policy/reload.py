"""A running set gives way to a new one: what vanished stays in force, and counsel's typo never frees a platform.

A valid new set replaces the old one, except that a prohibition whose document is simply gone, or was edited to forbid
less, stays in force until it is withdrawn: documents are superseded, not edited. From an invalid new set every readable
prohibition takes force at once beside the old set, no permission and nothing that narrows does, and whatever a file
that cannot be read may name is refused until it is mended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from .compile import CompiledPlatform, compile_documents
from .diagnostic import Diagnostic
from .lint import lint
from .load import load_documents
from .policyset import PolicySet, folders_of, make_image
from .rules import Change, ChangeKind, Filing, PlatformDetails, PlatformRecord, Rule
from .snapshot import image_of, revision_of

__all__ = ["Reloaded", "reload"]

_TIGHTENS = frozenset({ChangeKind.RESTORES, ChangeKind.WIDENS})


class Reloaded(msgspec.Struct, frozen=True):
    """What a reload leads to."""

    policy_set: PolicySet
    vanished: tuple[str, ...] = ()
    """Ids of documents that are gone from the folders and go on prohibiting."""
    weakened: tuple[str, ...] = ()
    """Ids of documents that were edited to forbid less, or to name fewer hosts; what they said goes on."""
    errors: tuple[Diagnostic, ...] = ()
    """What keeps the new folders from making a set of their own; empty where they do."""


def reload(paths: str | Path | Sequence[str | Path] | None, running: PolicySet) -> Reloaded:
    """The set that takes the place of `running`, from the same folders as they are now. Never raises for contents."""
    loaded = load_documents(folders_of(paths))
    errors = tuple(finding for finding in lint(loaded) if finding.severity == "error")
    new = {platform.slug: platform for platform in compile_documents(loaded)}
    here = {entry.doc.key for entry in loaded.documents}
    old = {record.slug: (number, record) for number, record in running.platforms()}
    if errors:
        _distrust(new.values(), old)
    said = {rule.id: rule.life.changes for platform in new.values() for rule in platform.rules}
    kept: set[str] = set()
    for slug, (number, record) in old.items():
        platform = new.setdefault(slug, CompiledPlatform(slug, record.name))
        kept |= _keep(platform, record, said)
        kept |= _keep_hosts(platform, record, running.details(number))
        if errors:
            platform.permits += [permit for permit in record.permits if permit not in platform.permits]
    revision = revision_of(loaded.files)
    broken = {word: file for file, words in loaded.broken.items() for word in words} if errors else {}
    if kept or errors:
        revision = _mixed(revision, running.revision, kept)
    platforms = [new[slug] for slug in sorted(new)]
    vanished, weakened = sorted(kept - here), sorted(kept & here)
    image = make_image(platforms, revision, documents=len(loaded.documents) + len(vanished), broken=broken)
    return Reloaded(PolicySet(image_of(image)), tuple(vanished), tuple(weakened), errors)


def _mixed(new: str, old: str, vanished: Iterable[str]) -> str:
    """The revision of a set that is not what the folders alone say."""
    return hashlib.sha256("\0".join((new, old, *sorted(vanished))).encode()).hexdigest()


def _distrust(platforms: Iterable[CompiledPlatform], old: dict[str, tuple[int, PlatformRecord]]) -> None:
    """Take out of a set with errors whatever permits or loosens and was not already in the running set."""
    for platform in platforms:
        record = old[platform.slug][1] if platform.slug in old else PlatformRecord(platform.slug, platform.slug)
        held = {rule.id: rule for rule in record.rules}
        platform.permits = [permit for permit in platform.permits if permit in record.permits]
        platform.rules = [_tightened(rule, held.get(rule.id)) for rule in platform.rules]
        platform.filings = [(rank, _restored(filing, record)) for rank, filing in platform.filings]


def _tightened(rule: Rule, old: Rule | None) -> Rule:
    """A rule without the loosening changes that the running set does not know."""
    known = old.life.changes if old is not None else ()
    changes = tuple(c for c in rule.life.changes if c.kind in _TIGHTENS or c in known)
    end = rule.life.end if old is None else max(rule.life.end, old.life.end)
    return msgspec.structs.replace(rule, life=msgspec.structs.replace(rule.life, changes=changes, end=end))


def _restored(filing: Filing, record: PlatformRecord) -> Filing:
    """A filing as the running set has it; a new one without loosening changes."""
    for held in record.filings:
        if held.document == filing.document:
            return held
    changes = tuple(c for c in filing.life.changes if c.kind in _TIGHTENS)
    return msgspec.structs.replace(filing, life=msgspec.structs.replace(filing.life, changes=changes))


def _keep(platform: CompiledPlatform, record: PlatformRecord, said: Mapping[str, tuple[Change, ...]]) -> set[str]:
    """Carry over the rules of the running set that the folders hold no longer, or weaker; the documents of these.

    What is carried over ends as its document says by now: a withdrawal that counts is a change, and no edit.
    """
    now: dict[str, list[Rule]] = {}
    for rule in platform.rules:
        now.setdefault(rule.id, []).append(rule)
    gone = [
        rule
        for rule in record.rules
        if not rule.idle and not any(_as_strong(new, rule) for new in now.get(rule.id, []))
    ]
    platform.rules += [_with_changes(rule, said.get(rule.id, ())) for rule in gone]
    documents = {rule.document for rule in gone}
    held = {filing.document for _, filing in platform.filings}
    platform.filings += [((9,), f) for f in record.filings if f.document in documents and f.document not in held]
    platform.named = platform.named and record.named
    return documents


def _keep_hosts(platform: CompiledPlatform, record: PlatformRecord, details: PlatformDetails) -> set[str]:
    """Carry over hosts and networks that no document names any more; the slug, where the platform forbids anything."""
    hosts = [host for host in details.hosts if (host.host, host.exact, host.reach) not in platform.hosts]
    networks = [network for network in details.networks if network not in platform.networks]
    for host in hosts:
        platform.hosts[host.host, host.exact, host.reach] = host
    platform.networks += networks
    forbids = any(not rule.idle for rule in record.rules)
    edited = record.named and platform.places  # where its document is gone, what its notices carry over speaks for it
    return {platform.slug} if (hosts or networks) and forbids and edited else set()


def _as_strong(new: Rule, old: Rule) -> bool:
    """Whether a rule forbids, by itself, all that it forbade before."""
    return (
        not new.idle
        and new.basis.rank <= old.basis.rank
        and new.life.start <= old.life.start
        and new.life.end >= old.life.end
        and set(new.life.changes) >= {change for change in old.life.changes if change.kind in _TIGHTENS}
        and set(new.scope.purposes) >= set(old.scope.purposes)
        and _as_wide(new.scope.hosts, old.scope.hosts)
        and _as_wide(new.scope.paths, old.scope.paths)
    )


def _as_wide(new: tuple[str, ...], old: tuple[str, ...]) -> bool:
    """Of names or paths, where none means the ordinary whole."""
    return set(new) >= set(old) if new and old else new == old


def _with_changes(rule: Rule, changes: tuple[Change, ...]) -> Rule:
    """A rule with the changes that its document has by now; of its own, where there are any, those that tighten it."""
    own = tuple(c for c in rule.life.changes if c not in changes and (c.kind in _TIGHTENS or not changes))
    return msgspec.structs.replace(rule, life=msgspec.structs.replace(rule.life, changes=(*changes, *own)))
