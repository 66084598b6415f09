"""What robots.txt and signals add to what documents say."""

from __future__ import annotations

from desist.decide import decide
from desist.model import UNREAD, RobotsVerdict, Signal, Usage

from .documents import NOTICE, NOW, OTHER, PLATFORM, SITE, bases, policies


def test_a_gate_without_a_robots_answer_refuses() -> None:
    """UNREAD is no permission."""
    decision = decide(policies(PLATFORM), "https://good.test/", robots=UNREAD)
    assert (bases(decision), decision.unchecked, decision.docket) == (
        ["robots-unavailable"],
        (),
        "robots:https://good.test:443",
    )


def test_robots_refuses_beside_documents_with_the_platforms_docket() -> None:
    """On a platform with a notice the robots refusal is filed under it too."""
    verdict = RobotsVerdict("refuse", line=4, rule="Disallow: /x", authority="https://pictogram.test:443")
    decision = decide(policies(PLATFORM, OTHER), SITE, at=NOW, robots=verdict)
    assert bases(decision) == ["robots", "notice-to-other"]
    assert decision.reasons[0].rule == "robots.txt:4"


def test_robots_alone_is_its_own_docket() -> None:
    """Nothing else is on file."""
    verdict = RobotsVerdict("refuse", line=4, rule="Disallow: /x", authority="https://good.test:443")
    assert decide(policies(PLATFORM), "https://good.test/x", robots=verdict).docket == "robots:https://good.test:443"


def test_an_allowing_robots_permits_nothing_that_documents_forbid() -> None:
    """Public is not permitted."""
    assert decide(policies(PLATFORM, NOTICE), SITE, at=NOW, robots=RobotsVerdict("allow")).effect == "refuse"
    assert decide(policies(PLATFORM, NOTICE), "https://good.test/", robots=RobotsVerdict("allow")).unchecked == ()


def test_a_signal_refuses_the_purposes_that_it_speaks_of() -> None:
    """noai: training is refused, an index is not."""
    signal = Signal("x-robots-tag", frozenset({Usage.TRAIN_AI}), "disallow", "header X-Robots-Tag", "noai")
    rules = policies(PLATFORM)
    assert decide(rules, "https://good.test/", signals=(signal,), purposes=["index"]).effect == "allow"
    refused = decide(rules, "https://good.test/", signals=(signal,), purposes=["train-ai"])
    assert (bases(refused), refused.docket) == (["optout"], "signal:x-robots-tag:good.test")
