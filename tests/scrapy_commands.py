"""Runs `scrapy` commands one by one, each in a fork of one process that has imported Scrapy: `PYTHON FILE WAY PLAN`.

What is imported beforehand is what each of them imports, and sets nothing in motion; that saves a second a command.

WAY is `-m`, as `python -m scrapy` (the current folder comes first in sys.path), or the path of the script `scrapy`
(its folder does). PLAN is a JSON file: `[[NAME, [WORD, ...]], ...]`. What a command prints goes to `NAME.out` in the
current folder; the exit codes are printed as JSON.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import sys
from pathlib import Path

from scrapy.utils.misc import walk_modules

BEFOREHAND = (
    "scrapy.cmdline", "scrapy.crawler", "scrapy.core.engine", "scrapy.core.downloader.handlers.http11",
    "scrapy.shell", "scrapy.pipelines", "twisted.internet.asyncioreactor", "twisted.web.client",
    "desist.commands.scrapy_command",
)  # fmt: skip
PACKAGES = ("scrapy.commands", "scrapy.extensions", "scrapy.downloadermiddlewares", "scrapy.spidermiddlewares")


def _import() -> None:
    """Import what commands import. A reactor is not among it: it can be had once a process."""
    for name in (*BEFOREHAND, *PACKAGES):
        importlib.import_module(name)
    for name in PACKAGES:
        list(walk_modules(name))
    assert "twisted.internet.reactor" not in sys.modules


def _become(way: str, name: str, words: list[str]) -> None:
    """Be that command from here on."""
    out = os.open(f"{name}.out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    for stream in (1, 2):
        os.dup2(out, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    if way == "-m":
        sys.path[0] = os.getcwd()
        sys.argv = ["scrapy", *words]
        runpy.run_module("scrapy", run_name="__main__", alter_sys=True)
    else:
        sys.path[0] = str(Path(way).parent)
        sys.argv = [way, *words]
        runpy.run_path(way, run_name="__main__")


def main() -> None:
    """Run the plan; only the parent comes back from it."""
    way, plan = sys.argv[1], json.loads(Path(sys.argv[2]).read_text())
    _import()
    gc.freeze()
    codes = {}
    for name, words in plan:
        child = os.fork()
        if not child:
            _become(way, name, words)
            raise SystemExit(0)
        codes[name] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(json.dumps(codes))


if __name__ == "__main__":
    main()
