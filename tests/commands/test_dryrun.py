"""`desist new project` and `scrapy desist dryrun`, as typed in a folder of one's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.extensions.httpcache import FilesystemCacheStorage
from scrapy.http import TextResponse
from scrapy.settings import Settings
from scrapy.squeues import PickleLifoDiskQueue
from scrapy.utils.request import RequestFingerprinter

PLATFORM = "platform: pictogram\nname: Pictogram\nhosts: [pictogram.test]\n"
TERMS = """\
terms: pictogram-tos-2025-11
platform: pictogram
document: Terms of Service
effective_from: 2025-11-01
sha256: 5c1e5c1e5c1e5c1e5c1e5c1e5c1e5c1e5c1e5c1e5c1e5c1e5c1e5c1e5c1e5c1e
clauses:
  - {topic: automated_access, effect: forbids, section: "4.2", summary: Automated collection needs written consent.}
"""
SITEMAP = (
    b'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    b"<url><loc>http://pictogram.test/mapped</loc></url></urlset>"
)


def run(folder: Path, *words: str, scrapy: bool = False) -> subprocess.CompletedProcess[str]:
    """A command in a folder, without the tests' own project."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("SCRAPY_", "DESIST_"))}
    start = ["-m", "scrapy", *(["desist"] if words[0] in ("dryrun",) else [])]
    command = [
        sys.executable,
        *(start if scrapy else ["-c", "import sys; from desist.commands.main import main; sys.exit(main())"]),
        *words,
    ]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A new project with a platform of its own that forbids crawling."""
    done = run(tmp_path, "new", "project", "shop")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "shop"
    (folder / "policies" / "platforms" / "pictogram.yaml").write_text(PLATFORM)
    (folder / "policies" / "terms" / "pictogram.yaml").write_text(TERMS)
    return folder


def spider(project: Path, name: str, start: str) -> None:
    """A spider whose `start()` has this body."""
    head = f"import scrapy\n\n\nclass One(scrapy.Spider):\n    name = {name!r}\n"
    text = f"{head}\n    async def start(self):\n        {start}\n"
    (project / "shop" / "spiders" / f"{name}.py").write_text(text)


def rows(done: subprocess.CompletedProcess[str]) -> list[tuple[str, str, str]]:
    """(url, effect, where it was found) of each row."""
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [(row["url"], row["effect"], row["input"]) for row in found]


def test_a_new_project_refuses_and_genspider_works_in_it(project: Path) -> None:
    """Scrapy's own layout and commands; what documents forbid is refused by the first crawl."""
    assert run(project, "genspider", "faces", "pictogram.test", scrapy=True).returncode == 0
    done = run(project, "crawl", "faces", scrapy=True)
    assert done.returncode == 0, done.stderr
    assert "refused https://pictogram.test" in done.stderr
    assert (project / ".desist" / "ledger.db").is_file()
    assert ".desist/" in (project / ".gitignore").read_text().splitlines()


@pytest.mark.parametrize("name", ["a-b", "../x", "1x", ""])
def test_a_name_that_is_no_package_is_refused(tmp_path: Path, name: str) -> None:
    """Before anything is written."""
    assert run(tmp_path, "new", "project", name).returncode == 2
    assert not list(tmp_path.iterdir())


def test_start_requests_are_judged(project: Path) -> None:
    """Each request that `start()` yields, allowed or refused; what the spider prints is no row."""
    spider(
        project,
        "faces",
        "print('{}'); yield scrapy.Request('http://pictogram.test/'); yield scrapy.Request('http://free.test/')",
    )
    done = run(project, "dryrun", "faces", "--format", "jsonl", scrapy=True)
    assert rows(done) == [
        ("http://pictogram.test/", "refuse", "faces start:1"),
        ("http://free.test/", "allow", "faces start:2"),
    ]
    assert done.returncode == 1


def test_a_spider_that_connects_is_refused_and_said(project: Path) -> None:
    """The process is shut while `start()` runs; the other spiders are judged all the same."""
    spider(project, "loud", "import socket; socket.create_connection(('127.0.0.1', 9), 2); yield")
    spider(project, "quiet", "yield scrapy.Request('http://free.test/')")
    done = run(project, "dryrun", "--all", "--format", "jsonl")
    assert done.returncode == 2
    assert "loud: start: AttemptRefused" in done.stderr
    assert rows(done) == [("http://free.test/", "allow", "quiet start:1")]


def test_cache_sitemaps_and_queue_are_judged_and_left_as_they_are(project: Path) -> None:
    """Written by Scrapy's own storage and queue; the queue is read from a copy."""
    spider(project, "faces", "return\n        yield")
    with (project / "shop" / "settings.py").open("a") as file:
        file.write("JOBDIR = 'job'\n")
    crawler = Crawler(Spider, Settings({"HTTPCACHE_DIR": str(project / ".scrapy" / "httpcache")}))
    one = Spider("faces")
    crawler.spider, one.crawler = one, crawler
    crawler.request_fingerprinter = RequestFingerprinter(crawler)
    storage = FilesystemCacheStorage(crawler.settings)
    storage.open_spider(one)
    request = Request("http://free.test/sitemap.xml")
    storage.store_response(one, request, TextResponse(request.url, body=SITEMAP))
    (project / "job" / "requests.queue").mkdir(parents=True)
    place = project / "job" / "requests.queue" / "0"
    queue = PickleLifoDiskQueue.from_crawler(crawler, str(place))
    queue.push(Request("http://pictogram.test/queued"))
    queue.close()
    before = place.read_bytes()
    done = run(project, "dryrun", "faces", "--format", "jsonl", scrapy=True)
    assert rows(done) == [
        ("http://free.test/sitemap.xml", "allow", "faces cache:1"),
        ("http://pictogram.test/mapped", "refuse", "faces sitemap:1"),
        ("http://pictogram.test/queued", "refuse", "faces queue:1"),
    ], done.stderr
    assert place.read_bytes() == before


def test_a_spider_that_is_not_there_names_those_that_are(project: Path) -> None:
    """Exit 2, and the mend."""
    spider(project, "faces", "return\n        yield")
    done = run(project, "dryrun", "nobody")
    assert (done.returncode, "spiders: faces" in done.stderr) == (2, True)


def test_a_folder_without_spiders_is_an_error(tmp_path: Path) -> None:
    """Nothing judged is no clean answer: outside of a project it says where to go."""
    command = [sys.executable, "-m", "scrapy", "desist", "dryrun", "--all"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        2,
        "error: there is no spider here\n  help: run it in the folder of scrapy.cfg, or scrapy genspider\n",
    )


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("spiders/broken.py", "def (", "shop/spiders/broken.py:1: the project's code cannot be read: SyntaxError"),
        (
            "spiders/broken.py",
            "1 / 0",
            "shop/spiders/broken.py:1: the project's code cannot be read: ZeroDivisionError",
        ),
        ("settings.py", "import nowhere", "shop/settings.py:1: the project's settings cannot be imported: ModuleNotF"),
    ],
)
def test_code_that_cannot_be_imported_is_an_error_with_its_place(
    project: Path, file: str, text: str, said: str
) -> None:
    """One message, the line of the project's own, and exit 2; no trace through Scrapy."""
    (project / "shop" / file).write_text(text + "\n")
    done = run(project, "dryrun", "--all")
    assert done.returncode == 2
    assert f"error: {said}" in done.stderr
    assert "Traceback" not in done.stderr
