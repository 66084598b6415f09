"""A real crawl whose ledger fails: it ends at once with an exit code, and nothing was fetched without a record."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from desist.ledger.entry import decode

from ..sample import rows

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
WORKLOAD = str(Path(__file__).with_name("crawl_workload.py"))


class Site(ThreadingHTTPServer):
    """Answers every page, or holds them back for as long as `held` is not set; keeps its own log of hits."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.hits: list[str] = []
        self.held = threading.Event()


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Site

    def do_GET(self) -> None:
        """Log the hit; pages wait, robots.txt and the like do not exist."""
        self.server.hits.append(self.path)
        page = self.path.startswith("/page/")
        if page:
            self.server.held.wait(120)
        self.send_response(200 if page else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


@pytest.fixture
def site() -> Iterator[Site]:
    """A site on loopback."""
    with Site() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.held.set()
        server.shutdown()


def crawl(
    site: Site, ledger: Path, *, pages: int = 300, beat: float = 60, inject: str = ""
) -> subprocess.CompletedProcess[str]:
    """The crawl, with a fault in the syncs of the ledger's log."""
    strace = ["strace", "-f", "--seccomp-bpf", "-o", "/dev/null", "-P", f"{ledger}-wal", "-e", "trace=fdatasync"]
    command = [sys.executable, WORKLOAD, str(ledger), str(site.server_port), str(beat), str(pages)]
    faulty = [*strace, "-e", f"inject=fdatasync:{inject}"] if inject else []
    return subprocess.run([*faulty, *command], capture_output=True, text=True, check=False, timeout=120)


def permits(ledger: Path) -> int:
    """How many permits are on record."""
    return sum(decode(leaf).k == "permit" for _, _, leaf in rows(ledger))


def test_the_crawl_ends_by_itself_when_nothing_fails(site: Site, tmp_path: Path) -> None:
    """The control: all pages are fetched, each on record, exit code 0."""
    site.held.set()
    done = crawl(site, tmp_path / "ledger" / "ledger.db", pages=40)
    assert done.returncode == 0, done.stderr
    assert sum(path.startswith("/page/") for path in site.hits) == 40
    assert permits(tmp_path / "ledger" / "ledger.db") == len(site.hits)


def test_a_failed_sync_stops_the_crawl(site: Site, tmp_path: Path) -> None:
    """EIO from one fdatasync, with permits waiting for it: exit code 2, and no request without a durable permit."""
    site.held.set()
    ledger = tmp_path / "ledger" / "ledger.db"
    done = crawl(site, ledger, inject="error=EIO:when=8")
    assert (done.returncode, "the disk failed" in done.stderr) == (2, True), done.stderr
    assert "help: nothing is retried after a failed sync" in done.stderr
    assert len(site.hits) < 300
    assert len(site.hits) <= permits(ledger)


def test_a_failed_sync_is_heard_while_nobody_waits_for_a_receipt(site: Site, tmp_path: Path) -> None:
    """All permits are given and the site takes its time: a beat that cannot be synced ends the crawl at once."""
    for when in (30, 120, 480):  # on a busy machine so many beats come before the first page does
        ledger = tmp_path / str(when) / "ledger.db"
        done = crawl(site, ledger, pages=40, beat=0.2, inject=f"error=EIO:when={when}+")
        if site.hits:
            break
    assert not site.held.is_set()
    assert (done.returncode, "the disk failed" in done.stderr) == (2, True), done.stderr
    assert 0 < len(site.hits) <= permits(ledger)
