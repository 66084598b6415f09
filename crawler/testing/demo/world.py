"""The simulated web of the demo: six platforms, each forbidding in its own way, and the ordinary sites around them.

Described once: the same values make the servers, the policy documents and the table that the demo prints.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from ...model import Basis
from .. import documents
from ..nameserver import Answer
from ..site import Page, Site

__all__ = ["FRONT_PAGES", "LETTER", "NAMES", "PLATFORMS", "RECIPIENT", "SITES", "DemoPlatform", "letter_document"]

RECIPIENT: Final = "Example Crawls Ltd"
"""Who crawls, and to whom letters are addressed."""
ARTICLES: Final = 40
PHOTOS: Final = 240
_OPEN: Final = "User-agent: *\nDisallow:\n"
_TERMS: Final = "<h1>Terms of Service</h1><p>4.2 Automated collection needs our prior written consent.</p>"
_FAIR: Final = "<h1>Terms of Service</h1><p>4.2 Be kind to our servers.</p>"
LETTER: Final = (
    "Pictogram, Inc. to Example Crawls Ltd. You are not authorised to access Pictogram by automated means. "
    "Cease and desist from collecting photographs, and confirm in writing within ten days."
)
"""The text of the notice that arrives in the middle of the crawl."""


class DemoPlatform(msgspec.Struct, frozen=True):
    """One of the six: its hosts by role, and on which basis a crawl is refused in the end."""

    slug: str
    name: str
    basis: Basis
    sites: tuple[Site, ...]
    why: str
    """A few words for the table."""


def _links(*urls: str) -> str:
    return "".join(f'<li><a href="{url}">{url}</a></li>' for url in urls)


def _number(target: str) -> int:
    digits = target.rpartition("/")[2].partition(".")[0]
    return int(digits) if digits.isdigit() else 0


def _pictogram(target: str) -> Page | None:
    """A photo page shows its picture from the media host and links on: the crawl could go on here for long."""
    number = _number(target)
    if target == "/":
        return Page(_links("/p/1", "/p/2", "/p/3"))
    if not target.startswith("/p/") or number > PHOTOS:
        return None
    body = f'<h1>Photo {number}</h1><img src="http://media.pictogram.test/{number}.jpg">'
    following = (3 * number + step for step in range(1, 4))
    return Page(body + _links(*(f"/p/{one}" for one in following if one <= PHOTOS)), delay=0.06)


def _picture(target: str) -> Page | None:
    return (
        Page(b"\xff\xd8 a face \xff\xd9" * 64, media_type="image/jpeg", delay=0.06) if target.endswith(".jpg") else None
    )


def _anything(target: str) -> Page | None:
    return None if target.startswith(("/.well-known/", "/ai.txt")) else Page(f"<h1>{target}</h1>", delay=0.02)


def _platform(slug: str, *, robots: str = _OPEN, terms: str = _TERMS, pages: Callable[[str], Page | None]) -> Site:
    return Site(f"{slug}.test", (f"www.{slug}.test", f"api.{slug}.test"), robots=robots, terms=terms, generate=pages)


def _media(slug: str) -> Site:
    return Site(f"media.{slug}.test", robots=_OPEN, generate=_picture)


def _with_documents(platform: DemoPlatform, *papers: dict[str, str]) -> DemoPlatform:
    hosts = {site.name: "site" for site in platform.sites if not site.name.startswith("media.")}
    merged = documents.platform(platform.slug, platform.name, hosts)
    for paper in papers:
        merged |= paper
    first = msgspec.structs.replace(platform.sites[0], documents=merged)
    return msgspec.structs.replace(platform, sites=(first, *platform.sites[1:]))


_PICTOGRAM: Final = DemoPlatform(
    "pictogram",
    "Pictogram",
    Basis.NOTICE,
    (
        _platform("pictogram", terms=_FAIR, pages=_pictogram),
        _media("pictogram"),
        Site("pict.test", robots=_OPEN, pages={"/1": Page(redirect="http://pictogram.test/p/1", status=301)}),
    ),
    "its letter comes mid-crawl",
)
PLATFORMS: Final = (
    _with_documents(_PICTOGRAM),
    _with_documents(
        DemoPlatform(
            "chirrup",
            "Chirrup",
            Basis.NOTICE,
            (_platform("chirrup", pages=_anything), _media("chirrup")),
            "its letter is on file",
        ),
        documents.notice("chirrup", "Chirrup Ltd", received_at="2026-01-05T09:30:00Z", recipient=RECIPIENT),
    ),
    _with_documents(
        DemoPlatform(
            "vidriver",
            "Vidriver",
            Basis.TERMS,
            (_platform("vidriver", pages=_anything), _media("vidriver")),
            "its terms forbid crawling",
        ),
        documents.terms("vidriver", _TERMS, effective_from="2025-11-01"),
    ),
    _with_documents(
        DemoPlatform(
            "paypeer",
            "Paypeer",
            Basis.NOTICE_TO_OTHER,
            (_platform("paypeer", terms=_FAIR, pages=_anything),),
            "a letter to another firm",
        ),
        documents.notice(
            "paypeer",
            "Paypeer, Inc.",
            received_at="2026-02-04T00:00:00Z",
            recipient="Facegather, Inc.",
            addressed_to="other",
        ),
    ),
    _with_documents(
        DemoPlatform(
            "worklink",
            "Worklink",
            Basis.ROBOTS,
            (_platform("worklink", robots="User-agent: *\nDisallow: /\n", terms=_FAIR, pages=_anything),),
            "its robots.txt: Disallow: /",
        ),
    ),
    _with_documents(
        DemoPlatform(
            "lookbook",
            "Lookbook",
            Basis.OPTOUT,
            (
                _platform(
                    "lookbook",
                    robots="User-agent: *\nContent-Usage: train-ai=n\nAllow: /\n",
                    terms=_FAIR,
                    pages=_anything,
                ),
            ),
            "its robots.txt: train-ai=n",
        ),
    ),
)
"""The six simulated platforms, in the order of the table."""


def _article(site: str) -> Callable[[str], Page | None]:
    def generate(target: str) -> Page | None:
        number = _number(target)
        if not target.startswith("/a/") or number >= ARTICLES:
            return None
        outward = [
            f"http://pictogram.test/p/{number}",
            f"http://www.chirrup.test/{site}/{number}",
            f"http://media.chirrup.test/{number}.jpg",
            f"http://vidriver.test/watch/{number}",
            f"http://api.paypeer.test/public/{number}",
            f"http://worklink.test/in/{number}",
            f"http://lookbook.test/look/{number}",
            f"http://short.test/{number}",
            f"http://archive.test/fetch?url=http://vidriver.test/{number}",
        ]
        onward = (f"/a/{one}" for one in (2 * number + 1, 2 * number + 2) if one < ARTICLES)
        return Page(f"<h1>{site} {number}</h1>" + _links(*onward, *outward))

    return generate


def _ordinary(name: str) -> Site:
    front = _links(*(f"/a/{number}" for number in range(3)))
    robots = "User-agent: *\nDisallow: /drafts/\n"
    return Site(
        name, (f"www.{name}",), robots=robots, pages={"/": front + _links("/drafts/1")}, generate=_article(name)
    )


_SHORT: Final = Site(
    "short.test",
    robots=_OPEN,
    pages={
        **{
            f"/{number}": Page(redirect=f"http://chirrup.test/s/{number}", status=301)
            for number in range(0, ARTICLES, 2)
        },
        **{f"/{number}": Page(redirect=f"http://gazette.test/a/{number}") for number in range(1, ARTICLES, 2)},
    },
)
_ORDINARY: Final = tuple(_ordinary(name) for name in ("gazette.test", "almanac.test", "townhall.test"))
_ARCHIVE: Final = Site("archive.test", robots=_OPEN, pages={"/fetch*": "<h1>copy</h1>"})
SITES: Final = (*(site for platform in PLATFORMS for site in platform.sites), *_ORDINARY, _SHORT, _ARCHIVE)
"""All simulated sites."""
NAMES: Final = {"pictures.gazette.test": Answer(cname="media.chirrup.test")}
"""A host of an ordinary site that leads to a platform by CNAME."""
FRONT_PAGES: Final = (
    *(f"http://{site.name}/" for site in _ORDINARY),
    *(f"http://{platform.sites[0].name}/" for platform in PLATFORMS),
    "http://pict.test/1",
    "http://pictures.gazette.test/1.jpg",
)
"""Where the crawl begins."""


def letter_document(received_at: str) -> dict[str, str]:
    """The policy document for Pictogram's letter, received at that moment."""
    return documents.notice("pictogram", "Pictogram, Inc.", received_at=received_at, recipient=RECIPIENT, letter=LETTER)
