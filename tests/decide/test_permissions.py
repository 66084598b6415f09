"""Permissions lift what they name, and nothing else."""

from __future__ import annotations

import pytest

from desist.decide import decide

from .documents import NOTICE, NOW, PERMISSION, PLATFORM, SITE, TERMS, bases, policies


def test_a_permission_lifts_what_it_names_and_the_reason_is_kept() -> None:
    """For its purpose, within its dates; the lifted reason says by what."""
    decision = decide(policies(PLATFORM, TERMS, PERMISSION), SITE, at=NOW, purposes=["research"])
    assert (decision.effect, [reason.lifted_by for reason in decision.reasons]) == ("allow", ["pictogram-licence"])


@pytest.mark.parametrize(
    ("purposes", "at"),
    [
        (["research", "index"], NOW),
        (["index"], NOW),
        (None, NOW),
        (["research"], "2026-01-31"),
        (["research"], "2027-01-02"),
    ],
)
def test_a_permission_lifts_nothing_else(purposes: list[str] | None, at: str) -> None:
    """No other purpose, no undeclared spider, no day before or after."""
    assert decide(policies(PLATFORM, TERMS, PERMISSION), SITE, at=at, purposes=purposes).effect == "refuse"


def test_a_permission_never_lifts_a_later_notice() -> None:
    """Even one that it names."""
    later = NOTICE.replace("2026-01-05", "2026-03-05")
    permission = PERMISSION.replace("[pictogram-tos]", "[pictogram-tos, 2026-01-pictogram]")
    late = decide(policies(PLATFORM, TERMS, later, permission), SITE, at=NOW, purposes=["research"])
    assert bases(late) == ["notice"]
    assert decide(policies(PLATFORM, TERMS, NOTICE, permission), SITE, at=NOW, purposes=["research"]).effect == "allow"


@pytest.mark.parametrize(
    ("line", "url", "effect"),
    [
        ("paths: [/open/]", "https://pictogram.test/open/a", "allow"),
        ("paths: [/open/]", "https://pictogram.test/open/../a", "refuse"),
        ("paths: [/open/]", "https://pictogram.test/a", "refuse"),
        ("hosts: [api.pictogram.test]", "https://api.pictogram.test/a", "allow"),
        ("hosts: [api.pictogram.test]", "https://pictogram.test/a", "refuse"),
        ("addressed_to: other", "https://pictogram.test/a", "refuse"),
        ("revoked_at: 2026-03-01", "https://pictogram.test/a", "refuse"),
        ("user_agent: OtherBot", "https://pictogram.test/a", "refuse"),
        ("user_agent: desistbot", "https://pictogram.test/a", "allow"),
    ],
)
def test_a_permission_is_bounded_by_every_field(line: str, url: str, effect: str) -> None:
    """Paths in all readings, hosts, addressee, revocation, agent."""
    rules = policies(PLATFORM, TERMS, PERMISSION + line + "\n")
    assert effect == decide(rules, url, at=NOW, purposes=["research"], agent="DesistBot").effect
