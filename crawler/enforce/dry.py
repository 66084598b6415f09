"""What the spiders of a project would ask for, without a packet: their own code runs here under the process gate.

A spider's start requests are taken from its `start()`; the HTTP cache is read where it is Scrapy's own files; the
requests on disk are read from a copy. The process stays shut: what asks this is a command that ends soon.
"""

from __future__ import annotations

import ast
import asyncio
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.settings import Settings
from scrapy.spiderloader import get_spider_loader
from scrapy.utils.gz import gunzip
from scrapy.utils.misc import load_object
from scrapy.utils.project import data_path, get_project_settings
from scrapy.utils.sitemap import Sitemap

from ..errors import UsageError
from ..model import Purpose
from .options import Options, declared_purposes
from .process import GATE

__all__ = ["Spoken", "Trouble", "Url", "asked"]

_SECONDS: Final = 60.0
_MOST: Final = 1_000_000
"""Start requests of one spider that are judged; some spiders never stop."""
_FILES: Final = "scrapy.extensions.httpcache.FilesystemCacheStorage"


class Spoken(NamedTuple):
    """A spider begins: what its crawl would be judged with."""

    spider: str
    options: Options
    purposes: frozenset[Purpose] | None


class Url(NamedTuple):
    """One URL, and where it was found: `SPIDER start`, `cache`, `sitemap` or `queue`."""

    url: str
    place: str


class Trouble(NamedTuple):
    """Something of a spider that could not be read."""

    spider: str
    why: str


def asked(names: Sequence[str]) -> Iterator[Spoken | Url | Trouble]:
    """Shut this process, then give for each spider how it is to be judged, and each URL that it would ask for.

    Raises UsageError for a spider that is not there, and what the process gate raises where it cannot be armed.
    """
    settings = get_project_settings()
    options = Options.read(settings)
    GATE.arm(options, "a dry run")
    loader = get_spider_loader(settings)
    unknown = [name for name in names if name not in loader.list()]
    if unknown:
        known = ", ".join(sorted(loader.list())) or "none; run it in the folder of a project"
        raise UsageError(f"there is no spider `{unknown[0]}`", help=f"spiders: {known}")
    for name in names or sorted(loader.list()):
        yield from _spider(loader.load(name), settings, options)


def _spider(cls: type[Spider], settings: Settings, options: Options) -> Iterator[Spoken | Url | Trouble]:
    """All URLs of one spider, and what of it could not be read."""
    own = settings.copy()
    cls.update_settings(own)
    yield Spoken(cls.name, options, declared_purposes(own))
    for where, read in (("start", _start), ("HTTP cache", _cache), ("JOBDIR", _queue)):
        try:
            with redirect_stdout(sys.stderr):
                found = list(read(cls, settings))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - code of the project: whatever it raises is said
            yield Trouble(cls.name, f"{where}: {type(error).__name__}: {error}")
        else:
            yield from (Url(url, place) for url, place in found)


def _start(cls: type[Spider], settings: Settings) -> list[tuple[str, str]]:
    """What `start()` yields; a spider that connects in it is refused by the process gate."""
    crawler = Crawler(cls, settings.copy())
    spider = cls.from_crawler(crawler)

    async def gather() -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        async for one in spider.start():
            if isinstance(one, Request):
                found.append((one.url, f"{cls.name} start"))
            if len(found) >= _MOST:
                break
        return found

    return asyncio.run(asyncio.wait_for(gather(), _SECONDS))


def _cache(cls: type[Spider], settings: Settings) -> Iterator[tuple[str, str]]:
    """Pages in the HTTP cache, and every URL of the sitemaps among them."""
    folder = Path(data_path(settings["HTTPCACHE_DIR"])) / cls.name
    if not folder.is_dir():
        return
    if settings["HTTPCACHE_STORAGE"] != _FILES:
        raise UsageError(f"HTTPCACHE_STORAGE is `{settings['HTTPCACHE_STORAGE']}`, of which no reader is known")
    for meta in sorted(folder.glob("*/*/meta")):
        url = str(ast.literal_eval(meta.read_text(encoding="utf-8"))["url"])
        yield url, f"{cls.name} cache"
        yield from ((found, f"{cls.name} sitemap") for found in _sitemap(meta.with_name("response_body")))


def _sitemap(file: Path) -> Iterator[str]:
    body = file.read_bytes() if file.is_file() else b""
    if body[:2] == b"\x1f\x8b":
        body = gunzip(body, max_size=64 << 20)
    head = body[:2000]
    if b"<urlset" in head or b"<sitemapindex" in head:
        yield from (str(entry["loc"]) for entry in Sitemap(body) if entry.get("loc"))


def _queue(cls: type[Spider], settings: Settings) -> Iterator[tuple[str, str]]:
    """Requests on disk of a crawl that was stopped; they stay where they are, a copy is read."""
    own = settings.copy()
    cls.update_settings(own)
    folder = Path(own["JOBDIR"] or "") / "requests.queue"
    if not own["JOBDIR"] or not folder.is_dir():
        return
    crawler = Crawler(cls, settings.copy())
    crawler.spider = cls.from_crawler(crawler)
    maker = load_object(own["SCHEDULER_DISK_QUEUE"])
    with tempfile.TemporaryDirectory(prefix="desist-dryrun-") as place:
        copy = Path(shutil.copytree(folder, Path(place) / "requests.queue"))
        for leaf in _leaves(copy):
            queue = maker.from_crawler(crawler, str(leaf))
            for request in islice(iter(queue.pop, None), _MOST):
                yield request.url, f"{cls.name} queue"
            queue.close()


def _leaves(folder: Path) -> list[Path]:
    """Queues on disk: files, or folders that hold an `info.json` of their own."""
    folders = [path.parent for path in sorted(folder.rglob("info.json"))]
    inside = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.parent not in folders]
    return folders + [path for path in inside if path.name != "active.json"]
