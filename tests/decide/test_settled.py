"""Reasons put together: what one route lifts, another may not, and two texts of one signal are two reasons."""

from __future__ import annotations

import pytest

from desist.decide import decide
from desist.optout import read_headers
from desist.policy import PolicySet

PLATFORM = b"platform: pictogram\nhosts: [pictogram.test]\n"
TERMS = b"""terms: tos
platform: pictogram
document: Terms
effective_from: 2025-01-01
clauses: [{topic: automated_access, effect: forbids, section: "1"}]
"""
LICENCE = f"""permission: licence
platform: pictogram
instrument: licence
overrides: [tos]
purposes: any
paths: [/api/]
from: 2025-02-01
document_sha256: {"ab" * 32}
approved_by: [A, B]
""".encode()


@pytest.mark.parametrize(
    ("url", "effect"),
    [
        ("https://pictogram.test/api/x", "allow"),
        ("https://pictogram.test/faces/1", "refuse"),
        ("https://pictogram.test/api/proxy?url=https://pictogram.test/faces/1", "refuse"),
        ("https://pictogram.test/api/proxy?url=https://pictogram.test/api/1", "allow"),
    ],
)
def test_a_permission_for_one_path_does_not_lift_the_rule_for_another(url: str, effect: str) -> None:
    """The same clause speaks twice, of the page asked for and of the page that it fetches; both have to be lifted."""
    policies = PolicySet.of({"p.yaml": PLATFORM, "t.yaml": TERMS, "l.yaml": LICENCE})
    assert decide(policies, url).effect == effect


def test_each_rule_of_one_header_is_a_reason() -> None:
    """`noindex` and `noai` refuse different purposes: the help names only those that neither refuses."""
    signals = read_headers([("X-Robots-Tag", "noindex"), ("X-Robots-Tag", "noai")], "text/html", 0.0, "ExampleBot")
    decision = decide(PolicySet.of({"p.yaml": PLATFORM}), "https://ordinary.test/", signals=signals)
    assert [reason.rule for reason in decision.reasons] == ["x-robots-tag", "x-robots-tag"]
    assert decision.governing is not None
    assert not {"index", "train-ai", "biometric"} & set(decision.governing.help.replace(",", " ").split())
