"""`desist arm`: every Python process of an environment that imports Scrapy starts shut, in and out of projects."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from desist.ledger.opener import Opener
from desist.testing import Site, Web
from desist.testing.recorded import Recorded, entries_of

KEY = Opener.generate()
FETCH = "import {module}, urllib.request\nprint(urllib.request.urlopen('{url}', timeout=5).status)\n"


class Environment:
    """A virtual environment that sees this one's packages through a .pth file, so that arming it arms nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        venv.EnvBuilder(with_pip=False).create(folder / "env")
        self.python = folder / "env" / "bin" / "python"
        [self.site] = (folder / "env" / "lib").glob("python*/site-packages")
        ours = [entry for entry in sys.path if entry.endswith("site-packages")]
        lines = [f"import site; site.addsitedir({entry!r})" for entry in ours]
        (self.site / "borrowed.pth").write_text("\n".join(lines) + "\n")
        self.ledger = folder / "state" / "desist" / "ledger.db"

    def run(self, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        environ = {**os.environ, "XDG_STATE_HOME": str(self.folder / "state"), "DESIST_COUNSEL_KEY": str(KEY.counsel)}
        return subprocess.run(
            [str(self.python), *words], cwd=cwd or self.folder, env=environ, capture_output=True, text=True,
            timeout=90, check=False,
        )  # fmt: skip

    def desist(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.run("-c", "from desist.commands.main import main; raise SystemExit(main())", *words)


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return Environment(tmp_path)


@pytest.fixture
def web() -> Iterator[Web]:
    with Web([Site("gazette.test", pages={"/": "<h1>ordinary</h1>"})]) as web:
        yield web


def _url(web: Web) -> str:
    return web.url("gazette.test").replace("gazette.test", web["gazette.test"].address)


def test_process_that_imports_scrapy_is_shut_until_disarmed(environment, web) -> None:
    """Armed: no network, an attempt on record. Another process, and a disarmed environment: as before."""
    with_scrapy, without = (FETCH.format(module=module, url=_url(web)) for module in ("scrapy", "json"))
    assert environment.run("-c", with_scrapy).returncode == 0
    assert environment.desist("arm", "--by", "Ada").returncode == 0
    shut = environment.run("-c", with_scrapy)
    assert shut.returncode == 1
    assert "no granted request covers a connection" in shut.stderr
    assert [one.rule for one in Recorded.read(environment.ledger)] == ["no-grant:connect"]
    assert environment.run("-c", without).returncode == 0
    assert environment.desist("disarm", "--by", "Ada").returncode == 0
    assert environment.run("-c", with_scrapy).returncode == 0


def test_arming_and_disarming_are_on_record(environment) -> None:
    """Who opened what was shut is a question that the ledger answers."""
    environment.desist("arm", "--by", "Ada")
    environment.desist("disarm", "--by", "Grace")
    facts = [entry.facts for entry in entries_of(environment.ledger) if entry.k == "outcome"]
    assert [set(fact) & {"armed", "disarmed"} for fact in facts] == [{"armed"}, {"disarmed"}]


@pytest.mark.parametrize(
    "words",
    [
        ("-m", "scrapy", "fetch", "<url>"),
        ("-m", "scrapy", "shell", "-c", "1", "<url>"),
        ("-m", "scrapy", "runspider", "one.py"),
        ("script.py",),
    ],
    ids=["fetch", "shell", "runspider", "script"],
)
def test_crawl_without_the_addon_ends_with_2_out_of_any_project(environment, web, words) -> None:
    """An armed environment has no crawl without gates, and says which line is missing."""
    spider = f"import scrapy\nclass S(scrapy.Spider):\n    name = 's'\n    start_urls = [{_url(web)!r}]\n"
    (environment.folder / "one.py").write_text(spider)
    (environment.folder / "script.py").write_text(
        f"{spider}\nfrom scrapy.crawler import CrawlerProcess\np = CrawlerProcess()\np.crawl(S)\np.start()\n"
    )
    environment.desist("arm")
    done = environment.run(*(word.replace("<url>", _url(web)) for word in words))
    assert done.returncode == 2, done.stderr
    assert 'help: ADDONS = {"desist.addon.Addon": 0} in the settings, or desist disarm' in done.stderr
    assert not web.hits


def test_doctor_says_whether_the_environment_is_armed(environment) -> None:
    """And by whom."""
    assert "this environment is not armed" in environment.desist("doctor").stdout
    environment.desist("arm", "--by", "Ada")
    assert "this environment is armed, by Ada" in environment.desist("doctor").stdout
