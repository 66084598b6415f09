"""Somebody else's letter: its own platform and purposes only, and last in governing order."""

from __future__ import annotations

from desist.decide import Options, decide
from desist.model import Basis

from .documents import NOTICE, NOW, OTHER, PLATFORM, SITE, TERMS, bases, policies


def test_somebody_elses_letter_refuses_its_own_platform_and_governs_last() -> None:
    """It governs only where nothing else does, and stays the docket of what terms refuse."""
    alone = decide(policies(PLATFORM, OTHER), SITE, at=NOW)
    assert (bases(alone), alone.docket) == (["notice-to-other"], "2020-pictogram-facefirm")
    both = decide(policies(PLATFORM, OTHER, TERMS), SITE, at=NOW)
    assert both.governing is not None
    assert (both.governing.basis, both.docket) == (Basis.TERMS, "2020-pictogram-facefirm")


def test_recorded_only_it_is_a_docket_and_refuses_nothing() -> None:
    """DESIST_NOTICES_TO_OTHERS = record."""
    record = Options(notices_to_others="record")
    assert decide(policies(PLATFORM, OTHER), SITE, at=NOW, options=record).effect == "allow"
    assert decide(policies(PLATFORM, OTHER, TERMS), SITE, at=NOW, options=record).docket == "2020-pictogram-facefirm"


def test_it_refuses_within_its_own_purposes_only() -> None:
    """The letter about faces does not stop an index."""
    rules = policies(PLATFORM, OTHER + "scope: {purposes: [biometric]}\n")
    assert decide(rules, SITE, at=NOW, purposes=["index"]).effect == "allow"
    assert decide(rules, SITE, at=NOW, purposes=["biometric"]).effect == "refuse"


def test_our_own_notice_is_the_docket_before_somebody_elses() -> None:
    """Whatever their dates."""
    assert decide(policies(PLATFORM, OTHER, NOTICE, TERMS), SITE, at=NOW).docket == "2026-01-pictogram"
