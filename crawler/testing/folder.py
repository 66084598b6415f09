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

import difflib
import mimetypes
import re
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from ..errors import UsageError
from ..policy.source import Path as At
from ..policy.source import Source, read
from .site import Failure, Page, Site

__all__ = ["load_site", "load_sites"]


_Struct = TypeVar("_Struct", bound=msgspec.Struct)
_FORMS = {
    "name": "begin with `name: a.test`",
    "aliases": "a list of names, as in [www.a.test, '*.a.test']",
    "headers": "a mapping of texts, as in {X-Robots-Tag: noai}; of a page also of lists",
    "pages": "a mapping of paths, as in {/: some text, /old: {redirect: /new}}",
    "status": "a number, as in 404",
    "failure": f"one of {', '.join(Failure)}",
    **dict.fromkeys(("delay", "drip"), "seconds, as in 0.5"),
}
"""What a field takes."""
# Where in a value msgspec found the fault: `$.headers[...]`, `$.aliases[1]`.
_AT = re.compile(r" - at `\$\.(\w+)(?:\[(\d+)\])?")


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
    pages: dict[str, Any] = {}


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
    source = _source(place)
    fields = _typed(source, (), _SiteFields)
    written = {path: _page(folder, source, path, page) for path, page in fields.pages.items()}
    return _site(folder, source, fields, written)


def _site(folder: Path, source: Source, fields: _SiteFields, written: dict[str, Page]) -> Site:
    """The whole description; what it cannot be is said of the file."""
    try:
        return _made(folder, fields, written)
    except UsageError as error:
        named = "pages" if "page" in error.message else "name"
        raise UsageError(error.message, place=str(source.place((named,))), help=error.help) from None


def _made(folder: Path, fields: _SiteFields, written: dict[str, Page]) -> Site:
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


def _source(place: Path) -> Source:
    sources, diagnostics = read(str(place), place.read_bytes())
    if diagnostics:
        first = diagnostics[0]
        raise UsageError(first.message, place=str(first.place), help=first.help)
    if len(sources) != 1:
        help_ = "one mapping that begins with `name: a.test`"
        raise UsageError(f"{len(sources)} documents, where one describes a site", place=f"{place}:1:1", help=help_)
    return sources[0]


def _typed(source: Source, at: At, kind: type[_Struct]) -> _Struct:
    """The mapping at `at` as `kind`; UsageError at the field that cannot be read."""
    data: Any = source.data
    for step in at:
        data = data[step]
    known = kind.__struct_fields__
    if not isinstance(data, dict):
        raise UsageError("no mapping of fields", place=str(source.place(at)), help=f"its fields: {', '.join(known)}")
    for name in data:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            said = f"did you mean `{near[0]}`? " if near else ""
            span = source.keys[(*at, name)]
            place = f"{source.file}:{span.line}:{span.column}"
            raise UsageError(f"unknown field `{name}`", place=place, help=f"{said}its fields: {', '.join(known)}")
    try:
        return msgspec.convert(data, kind, strict=False)
    except msgspec.ValidationError as error:
        message, found = str(error), _AT.search(str(error))
        inner: At = (found[1], *([int(found[2])] if found[2] else [])) if found else ()
        text = message[: found.start()] if found else message
        name, place = found[1] if found else "name", str(source.place((*at, *inner)))
        raise UsageError(f"`{name}`: {text[:1].lower()}{text[1:]}", place=place, help=_FORMS.get(name, "")) from None


def _page(folder: Path, source: Source, path: str, written: object) -> Page:
    at: At = ("pages", path)
    if isinstance(written, str):
        return Page(written)
    fields = _typed(source, at, _PageFields)
    body: str | bytes = fields.body
    media_type = fields.media_type or "text/html; charset=utf-8"
    if fields.file:
        file = folder / fields.file
        if not file.is_file():
            here = str(source.place((*at, "file")))
            raise UsageError(f"there is no file `{fields.file}`", place=here, help="paths begin at the site's folder")
        body, media_type = file.read_bytes(), fields.media_type or _media_type(file)
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
