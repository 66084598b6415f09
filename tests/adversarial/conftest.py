"""The field: simulated sites, a proxy, a raider in a child process, and a verdict from the platform's own servers."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from desist.errors import DesistError
from desist.ledger.opener import Opener
from desist.testing import Answer, Page, Site, Web, documents, ready
from desist.testing.recorded import Recorded

HERE = Path(__file__).parent
PLATFORM, GAZETTE, RELAY = "pictogram.test", "gazette.test", "relay.test"
ADDRESSES = {PLATFORM: "127.83.0.1", GAZETTE: "127.83.0.2", RELAY: "127.83.0.3"}
FACE = "<h1>face</h1>"
H11 = "scrapy.core.downloader.handlers.http11.HTTP11DownloadHandler"
HTTPX = "scrapy.core.downloader.handlers._httpx.HttpxDownloadHandler"
H2 = "scrapy.core.downloader.handlers.http2.H2DownloadHandler"
HANDLERS: dict[str, dict[str, Any]] = {
    "http11": {},
    "http2": {"DOWNLOAD_HANDLERS": {"https": H2}},
    "aiohttp": {"TWISTED_REACTOR_ENABLED": False},
    "httpx": {"DOWNLOAD_HANDLERS": {"http": HTTPX, "https": HTTPX}},
}
PLATFORM_YAML = f"platform: pictogram\nname: Pictogram\nhosts: [{PLATFORM}]\naddresses: [{ADDRESSES[PLATFORM]}/32]\n"
NOTICE_YAML = """notice: 2026-01-pictogram
instrument: cease_and_desist
sender: Pictogram, Inc.
recipient: Example Crawls Ltd
platforms: [pictogram]
received_at: 2026-01-05T09:30:00Z
crawl_effect: block
"""


class Ran(NamedTuple):
    """What a raid left behind, on either side."""

    code: int
    out: str
    decisions: list[Recorded]
    hits: list[tuple[str, str, str]]
    """(site whose address was asked, Host, path)"""
    connections: list[str]
    queries: list[str]
    proxied: list[str]

    def reached(self, case: str) -> list[object]:
        """Everything that the platform's servers saw of a case."""
        marks = (f"{case}.{PLATFORM}", f"/x-{case}")
        hits = [hit for hit in self.hits if PLATFORM in (hit[0], hit[1].split(":")[0]) or hit[1].endswith(PLATFORM)]
        return [hit for hit in hits if any(mark in f"{hit[1]}{hit[2]}".lower() for mark in marks)] + [
            name for name in self.queries if marks[0] in name
        ]

    def recorded(self, case: str) -> list[Recorded]:
        """The refusals on record that speak of a case."""
        marks = (f"{case}.{PLATFORM}", f"/x-{case}", f"//{case}.alias.test")
        return [
            one for one in self.decisions if one.effect == "refuse" and any(mark in one.url.lower() for mark in marks)
        ]

    def said(self, *words: str) -> list[str]:
        """Lines of the raider that begin with these words."""
        start = " ".join(words)
        return [line for line in self.out.splitlines() if line.startswith(start)]


class Proxy:
    """A forward proxy that knows the simulated names; `asked` holds the target of every request.

    It listens on a port of the loopback, at the `path` of a unix socket, and at the same as an abstract name.
    """

    def __init__(self, path: Path) -> None:
        self.asked: list[str] = []
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        start = asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(start, self._loop).result()
        self.port = self._server.sockets[0].getsockname()[1]
        for place in (str(path), f"\0{path}"):
            asyncio.run_coroutine_threadsafe(asyncio.start_unix_server(self._serve, place), self._loop).result()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.split(b" ", 2)
        self.asked.append(target.decode())
        place = target.decode().split("//")[-1].split("/")[0]
        host, _, port = place.partition(":")
        site = next((name for name in ADDRESSES if host.endswith(name)), RELAY)
        far_reader, far = await asyncio.open_connection(ADDRESSES[site], int(port or 80))
        if method == b"CONNECT":
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        else:
            far.write(head)
        await asyncio.gather(_pipe(reader, far), _pipe(far_reader, writer))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


def free_port() -> int:
    """A port that is free on all addresses, and that nobody takes by chance until a raid begins.

    It lies below those that Linux hands out by itself, and each worker of a parallel run has a thousand of its own.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for port in random.sample(range(20_000, 21_000), 1_000):
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            for address in ADDRESSES.values():
                sock = stack.enter_context(socket.socket())
                sock.bind((address, port + 1_000 * (worker % 12)))
            return port + 1_000 * (worker % 12)
    raise OSError("no free port between 20000 and 32000")


class Field:
    """One simulated web and one project; `raid` runs a plan against it."""

    def __init__(self, folder: Path, handler: str) -> None:
        self.folder, self.handler = folder, handler
        self.first = ""
        """Code that the settings module begins with."""
        self.scheme = "https" if handler == "http2" else "http"
        self.port, self.tls_port = free_port(), free_port()
        self._key = Opener.generate()
        folder.mkdir(parents=True, exist_ok=True)
        self.proxy = Proxy(folder / "unix.sock")
        for file in HERE.glob("raider*.py"):
            shutil.copy(file, folder / file.name)
        self.policies(PLATFORM_YAML, NOTICE_YAML)

    def policies(self, *texts: str) -> None:
        """Put these documents, and no others, in force."""
        place = self.folder / "policies"
        place.mkdir(exist_ok=True)
        for old in place.glob("*.yaml"):
            old.unlink()
        for number, text in enumerate(texts):
            (place / f"{number}.yaml").write_text(text)

    def base(self, host: str) -> str:
        return f"{self.scheme}://{host}:{self.tls_port if self.scheme == 'https' else self.port}"

    def fill(self, case: str, value: Any) -> Any:
        """Put this field's names and ports into a template."""
        if isinstance(value, dict):
            return {self.fill(case, key): self.fill(case, item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.fill(case, item) for item in value]
        if not isinstance(value, str):
            return value
        port = self.tls_port if self.scheme == "https" else self.port
        names = {
            "m": f"{case}.{PLATFORM}", "p": port, "s": self.scheme, "x": f"x-{case}", "proxy": self.proxy.port,
            "b": self.base(f"{case}.{PLATFORM}"), "g": self.base(GAZETTE), "r": self.base(RELAY),
            "a": self.base(f"{case}.alias.test"), "tls": self.tls_port, "ip": ADDRESSES[PLATFORM], "http": self.port,
        }  # fmt: skip
        for name, text in names.items():
            value = value.replace(f"<{name}>", str(text))
        return value

    def raid(
        self, cases: dict[str, dict[str, Any]], *, gates: bool = True, env: dict[str, str] | None = None, **changes: Any
    ) -> Ran:
        """Run every case of the table in one crawl; the servers live as long as it does."""
        filled = {case: self.fill(case, step) for case, step in cases.items()}
        pages: dict[str, str | Page] = {"/": "<h1>ordinary</h1>", "/picture.png": "<h1>picture</h1>"}
        names = {"*.ok.alias.test": Answer(a=(ADDRESSES[RELAY],)), "ok.alias.test": Answer(cname=RELAY)}
        for case, step in filled.items():
            pages |= {path: Page(**page) for path, page in step.get("pages", {}).items()}
            answers = step.get("dns")
            if answers:
                names[f"{case}.alias.test"] = [Answer(**answer) for answer in answers]
            names |= {name: Answer(**answer) for name, answer in step.get("names", {}).items()}
        shared = dict(pages)
        sites = [
            Site(
                PLATFORM,
                (f"*.{PLATFORM}",),
                address=ADDRESSES[PLATFORM],
                robots="User-agent: *\nDisallow:\n",
                pages={"/": FACE, "/x-*": FACE},
            ),
            Site(GAZETTE, address=ADDRESSES[GAZETTE], robots="User-agent: *\nDisallow:\n", pages=shared),
            Site(RELAY, ("*.alias.test",), address=ADDRESSES[RELAY], robots="", pages=shared),
        ]
        with contextlib.ExitStack() as stack:
            tls = self.handler != "http2"
            web = stack.enter_context(
                Web(sites, names=names, tls=tls, port=self.port, https_port=self.tls_port if tls else 0)
            )
            front = None
            if self.handler == "http2":
                front = stack.enter_context(_h2front(self.folder, sites, self.tls_port))
            steps = [{"case": case, **step} for case, step in filled.items() if step.get("do") != "none"]
            (self.folder / "plan.json").write_text(json.dumps(steps))
            code, out = self._child(web, gates=gates, env=env or {}, changes=changes)
            hits = [(hit.at_site, hit.host, hit.path) for hit in web.hits] + (front.hits if front else [])
            connections = [one.site for one in web.connections] + (front.connections if front else [])
            queries = [query.name.lower() for query in web.queries]
        asked, self.proxy.asked = self.proxy.asked, []
        return Ran(code, out, self.decisions(), hits, connections, queries, asked)

    def decisions(self) -> list[Recorded]:
        ledger = self.folder / "evidence" / "ledger.db"
        try:
            return Recorded.read(ledger, self._key.private_text()) if ledger.is_file() else []
        except DesistError:
            return []

    def _child(self, web: Web, *, gates: bool, env: dict[str, str], changes: dict[str, Any]) -> tuple[int, str]:
        guarded = {
            "ADDONS": {"desist.addon.Addon": 0},
            "DESIST_POLICIES": [str(self.folder / "policies")],
            "DESIST_LEDGER": str(self.folder / "evidence" / "ledger.db"),
            "DESIST_NAMESERVERS": [web.nameserver],
            "DESIST_COUNSEL_KEY": str(self._key.counsel),
            "DESIST_PROXIES": [f"127.0.0.1:{self.proxy.port}"],
        }
        settings = {
            "SPIDER_MODULES": ["raider"], "RETRY_ENABLED": False, "DOWNLOAD_TIMEOUT": 5, "FILES_STORE": "files",
            "MEDIA_ALLOW_REDIRECTS": True, "DOWNLOADER_MIDDLEWARES": {"raider.Rewriter": 860},
            "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
            "ITEM_PIPELINES": {"raider.Pipeline": 1, "raider.Files": 2},
            **(guarded if gates else {"TWISTED_DNS_RESOLVER": "raider.PlainResolver", "TELNETCONSOLE_ENABLED": False}),
            **HANDLERS[self.handler], **changes,
        }  # fmt: skip
        (self.folder / "scrapy.cfg").write_text("[settings]\ndefault = raid_settings\n")
        lines = [f"{name} = {value!r}" for name, value in settings.items()]
        (self.folder / "raid_settings.py").write_text("\n".join([self.first, *lines]) + "\n")
        done = subprocess.run(
            [sys.executable, "-m", "scrapy", "crawl", "raider"],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.folder), "RAIDER_DNS": web.nameserver, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=150,
            check=False,
        )
        return done.returncode, done.stdout

    def close(self) -> None:
        self.proxy.close()


def _h2front(folder: Path, sites: list[Site], port: int) -> Any:
    spec = importlib.util.spec_from_file_location("h2front", HERE / "h2front.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def answer(host: str, path: str) -> tuple[int, dict[str, str], bytes]:
        site = next((one for one in sites if one.serves(host)), sites[1])
        page = site.answer(path)
        body = page.body.encode() if isinstance(page.body, str) else page.body
        headers = {"content-type": page.media_type} | ({"location": page.redirect} if page.redirect else {})
        return page.code, headers, body

    return module.H2Front(ADDRESSES, port, folder, answer)


@pytest.fixture(scope="module", params=HANDLERS)
def field(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    """One field a handler."""
    made = Field(tmp_path_factory.mktemp(request.param), request.param)
    yield made
    made.close()


RAID = """
import requests, scrapy, urllib.request
def raid(where):
    for get in (lambda u: requests.get(u, timeout=3), lambda u: urllib.request.urlopen(u, timeout=3)):
        try:
            get(f"http://{where}.pictogram.test:<port>/x-{where}")
            print("REACHED", where, flush=True)
        except BaseException as error:
            print("STOPPED", where, type(error).__name__, flush=True)
"""
SPIDER = """
class S(scrapy.Spider):
    name = "s"
    start_urls = ["http://pictogram.test:<port>/face"]
    async def start(self):
        raid("callback")
        for url in self.start_urls:
            yield scrapy.Request(url, dont_filter=True)
    def parse(self, response):
        print("GOT", response.url, flush=True)
"""
OWN_DOWNLOADER = """
class OwnDownloader:
    def __init__(self, crawler): self.crawler = crawler
    def fetch(self, request, spider=None):
        from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
        from scrapy.utils.defer import deferred_from_coro
        return deferred_from_coro(HTTP11DownloadHandler(self.crawler).download_request(request))
    def needs_backout(self): return False
    def close(self): pass
"""


class Ground:
    """A project that names the add-on, beside a platform that forbids everything."""

    def __init__(self, folder: Path, web: Web, nursery: Any) -> None:
        self.folder, self.web, self._nursery = folder, web, nursery
        self.key = Opener.generate()
        self.port = web.url(PLATFORM).rsplit(":", 1)[1].strip("/")
        documents.write(folder / "policies", [site.site.documents for site in web])
        self.extra = ""
        """Code of the spiders' module, before the spider."""
        (folder / "other.py").write_text("class Addon:\n    pass\n")

    def write(self, body: str = "", *, gates: bool = True) -> None:
        """The project, with `body` in its spider and `extra` before it."""
        settings = {
            "SPIDER_MODULES": ["spiders"],
            "RETRY_ENABLED": False,
            "DOWNLOAD_TIMEOUT": 5,
            "ROBOTSTXT_OBEY": False,
        }
        if gates:
            settings |= {
                "ADDONS": {"desist.addon.Addon": 0},
                "DESIST_POLICIES": [str(self.folder / "policies")],
                "DESIST_LEDGER": str(self.folder / "evidence" / "ledger.db"),
                "DESIST_NAMESERVERS": [self.web.nameserver],
                "DESIST_COUNSEL_KEY": str(self.key.counsel),
            }
        lines = "\n".join(f"{name} = {value!r}" for name, value in settings.items())
        (self.folder / "project_settings.py").write_text(lines + "\n")
        (self.folder / "scrapy.cfg").write_text("[settings]\ndefault = project_settings\n")
        spider = SPIDER + textwrap.indent(textwrap.dedent(body), "    ")
        text = (RAID + OWN_DOWNLOADER + self.extra + spider).replace("<port>", self.port).replace("<http11>", H11)
        (self.folder / "spiders.py").write_text(text)

    def run(self, words: list[str], **environ: str) -> str:
        """Start it as a user does."""
        return self._run(words, partial(subprocess.run, stdin=subprocess.DEVNULL), environ)

    def crawl(self) -> str:
        """Start the spider in a child of the nursery."""
        return self._run(["-m", "scrapy", "crawl", "s"], self._nursery.run, {})

    def _run(self, words: list[str], start: Callable[..., Any], environ: dict[str, str]) -> str:
        words = [word.replace("<port>", self.port).replace("<http11>", H11) for word in words]
        environ = {**os.environ, "PYTHONPATH": str(self.folder), **environ}
        with tempfile.TemporaryFile() as out:
            done = start([sys.executable, *words], cwd=self.folder, env=environ, stdout=out, stderr=out, timeout=90)
            out.seek(0)
            return f"{out.read().decode()}\nexit code {done.returncode}"

    def refused(self) -> list[Recorded]:
        ledger = self.folder / "evidence" / "ledger.db"
        found = Recorded.read(ledger, self.key.private_text()) if ledger.is_file() else []
        return [one for one in found if one.effect == "refuse"]

    def assert_untouched(self, out: str) -> None:
        """Nothing reached the platform, and nobody believes that it did."""
        assert "REACHED" not in out, out
        assert f"GOT http://{PLATFORM}" not in out, out
        self.web[PLATFORM].was_never_contacted()


@pytest.fixture
def ground(tmp_path: Path, nursery: Any) -> Iterator[Ground]:
    with Web([ready.platform_with_notice(), Site("gazette.test")]) as web:
        yield Ground(tmp_path, web, nursery)
