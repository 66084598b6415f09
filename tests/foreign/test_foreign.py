"""Projects of other people, moved under the gates by one line and what `desist doctor --project` prints."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from desist.ledger.opener import Opener
from desist.testing import Site, Web, documents, ready
from desist.testing.recorded import Recorded

HERE = Path(__file__).parent
PLATFORM, ORDINARY = "pictogram.test", "gazette.test"
_SPEC = importlib.util.spec_from_file_location("foreign_services", HERE / "services.py")
assert _SPEC is not None
assert _SPEC.loader is not None
services = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(services)


class Foreign:
    """A copy of one project beside a simulated web."""

    def __init__(self, name: str, folder: Path, web: Web, **environ: str) -> None:
        self.web, self.folder, self.package = web, folder / name, environ.pop("package", name)
        shutil.copytree(HERE / name, self.folder)
        self.key = Opener.generate()
        self.environ = {
            **{key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")},
            **environ,
            "FOREIGN_URLS": f"{web.url(ORDINARY)} {web.url(PLATFORM)}face",
            "FOREIGN_ASIDE": f"{web.url('media.' + PLATFORM)}aside",
        }
        self.settings = self.folder / self.package / "settings.py"
        documents.write(self.folder / "policies", [site.site.documents for site in web])
        # the simulated web: its letters, its name server, a key that can be read again
        self.add(
            f"DESIST_POLICIES = {[str(self.folder / 'policies')]!r}\nDESIST_NAMESERVERS = {[web.nameserver]!r}\n"
            f"DESIST_COUNSEL_KEY = {str(self.key.counsel)!r}\n"
        )

    def add(self, lines: str) -> None:
        with self.settings.open("a") as file:
            file.write(lines + "\n")

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words], cwd=self.folder, env=self.environ, capture_output=True, text=True, timeout=90,
            check=False,
        )  # fmt: skip

    def doctor(self) -> str:
        return self.run(
            "-c", "from desist.commands.main import main; raise SystemExit(main())", "doctor", "--project"
        ).stdout

    def move_in(self) -> None:
        """Follow the doctor to the letter: the line of the add-on, then every line of settings that it prints."""
        said = self.doctor()
        line = next(line.split("help: ", 1)[1] for line in said.splitlines() if "help: ADDONS" in line)
        self.add(line)
        self.add("\n".join(line for line in self.doctor().splitlines() if line.startswith("DESIST_")))

    def crawl(self, spider: str) -> list[dict[str, Any]]:
        done = self.run("-m", "scrapy", "crawl", spider, "-O", "out.jsonl")
        assert done.returncode == 0, done.stderr
        self.log = done.stderr
        return [json.loads(line) for line in (self.folder / "out.jsonl").read_text().splitlines()]

    def assert_refused(self) -> None:
        """The platform saw nothing, and both ways to it are on record."""
        assert self.web[PLATFORM].was_never_contacted()
        refused = [one for one in self.decisions() if one.effect == "refuse" and PLATFORM in one.url]
        assert any(f"//{PLATFORM}" in one.url for one in refused), self.log
        assert any(f"//media.{PLATFORM}" in one.url for one in refused), self.log
        assert {("pictogram",)} == {one.platforms for one in refused}

    def decisions(self) -> list[Recorded]:
        return Recorded.read(self.folder / ".desist" / "ledger.db", self.key.private_text())


@pytest.fixture
def web() -> Iterator[Web]:
    pages = {"/": "<h1>ordinary</h1>"}
    with Web([ready.platform_with_notice(), Site(ORDINARY, robots="User-agent: *\nDisallow:\n", pages=pages)]) as web:
        yield web


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_feed_to_a_bucket_and_a_set_in_redis(tmp_path, web, stack) -> None:
    """Both services are on loopback, which is no exception: the doctor finds them in the settings."""
    bucket, redis = services.Bucket(), services.Redis()
    stack.callback(bucket.close)
    stack.callback(redis.close)
    project = Foreign(
        "prices", tmp_path, web, PRICES_S3=f"http://{bucket.place}", PRICES_REDIS=f"redis://{redis.place}/0"
    )
    project.move_in()
    settings = project.settings.read_text()
    assert bucket.place in settings
    assert redis.place in settings
    assert project.run("-m", "scrapy", "crawl", "shops").returncode == 0
    project.log = ""
    assert redis.seen == [web.url(ORDINARY).encode()]
    assert [json.loads(data)["url"] for _, data in bucket.seen] == [web.url(ORDINARY)]
    project.assert_refused()


def test_without_its_lines_the_services_are_shut(tmp_path, web, stack) -> None:
    """The control: the add-on alone lets neither service be reached, so the lines are what opens them."""
    bucket, redis = services.Bucket(), services.Redis()
    stack.callback(bucket.close)
    stack.callback(redis.close)
    project = Foreign(
        "prices", tmp_path, web, PRICES_S3=f"http://{bucket.place}", PRICES_REDIS=f"redis://{redis.place}/0"
    )
    project.add('ADDONS = {"desist.addon.Addon": 0}')
    project.run("-m", "scrapy", "crawl", "shops")
    assert not redis.seen
    assert not bucket.seen


def test_own_package_called_crawler(tmp_path, web) -> None:
    """Neither package hides the other; an add-on of the project's own stays in force."""
    project = Foreign("newsroom", tmp_path, web, package="crawler")
    project.move_in()
    items = project.crawl("articles")
    assert items == [{"url": web.url(ORDINARY), "words": len(web.url(ORDINARY))}]
    assert "crawler.addons.Politeness" in project.settings.read_text().splitlines()[-2]
    project.assert_refused()


def test_handler_that_sends_pages_through_a_browser(tmp_path, web, stack) -> None:
    """The target is judged, the service is a declared route; an add-on may replace every download handler."""
    browser = services.Browser()
    browser.addresses = {site: web[site].address for site in (PLATFORM, ORDINARY)}
    stack.callback(browser.close)
    project = Foreign("headless", tmp_path, web, HEADLESS_RENDERER=f"http://{browser.place}")
    project.move_in()
    assert project.crawl("pages") == [{"url": web.url(ORDINARY)}]
    assert web.url(ORDINARY) in browser.seen
    assert not [url for url in browser.seen if PLATFORM in url]
    project.assert_refused()
