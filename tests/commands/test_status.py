"""`desist status`, beside a crawl that runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from desist.testing import Page, Site
from desist.testing.fixtures import Crawler, TestLedger, Webs
from desist.testing.ready import OPEN_ROBOTS, platform_with_notice

SPIDER = """
import scrapy
class S(scrapy.Spider):
    name = "s"
    start_urls = {urls!r}
    custom_settings = {{"DESIST_PURPOSES": ["index"]}}
    def parse(self, response):
        pass
"""


def status(*words: str) -> str:
    command = [
        sys.executable,
        "-c",
        "import sys; from desist.commands.main import main; sys.exit(main())",
        "status",
        *words,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout


def test_status_names_sessions_while_they_run(
    sites: Webs, crawl: Crawler, ledger: TestLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Session, process, revision, in force since; nothing once the crawl is over, and no URL ever."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    slow = Site("slow.test", robots=OPEN_ROBOTS, pages={"/": Page("page", delay=5.0)})
    web = sites(slow, platform_with_notice())
    assert status().splitlines()[0] == "no session is running on this machine"
    thread = threading.Thread(target=crawl, args=(SPIDER.format(urls=[web.url("slow.test")]),))
    thread.start()
    while not any(hit.path == "/" for hit in web["slow.test"].hits):
        time.sleep(0.02)
    row = json.loads(status("--format", "jsonl"))
    text = status()
    thread.join()
    assert row["alive"]
    assert row["ledger"] == str(ledger.path)
    assert row["session"] == ledger.decisions()[0].session
    assert f"policy revision {row['revision'][:12]} in force since" in text
    assert "slow.test" not in text + json.dumps(row)
    assert status("--format", "jsonl") == ""


def test_status_says_of_a_dead_process_that_it_ended_without_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pid that somebody else has now is not the session's process."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    folder = tmp_path / "desist"
    folder.mkdir(mode=0o700)
    dead = {"session": "01a2", "pid": os.getpid(), "started": 1, "ledger": "/l", "revision": "ab" * 32, "since": 1}
    (folder / "01a2.json").write_text(json.dumps(dead))
    assert "ended without a word" in status()
    for number in range(2, 9):
        later = dead | {"session": f"01a{number}", "since": number}
        (folder / f"01a{number}.json").write_text(json.dumps(later))
    shown = [line.partition(" ")[0] for line in status().splitlines() if "  ended without a word" in line]
    assert shown == ["01a8", "01a7", "01a6", "01a5", "01a4"]  # the newest
    assert "and 2 earlier that ended without a word: --format jsonl has them all\n" in status()
    assert status("--format", "jsonl").count("\n") == 7
    folder.chmod(0o755)
    assert status().startswith("no session is running")


def test_status_names_scrapy_processes_that_no_gate_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By pid and command, without a URL: what runs unarmed is nobody's session."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    words = ["bash", "-c", "exec -a scrapy sleep 60"]
    with subprocess.Popen(words) as process:
        try:
            seen = Path(f"/proc/{process.pid}/cmdline")
            until = time.monotonic() + 30
            while not seen.read_bytes().startswith(b"scrapy") and time.monotonic() < until:
                time.sleep(0.01)
            assert f"pid {process.pid}  is not armed: no gate holds it\n  scrapy 60" in status()
        finally:
            process.kill()
    assert f"pid {process.pid}  " not in status()
