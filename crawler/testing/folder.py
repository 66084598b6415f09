"""A simulated site as a folder: `site.yaml`, and beside it the files that it serves.

```
pictogram/
  site.yaml      name, aliases, headers, delay, failure, address; pages: path to text or to {status, headers, redirect,
                 delay, failure, drip, media_type, body, file}
  robots.txt     terms.html     notice.html
  pages/         served by their path; index.html answers for its folder
  policies/      policy documents about the site
```
Everything but `site.yaml` may be absent.
"""

from __future__ import annotations

import mimetypes
from pathlib import Path

import msgspec

from ..errors import UsageError
from ..policy.source import read
from .site import Failure, Page, Site

__all__ = ["load_site", "load_sites"]


class _PageFields(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    body: str = ""
    file: str = ""
    status: int = 200
    headers: dict[str, str | list[str]] = {}
    media_type: str = ""
    redirect: str = ""
    delay: float = 0.0
    failure: Failure | None = None
    drip: float = 0.05


class _SiteFields(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    aliases: tuple[str, ...] = ()
    headers: dict[str, str] = {}
    delay: float = 0.0
    failure: Failure | None = None
    address: str = ""
    pages: dict[str, str | _PageFields] = {}


def load_sites(folder: Path) -> list[Site]:
    """Every site below `folder`, by the name of its own folder; UsageError where there is none."""
    places = sorted(path.parent for path in folder.glob("*/site.yaml"))
    if not places:
        raise UsageError("no site is described here", place=str(folder), help="each site is a folder with a site.yaml")
    return [load_site(place) for place in places]


def load_site(folder: Path) -> Site:
    """The site of one folder; UsageError names the file and the field that cannot be read."""
    place = folder / "site.yaml"
    if not place.is_file():
        raise UsageError("no site is described here", place=str(folder), help="write a site.yaml with `name: a.test`")
    fields = _fields(place)
    written = {path: _page(folder, page) for path, page in fields.pages.items()}
    return Site(
        name=fields.name,
        aliases=fields.aliases,
        robots=_robots(folder / "robots.txt"),
        pages={**_files(folder / "pages"), **written},
        headers=fields.headers,
        delay=fields.delay,
        failure=fields.failure,
        address=fields.address,
        documents=_documents(folder / "policies"),
        terms=_text(folder / "terms.html"),
        notice=_text(folder / "notice.html"),
    )


def _robots(path: Path) -> Page | None:
    """Bytes as they stand: a test of encodings must not be mended on the way."""
    return Page(path.read_bytes(), media_type="text/plain; charset=utf-8") if path.is_file() else None


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _documents(folder: Path) -> dict[str, str]:
    paths = sorted(folder.rglob("*.yaml"))
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def _fields(place: Path) -> _SiteFields:
    sources, diagnostics = read(str(place), place.read_bytes())
    if diagnostics:
        first = diagnostics[0]
        raise UsageError(first.message, place=str(first.place), help=first.help)
    try:
        [source] = sources
        return msgspec.convert(source.data, _SiteFields, strict=False)
    except ValueError as error:
        known = ", ".join(_SiteFields.__struct_fields__)
        raise UsageError(f"no description of a site: {error}", place=str(place), help=f"its fields: {known}") from error


def _page(folder: Path, fields: str | _PageFields) -> Page:
    if isinstance(fields, str):
        return Page(fields)
    body: str | bytes = fields.body
    media_type = fields.media_type or "text/html; charset=utf-8"
    if fields.file:
        path = folder / fields.file
        if not path.is_file():
            raise UsageError(f"there is no file `{fields.file}`", place=str(folder / "site.yaml"))
        body, media_type = path.read_bytes(), fields.media_type or _media_type(path)
    return Page(
        body=body,
        status=fields.status,
        headers=fields.headers,
        media_type=media_type,
        redirect=fields.redirect,
        delay=fields.delay,
        failure=fields.failure,
        drip=fields.drip,
    )


def _files(folder: Path) -> dict[str, Page]:
    pages = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        served = "/" + path.relative_to(folder).as_posix()
        page = Page(path.read_bytes(), media_type=_media_type(path))
        pages[served] = page
        if path.name == "index.html":
            pages[served.removesuffix("index.html")] = page
    return pages


def _media_type(path: Path) -> str:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
