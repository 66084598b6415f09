"""What parsing a robots.txt and asking it about a URL costs, beside Protego, texting-robots-py, robotspy and urllib.

    python benchmarks/bench_robots.py [--rounds 7] [--urls 300]

Every reader keeps its parse and answers for one agent. Files are generated from a seed: literal paths, wildcards, ends,
a few groups. Half of the URLs are made from rules, half are not. All readers compute in one thread, so CPU time is
measured; they take turns within a round, since caches and clocks of a shared machine move all the same; medians over
rounds, ratios within a round. Targets: a URL <= 10 us on 5 KB (>= 2x faster than Protego), <= 25 us on 500 KB (>= 100x
faster), 500 KB parsed in <= 250 ms (faster than Protego), a pattern of 200 wildcards judged in <= 50 ms.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
import urllib.robotparser
from collections.abc import Callable
from typing import Any

import texting_robots
from protego import Protego

import robots as robotspy
from desist.robots import Robots

AGENT = "DesistBot"
SITE = "https://site.test"
SIZES = {"65 B": 65, "5 KB": 5_000, "500 KB": 500_000}
Reader = Callable[[bytes], Callable[[str], bool]]


def ours(data: bytes) -> Callable[[str], bool]:
    robots = Robots(data)
    robots.verdict("/", AGENT)  # groups and index are made at the first question
    return lambda url: robots.verdict(url, AGENT).effect == "allow"


def protego(data: bytes) -> Callable[[str], bool]:
    parsed: Any = Protego.parse(data.decode())
    return lambda url: parsed.can_fetch(url, AGENT)


def texting(data: bytes) -> Callable[[str], bool]:
    parsed = texting_robots.Robot(AGENT, data)
    allowed: Callable[[str], bool] = parsed.allowed
    return allowed


def robotspy_(data: bytes) -> Callable[[str], bool]:
    parsed: Any = robotspy.RobotsParser.from_string(data.decode())
    return lambda url: parsed.can_fetch(AGENT, url)


def urllib_(data: bytes) -> Callable[[str], bool]:
    parsed = urllib.robotparser.RobotFileParser()
    parsed.parse(data.decode().splitlines())
    parsed.modified()
    return lambda url: parsed.can_fetch(AGENT, url)


READERS: dict[str, Reader] = {
    "desist": ours,
    "Protego": protego,
    "texting-robots": texting,
    "robotspy": robotspy_,
    "urllib": urllib_,
}


def word(dice: random.Random) -> str:
    return "".join(dice.choices("etaoinshrdlucmfwypvbgk", k=dice.randint(3, 10)))


def make_file(size: int, seed: int) -> bytes:
    """A robots.txt of about `size` octets: seven literal paths to three patterns, three refusals to one permission."""
    dice = random.Random(seed)
    lines = ["User-agent: OtherBot", "Disallow: /", "", "User-agent: *"] if size > 1000 else ["User-agent: *"]
    length = sum(map(len, lines)) + len(lines)
    while length < size:
        path = dice.choices(
            [
                f"/{word(dice)}/{word(dice)}",
                f"/{word(dice)}/",
                f"/{word(dice)}/*/{word(dice)}",
                f"/*?{word(dice)}=",
                f"/*.{word(dice)[:4]}$",
            ],
            weights=[5, 2, 1, 1, 1],
        )[0]
        lines.append(f"{dice.choices(['Disallow', 'Allow'], weights=[3, 1])[0]}: {path}")
        length += len(lines[-1]) + 1
    return "\n".join(lines).encode() + b"\n"


def make_urls(data: bytes, count: int, seed: int) -> list[str]:
    """Half of the URLs from rules of the file, half from nowhere."""
    dice = random.Random(seed)
    paths = [line.partition(": ")[2] for line in data.decode().splitlines() if "allow: /" in line.lower()]
    urls = []
    for number in range(count):
        if number % 2:
            urls.append(f"{SITE}{dice.choice(paths).rstrip('$').replace('*', word(dice))}{word(dice)}")
        else:
            urls.append(
                f"{SITE}/{word(dice)}/{word(dice)}/{word(dice)}-{word(dice)}.html?{word(dice)}={word(dice)}&page=2"
            )
    return urls


def seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def measure(data: bytes, urls: list[str], rounds: int) -> dict[str, tuple[list[float], list[float]]]:
    """Seconds to parse, and seconds a URL, of each reader in each round; the slow ones judge fewer URLs."""
    found: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in READERS}
    for _ in range(rounds):
        for name, reader in READERS.items():
            kept: list[Callable[[str], bool]] = []
            found[name][0].append(seconds(lambda reader=reader, kept=kept: kept.append(reader(data))))  # type: ignore[misc]
            asked = urls if len(data) < 100_000 or name == "desist" else urls[:24]
            found[name][1].append(seconds(lambda kept=kept, asked=asked: [kept[0](u) for u in asked]) / len(asked))  # type: ignore[misc]
    return found


def ratio(found: dict[str, tuple[list[float], list[float]]], column: int, peer: str) -> float:
    """How many times faster than the peer, the median of the rounds' own ratios."""
    mine, theirs = found["desist"][column], found[peer][column]
    return statistics.median(b / a for a, b in zip(mine, theirs, strict=True))


def target(said: str, value: float, limit: float, unit: str, *, at_least: bool = False) -> None:
    met = value >= limit if at_least else value <= limit
    sign = ">=" if at_least else "<="
    print(f"  {'met   ' if met else 'MISSED'} {said}: {value:.1f} {unit} (target {sign} {limit:g})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--urls", type=int, default=300)
    args = parser.parse_args()
    results = {}
    for name, size in SIZES.items():
        data = make_file(size, 7)
        results[name] = found = measure(data, make_urls(data, args.urls, 11), args.rounds)
        print(f"{name} ({len(data):,} octets): parse ms, us a URL (medians of {args.rounds} rounds)")
        for reader, (parse, judge) in found.items():
            print(f"  {reader:<15} {statistics.median(parse) * 1e3:>10.3f} {statistics.median(judge) * 1e6:>12.2f}")
    wild = Robots(b"User-agent: *\nDisallow: /" + b"a*" * 200 + b"b\n")
    path = "/" + "a" * 100_000
    worst = max(seconds(lambda: wild.verdict(path, AGENT)) for _ in range(5))
    small, large = results["5 KB"], results["500 KB"]
    print("targets")
    target("5 KB, a URL", statistics.median(small["desist"][1]) * 1e6, 10, "us")
    target("5 KB, against Protego", ratio(small, 1, "Protego"), 2, "x", at_least=True)
    target("500 KB, a URL", statistics.median(large["desist"][1]) * 1e6, 25, "us")
    target("500 KB, against Protego", ratio(large, 1, "Protego"), 100, "x", at_least=True)
    target("500 KB, parse", statistics.median(large["desist"][0]) * 1e3, 250, "ms")
    target("500 KB, parse against Protego", ratio(large, 0, "Protego"), 1, "x", at_least=True)
    target("200 wildcards on 100,000 octets, slowest of 5", worst * 1e3, 50, "ms")


if __name__ == "__main__":
    main()
