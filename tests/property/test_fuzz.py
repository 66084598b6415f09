"""Mutated spellings of forbidden URLs, none of which may pass; a million of them every night, a sample always."""

from __future__ import annotations

from random import Random

import pytest

from desist.decide import Judge
from desist.policy import PolicySet

from .spellings import misspell, wrap

HOSTS = (
    "www.facebook.com",
    "instagram.com",
    "x.com",
    "pbs.twimg.com",
    "youtu.be",
    "www.linkedin.com",
    "venmo.com",
    "fb.me",
)
_ASCII = "".join(map(chr, range(0x21, 0x7F)))


def mutated(url: str, random: Random) -> str:
    """A spelling with blanks, slashes, case and tails disturbed in ways that leave the address what it is."""
    edits = [
        lambda u: u + random.choice("#?/") + "".join(random.choices(_ASCII, k=random.randrange(12))),
        lambda u: random.choice([" ", "\t", "\n", "\x00", "\x1f", ""]) + u + random.choice([" ", "\n", ""]),
        lambda u: u.replace("//", "/" * random.randrange(1, 6), 1),
        lambda u: u.replace("/", "\\", random.randrange(3)),
        lambda u: u[:1].upper() + u[1:],
        lambda u: u.replace("://", ":" + random.choice(["\t", "\n", "\r"]) + "//", 1),
    ]
    return random.choice(edits)(url) if random.random() < 0.5 else url


def passed(count: int, seed: int) -> list[str]:
    """The spellings among so many that were allowed."""
    random = Random(seed)
    judge = Judge(PolicySet.load("shipped"), at="2026-11-22")
    for host in HOSTS:
        assert judge.decide(f"https://{host}/page").refused
    found = []
    for _ in range(count):
        plain = f"https://{random.choice(HOSTS)}/page"
        url = wrap(plain, random) if random.random() < 0.4 else mutated(misspell(plain, random), random)
        if not judge.decide(url).refused:
            found.append(url)
    return found


def test_a_sample_of_mutated_spellings_is_refused() -> None:
    """Ten thousand, always the same ones."""
    assert passed(10_000, seed=1) == []


def test_the_fuzzer_can_lose() -> None:
    """The control: a judge that knows none of these platforms lets most of them through."""
    random = Random(1)
    judge = Judge(PolicySet.of({"a.yaml": b"platform: other\nhosts: [other.test]\n"}))
    urls = [misspell(f"https://{random.choice(HOSTS)}/page", random) for _ in range(1000)]
    assert sum(not judge.decide(url).refused for url in urls) > 100


@pytest.mark.nightly
def test_a_million_mutated_spellings_are_refused() -> None:
    """Another million every run: the seed is printed where one passes."""
    seed = Random().randrange(2**32)
    assert (seed, passed(1_000_000, seed)) == (seed, [])
