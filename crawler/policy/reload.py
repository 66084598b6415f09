"""A running set gives way to a new one: what vanished stays in force, and counsel's typo never frees a platform.

A valid new set replaces the old one, except that a prohibition whose document is simply gone stays in force until it is
withdrawn. From an invalid new set every readable prohibition takes force at once beside the old set, no permission and
nothing that narrows does, and whatever a file that cannot be read may name is refused until it is mended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from .compile import CompiledPlatform, compile_documents
from .diagnostic import Diagnostic
from .lint import lint
from .load import load_documents
from .policyset import PolicySet, folders_of, make_image
from .rules import ChangeKind, Filing, PlatformRecord, Rule
from .snapshot import image_of, revision_of

__all__ = ["Reloaded", "reload"]

_TIGHTENS = frozenset({ChangeKind.RESTORES, ChangeKind.WIDENS})


class Reloaded(msgspec.Struct, frozen=True):
    """What a reload leads to."""

    policy_set: PolicySet
    vanished: tuple[str, ...] = ()
    """Ids of documents that are gone from the folders and go on prohibiting."""
    errors: tuple[Diagnostic, ...] = ()
    """What keeps the new folders from making a set of their own; empty where they do."""


def reload(paths: str | Path | Sequence[str | Path] | None, running: PolicySet) -> Reloaded:
    """The set that takes the place of `running`, from the same folders as they are now. Never raises for contents."""
    loaded = load_documents(folders_of(paths))
    errors = tuple(finding for finding in lint(loaded) if finding.severity == "error")
    new = {platform.slug: platform for platform in compile_documents(loaded)}
    here = {entry.doc.key for entries in (loaded.notices, loaded.terms) for entry in entries}
    old = {record.slug: (number, record) for number, record in running.platforms()}
    if errors:
        _distrust(new.values(), old)
    vanished: set[str] = set()
    for slug, (number, record) in old.items():
        vanished |= _keep(
            new.setdefault(slug, CompiledPlatform(slug, record.name)), running, number, record, here, bool(errors)
        )
    revision = revision_of(loaded.files)
    broken = {word: file for file, words in loaded.broken.items() for word in words} if errors else {}
    if vanished or errors:
        revision = _mixed(revision, running.revision, vanished)
    platforms = [new[slug] for slug in sorted(new)]
    image = make_image(platforms, revision, documents=len(loaded.documents) + len(vanished), broken=broken)
    return Reloaded(PolicySet(image_of(image)), tuple(sorted(vanished)), errors)


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


def _keep(
    platform: CompiledPlatform, running: PolicySet, number: int, record: PlatformRecord, here: set[str], invalid: bool
) -> set[str]:
    """Carry over what the running set holds of a platform and the folders no longer do; the documents that vanished."""
    known = {rule.id for rule in platform.rules} | (
        {rule.document for rule in platform.rules} if not invalid else set()
    )
    gone = [rule for rule in record.rules if not rule.idle and rule.document not in here and rule.id not in known]
    if invalid:
        gone += [rule for rule in record.rules if not rule.idle and rule.document in here and rule.id not in known]
        platform.permits += [permit for permit in record.permits if permit not in platform.permits]
    details = running.details(number)
    if gone or invalid or not platform.places:
        for host in details.hosts:
            platform.hosts.setdefault((host.host, host.exact, host.reach), host)
        platform.networks += [network for network in details.networks if network not in platform.networks]
    platform.rules += gone
    documents = {rule.document for rule in gone}
    held = {filing.document for _, filing in platform.filings}
    platform.filings += [((9,), f) for f in record.filings if f.document in documents and f.document not in held]
    platform.named = platform.named and record.named
    return {rule.document for rule in gone if rule.document not in here}
