"""Policies that change under a running crawl, judged by the platform's own server."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from desist.ledger.query import Reader
from desist.testing import Page, Site, Web
from desist.testing.fixtures import Crawler, PolicyFolder, TestLedger, Webs
from desist.testing.ready import OPEN_ROBOTS, platform_with_notice

HTTPX = "scrapy.core.downloader.handlers._httpx.HttpxDownloadHandler"
HANDLERS: dict[str, dict[str, Any]] = {
    "http11": {},
    "no asyncio": {"TWISTED_REACTOR": "twisted.internet.epollreactor.EPollReactor"},
    "aiohttp": {"TWISTED_REACTOR_ENABLED": False},
    "httpx": {"DOWNLOAD_HANDLERS": {"http": HTTPX, "https": HTTPX}},
}
PLATFORM = "platform: late\nname: Late\nhosts: [late.test]\n"
LETTER = """notice: 2026-02-late
instrument: cease_and_desist
sender: Late, Inc.
recipient: Example Crawls Ltd
platforms: [late]
received_at: 2026-02-05T09:30:00Z
crawl_effect: block
"""
QUEUED = """
import scrapy
class S(scrapy.Spider):
    name = "s"
    custom_settings = {custom!r}
    start_urls = {urls!r}
    async def start(self):
        for url in self.start_urls:
            yield scrapy.Request(url, errback=self.failed, meta={{"download_timeout": 60}})
        if "STARTED" in self.settings:
            open(self.settings["STARTED"], "w").close()
    def parse(self, response):
        yield {{"url": response.url, "error": ""}}
    def failed(self, failure):
        yield {{"url": failure.request.url, "error": type(failure.value).__name__}}
"""
PULSE = """
import asyncio, os, scrapy
print("PID", os.getpid(), flush=True)
class S(scrapy.Spider):
    name = "s"
    custom_settings = {{"DESIST_PURPOSES": ["index"]}}
    async def start(self):
        n = 0
        while not os.path.exists({stop!r}):
            n += 1
            for base in {bases!r}:
                yield scrapy.Request(f"{{base}}/p/{{n}}")
            await asyncio.sleep(0.05)
    def parse(self, response):
        pass
"""


def late(**site: Any) -> Site:
    """A platform whose letter has not come yet."""
    given = {"robots": OPEN_ROBOTS, "pages": {"/p/*": "page"}, "documents": {"platforms/late.yaml": PLATFORM}, **site}
    return Site("late.test", **given)


def wait_for(what: Callable[[], object], seconds: float = 30.0) -> None:
    """Until `what` is true; an AssertionError where it never is."""
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.02)


def put(path: Path, text: str) -> None:
    """Write a document as careful people do: beside its place, then renamed."""
    draft = path.with_name(f".{path.name}")
    draft.write_text(text)
    draft.rename(path)


def certificates(ledger: Path) -> list[dict[str, Any]]:
    with Reader(ledger) as reader:
        return [read.entry.facts for read in reader.entries() if "in_force" in read.entry.facts]


class Running:
    """A crawl that asks for pages of some sites for as long as the test wants."""

    def __init__(self, web: Web, policies: PolicyFolder, ledger: TestLedger) -> None:
        self.web, self.policies, self.ledger = web, policies, ledger

    def goes_on(self, name: str) -> None:
        """Until pages of that site are asked for, from now on."""
        now = time.time_ns()
        wait_for(lambda: any(hit.path.startswith("/p/") for hit in self.web[name].hits_after(now)))

    def stands_still(self, name: str) -> None:
        """Until refusals are recorded while no page of that site is asked for any more."""

        def still() -> bool:
            before, now = len(self.ledger.decisions()), time.time_ns()
            time.sleep(0.6)
            return len(self.ledger.decisions()) > before + 3 and not self.web[name].hits_after(now)

        wait_for(still)


@pytest.fixture
def running(
    sites: Webs, crawl: Crawler, policy_set: PolicyFolder, ledger: TestLedger, tmp_path: Path
) -> Iterator[Callable[..., Any]]:
    """`with running(Site(...), ...) as crawl:` — pulses to `late.test` and `gazette.test`."""
    stop, results = tmp_path / "stop", []

    @contextlib.contextmanager
    def start(*more: Site) -> Iterator[Running]:
        web = sites(*more, Site("gazette.test", robots=OPEN_ROBOTS, pages={"/p/*": "page"}), platform_with_notice())
        bases = [web.url(name, "") for name in ("late.test", "gazette.test")]
        text = PULSE.format(stop=str(stop), bases=bases)
        policy_set.write()
        thread = threading.Thread(target=lambda: results.append(crawl(text, settings={"CONCURRENT_REQUESTS": 4})))
        thread.start()
        try:
            found = Running(web, policy_set, ledger)
            found.goes_on("late.test")
            yield found
        finally:
            stop.touch()
            thread.join()

    yield start
    assert results, "the crawl failed"


@pytest.mark.parametrize("handler", HANDLERS)
def test_letter_stops_what_is_in_flight_queued_and_idle(
    handler: str, sites: Webs, crawl: Crawler, policy_set: PolicyFolder, tmp_path: Path
) -> None:
    """Sockets in flight and idle are closed, the queue is purged, nothing arrives after; the bystander goes on.

    The bystander's page leads on until the platform's connections are closed: the crawl cannot end before.
    """
    over = threading.Event()
    hang = Page("x", delay=120.0)
    site = late(aliases=("cdn.late.test",), pages={"/p/*": hang, "/idle/*": "y"})
    turns = itertools.count(1)

    def turn(_: str) -> Page:
        return Page("page") if over.is_set() else Page(redirect=f"/turn/{next(turns)}", delay=0.5)

    web = sites(site, Site("gazette.test", robots=OPEN_ROBOTS, generate=turn), platform_with_notice())
    urls = [web.url("gazette.test"), *(web.url("cdn.late.test", f"/idle/{n}") for n in range(3))]
    urls += [web.url("late.test", f"/p/{n}") for n in range(300)]
    file = policy_set.path / "notices" / "late.yaml"
    closed: list[int | None] = []

    def letter() -> None:
        wait_for(lambda: sum(hit.path.startswith("/p/") for hit in web["late.test"].hits) >= 8)
        wait_for((tmp_path / "started").exists)
        put(file, LETTER)
        with contextlib.suppress(AssertionError):
            wait_for(lambda: all(one.closed_ns for one in web["late.test"].connections), 45)
        closed.extend(one.closed_ns for one in web["late.test"].connections)
        over.set()

    thread = threading.Thread(target=letter)
    thread.start()
    custom = {
        "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
        "DESIST_PURPOSES": ["index"],
        "REDIRECT_MAX_TIMES": 100,
        "STARTED": str(tmp_path / "started"),
    }
    done = crawl(QUEUED.format(urls=urls, custom=custom), settings=HANDLERS[handler])
    thread.join()
    assert closed
    assert all(closed)  # while the bystander was still under way
    assert not web["late.test"].hits_after(max(filter(None, closed)))
    assert len(web["late.test"].connections) == len(closed)
    ends = {item["url"]: item["error"] for item in done.items}
    assert {ends[url] for url in urls if "/p/" in url} == {"Refused"}
    assert [ends[url] for url in ends if "//gazette.test" in url] == [""]
    facts = certificates(done.ledger)[0]
    pages = [hit.arrived_ns for hit in web["late.test"].hits if hit.path.startswith("/p/")]
    assert facts["cancelled"] >= len(pages)  # a handler may hold some back until one of its connections is free
    assert max(pages) < facts["in_force"] * 1000
    assert sum(one["purged"] for one in certificates(done.ledger)) > 200  # the complete set may overtake the overlay
    assert facts["last_byte"] <= facts["in_force"]


def test_readable_prohibition_of_an_invalid_set_takes_force_at_once(running: Callable[..., Any]) -> None:
    """A typo in one document keeps no other letter waiting, and permits nothing; the others go on."""
    with running(late()) as crawl:
        put(crawl.policies.path / "notices" / "typo.yaml", "notice: 2026-03-typo\ninstrument: cease_and_desits\n")
        put(crawl.policies.path / "notices" / "late.yaml", LETTER)
        crawl.stands_still("late.test")
        crawl.goes_on("gazette.test")
    assert {one.rule for one in crawl.ledger.decisions() if one.platforms == ("late",) and one.effect == "refuse"} == {
        "2026-02-late"
    }


def test_half_written_file_refuses_what_it_names_until_it_is_mended(running: Callable[..., Any]) -> None:
    """`policy-error` while it cannot be read; once it is whole and says nothing of the host, pages come again."""
    with running(late()) as crawl:
        file = crawl.policies.path / "notices" / "half.yaml"
        file.write_text("notice: 2026-03-half\nplatforms: [late\n")
        crawl.stands_still("late.test")
        crawl.goes_on("gazette.test")
        assert {one.basis for one in crawl.ledger.decisions() if one.effect == "refuse"} == {"policy-error"}
        put(file, LETTER.replace("2026-02-late", "2026-03-half").replace("crawl_effect: block", "crawl_effect: none"))
        crawl.goes_on("late.test")


def test_vanished_notice_stays_in_force(running: Callable[..., Any]) -> None:
    """Deleting a letter is no withdrawal; the next session is told that it has gone."""
    with running(late()) as crawl:
        file = crawl.policies.path / "notices" / "late.yaml"
        put(file, LETTER)
        crawl.stands_still("late.test")
        file.unlink()
        time.sleep(2.0)
        crawl.stands_still("late.test")
    with Reader(crawl.ledger.path) as reader:
        held = [read.entry for read in reader.entries() if read.entry.k == "notice"]
    assert {entry.docket for entry in held} == {"2026-01-05-pictogram", "2026-02-late"}


def test_notice_that_vanished_between_sessions_is_recorded_and_warned_of(
    sites: Webs, crawl: Crawler, policy_set: PolicyFolder, ledger: TestLedger
) -> None:
    """At start: what the last session of the ledger held and the folders no longer do."""
    web = sites(late(), platform_with_notice())
    put(policy_set.write() / "notices" / "late.yaml", LETTER)
    text = QUEUED.format(
        urls=[web.url("late.test", "/p/1")], custom={"DESIST_PURPOSES": ["index"], "CLOSESPIDER_TIMEOUT": 9}
    )
    held = "import time\ntime.sleep(0)\n" + text
    crawl(held, settings={"EXTENSIONS": {}})
    (policy_set.path / "notices" / "late.yaml").unlink()
    done = crawl(held)
    with Reader(ledger.path) as reader:
        entries = [read.entry for read in reader.entries() if read.entry.k == "notice"]
    gone = [entry.docket for entry in entries if entry.facts.get("vanished")]
    assert gone == ["2026-02-late"]
    assert "`2026-02-late` was in force in an earlier session and has vanished" in done.log


def test_folder_swapped_as_kubernetes_does_takes_force(running: Callable[..., Any]) -> None:
    """Files are links into `..data`, which is itself a link that is swapped: no file changes, all content does."""
    with running(late()) as crawl:
        place = crawl.policies.path / "mounted"
        versions = itertools.count(1)

        def mount(**files: str) -> None:
            version = place / f"..{next(versions)}"
            version.mkdir(parents=True)
            for name, text in files.items():
                (version / f"{name}.yaml").write_text(text)
                link = place / f"{name}.yaml"
                if not link.is_symlink():
                    link.symlink_to(Path("..data") / link.name)
            swap = place / "..data_tmp"
            swap.symlink_to(version.name)
            os.rename(swap, place / "..data")

        mount(late=LETTER.replace("crawl_effect: block", "crawl_effect: none"))
        time.sleep(1.5)
        crawl.goes_on("late.test")
        mount(late=LETTER)
        crawl.stands_still("late.test")


def test_letter_is_in_force_while_git_pull_still_writes(running: Callable[..., Any], tmp_path: Path) -> None:
    """A pull takes files away and writes others one by one: what has come acts at once, what moves stays in force."""
    with running(late()) as crawl:
        here, office = crawl.policies.path, tmp_path / "office"
        git(here, "init", "-q")
        git(here, "add", ".")
        git(here, "commit", "-qm", "as it is")
        git(tmp_path, "clone", "-q", str(here), str(office))
        put(office / "notices" / "a-late.yaml", LETTER)
        (office / "platforms" / "moved").mkdir()
        (office / "platforms" / "late.yaml").rename(office / "platforms" / "moved" / "late.yaml")
        for number in range(8):
            put(office / "platforms" / f"z{number}.yaml", f"platform: z{number}\nhosts: [z{number}.test]\n")
        git(office, "add", ".")
        git(office, "commit", "-qm", "a letter, and other changes")
        (here / ".git" / "info" / "attributes").write_text("*.yaml filter=slow\n")
        pull = subprocess.Popen(
            ["git", *WHO, "-c", "filter.slow.smudge=cat; sleep 1", "pull", "-q", str(office), "HEAD"], cwd=here
        )
        wait_for((here / "notices" / "a-late.yaml").exists)
        crawl.stands_still("late.test")
        assert pull.poll() is None, "the pull was over before anything was seen"
        crawl.goes_on("gazette.test")
        assert pull.wait(60) == 0
        crawl.stands_still("late.test")
        crawl.goes_on("gazette.test")
    assert {one.platforms for one in crawl.ledger.decisions() if one.effect == "refuse"} == {("late",)}


WHO = ("-c", "user.name=a", "-c", "user.email=a@late.test", "-c", "init.defaultBranch=main")


def git(folder: Path, *words: str) -> None:
    """One command of git's; it must succeed."""
    subprocess.run(["git", *WHO, *words], cwd=folder, check=True)


def test_withdrawal_in_a_valid_set_takes_force_too(running: Callable[..., Any]) -> None:
    """What loosens waits for the whole set, and then it counts: two names and a document stand behind it."""
    with running(late()) as crawl:
        file = crawl.policies.path / "notices" / "late.yaml"
        put(file, LETTER)
        crawl.stands_still("late.test")
        withdrawn = f"""status_history:
  - {{at: 2026-02-06, status: withdrawn, by: [A. Counsel, B. Counsel], document_sha256: {"ab" * 32}}}
"""
        put(file, LETTER + withdrawn)
        crawl.goes_on("late.test")


def test_hang_up_reads_the_policies_again(running: Callable[..., Any]) -> None:
    """SIGHUP does not end the crawl, and the letter that came with it is in force."""
    with running(late()) as crawl:
        pid = _child(crawl.ledger.path)
        os.kill(pid, signal.SIGHUP)
        crawl.goes_on("late.test")
        put(crawl.policies.path / "notices" / "late.yaml", LETTER)
        os.kill(pid, signal.SIGHUP)
        crawl.stands_still("late.test")
        crawl.goes_on("gazette.test")


def _child(ledger: Path) -> int:
    """The crawling process: the one that holds the ledger open and is not this one."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            held = [os.readlink(link) for link in (folder / "fd").iterdir()]
        except OSError:
            continue
        if any(name == str(ledger) for name in held):
            return int(folder.name)
    raise AssertionError("no process holds the ledger open")
