"""One decision beside its peers: `python benchmarks/bench_decide.py [--rounds N]` (needs the `bench` extra).

Every contender judges the same URLs in the same process, a slice at a time in turn, so that a busy machine slows all of
them alike. Figures are medians over the slices, nanoseconds a URL; ratios are medians of the ratios of a round.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import adblock
import tldextract
from policies_for_benchmarks import host_of, policy_set, urls
from protego import Protego

from desist.decide import Judge, decide
from desist.model import RobotsVerdict

PLATFORMS = 1000
ROBOTS = "User-agent: *\n" + "".join(f"Disallow: /private{n}/\n" for n in range(11)) + "Allow: /\n"


def tldextract_way(platforms: int, with_robots: frozenset[str]) -> Callable[[str], bool]:
    """What many crawlers do: registrable name in a set, then robots by Protego."""
    extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    held = {host_of(number) for number in range(platforms)}
    parsed = Protego.parse(ROBOTS)

    def allowed(url: str) -> bool:
        host = urlsplit(url).hostname or ""
        if extract(url).top_domain_under_public_suffix in held:
            return False
        return host not in with_robots or parsed.can_fetch(url, "bench")

    return allowed


def adblock_way(platforms: int) -> Callable[[str], bool]:
    """Adblock-rust with a host rule a platform."""
    filters = adblock.FilterSet()
    filters.add_filters([f"||{host_of(number)}^" for number in range(platforms)])
    engine = adblock.Engine(filters)

    def allowed(url: str) -> bool:
        return not engine.check_network_urls(url, "https://start.example/", "document").matched

    return allowed


def desist_way(platforms: int) -> Callable[[str], bool]:
    """A judge, as gates and dry runs keep one a crawl: documents, routes, every reason, a Decision object."""
    judge = Judge(policy_set(platforms))

    def allowed(url: str) -> bool:
        return judge.decide(url).effect == "allow"

    return allowed


def public_way(platforms: int) -> Callable[[str], bool]:
    """`decide(policy_set, url)`: the same, its arguments sorted out for every URL."""
    rules = policy_set(platforms)

    def allowed(url: str) -> bool:
        return decide(rules, url).effect == "allow"

    return allowed


def desist_with_robots(platforms: int, with_robots: frozenset[str]) -> Callable[[str], bool]:
    """The same with a robots answer on hand for half the hosts, as the gate asks."""
    judge = Judge(policy_set(platforms))
    verdict = RobotsVerdict("allow")

    def allowed(url: str) -> bool:
        if url.split("/", 3)[2] in with_robots:
            return judge.decide(url, robots=verdict).effect == "allow"
        return judge.decide(url).effect == "allow"

    return allowed


def ns_each(allowed: Callable[[str], bool], sample: list[str]) -> float:
    """Nanoseconds a URL over one slice."""
    start = time.process_time_ns()
    for url in sample:
        allowed(url)
    return (time.process_time_ns() - start) / len(sample)


def race(contenders: dict[str, Callable[[str], bool]], sample: list[str], rounds: int) -> dict[str, list[float]]:
    """All contenders in turn, round by round, each warmed up once."""
    for allowed in contenders.values():
        ns_each(allowed, sample)
    times: dict[str, list[float]] = {name: [] for name in contenders}
    gc.collect()
    gc.disable()
    for _ in range(rounds):
        for name, allowed in contenders.items():
            times[name].append(ns_each(allowed, sample))
    gc.enable()
    return times


def ratio(times: dict[str, list[float]], slow: str, quick: str) -> float:
    """Median of the rounds' ratios."""
    return statistics.median(s / q for s, q in zip(times[slow], times[quick], strict=True))


def show(title: str, times: dict[str, list[float]]) -> None:
    """A table of medians."""
    print(f"\n{title}")
    for name, values in times.items():
        print(f"  {name:<44} {statistics.median(values):>9,.0f} ns   (best {min(values):,.0f})")


def target(words: str, value: float, limit: float, *, at_least: bool) -> bool:
    """A line of the verdict."""
    good = value >= limit if at_least else value <= limit
    print(f"  {'met ' if good else 'MISSED'} {words}: {value:.2f} ({'>=' if at_least else '<='} {limit:g})")
    return good


def main() -> int:
    """Run all; 1 where a target is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=31)
    rounds = parser.parse_args().rounds
    sample = urls(4000, 1700, PLATFORMS)
    half = frozenset(url.split("/", 3)[2] for number, url in enumerate(sample) if number % 2)
    agree = [tldextract_way(PLATFORMS, frozenset()), adblock_way(PLATFORMS), desist_way(PLATFORMS)]
    assert len({tuple(way(url) for url in sample) for way in agree}) == 1, "the contenders disagree"
    times = race(
        {
            "desist": agree[2],
            "desist, decide(policy_set, url)": public_way(PLATFORMS),
            "desist, robots on hand for half the hosts": desist_with_robots(PLATFORMS, half),
            "adblock-rust": agree[1],
            "tldextract + set + urlsplit": agree[0],
            "tldextract + set + urlsplit + Protego, half": tldextract_way(PLATFORMS, half),
        },
        sample,
        rounds,
    )
    show(f"one decision, {PLATFORMS:,} platforms, {len(sample):,} URLs over 1,700 hosts", times)
    sizes = race({f"{n:,} platforms": desist_way(n) for n in (10, 1_000, 1_000_000)}, sample, rounds)
    show("warm, by size of the policy set", sizes)
    cold = cold_hosts(rounds)
    print("\nagainst the targets")
    good = [
        target(
            "faster than tldextract + set + urlsplit + Protego",
            ratio(times, "tldextract + set + urlsplit + Protego, half", "desist, robots on hand for half the hosts"),
            10,
            at_least=True,
        ),
        target("faster than adblock-rust on host rules", ratio(times, "adblock-rust", "desist"), 3, at_least=True),
        target(
            "a million platforms against 10", ratio(sizes, "1,000,000 platforms", "10 platforms"), 1.2, at_least=False
        ),
        target("cold host, microseconds", cold / 1000, 5, at_least=False),
    ]
    return 0 if all(good) else 1


def cold_hosts(rounds: int) -> float:
    """Median of slices of hosts that were never seen before, one URL each."""
    rules = policy_set(PLATFORMS)
    slices = []
    for number in range(rounds):
        fresh = [f"https://www.cold{number}x{n}-bench.com/a/page.html" for n in range(2000)]
        judge = Judge(rules)
        slices.append(ns_each(lambda url, judge=judge: judge.decide(url).effect == "allow", fresh))
    print(f"\ncold host: {statistics.median(slices):,.0f} ns (best {min(slices):,.0f})")
    return statistics.median(slices)


if __name__ == "__main__":
    sys.exit(main())
