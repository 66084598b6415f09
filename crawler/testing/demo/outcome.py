"""What the demo has to show once its crawl has ended: counted by the servers, and read from the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from ...ledger.entry import Entry
from ...ledger.verify import Verification
from ...model import Basis
from ...report.docket import Docket
from ..hits import Connection, Hit
from ..recorded import requests_of
from ..web import Web
from .world import PLATFORMS, DemoPlatform

__all__ = ["Force", "Outcome", "PlatformCount", "count_platforms", "count_refusals", "force"]

_STOPPED = ("cancelled", "purged", "closed")
_WELL_KNOWN = ("/robots.txt", "/.well-known/", "/ai.txt")
# How exactly a server knows when a connection was made; requests and DNS questions are known to the nanosecond.
_TICK_NS = 10_000_000
_DOCUMENTS = (Basis.NOTICE, Basis.TERMS, Basis.NOTICE_TO_OTHER)


class PlatformCount(msgspec.Struct, frozen=True):
    """One platform: what the crawl refused, and what the platform's own servers saw."""

    platform: DemoPlatform
    refused: dict[str, int]
    """Refusals on record by basis."""
    before: int
    """Requests that its servers counted until the letter was in force."""
    after: list[str]
    """Requests, connections and DNS questions that its servers counted later."""
    trespass: list[str]
    """What a platform that forbade it from the beginning saw nevertheless."""


class Force(NamedTuple):
    """The moment at which a running crawl took the letter into force, by its own ledger."""

    at_ns: int
    revision: str
    stopped: dict[str, int]
    """What the reload says it stopped: downloads `cancelled`, queued requests `purged`, connections `closed`."""


class Outcome(msgspec.Struct, frozen=True):
    """The whole demo."""

    ledger: Path
    letter_ns: int
    """When the letter's document was put into the policies folder, Unix time in ns."""
    force: Force
    message: str
    """What the crawl said when it first refused Pictogram."""
    fetched: int
    """Pages that reached the spider, by its own log."""
    refused: dict[str, int]
    """Refusals on record by basis."""
    elsewhere: int
    """Refusals on record that concern no platform."""
    platforms: list[PlatformCount]
    dockets: list[Docket]
    """Those of notices."""
    record: Verification
    started_ns: int
    ended_ns: int

    @property
    def clean(self) -> bool:
        """Whether no platform saw anything that it had forbidden."""
        return not any(count.after or count.trespass for count in self.platforms)


def count_refusals(entries: Sequence[Entry]) -> dict[str, int]:
    """How many requests were refused, by basis."""
    counts: Counter[str] = Counter()
    for entry in entries:
        if entry.k == "refuse":
            counts[entry.basis] += requests_of(entry)
    return dict(counts)


def force(entries: Sequence[Entry]) -> Force | None:
    """From the entries of the second policy revision, and of the certificates that followed it; None without one."""
    announced = [entry for entry in entries if entry.k == "policy"][1:]
    if not announced:
        return None
    certified = [int(entry.facts["in_force"]) for entry in announced if "in_force" in entry.facts]
    stopped: Counter[str] = Counter()
    for entry in announced:
        stopped.update({name: int(entry.facts.get(name, 0)) for name in _STOPPED})
    moment = min(certified, default=announced[0].t)
    return Force(moment * 1000, str(announced[0].facts.get("revision", "")), dict(stopped))


def count_platforms(web: Web, entries: Sequence[Entry], force_ns: int) -> list[PlatformCount]:
    """What each platform's own servers counted, beside the refusals on record."""
    hits, connections = web.hits, web.connections
    questions = web.queries
    counts = []
    for platform in PLATFORMS:
        names = {site.name for site in platform.sites}
        own = [hit for hit in hits if names & {hit.site, hit.at_site}]
        opened = [one for one in connections if one.site in names]
        asked = [one for one in questions if any(site.serves(one.name) for site in platform.sites)]
        seen = [(hit.arrived_ns, 0, str(hit)) for hit in own]
        seen += [(one.opened_ns, _TICK_NS, _connection(one)) for one in opened]
        seen += [(one.at_ns, 0, f"DNS question {one}") for one in asked]
        counts.append(
            PlatformCount(
                platform=platform,
                refused=_refused(entries, platform.slug),
                before=len(own) - sum(hit.arrived_ns > force_ns for hit in own),
                after=[_late(at, what, force_ns) for at, tick, what in seen if at > force_ns + tick],
                trespass=_trespass(platform, own, opened),
            )
        )
    return counts


def _late(at_ns: int, what: str, force_ns: int) -> str:
    return f"{what}, {(at_ns - force_ns) / 1e6:.1f} ms later"


def _refused(entries: Sequence[Entry], slug: str) -> dict[str, int]:
    return count_refusals([entry for entry in entries if slug in entry.platforms])


def _trespass(platform: DemoPlatform, hits: Sequence[Hit], connections: Sequence[Connection]) -> list[str]:
    """Pictogram forbade nothing at first; what documents forbid gets no packet; robots.txt itself may be read."""
    if platform.slug == "pictogram":
        return []
    if platform.basis in _DOCUMENTS:
        return [str(hit) for hit in hits] or [_connection(one) for one in connections]
    return [str(hit) for hit in hits if not hit.path.startswith(_WELL_KNOWN)]


def _connection(one: Connection) -> str:
    return f"connection {one.id} to {one.site}"
