"""A Scrapy project beside a simulated web: what its child process does, and what the servers saw of it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import pytest

from desist.errors import DesistError
from desist.testing import Answer, Page, Site, Web, documents, ready
from desist.testing.recorded import Recorded

PLATFORM = "pictogram.test"


class Done(NamedTuple):
    """A child process that has ended."""

    code: int
    out: str
    decisions: list[Recorded]

    @property
    def refused(self) -> list[Recorded]:
        return [one for one in self.decisions if one.effect == "refuse"]


class Project:
    """A project with one spider and the one line that it needs; `settings` may change anything."""

    def __init__(self, folder: Path, web: Web, start: Callable[..., subprocess.CompletedProcess[Any]]) -> None:
        self._start = start
        self.folder = folder
        self.web = web
        self.policies = folder / "policies"
        self.ledger = folder / "evidence" / "ledger.db"
        documents.write(self.policies, [one.site.documents for one in web])

    def settings(self, changes: dict[str, Any]) -> dict[str, Any]:
        return {
            "ADDONS": {"desist.addon.Addon": 0},
            "DESIST_POLICIES": [str(self.policies)],
            "DESIST_LEDGER": str(self.ledger),
            "DESIST_NAMESERVERS": [self.web.nameserver],
            "SPIDER_MODULES": ["spiders"],
            "RETRY_ENABLED": False,
            "DOWNLOAD_TIMEOUT": 10,
        } | changes

    def run(self, spider: str, *words: str, extra: str = "", **changes: Any) -> Done:
        """`scrapy crawl s` with a module's text, `extra` text at the end of its settings, `words` behind it."""
        self.write(spider, extra=extra, **changes)
        return self.call("-m", "scrapy", "crawl", "s", *words)

    def write(self, spider: str, *, extra: str = "", **changes: Any) -> None:
        """The project's files."""
        (self.folder / "scrapy.cfg").write_text("[settings]\ndefault = project_settings\n")
        lines = [f"{name} = {value!r}" for name, value in self.settings(changes).items()]
        (self.folder / "project_settings.py").write_text("\n".join(lines) + "\n" + textwrap.dedent(extra))
        (self.folder / "spiders.py").write_text(textwrap.dedent(spider))

    def call(self, *words: str) -> Done:
        """The interpreter with these words, in the project's folder."""
        environ = {**os.environ, "PYTHONPATH": str(self.folder), "XDG_CONFIG_HOME": str(self.folder / "config")}
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            done = self._start(
                [sys.executable, *words], cwd=self.folder, env=environ, stdout=out, stderr=err, timeout=90
            )
            said = "".join(_whole(file) for file in (out, err))
        return Done(done.returncode, said, self.decisions())

    def decisions(self) -> list[Recorded]:
        """What is on record; nothing where there is no ledger of ours."""
        try:
            return Recorded.read(self.ledger) if self.ledger.is_file() else []
        except DesistError:
            return []


def _whole(file: BinaryIO) -> str:
    file.seek(0)
    return file.read().decode()


@pytest.fixture
def web() -> Iterator[Web]:
    """A platform with a letter on file, an ordinary site, and names that lead from the one to the other."""
    ordinary = ready.ordinary()
    pages = {**ordinary.pages, "/away": Page(redirect=f"http://media.{PLATFORM}/face.png")}
    sites = [
        ready.platform_with_notice(),
        Site("gazette.test", robots="User-agent: *\nDisallow: /private\n", pages=pages),
    ]
    with Web(sites, names={"alias.test": Answer(cname=f"media.{PLATFORM}")}) as mounted:
        yield mounted


@pytest.fixture
def project(tmp_path: Path, web: Web, nursery: Any) -> Project:
    return Project(tmp_path, web, nursery.run)


@pytest.fixture
def spider(web: Web) -> Callable[..., str]:
    """The text of a spider that asks for names of the web and prints what came of each."""

    def text(*urls: str, body: str = "") -> str:
        return f"""
import scrapy
class S(scrapy.Spider):
    name = "s"
    start_urls = {list(urls)!r}
{textwrap.indent(textwrap.dedent(body), "    ")}
    async def start(self):
        for url in self.start_urls:
            yield scrapy.Request(url, errback=self.failed)
    def parse(self, response):
        print("GOT", response.url, flush=True)
    def failed(self, failure):
        receipt = getattr(failure.value, "receipt", 0)
        print("FAILED", failure.request.url, type(failure.value).__name__, receipt, flush=True)
"""

    return text
