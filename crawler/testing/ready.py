"""Ready-made sites for the cases of the field. All names end in `.test`; each call gives fresh descriptions."""

from __future__ import annotations

import gzip
from collections.abc import Mapping

from . import documents
from .site import Failure, Page, Site

__all__ = [
    "cdn_of_two",
    "login_wall",
    "mirror",
    "opt_outs",
    "ordinary",
    "platform_with_notice",
    "platform_with_terms",
    "robots_failures",
    "shortener",
]

OPEN_ROBOTS = "User-agent: *\nDisallow:\n"
_TERMS = "<h1>Terms of Service</h1><p>4.2 Automated collection needs our written consent.</p>"
_LETTER = "<h1>Cease and desist</h1><p>You are not authorised to access our service by automated means.</p>"
_FACE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f6"
    "45400000000049454e44ae426082"
)


def ordinary(name: str = "gazette.test", *, pages: int = 5) -> Site:
    """A site that forbids nothing: a front page, `pages` articles that link on, a picture."""
    links = "".join(f'<a href="/article/{number}">{number}</a>' for number in range(1, pages + 1))
    articles = {
        f"/article/{number}": f'<h1>{number}</h1><img src="/face.png"><a href="/article/{number % pages + 1}">next</a>'
        for number in range(1, pages + 1)
    }
    picture = Page(_FACE, media_type="image/png")
    return Site(name, (f"www.{name}",), robots=OPEN_ROBOTS, pages={"/": links, "/face.png": picture, **articles})


def platform_with_notice(
    slug: str = "pictogram",
    *,
    instrument: str = "cease_and_desist",
    addressed_to: str = "us",
    received_at: str = "2026-01-05T09:30:00Z",
) -> Site:
    """A platform with profiles and pictures whose letter is on file; its robots.txt allows everything."""
    host = f"{slug}.test"
    return Site(
        host,
        (f"*.{host}",),
        robots=OPEN_ROBOTS,
        terms=_TERMS,
        notice=_LETTER,
        pages={"/": '<a href="/u/1">1</a>', "/u/*": '<img src="/face.png">', "/face.png": _picture()},
        documents={
            **documents.platform(slug, slug.title(), {host: "site"}),
            **documents.notice(
                slug,
                f"{slug.title()}, Inc.",
                received_at=received_at,
                instrument=instrument,
                addressed_to=addressed_to,
                letter=_LETTER,
            ),
        },
    )


def platform_with_terms(slug: str = "vidriver", *, effective_from: str = "2025-11-01") -> Site:
    """A platform without a letter whose terms forbid automated access."""
    host = f"{slug}.test"
    return Site(
        host,
        (f"*.{host}",),
        robots=OPEN_ROBOTS,
        terms=_TERMS,
        pages={"/": '<a href="/watch/1">1</a>', "/watch/*": "<video></video>"},
        documents={
            **documents.platform(slug, slug.title(), {host: "site"}),
            **documents.terms(slug, _TERMS, effective_from=effective_from),
        },
    )


def cdn_of_two(first: str = "pictogram", second: str = "chirrup", *, name: str = "cdn.test") -> Site:
    """One CDN, one address, a host for each of two platforms; only the first platform has a notice."""
    hosts = (f"{first}.{name}", f"{second}.{name}")
    papers: dict[str, str] = {}
    for slug, host in zip((first, second), hosts, strict=True):
        papers |= documents.platform(slug, slug.title(), {f"{slug}.test": "site", host: "cdn"})
    papers |= documents.notice(first, f"{first.title()}, Inc.", received_at="2026-01-05T09:30:00Z")
    return Site(name, hosts, robots=OPEN_ROBOTS, pages={"/*": _picture()}, documents=papers)


def shortener(name: str, targets: Mapping[str, str]) -> Site:
    """Redirects each path of `targets` to its URL with 301."""
    pages = {path: Page(status=301, redirect=url) for path, url in targets.items()}
    return Site(name, robots=OPEN_ROBOTS, pages=pages)


def mirror(of: str, name: str = "archive.test") -> Site:
    """Copies of the host `of` below `/web/2026/http://...` and by `/fetch?url=http://...`."""
    copy = f"<h1>copy of {of}</h1>"
    return Site(name, robots=OPEN_ROBOTS, pages={f"/web/2026/http://{of}/*": copy, f"/fetch?url=http://{of}/*": copy})


def login_wall(name: str = "walled.test") -> Site:
    """Every path but robots.txt leads to a login form, and robots.txt itself is that form, with status 200."""
    form = '<form action="/login" method="post"><input name="user"><input name="password" type="password"></form>'
    return Site(name, robots=Page(form), pages={"/login": form, "/*": Page(redirect="/login")})


def robots_failures() -> dict[str, Site]:
    """One site for each way in which robots.txt can fail; the page `/` is there in each, and must not be fetched.

    What cannot be read says Allow; what can be read with patience (odd encodings, length) says Disallow at its end.
    """
    text = "User-agent: *\nAllow: /\n"
    closed = "User-agent: caf\u00e9\nAllow: /\nUser-agent: *\nDisallow: /\n"
    plain = "text/plain; charset=utf-8"
    bomb = gzip.compress(b"# padding\n" * 5_000_000 + closed.encode())
    ways: dict[str, Page] = {
        "status-500": Page("oops", 500),
        "status-503": Page("later", 503, {"Retry-After": "120"}),
        "status-429": Page("slower", 429, {"Retry-After": "120"}),
        "reset": Page(text, failure=Failure.RESET),
        "closed": Page(text, failure=Failure.CLOSE),
        "hang": Page(text, failure=Failure.HANG),
        "drip": Page(text, failure=Failure.DRIP, drip=3600.0),
        "truncated": Page(text * 100, failure=Failure.TRUNCATED),
        "garbage": Page(text, failure=Failure.GARBAGE),
        "redirect-loop": Page(redirect="/robots.txt"),
        "redirects-6": Page(redirect="/robots/1"),
        "html": Page("<!doctype html><title>log in</title><form></form>"),
        "utf-16": Page(closed.encode("utf-16"), media_type="text/plain"),
        "latin-1": Page(closed.encode("latin-1"), media_type="text/plain"),
        "huge": Page("# padding\n" * 140_000 + closed, media_type=plain),
        "gzip-bomb": Page(bomb, headers={"Content-Encoding": "gzip"}, media_type=plain),
    }
    hops: dict[str, str | Page] = {f"/robots/{hop}": Page(redirect=f"/robots/{hop + 1}") for hop in range(1, 6)}
    hops["/robots/6"] = Page(text, media_type=plain)
    return {
        way: Site(f"{way}.test", robots=page, pages={"/": "<p>page</p>", **(hops if way == "redirects-6" else {})})
        for way, page in ways.items()
    }


def opt_outs() -> dict[str, Site]:
    """One site for each signal by which a site opts out; robots.txt allows the fetch itself in each."""
    page = "<p>page</p>"
    tdm = '[{"location": "/*", "tdm-reservation": 1, "tdm-policy": "https://rights.test/policy.json"}]'
    rsl = (
        '<rsl xmlns="https://rslstandard.org/rsl"><content url="/"><license><prohibits type="usage">ai-train'
        "</prohibits></license></content></rsl>"
    )
    json, xml = "application/json", "application/rsl+xml"

    def by_header(name: str, value: str) -> dict[str, str | Page]:
        return {"/": Page(page, headers={name: value})}

    def by_head(tag: str) -> dict[str, str | Page]:
        return {"/": f"<html><head>{tag}</head><body>{page}</body></html>"}

    pages: dict[str, dict[str, str | Page]] = {
        "x-robots-tag": by_header("X-Robots-Tag", "noai, noimageai, noindex"),
        "meta-robots": by_head('<meta name="robots" content="noai, noindex">'),
        "tdm-header": by_header("tdm-reservation", "1"),
        "tdm-file": {"/": page, "/.well-known/tdmrep.json": Page(tdm, media_type=json)},
        "tdm-meta": by_head('<meta name="tdm-reservation" content="1">'),
        "content-usage": by_header("Content-Usage", "train-ai=n"),
        "ai-txt": {"/": page, "/ai.txt": Page("User-Agent: *\nDisallow: /\n", media_type="text/plain")},
        "rsl-link": {
            "/": Page(page, headers={"Link": f'</rsl.xml>; rel="license"; type="{xml}"'}),
            "/rsl.xml": Page(rsl, media_type=xml),
        },
        **{f"status-{code}": {"/": Page("no", code)} for code in (402, 403, 429, 451)},
    }
    robots = {
        "robots-content-usage": "User-agent: *\nContent-Usage: train-ai=n\nAllow: /\n",
        "robots-content-signal": "User-agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /\n",
        "robots-rsl": "License: /rsl.xml\n" + OPEN_ROBOTS,
    }
    sites = {way: Site(f"{way}.test", robots=OPEN_ROBOTS, pages=served) for way, served in pages.items()}
    for way, text in robots.items():
        sites[way] = Site(f"{way}.test", robots=text, pages={"/": page, "/rsl.xml": Page(rsl, media_type=xml)})
    return sites


def _picture() -> Page:
    return Page(_FACE, media_type="image/png")
