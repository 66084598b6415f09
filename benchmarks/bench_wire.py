"""What the gates cost a crawl: bare Scrapy against Scrapy under the add-on, page by page, interleaved in one run.

    python benchmarks/bench_wire.py [--pages 3000] [--rounds 3] [--handlers http11,http2,aiohttp,httpx]

A server in a process of its own answers each page after 50 ms; concurrency is 16, as both sides count it. `gated`
waits for a durable permit before each page; `ledger off` is the same without waiting, which only this benchmark can do.
Each crawl fetches that many pages, after a warm-up that does not count. CPU is the crawling
process's own, ledger thread included. Targets: pages/s >= 0.90 of bare, CPU a page <= +10 % (ledger off: <= +3 %); a
refused link <= 1/10 of a refusal in a downloader middleware.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from wire_server import HOST, Ports, seen, server

CONCURRENCY = 16
WARM = 256
"""Pages before the measured ones: connections are open then, and what a start imports is imported."""
HTTPX = "scrapy.core.downloader.handlers._httpx.HttpxDownloadHandler"
H2 = "scrapy.core.downloader.handlers.http2.H2DownloadHandler"
HANDLERS: dict[str, dict[str, Any]] = {
    "http11": {},
    "http2": {"DOWNLOAD_HANDLERS": {"https": H2}},
    "aiohttp": {"TWISTED_REACTOR_ENABLED": False},
    "httpx": {"DOWNLOAD_HANDLERS": {"http": HTTPX, "https": HTTPX}},
}
MODES = ("bare", "gated", "ledger off")
TARGETS = {"gated": (0.90, 0.10), "ledger off": (0.0, 0.03)}
"""pages/s at least, as a share of bare; CPU a page at most, as a surplus over bare."""


# --- one crawl, in a child process ---------------------------------------------------


def crawl(mode: str, handler: str, base: str, pages: int, folder: Path) -> None:
    """Print one JSON line: seconds and CPU seconds from the first measured page to the last, peak concurrency."""
    import scrapy
    from scrapy.crawler import AsyncCrawlerProcess

    seen: dict[str, float] = {"peak": 0, "pages": 0}

    class Pages(scrapy.Spider):
        name = "pages"

        async def start(self) -> Any:
            for number in range(WARM):
                yield scrapy.Request(f"{base}/warm/{number}", callback=self.warm)

        def warm(self, response: Any) -> Any:  # noqa: ARG002
            seen["warm"] = seen.get("warm", 0) + 1
            if seen["warm"] == WARM:
                seen["at"], seen["cpu"] = time.perf_counter(), time.process_time()
                for number in range(pages):
                    yield scrapy.Request(f"{base}/page/{number}", callback=self.page)

        def page(self, response: Any) -> None:  # noqa: ARG002
            seen["pages"] += 1
            active = sum(len(slot.transferring) for slot in self.crawler.engine.downloader.slots.values())
            seen["peak"] = max(seen["peak"], active)
            if seen["pages"] == pages:
                seen["seconds"] = time.perf_counter() - seen["at"]
                seen["cpu"] = time.process_time() - seen["cpu"]

    point_home()
    process = AsyncCrawlerProcess(settings_of(mode, handler, folder))
    process.crawl(Pages)
    process.start()
    print(json.dumps(seen), flush=True)


def settings_of(mode: str, handler: str, folder: Path) -> dict[str, Any]:
    """Scrapy's settings for a mode; takes the waiting out of this process where the ledger is to be off."""
    settings: dict[str, Any] = {
        "LOG_LEVEL": "ERROR",
        "CONCURRENT_REQUESTS": CONCURRENCY,
        "CONCURRENT_REQUESTS_PER_DOMAIN": CONCURRENCY,
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "MEMUSAGE_ENABLED": False,
        **HANDLERS[handler],
    }
    if mode != "bare":
        settings |= {
            "ADDONS": {"desist.addon.Addon": 0},
            "DESIST_POLICIES": ["shipped"],
            "DESIST_LEDGER": str(folder / "evidence" / f"{time.time_ns()}.db"),
            "DESIST_PURPOSES": ["index"],
        }
    if mode == "ledger off":
        from desist.enforce.recorder import Recorder

        async def nothing(*_: Any, **__: Any) -> int:
            return 0

        Recorder.permit = nothing  # type: ignore[method-assign]
    return settings


def point_home() -> None:
    """Let this process resolve HOST without a hosts file; some clients spell it as bytes."""
    import socket

    addresses, name = socket.getaddrinfo, socket.gethostbyname
    ours = {HOST, HOST.encode()}
    socket.getaddrinfo = lambda host, *rest, **kinds: addresses("127.0.0.1" if host in ours else host, *rest, **kinds)
    socket.gethostbyname = lambda host: name("127.0.0.1" if host in ours else host)


def measure(mode: str, handler: str, ports: Ports, pages: int, folder: Path) -> dict[str, float]:
    """One crawl, as it saw itself and as the server saw it."""
    base = f"https://{HOST}:{ports.tls}" if handler == "http2" else f"http://{HOST}:{ports.plain}"
    seen(ports)
    command = [sys.executable, __file__, "--child", mode, handler, base, str(pages), str(folder)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=600)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    there = seen(ports)
    if result["pages"] != pages or there["pages"] != pages + WARM:
        raise SystemExit(f"{mode} over {handler}: {result['pages']} of {pages} pages, {there['pages']} at the server")
    return result | {f"{name} there": value for name, value in there.items()}


def compare(handler: str, ports: Ports, pages: int, rounds: int, folder: Path) -> None:
    """Interleave the modes, and print medians and ratios."""
    found: dict[str, list[dict[str, float]]] = {mode: [] for mode in MODES}
    for turn in range(rounds):
        for mode in MODES[turn % 3 :] + MODES[: turn % 3]:
            found[mode].append(measure(mode, handler, ports, pages, folder))

    def median(mode: str, what: str) -> float:
        return statistics.median(one[what] for one in found[mode])

    for mode in MODES:
        rate = statistics.median(one["seconds"] for one in found["bare"]) / median(mode, "seconds")
        surplus = median(mode, "cpu") / median("bare", "cpu") - 1
        spread = max(one["seconds"] for one in found[mode]) / min(one["seconds"] for one in found[mode])
        print(
            f"{handler:8} {mode:10} {pages / median(mode, 'seconds'):6.1f} pages/s ({rate:.2f})  "
            f"{median(mode, 'cpu') / pages * 1e3:6.3f} ms CPU a page ({surplus:+.1%})  concurrency "
            f"{int(median(mode, 'peak'))} here, {int(median(mode, 'peak there'))} there (mean "
            f"{median(mode, 'mean there'):.1f})  {int(median(mode, 'connections there'))} connections  "
            f"slowest/fastest {spread:.2f}{judged(mode, rate, surplus)}",
            flush=True,
        )


def judged(mode: str, rate: float, surplus: float) -> str:
    """Whether the targets are met; empty for bare."""
    if mode not in TARGETS:
        return ""
    least, most = TARGETS[mode]
    short = [f"pages/s >= {least:.2f}"] * (rate < least) + [f"CPU <= +{most:.0%}"] * (surplus > most)
    return "  MISSES " + ", ".join(short) if short else "  meets its targets"


# --- a refused link ------------------------------------------------------------------


def refuse(where: str, links: int, folder: Path) -> None:
    """Print the CPU microseconds of one refused request, its record included where there is one."""
    import scrapy
    from scrapy.crawler import AsyncCrawlerProcess
    from scrapy.exceptions import IgnoreRequest

    seen: dict[str, float] = {}

    class Middleware:
        def process_request(self, request: Any) -> None:  # noqa: ARG002
            raise IgnoreRequest

    class Links(scrapy.Spider):
        name = "links"

        async def start(self) -> Any:
            seen["cpu"] = time.process_time()
            for number in range(links):
                yield scrapy.Request(f"http://pictogram.test/{number}", dont_filter=True)

        def closed(self, reason: str) -> None:  # noqa: ARG002
            seen["cpu"] = time.process_time() - seen["cpu"]

    class Bare(Links):
        async def start(self) -> Any:
            seen["cpu"] = time.process_time()
            for number in range(links):
                scrapy.Request(f"http://pictogram.test/{number}", dont_filter=True)
            if links < 0:
                yield

    settings: dict[str, Any] = {
        "LOG_LEVEL": "ERROR", "TELNETCONSOLE_ENABLED": False, "REMOTE_CONTROL_ENABLED": False,
        "MEMUSAGE_ENABLED": False,
    }  # fmt: skip
    if where == "middleware":
        settings["DOWNLOADER_MIDDLEWARES"] = {Middleware: 10}
    if where == "early":
        policies = folder / "policies"
        policies.mkdir(exist_ok=True)
        (policies / "p.yaml").write_text("platform: pictogram\nname: Pictogram\nhosts: [pictogram.test]\n")
        (policies / "n.yaml").write_text(
            "notice: n\ninstrument: cease_and_desist\nsender: Pictogram, Inc.\nrecipient: Example Crawls Ltd\n"
            "platforms: [pictogram]\nreceived_at: 2026-01-05T09:30:00Z\ncrawl_effect: block\n"
        )
        settings |= {
            "ADDONS": {"desist.addon.Addon": 0},
            "DESIST_POLICIES": [str(policies)],
            "DESIST_LEDGER": str(folder / "evidence" / f"{time.time_ns()}.db"),
        }
    process = AsyncCrawlerProcess(settings)
    process.crawl(Bare if where == "yield" else Links)
    process.start()
    print(json.dumps(seen["cpu"] / links * 1e6), flush=True)


def compare_refusals(links: int, rounds: int, folder: Path) -> None:
    found: dict[str, list[float]] = {"yield": [], "early": [], "middleware": []}
    for _ in range(rounds):
        for where, values in found.items():
            command = [sys.executable, __file__, "--refuse", where, str(links), str(folder)]
            values.append(json.loads(subprocess.check_output(command, text=True).splitlines()[-1]))
    yielded, early, late = (statistics.median(found[where]) for where in ("yield", "early", "middleware"))
    print(f"a Request made and dropped {yielded:.1f} us CPU; refused early, with record {early - yielded:.1f} us more;")
    print(
        f"refused in a downloader middleware, no record {late - yielded:.1f} us more: "
        f"1/{(late - yielded) / (early - yielded):.1f}"
    )


def main() -> None:
    if sys.argv[1:2] == ["--child"]:
        mode, handler, base, pages, folder = sys.argv[2:]
        crawl(mode, handler, base, int(pages), Path(folder))
        return
    if sys.argv[1:2] == ["--refuse"]:
        where, links, folder = sys.argv[2:]
        refuse(where, int(links), Path(folder))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=3000, help="pages a mode, shared out over the rounds")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--links", type=int, default=5000)
    parser.add_argument("--handlers", default=",".join(HANDLERS))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, server(Path(name)) as ports:
        for handler in filter(None, args.handlers.split(",")):
            compare(handler, ports, args.pages, args.rounds, Path(name))
        if args.links:
            compare_refusals(args.links, args.rounds, Path(name))


if __name__ == "__main__":
    main()
