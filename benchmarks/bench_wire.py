"""What the gates cost a crawl: bare Scrapy against Scrapy under the add-on, page by page, interleaved in one run.

    python benchmarks/bench_wire.py [--pages 3000] [--rounds 3] [--handlers http11,aiohttp,httpx]

A server in a process of its own answers each page after 50 ms; concurrency is 16, as both sides count it. `gated`
waits for a durable permit before each page; `ledger off` is the same without waiting, which only this benchmark can do.
CPU is the crawling process's own, ledger thread included. Targets: pages/s >= 0.90 of bare, CPU a page <= +10 % (ledger
off: <= +3 %); a refused link <= 1/10 of a refusal in a downloader middleware.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

DELAY = 0.05
HOST = "site.localhost"
"""The gates' own resolver answers it (RFC 6761); for bare Scrapy the machine's resolver is told to."""
CONCURRENCY = 16
HTTPX = "scrapy.core.downloader.handlers._httpx.HttpxDownloadHandler"
HANDLERS: dict[str, dict[str, Any]] = {
    "http11": {},
    "aiohttp": {"TWISTED_REACTOR_ENABLED": False},
    "httpx": {"DOWNLOAD_HANDLERS": {"http": HTTPX, "https": HTTPX}},
}
MODES = ("bare", "gated", "ledger off")
BODY = b"<html><body>" + b"<p>a page of some length</p>" * 200 + b"</body></html>"


# --- the server ----------------------------------------------------------------------


class Counter(asyncio.Protocol):
    """HTTP/1.1 with keep-alive: `/robots.txt` at once, `/peak` says the highest concurrency, all else after DELAY."""

    active = peak = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
            path = head.split(b" ", 2)[1]
            if path == b"/robots.txt":
                self.answer(b"User-agent: *\nDisallow: /private\n", b"text/plain")
            elif path.startswith(b"/peak"):
                self.answer(str(Counter.peak).encode(), b"text/plain")
                Counter.peak = 0
            elif path.startswith((b"/.well-known", b"/ai.txt", b"/rsl.xml")):
                self.answer(b"", b"text/plain", b"404 Not Found")
            else:
                Counter.active += 1
                Counter.peak = max(Counter.peak, Counter.active)
                asyncio.get_running_loop().call_later(DELAY, self.late)

    def late(self) -> None:
        Counter.active -= 1
        self.answer(BODY, b"text/html")

    def answer(self, body: bytes, kind: bytes, status: bytes = b"200 OK") -> None:
        head = b"HTTP/1.1 %b\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n" % (status, kind, len(body))
        self.transport.write(head + body)


def serve(ports: Any) -> None:
    async def main() -> None:
        for port in range(8100, 9900):
            with contextlib.suppress(OSError):
                server = await asyncio.get_running_loop().create_server(Counter, "127.0.0.1", port)
                ports.put(port)
                await server.serve_forever()

    asyncio.run(main())


@contextmanager
def server() -> Iterator[int]:
    ports: Any = multiprocessing.Queue()
    process = multiprocessing.Process(target=serve, args=(ports,), daemon=True)
    process.start()
    yield ports.get()
    process.terminate()


# --- one crawl, in a child process ---------------------------------------------------


def crawl(mode: str, handler: str, port: int, pages: int, folder: Path) -> None:
    """Print one JSON line: seconds and CPU seconds from the first request to the last response, peak concurrency."""
    import scrapy
    from scrapy.crawler import AsyncCrawlerProcess

    base = f"http://{HOST}:{port}"
    seen = {"peak": 0, "pages": 0}

    class Pages(scrapy.Spider):
        name = "pages"

        async def start(self) -> Any:
            yield scrapy.Request(f"{base}/warm", callback=self.begin, dont_filter=True)

        def begin(self, response: Any) -> Any:  # noqa: ARG002
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

    settings: dict[str, Any] = {
        "LOG_LEVEL": "WARNING",
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
    point_home()
    process = AsyncCrawlerProcess(settings)
    process.crawl(Pages)
    process.start()
    print(json.dumps(seen), flush=True)


def point_home() -> None:
    """Let this process resolve HOST without a hosts file."""
    import socket

    addresses, name = socket.getaddrinfo, socket.gethostbyname
    socket.getaddrinfo = lambda host, *rest, **kinds: addresses("127.0.0.1" if host == HOST else host, *rest, **kinds)
    socket.gethostbyname = lambda host: name("127.0.0.1" if host == HOST else host)


def measure(mode: str, handler: str, port: int, pages: int, folder: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", mode, handler, str(port), str(pages), str(folder)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=600)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    if result["pages"] != pages:
        raise SystemExit(f"{mode} over {handler}: {result['pages']} of {pages} pages")
    return result


def peak(port: int) -> int:
    from urllib.request import urlopen

    with urlopen(f"http://127.0.0.1:{port}/peak") as answer:
        return int(answer.read())


def compare(handler: str, port: int, pages: int, rounds: int, folder: Path) -> None:
    found: dict[str, list[dict[str, float]]] = {mode: [] for mode in MODES}
    peaks: dict[str, int] = dict.fromkeys(MODES, 0)
    for _ in range(rounds):
        for mode in MODES:
            found[mode].append(measure(mode, handler, port, pages, folder))
            peaks[mode] = max(peaks[mode], peak(port))
    bare_rate = statistics.median(pages / one["seconds"] for one in found["bare"])
    bare_cpu = statistics.median(one["cpu"] / pages for one in found["bare"])
    for mode in MODES:
        rate = statistics.median(pages / one["seconds"] for one in found[mode])
        cpu = statistics.median(one["cpu"] / pages for one in found[mode])
        spread = max(one["seconds"] for one in found[mode]) / min(one["seconds"] for one in found[mode])
        print(
            f"{handler:8} {mode:10} {rate:7.1f} pages/s ({rate / bare_rate:.2f})   "
            f"{cpu * 1e3:6.3f} ms CPU a page ({cpu / bare_cpu - 1:+.1%})   peak "
            f"{int(max(one['peak'] for one in found[mode]))} here, {peaks[mode]} there   slowest/fastest {spread:.2f}",
            flush=True,
        )


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
        mode, handler, port, pages, folder = sys.argv[2:]
        crawl(mode, handler, int(port), int(pages), Path(folder))
        return
    if sys.argv[1:2] == ["--refuse"]:
        where, links, folder = sys.argv[2:]
        refuse(where, int(links), Path(folder))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--links", type=int, default=5000)
    parser.add_argument("--handlers", default=",".join(HANDLERS))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, server() as port:
        for handler in filter(None, args.handlers.split(",")):
            compare(handler, port, args.pages, args.rounds, Path(name))
        compare_refusals(args.links, args.rounds, Path(name))


if __name__ == "__main__":
    main()
