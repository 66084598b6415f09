"""Policy sets and URL files of any size, for the benchmarks: synthetic names, always the same ones."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

from desist.model import Basis, Place, Role
from desist.policy import PolicySet
from desist.policy.compile import EVERY, CompiledPlatform
from desist.policy.policyset import make_image
from desist.policy.rules import Filing, Life, Reach, Rule, Scope
from desist.policy.snapshot import image_of

_NAMES = "news shop blog wiki forum media photo video travel music game auto home garden sport book food art"
_WORDS = _NAMES.split()


def host_of(number: int) -> str:
    """The site of a platform."""
    return f"platform{number}-bench.com"


def compiled(count: int) -> Iterator[CompiledPlatform]:
    """Platforms of two hosts, one notice and one terms clause each, as compiling documents would give them."""
    place = Place("bench.yaml", 1, 1)
    life = Life(1_577_836_800_000_000)
    for number in range(count):
        platform = CompiledPlatform(f"platform{number}", f"Platform {number}")
        for host in (host_of(number), f"platform{number}-cdn-bench.com"):
            platform.add_host(host, exact=False, role=Role.SITE, reach=Reach.ORDINARY, place=place)
        for basis, name in ((Basis.NOTICE, f"n{number}"), (Basis.TERMS, f"t{number}")):
            filed = f"filed under {name}, addressed to you"
            platform.rules.append(Rule(name, name, basis, "refuses it", Scope(EVERY), life, place, filed))
            platform.filings.append(((basis.rank,), Filing(name, filed, life, other=False)))
        yield platform


def policy_set(count: int) -> PolicySet:
    """A set of so many platforms."""
    return PolicySet(image_of(make_image(compiled(count), f"bench-{count}", documents=3 * count)))


def write_documents(folder: Path, count: int) -> None:
    """So many documents, a third each platforms, notices and terms, as files of a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count // 3):
        slug = f"platform{number}"
        (folder / f"p{number}.yaml").write_text(f"platform: {slug}\nhosts: [{host_of(number)}, {slug}-cdn-bench.com]\n")
        (folder / f"n{number}.yaml").write_text(
            f"notice: n{number}\ninstrument: cease_and_desist\nsender: S\nrecipient: us\nplatforms: [{slug}]\n"
            "received_at: 2026-01-05T09:30:00Z\n"
        )
        (folder / f"t{number}.yaml").write_text(
            f"terms: t{number}\nplatform: {slug}\ndocument: Terms\neffective_from: 2025-11-01\nsha256: 5c1e...\n"
            'clauses: [{topic: automated_access, effect: forbids, section: "4.2"}]\n'
        )


@lru_cache(maxsize=4)
def _hosts(hosts: int, platforms: int) -> tuple[list[str], list[float]]:
    """Host names in order of popularity, and their cumulated Zipf weights."""
    rng = random.Random(0)
    names = [
        f"www.{rng.choice(_WORDS)}{number}-bench.com" if number % 50 else f"www.{host_of(number % max(platforms, 1))}"
        for number in range(hosts)
    ]
    rng.shuffle(names)
    return names, list(accumulate(1 / rank for rank in range(1, hosts + 1)))


def urls(count: int, hosts: int, platforms: int, seed: int = 1) -> list[str]:
    """URLs with Zipf-distributed hosts, one in fifty a platform's; a third with a query, mean 65 letters."""
    names, weights = _hosts(hosts, platforms)
    rng = random.Random(seed)
    made = []
    for host in rng.choices(names, cum_weights=weights, k=count):
        path = "/".join(rng.choices(_WORDS, k=rng.randrange(1, 5)))
        query = f"?id={rng.randrange(10**6)}&page={rng.randrange(99)}" if rng.random() < 0.33 else ""
        made.append(f"https://{host}/{path}/{rng.randrange(10**9)}.html{query}")
    return made
