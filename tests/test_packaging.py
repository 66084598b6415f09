"""What the wheel holds, and that the make targets are the ones the README names."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
import textwrap
import threading
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_every_package_folder_is_listed() -> None:
    """A folder that pyproject.toml forgets would be missing from the wheel and present in the repository."""
    folders = {
        ".".join(["desist", *init.parent.relative_to(ROOT / "crawler").parts])
        for init in (ROOT / "crawler").rglob("__init__.py")
    }
    assert {*folders, "desist.shipped_policies"} == set(PYPROJECT["tool"]["setuptools"]["packages"])


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy without old output, without isolation: nothing is downloaded."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("crawler", "policies"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [built] = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def wheel_names(wheel: Path) -> set[str]:
    """The names inside it."""
    return set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_ships_the_policies(wheel_names: set[str]) -> None:
    """Every document under policies/ is in the wheel, where `desist.policy` finds it."""
    expected = {
        f"desist/shipped_policies/{path.relative_to(ROOT / 'policies')}" for path in (ROOT / "policies").rglob("*.yaml")
    }
    assert expected
    assert expected <= wheel_names


def test_the_wheel_ships_every_module(wheel_names: set[str]) -> None:
    """Every module of crawler/ is in the wheel as desist/."""
    expected = {f"desist/{path.relative_to(ROOT / 'crawler')}" for path in (ROOT / "crawler").rglob("*.py")}
    assert expected <= wheel_names
    assert "desist/py.typed" in wheel_names


def test_the_wheel_holds_no_top_level_crawler(wheel_names: set[str]) -> None:
    """A package called `crawler` would hide, or be hidden by, that of the project it is installed into."""
    assert {name.split("/")[0] for name in wheel_names} == {
        "desist",
        next(n for n in wheel_names if "dist-info" in n).split("/")[0],
    }


@pytest.fixture(scope="module")
def clean(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment that holds the wheel; all else is read from where the tests run, by path alone.

    A folder that a .pth file names has its own .pth files passed over, so that the editable Desist there is not seen.
    """
    folder = tmp_path_factory.mktemp("clean") / "environment"
    venv.EnvBuilder(with_pip=False, symlinks=True).create(folder)
    [packages] = folder.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(
        "\n".join({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    )
    python = str(folder / "bin" / "python")
    install = ["install", "--quiet", "--no-deps", "--no-index", "--no-compile", str(wheel)]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, *install], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    script = folder / "bin" / "scrapy"  # as pip writes it
    script.write_text(f"#!{python}\nimport sys\nfrom scrapy.cmdline import execute\nsys.exit(execute())\n")
    script.chmod(0o755)
    browser = folder / "bin" / "browser"
    browser.write_text('#!/bin/sh\ncp "${1#file://}" seen.html\n')
    browser.chmod(0o755)
    return folder / "bin"


def _run(clean: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{clean}:/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8", "BROWSER": "browser"}
    program = [str(clean / words[0]), *words[1:]]
    return subprocess.run(program, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_installed_wheel_finds_its_policies(clean: Path, tmp_path: Path) -> None:
    """`desist` of the wheel, far from the repository, judges by the documents inside the wheel."""
    where = _run(clean, tmp_path, "python", "-c", "import desist; print(desist.__file__)")
    assert Path(where.stdout.strip()).is_relative_to(clean.parent), where
    check = _run(clean, tmp_path, "desist", "policy", "check", "https://www.facebook.com/zuck")
    assert check.returncode == 1, check.stderr
    assert "refused https://www.facebook.com/zuck: terms: " in check.stdout
    lint = _run(clean, tmp_path, "desist", "policy", "lint", "shipped")
    assert (lint.returncode, "documents read: " in lint.stdout) == (0, True), lint.stdout + lint.stderr


PROJECT = {
    "scrapy.cfg": "[settings]\ndefault = crawler.settings\n",
    "crawler/__init__.py": "",
    "crawler/items.py": "class Words(dict):\n    pass\n",
    "crawler/settings.py": """
        BOT_NAME = "newsroom"
        SPIDER_MODULES = ["crawler.spiders"]
        NEWSPIDER_MODULE = "crawler.spiders"
        ROBOTSTXT_OBEY = True
        TELNETCONSOLE_ENABLED = False
    """,
    "crawler/spiders/__init__.py": "",
    "crawler/spiders/news.py": """
        import scrapy
        from crawler.items import Words


        class News(scrapy.Spider):
            name = "news"
            start_urls = ["URL"]

            def parse(self, response):
                \"\"\"
                @url URL
                @returns items 1 1
                \"\"\"
                yield Words(title=response.css("title::text").get())
    """,
    "alone.py": """
        import scrapy


        class Alone(scrapy.Spider):
            name = "alone"
            start_urls = ["URL"]

            def parse(self, response):
                yield {"title": response.css("title::text").get()}
    """,
}
"""A project whose own package is called `crawler`, as those of hundreds of public repositories are."""

COMMANDS = {
    "version": ["version"],
    "list": ["list"],
    "settings": ["settings", "--get", "BOT_NAME"],
    "crawl": ["crawl", "news", "-O", "crawl.json"],
    "check": ["check"],
    "shell": ["shell", "-c", "response.css('title::text').get()", "URL"],
    "genspider": ["genspider", "another", "gazette.test"],
    "list again": ["list"],
    "parse": ["parse", "--spider", "news", "--nocolour", "URL"],
    "fetch": ["fetch", "--nolog", "URL"],
    "view": ["view", "URL"],
    "runspider": ["runspider", "alone.py", "-O", "runspider.json"],
    "startproject": ["startproject", "sister"],
}
TITLE = "The Gazette"


class _Page(BaseHTTPRequestHandler):
    """One page; everything else, robots.txt too, is not there."""

    def do_GET(self) -> None:
        body = f"<title>{TITLE}</title>".encode() if self.path == "/" else b""
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def page() -> Iterator[str]:
    """The address of a page on loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@pytest.mark.parametrize("way", ["scrapy", "python -m scrapy"])
@pytest.mark.parametrize("addon", [False, True], ids=["without the add-on", "with the add-on"])
def test_every_scrapy_command_of_a_project_called_crawler_works(
    clean: Path, page: str, tmp_path: Path, *, addon: bool, way: str
) -> None:
    """Installed beside it, Desist hides nothing of it and is not hidden by it; one line puts its crawls under gates."""
    folder = _project(tmp_path, page, addon=addon)
    plan = [[name, [word.replace("URL", page) for word in words]] for name, words in COMMANDS.items()]
    (folder / "plan.json").write_text(json.dumps(plan))
    how = "-m" if way.startswith("python") else str(clean / "scrapy")
    done = _run(clean, folder, "python", str(ROOT / "tests" / "scrapy_commands.py"), how, "plan.json")
    said = {name: (folder / f"{name}.out").read_text() for name in COMMANDS}
    assert json.loads(done.stdout) == dict.fromkeys(COMMANDS, 0), said
    assert json.loads((folder / "crawl.json").read_text()) == [{"title": TITLE}]
    assert json.loads((folder / "runspider.json").read_text()) == [{"title": TITLE}]
    assert said["list"].split() == ["news"]
    assert said["list again"].split() == ["another", "news"]
    assert said["settings"].strip() == "newsroom"
    assert said["check"].splitlines()[-1] == "OK"
    for name in ("shell", "parse", "fetch"):
        assert TITLE in said[name], said[name]
    assert TITLE in (folder / "seen.html").read_text()
    assert (folder / "sister" / "scrapy.cfg").is_file()
    assert (folder / ".desist" / "ledger.db").exists() is addon


def _project(folder: Path, page: str, *, addon: bool) -> Path:
    for name, text in PROJECT.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text).replace("URL", page))
    if addon:
        with (folder / "crawler" / "settings.py").open("a") as file:
            file.write('ADDONS = {"desist.addon.Addon": 0}\n')
    return folder


def test_one_line_makes_a_project_called_crawler_refuse(clean: Path, page: str, tmp_path: Path) -> None:
    """A fresh process of each way: the same spider, sent to a platform, asks for nothing and names the letter."""
    folder = _project(tmp_path, "https://www.facebook.com/zuck", addon=True)
    for words in (("scrapy",), ("python", "-m", "scrapy")):
        done = _run(clean, folder, *words, "crawl", "news", "-O", "items.json")
        assert "refused https://www.facebook.com/zuck: terms: " in done.stderr, done.stderr
        assert json.loads((folder / "items.json").read_text() or "[]") == []
