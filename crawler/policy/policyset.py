"""The documents compiled into one immutable set: what a decision asks, and nothing else.

A set is always read from its image, freshly compiled or from the snapshot (snapshot.py) alike, so that both give the
same answers. The index of hosts is open at once; the records of a platform are decoded when a crawl first meets it.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ..errors import PolicyError
from ..urls import is_address
from .rules import PlatformDetails, PlatformRecord, Reach

if TYPE_CHECKING:
    from .compile import CompiledPlatform
    from .networks import Networks

__all__ = ["IMAGE_FORMAT", "Image", "PolicySet", "default_folders", "make_image", "shipped_policies"]

IMAGE_FORMAT: Final = 3
"""Raised whenever records or image change shape: an older snapshot is compiled anew."""
SHIPPED: Final = "shipped"
"""The word that stands for the shipped folder in DESIST_POLICIES and `--policies`."""

_RECORDS: Final = msgspec.msgpack.Decoder(PlatformRecord)
_DETAILS: Final = msgspec.msgpack.Decoder(PlatformDetails)


class Image(msgspec.Struct, frozen=True, array_like=True):
    """A whole set as one value. Host values are `number << 3 | reach << 1 | exact`, or `-(1 + place in shared)`."""

    format: int
    revision: str
    """SHA-256 of the documents' bytes and the public-suffix version, hexadecimal."""
    hosts: dict[str, int]
    shared: tuple[tuple[int, ...], ...]
    """Hosts that several rules name."""
    networks: tuple[tuple[str, int], ...]
    ends: memoryview
    """Where each platform's record ends within `records` (uint64, native)."""
    records: memoryview
    detail_ends: memoryview
    details: memoryview
    count: int
    documents: int
    broken: dict[str, str] = {}
    """Words of files that could not be read -> the file: what they may have forbidden is refused until it is mended."""


def make_image(
    platforms: Iterable[CompiledPlatform], revision: str, *, documents: int, broken: dict[str, str] | None = None
) -> Image:
    """Lay compiled platforms out; their order is their number."""
    owners: dict[str, list[int]] = {}
    networks: list[tuple[str, int]] = []
    records, details = _Heap(), _Heap()
    count = 0
    for number, platform in enumerate(platforms):
        count += 1
        for host in platform.hosts.values():
            owners.setdefault(host.host, []).append(number << 3 | host.reach << 1 | host.exact)
        networks += [(network, number) for network in platform.networks]
        records.add(platform.record)
        details.add(platform.details)
    shared: list[tuple[int, ...]] = []
    hosts = {host: _owner(values, shared) for host, values in owners.items()}
    return Image(
        IMAGE_FORMAT, revision, hosts, tuple(shared), tuple(networks), *records.parts, *details.parts,
        count, documents, broken or {},
    )  # fmt: skip


def _owner(values: list[int], shared: list[tuple[int, ...]]) -> int:
    """The value of a host that has one owner, or the place of its owners in `shared`."""
    if len(values) == 1:
        return values[0]
    shared.append(tuple(values))
    return -len(shared)


class _Heap:
    """Encoded records one behind the other, and where each ends."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("Q")

    def add(self, record: msgspec.Struct) -> None:
        self._bytes += msgspec.msgpack.encode(record)
        self._ends.append(len(self._bytes))

    @property
    def parts(self) -> tuple[memoryview, memoryview]:
        return memoryview(self._ends.tobytes()), memoryview(bytes(self._bytes))


class PolicySet:
    """An immutable set of policy documents. `revision` names its content; equal bytes give an equal revision."""

    def __init__(self, image: Image) -> None:
        self.image = image
        self.revision = image.revision
        self._hosts = image.hosts
        self._ends = image.ends.cast("Q") if image.ends.nbytes else image.ends
        self._detail_ends = image.detail_ends.cast("Q") if image.detail_ends.nbytes else image.detail_ends
        self._records: dict[int, PlatformRecord] = {}
        self._alike: dict[int, bool] = {}
        self._networks: Networks | None = None
        self.judges: dict[Any, Any] = {}
        """Owned by `desist.decide`: what was worked out for this set, by the arguments that it was worked out for."""

    @classmethod
    def load(cls, paths: str | Path | Sequence[str | Path] | None = None) -> PolicySet:
        """The set of these folders; of the shipped ones and `./policies` where none is named.

        Later folders extend earlier ones, and the word `shipped` stands for the shipped folder. PolicyError carries
        every error of every file.
        """
        from . import snapshot  # noqa: PLC0415 - it imports this module

        return cls(snapshot.open_image(folders_of(paths)))

    @classmethod
    def of(cls, files: Mapping[str, bytes]) -> PolicySet:
        """The set of documents that are at hand: a file name and its YAML bytes each. PolicyError as for `load`."""
        from . import snapshot  # noqa: PLC0415
        from .load import read_documents  # noqa: PLC0415

        return cls(snapshot.compile_loaded(read_documents(files)))

    def __len__(self) -> int:
        """How many platforms it knows."""
        return self.image.count

    def __repr__(self) -> str:
        return f"<PolicySet {self.revision[:12]}: {len(self)} platforms, {self.image.documents} documents>"

    def owners(self, host: str) -> tuple[tuple[int, Reach], ...]:
        """The platforms that a canonical host or address belongs to, by number, and how far their rules reach it."""
        if is_address(host):
            return tuple((number, Reach.ORDINARY) for number in self._addresses(host)) + self.owners_by_name(host)
        return self.owners_by_name(host)

    def owners_by_name(self, host: str) -> tuple[tuple[int, Reach], ...]:
        """The same for what is no address: owners of this name, and of each name above it that has a suffix rule.

        An owner's longest name decides how far it reaches, so that what it reserves below a site stays reserved. A name
        that only a notice lists decides nothing for the others: a letter about one host takes it out of no other rule.
        """
        hosts = self._hosts
        found: dict[int, int] = {}
        name = host
        while name:
            if name in hosts:
                exact_too = name is host
                for number, reach in _widest(v for v in self._values(hosts[name]) if exact_too or not v & 1):
                    if found.get(number, Reach.LISTED) == Reach.LISTED:
                        found[number] = reach
            name = name.partition(".")[2]
        return tuple((number, Reach(reach)) for number, reach in sorted(found.items())) if found else ()

    def _values(self, value: int) -> tuple[int, ...]:
        return (value,) if value >= 0 else self.image.shared[-value - 1]

    def _addresses(self, address: str) -> frozenset[int]:
        if self._networks is None:
            from .networks import Networks  # noqa: PLC0415 - ipaddress, which few crawls need

            self._networks = Networks(self.image.networks)
        return self._networks.owners(address)

    def record(self, number: int) -> PlatformRecord:
        """The rules of a platform."""
        record = self._records.get(number)
        if record is None:
            record = self._records[number] = _RECORDS.decode(_slice(self.image.records, self._ends, number))
        return record

    def alike(self, number: int) -> bool:
        """Whether no rule, permission or change of a platform names hosts: then its hosts of one reach stand alike."""
        known = self._alike.get(number)
        if known is None:
            known = self._alike[number] = not any(_names_hosts(self.record(number)))
        return known

    def keep_decoded(self, other: PolicySet) -> None:
        """Take over what a set with the same platforms under the same numbers has decoded."""
        self._records.update(other._records)

    def details(self, number: int) -> PlatformDetails:
        """The hosts and places of a platform."""
        return _DETAILS.decode(_slice(self.image.details, self._detail_ends, number))

    def platforms(self) -> Iterator[tuple[int, PlatformRecord]]:
        """Every platform, stand-ins for bare hosts included, sorted by slug."""
        return ((number, self.record(number)) for number in range(len(self)))

    def broken_file(self, host: str, slugs: Iterable[str] = ()) -> str:
        """The unreadable file that names this host, a name above it or one of these slugs; empty where none does."""
        broken = self.image.broken
        if not broken:
            return ""
        labels = host.split(".")
        names = (".".join(labels[start:]) for start in range(max(1, len(labels) - 1)))
        networks = self._broken_networks(host) if is_address(host) else ()
        return next((broken[name] for name in (*slugs, *names, *networks) if name in broken), "")

    def _broken_networks(self, address: str) -> Iterator[str]:
        """The words of unreadable files that are networks, and hold this address."""
        from .networks import Networks  # noqa: PLC0415 - as above

        words = [word for word in self.image.broken if "/" in word]
        return (words[number] for number in Networks(zip(words, range(len(words)), strict=True)).owners(address))


def _names_hosts(record: PlatformRecord) -> Iterator[bool]:
    """For each scope of a platform whether it names hosts one by one."""
    bounds = [(r.scope, r.life) for r in record.rules] + [(p.scope, p.life) for p in record.permits]
    for own, life in bounds:
        scopes = (own, *(change.scope for change in life.changes if change.scope is not None))
        yield from (bool(scope.hosts) and scope.hosts != ("all",) for scope in scopes)


def _widest(values: Iterable[int]) -> Iterable[tuple[int, int]]:
    """Each owner of one name once, with the widest of its reaches: a name that is listed and ordinary is ordinary."""
    best: dict[int, int] = {}
    for value in values:
        number, reach = value >> 3, value >> 1 & 3
        best[number] = min(reach, best.get(number, reach))
    return best.items()


def _slice(data: memoryview, ends: Any, number: int) -> memoryview:
    return data[ends[number - 1] if number else 0 : ends[number]]


def shipped_policies() -> Path:
    """The folder of shipped documents: `shipped_policies` in an installed package, `policies` in the repository."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "shipped_policies", package.parent / "policies"):
        if folder.is_dir():
            return folder
    raise PolicyError(
        "the shipped policy documents are missing", help="install desist again: pip install --force-reinstall desist"
    )


def default_folders() -> list[Path]:
    """Where DESIST_POLICIES is unset: the shipped documents, and `./policies` where it holds any."""
    own = Path("policies")
    return [shipped_policies(), *([own] if _holds_documents(own) else [])]


def _holds_documents(folder: Path) -> bool:
    """Whether a folder holds documents, or may hold some and cannot be opened: that is an error, and no absence."""
    from .folders import scan  # noqa: PLC0415

    try:
        os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return any(scan(str(folder)))


def folders_of(paths: str | Path | Sequence[str | Path] | None) -> list[Path]:
    """The folders that `paths` names, `shipped` resolved."""
    if paths is None:
        return default_folders()
    named = [paths] if isinstance(paths, (str, Path)) else list(paths)
    if not named:
        raise PolicyError("no policy folder is named", help="leave DESIST_POLICIES unset, or name a folder in it")
    return [shipped_policies() if str(path) == SHIPPED else Path(path) for path in named]
