"""What a changed file forbids takes force at once, before the whole set has been read and checked anew.

Only the changed files are read; their prohibitions stand beside the running set's, and whatever they may name that
cannot be read is refused. Nothing is loosened here: that waits for the complete set (reload.py).
"""

from __future__ import annotations

import hashlib
import os
import stat
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from .compile import CompiledPlatform, compile_documents
from .folders import scan
from .load import Loaded, read_documents
from .policyset import Image, PolicySet, make_image
from .rules import Filing, PlatformRecord

__all__ = ["Files", "tightened"]

_Stamp = tuple[int, int, int, int]


class Files:
    """The document files of some folders as they were looked at last; belongs to one thread."""

    def __init__(self, folders: Sequence[Path] | Callable[[], Sequence[Path]]) -> None:
        self._folders = folders if callable(folders) else lambda: folders
        self._stamps: dict[str, _Stamp] = {}

    @property
    def names(self) -> list[str]:
        """All files, as they were found last."""
        return list(self._stamps)

    def look(self) -> dict[str, bytes | None]:
        """Files that are new or changed since the last look, in reading order; None where one is gone or unreadable."""
        now: dict[str, _Stamp] = {}
        for folder in self._folders():
            for entry in scan(str(folder)):
                stamp = _stamp(entry.path)
                if stamp is not None:
                    now[entry.path] = stamp
        changed = [name for name, stamp in now.items() if self._stamps.get(name) != stamp]
        gone = sorted(self._stamps.keys() - now.keys())
        self._stamps = now
        found = {name: _content(name) for name in changed}
        for name, content in found.items():
            if content is None:
                del now[name]  # looked at again the next time: what cannot be opened now may be a letter
        return found | dict.fromkeys(gone)


def tightened(running: PolicySet, changed: Mapping[str, bytes | None]) -> PolicySet | None:
    """`running` with the prohibitions of changed files beside its own; None where they add none.

    Permissions and withdrawals in these files have no effect here, and vanished files none either.
    """
    loaded = Loaded(())
    for name, content in changed.items():
        if content is not None:
            read_documents({name: content}, loaded=loaded)
        elif os.path.lexists(name):
            loaded.broken[name] = frozenset({Path(name).stem.lower()})
    loaded.permissions.clear()
    broken = {word: file for file, words in loaded.broken.items() for word in words}
    held: dict[str, list[int]] = {}
    for number, record in running.platforms():
        held.setdefault(record.slug, []).append(number)
    grown = [p for p in compile_documents(_without_superseding(loaded)) if _grows(p, running, held.get(p.slug, []))]
    if not grown and not broken.keys() - running.image.broken.keys():
        return None
    found = PolicySet(_with(running.image, grown, broken, _revision(running, changed)))
    found.keep_decoded(running)
    return found


def _without_superseding(loaded: Loaded) -> Loaded:
    """The documents without what they put out of force: that is a loosening."""
    for entries in (loaded.notices, loaded.terms):
        for entry in entries:
            object.__setattr__(entry, "doc", entry.doc.model_copy(update={"supersedes": ()}))
    return loaded


def _grows(platform: CompiledPlatform, running: PolicySet, numbers: Iterable[int]) -> bool:
    """Add to what changed files say of a platform what the running set has of it; whether that is more than it had."""
    fresh_rules, fresh_hosts, fresh_networks = list(platform.rules), set(platform.hosts), list(platform.networks)
    for number in numbers:
        record, details = running.record(number), running.details(number)
        _add(platform, record)
        for host in details.hosts:
            platform.hosts.setdefault((host.host, host.exact, host.reach), host)
            fresh_hosts.discard((host.host, host.exact, host.reach))
        platform.networks += [network for network in details.networks if network not in platform.networks]
        fresh_rules = [rule for rule in fresh_rules if rule not in record.rules]
        fresh_networks = [network for network in fresh_networks if network not in details.networks]
    return bool(any(not rule.idle for rule in fresh_rules) or fresh_hosts or fresh_networks)


def _add(platform: CompiledPlatform, record: PlatformRecord) -> None:
    platform.name = record.name if platform.name in {"", platform.slug} else platform.name
    platform.rules += [rule for rule in record.rules if rule not in platform.rules]
    platform.permits += [permit for permit in record.permits if permit not in platform.permits]
    named = {_document(filing) for _, filing in platform.filings}
    platform.filings += [((9,), filing) for filing in record.filings if _document(filing) not in named]
    platform.named = platform.named and record.named


def _document(filing: Filing) -> str:
    return filing.document


def _with(image: Image, platforms: Sequence[CompiledPlatform], broken: Mapping[str, str], revision: str) -> Image:
    """An image with further platforms behind its own; a host may belong to a platform twice, and both speak."""
    more = make_image(sorted(platforms, key=lambda p: p.slug), revision, documents=0)
    hosts, shared = dict(image.hosts), list(image.shared)
    for host, value in more.hosts.items():
        added = [(v >> 3) + image.count << 3 | v & 7 for v in _owners(value, more.shared)]
        if host in hosts:
            shared.append((*_owners(hosts[host], image.shared), *added))
            hosts[host] = -len(shared)
        elif len(added) == 1:
            hosts[host] = added[0]
        else:
            shared.append(tuple(added))
            hosts[host] = -len(shared)
    return msgspec.structs.replace(
        more,
        hosts=hosts,
        shared=tuple(shared),
        networks=(*image.networks, *((network, number + image.count) for network, number in more.networks)),
        ends=_joined(image.ends, more.ends, image.records.nbytes),
        records=memoryview(bytes(image.records) + bytes(more.records)),
        detail_ends=_joined(image.detail_ends, more.detail_ends, image.details.nbytes),
        details=memoryview(bytes(image.details) + bytes(more.details)),
        count=image.count + more.count,
        documents=image.documents,
        broken={**image.broken, **broken},
    )


def _owners(value: int, shared: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    return (value,) if value >= 0 else shared[-value - 1]


def _joined(first: memoryview, second: memoryview, offset: int) -> memoryview:
    ends = array("Q", bytes(first))
    ends.extend(end + offset for end in array("Q", bytes(second)))
    return memoryview(ends.tobytes())


def _revision(running: PolicySet, changed: Mapping[str, bytes | None]) -> str:
    digest = hashlib.sha256(running.revision.encode())
    for name, content in changed.items():
        digest.update(hashlib.sha256(content if content is not None else name.encode()).digest())
    return digest.hexdigest()


def _stamp(path: str) -> _Stamp | None:
    """What tells a file from another one, through links; a link that leads nowhere is there, and unreadable."""
    try:
        found = os.stat(path)
    except OSError:
        return (0, 0, 0, 0) if os.path.islink(path) else None
    if not stat.S_ISREG(found.st_mode):
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size, found.st_ctime_ns


def _content(name: str) -> bytes | None:
    try:
        return Path(name).read_bytes()
    except OSError:
        return None
