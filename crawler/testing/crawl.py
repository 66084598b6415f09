"""Runs a spider in a child process, under the gates, and brings back what it did.

A child, because the process gate cannot be taken off again, and because a test's own process must stay free to serve.
"""

from __future__ import annotations

import ast
import inspect
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ..errors import UsageError
from .hits import Hit
from .recorded import Recorded

__all__ = ["Crawl", "SpiderSource", "crawl_folder", "run_crawl", "tail"]

SpiderSource = type[Any] | str | Path
"""A spider class at module level, the text of a module that defines one, or the path of such a module."""
_CFG = "[settings]\ndefault = crawl_settings\n"
_ADDED = ("ADDONS", "EXTENSIONS")
"""Settings of which a project keeps its own parts, unless an empty one is given."""
_REPORTED = """EXTENSIONS = {**globals().get("EXTENSIONS", {}), "desist.testing.loading.Report": 0}"""
_BY_CLASS = """\
from desist.testing.loading import spider_class


_Spider = spider_class({path!r}, {name!r})


class Crawled(_Spider):
    name = getattr(_Spider, "name", None) or "crawled"
    locals().update({attributes!r})
"""


class Crawl(msgspec.Struct, frozen=True):
    """A crawl that has ended."""

    exit_code: int
    items: list[dict[str, Any]]
    """What the spider yielded."""
    decisions: list[Recorded]
    """What the ledger holds, in its order."""
    log: str
    """The child's standard output and error."""
    ledger: Path
    """Path of the record."""
    stats: Mapping[str, Any] = {}
    """Scrapy's stats at its end, times as text; empty where it broke off."""
    errors: tuple[str, ...] = ()
    """Tracebacks of the exceptions that the spider's own code raised."""
    hits: Mapping[str, list[Hit]] = {}
    """What the mounted sites' own servers saw, by site: that of other crawls of the same test too."""

    @property
    def refused(self) -> list[Recorded]:
        """The refusals on record."""
        return [one for one in self.decisions if one.effect == "refuse"]

    @property
    def permitted(self) -> list[Recorded]:
        """The permits on record."""
        return [one for one in self.decisions if one.effect == "allow"]

    def refused_for(self, platform: str) -> list[Recorded]:
        """The refusals that name the platform."""
        return [one for one in self.refused if platform in one.platforms]


def crawl_folder(
    folder: Path,
    spider: SpiderSource,
    settings: Mapping[str, Any],
    *,
    base: str = "",
    attributes: Mapping[str, Any] | None = None,
) -> Path:
    """Write a Scrapy project around `spider`; `base` is the settings module of a project that it stands in.

    `attributes` of the class, for example `start_urls`, are set in the child. Raises UsageError for a value that has no
    literal form and for a class that is not at module level.
    """
    _check_literals({**settings, **(attributes or {})})
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scrapy.cfg").write_text(_CFG, encoding="utf-8")
    (folder / "crawled_spider.py").write_text(_source(spider, attributes or {}), encoding="utf-8")
    lines = [f"from {base} import *"] if base else []
    added = {name: settings[name] for name in _ADDED if base and settings.get(name)}
    lines += [f"{name} = {value!r}" for name, value in settings.items() if name not in added]
    lines += [f"{name} = {{**globals().get({name!r}, {{}}), **{value!r}}}" for name, value in added.items()]
    lines.append(_REPORTED)
    (folder / "crawl_settings.py").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def run_crawl(
    folder: Path,
    ledger: Path,
    *,
    key: str = "",
    path: Sequence[str] = (),
    seconds: float = 120.0,
    start: Callable[..., subprocess.CompletedProcess[Any]] = subprocess.run,
) -> Crawl:
    """Run the spider of `folder` to its end, or for `seconds`; `path` goes before the child's own import path.

    `key` is counsel's private key in its text form: with it the decisions have their URLs. `start` runs the child, and
    takes what `subprocess.run` does.
    """
    environ = {name: value for name, value in os.environ.items() if not name.startswith("SCRAPY_")}
    environ["PYTHONPATH"] = os.pathsep.join(entry for entry in path if entry)
    items, log, report = folder / "items.jsonl", folder / "crawl.log", folder / "report.json"
    command = [sys.executable, "-m", "scrapy", "runspider", "crawled_spider.py", "-O", str(items)]
    try:
        with log.open("wb") as output:
            done = start(command, cwd=folder, env=environ, stdout=output, stderr=output, check=False, timeout=seconds)
    except subprocess.TimeoutExpired:
        last = tail(log.read_text(encoding="utf-8", errors="replace"))
        raise AssertionError(f"the crawl had not ended after {seconds:g} s; its last lines:\n{last}") from None
    told = json.loads(report.read_bytes()) if report.exists() else {}
    return Crawl(
        exit_code=done.returncode,
        items=[json.loads(line) for line in items.read_text(encoding="utf-8").splitlines()] if items.exists() else [],
        decisions=Recorded.read(ledger, key) if ledger.exists() else [],
        log=log.read_text(encoding="utf-8", errors="replace"),
        ledger=ledger,
        stats=told.get("stats", {}),
        errors=tuple(told.get("errors", ())),
    )


def tail(log: str) -> str:
    """The last lines of a child's log."""
    return "\n".join(log.splitlines()[-20:])


def _source(spider: SpiderSource, attributes: Mapping[str, Any]) -> str:
    if isinstance(spider, (Path, str)):
        if isinstance(spider, str) and "\n" not in spider.strip():
            raise UsageError(
                f"`{spider}` is not the text of a spider",
                help="import its class, or give a Path or the whole text",
            )
        if attributes:
            raise UsageError(
                "attributes are set on a spider class, not on source text", help="write them into the text"
            )
        if isinstance(spider, Path) and not spider.is_file():
            raise UsageError(f"there is no file `{spider}`", help="name the Python file that defines the spider")
        return spider.read_text(encoding="utf-8") if isinstance(spider, Path) else textwrap.dedent(spider)
    if not isinstance(spider, type):
        raise UsageError(f"a {type(spider).__name__} is no spider class", help="hand over the class itself")
    if "<locals>" in spider.__qualname__:
        raise UsageError(
            f"spider `{spider.__qualname__}` is defined inside a function, where a child process cannot find it",
            help="move the class to the module's level, or hand its source over as text",
        )
    place = str(Path(inspect.getfile(spider)).resolve())
    return _BY_CLASS.format(path=place, name=spider.__qualname__, attributes=dict(attributes))


def _check_literals(values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if not _is_literal(value):
            raise UsageError(
                f"`{name}` has the value `{value!r}`, which does not reach a child process",
                help="name classes by their import path",
            )


def _is_literal(value: object) -> bool:
    try:
        return bool(ast.literal_eval(repr(value)) == value)
    except (ValueError, SyntaxError):
        return False
