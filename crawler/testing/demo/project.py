"""The demo's output folder: a Scrapy project of its own, with policies, ledger and logs; the crawl is a child."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from ...errors import UsageError
from .. import documents
from ..web import Web
from .world import FRONT_PAGES, LETTER, SITES, letter_document

__all__ = ["Project"]

_MARK = ".desist-demo"
_MARK_TEXT = "Written by `desist demo`, which replaces this folder at its next run.\n"
_CFG = "[settings]\ndefault = demo_settings\n"
_SETTINGS = '''"""The demo's project: what makes it refuse is the line ADDONS in desist.project_settings."""

from pathlib import Path

from desist.project_settings import *

HERE = Path(__file__).parent
DESIST_POLICIES = [str(HERE / "policies")]
DESIST_LEDGER = str(HERE / "ledger" / "ledger.db")
DESIST_NAMESERVERS = [{nameserver!r}]  # the simulated sites' own DNS
DEMO_EVENTS = str(HERE / "events.jsonl")
DEMO_START = {start!r}
TELNETCONSOLE_ENABLED = False
LOG_LEVEL = "INFO"
'''


class Project:
    """The folder and its files; `create` makes it, `crawl` starts the spider in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.policies = self.folder / "policies"
        self.ledger = self.folder / "ledger" / "ledger.db"
        self.events = self.folder / "events.jsonl"
        self.log = self.folder / "crawl.log"
        self.letter = self.folder / "letter.txt"

    @classmethod
    def create(cls, folder: Path, web: Web, *, settings: str = "") -> Project:
        """Lay the project out in `folder`, with further lines of settings.

        Raises UsageError rather than touch a folder that is not the demo's own.
        """
        project = cls(folder)
        project._make_room()
        documents.write(project.policies, [site.documents for site in SITES])
        project.letter.write_text(LETTER + "\n", encoding="utf-8")
        (project.folder / "scrapy.cfg").write_text(_CFG, encoding="utf-8")
        start = [_with_port(url, web) for url in FRONT_PAGES]
        text = _SETTINGS.format(nameserver=web.nameserver, start=start) + settings
        (project.folder / "demo_settings.py").write_text(text, encoding="utf-8")
        return project

    def _make_room(self) -> None:
        mark = self.folder / _MARK
        if self.folder.is_symlink() or (self.folder.exists() and not self.folder.is_dir()):
            raise UsageError(f"`{self.folder}` is no folder of its own", help="desist demo --output DIR")
        if self.folder.is_dir() and any(self.folder.iterdir()):
            if mark.is_symlink() or not mark.is_file() or mark.read_text(encoding="utf-8") != _MARK_TEXT:
                raise UsageError(
                    f"`{self.folder}` holds files that the demo did not write",
                    help="name a new folder: desist demo --output DIR",
                )
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        mark.write_text(_MARK_TEXT, encoding="utf-8")

    def crawl(self) -> subprocess.Popen[bytes]:
        """Start `scrapy crawl demo` in a child process; all that it prints goes to `crawl.log`."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "scrapy", "crawl", "demo"],
                cwd=self.folder,
                env=_environment(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def deliver_letter(self) -> int:
        """Put the letter's document into the watched folder, in one step; returns when (Unix time in ns)."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        ((name, text),) = letter_document(now).items()
        place = self.policies / name
        draft = self.folder / "letter.yaml"
        draft.write_text(text, encoding="utf-8")
        place.parent.mkdir(parents=True, exist_ok=True)
        moment = time.time_ns()
        draft.rename(place)
        return moment

    def told(self, slug: str) -> str:
        """What the crawl's log said of the first refusal of a platform: the message and its help line, or nothing."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        for number, line in enumerate(lines):
            if " refused http" in line and f"-{slug}," in line:
                following = [text for text in lines[number + 1 : number + 2] if text.startswith("  help: ")]
                return "\n".join([line[line.index("refused http") :], *following])
        return ""


def _with_port(url: str, web: Web) -> str:
    host, _, path = url.removeprefix("http://").partition("/")
    return web.url(host, f"/{path}")


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Without what would lead Scrapy to another project."""
    return {name: value for name, value in environ.items() if not name.startswith("SCRAPY_")}
