"""Watching the policy folders: what is called when, whatever the system refuses; and what a watch that ends does."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from desist.enforce.watch import Watch

WITHOUT_EVENTS = """
import os, resource, signal, sys, threading
from pathlib import Path
from desist.enforce import watch
def nothing_left():
    spare = os.open(os.devnull, os.O_RDONLY)
    resource.setrlimit(resource.RLIMIT_NOFILE, (spare, spare))
    os.close(spare)
    while True:
        try:
            os.dup(0)
        except OSError:
            return
looks = threading.Semaphore(0)
{before}
one = watch.Watch([Path(sys.argv[1])], looks.release, lambda: os._exit(9))
nothing_left()
one.start()
signal.signal(signal.SIGHUP, lambda number, frame: one.poke())
for _ in range(3):
    {each}
    if not looks.acquire(timeout=30):
        os._exit(8)
one.stop()
"""
USED_BEFORE = "import watchfiles; next(watchfiles.watch(sys.argv[1], rust_timeout=1, yield_on_timeout=True))"
"""All that it imports is there, so that it is the kernel that refuses, and nothing else."""
NEVER_BY_ITSELF = "watch._LOOK_AGAIN_MS = 10**8"


def run(folder: Path, *, before: str = "", each: str = "") -> subprocess.CompletedProcess[str]:
    """A process that has not one file descriptor left when the watch begins, so that the kernel tells it nothing."""
    code = WITHOUT_EVENTS.format(before=before, each=each)
    return subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, timeout=90, check=False
    )


def test_watch_goes_on_where_the_system_hands_out_no_events(tmp_path: Path) -> None:
    """Without inotify and without watchfiles the folders are looked at again and again."""
    done = run(tmp_path, before=USED_BEFORE)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr


def test_sighup_makes_it_look_at_once_where_there_are_no_events(tmp_path: Path) -> None:
    """A poke from the signal's handler wakes the clock, which would not look again by itself."""
    done = run(tmp_path, before=NEVER_BY_ITSELF, each="os.kill(os.getpid(), signal.SIGHUP)")
    assert done.returncode == 0, done.stderr


class Ends:
    """Looks that fail, and whether the end of the watch was told."""

    def __init__(self, fails: Callable[[], BaseException]) -> None:
        self.looks = threading.Semaphore(0)
        self.ended = threading.Event()
        self._fails = fails

    def look(self) -> None:
        self.looks.release()
        raise self._fails()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_thread_that_dies_says_so(tmp_path: Path) -> None:
    """What is no ordinary exception ends the thread, and whoever began the watch hears of it."""
    ends = Ends(lambda: SystemExit("gone"))
    watch = Watch([tmp_path], ends.look, ends.ended.set)
    watch.start()
    assert ends.ended.wait(30)
    watch.stop()


def test_look_that_fails_is_no_end_and_a_stop_is_none_either(tmp_path: Path) -> None:
    """An ordinary exception is logged and the next look comes; who stops the watch knows that it ends."""
    ends = Ends(lambda: ValueError("unreadable"))
    watch = Watch([tmp_path], ends.look, ends.ended.set)
    watch.start()
    for _ in range(2):
        assert ends.looks.acquire(timeout=30)
        watch.poke()
    watch.stop()
    assert not ends.ended.is_set()


WATCH_ENDS = """
import asyncio, scrapy
from desist.enforce.reload import Reload
def ends(self):
    raise SystemExit("gone")
Reload._look = ends
class S(scrapy.Spider):
    name = "s"
    async def start(self):
        for number in range(2000):
            yield scrapy.Request({url!r} + f"article/{{number}}")
            await asyncio.sleep(0.05)
        print("NEVER STOPPED", flush=True)
    def parse(self, response):
        pass
"""


def test_crawl_whose_folders_nobody_watches_ends(project: Any, web: Any) -> None:
    """A letter that came now would not be heard of: nothing more is fetched, and the exit code says so."""
    done = project.run(WATCH_ENDS.format(url=web.url("gazette.test", "/")))
    assert done.code == 2, done.out
    assert "nobody watches the policy folders any more" in done.out
    assert "no letter that comes would take force" in done.out
    assert "NEVER STOPPED" not in done.out
