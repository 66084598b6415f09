"""Purposes, conditions and paths: what a clause or a scope speaks of."""

from __future__ import annotations

import pytest

from desist.decide import decide
from desist.errors import UsageError
from desist.model import Purpose

from .documents import NOTICE, NOW, PLATFORM, SITE, TERMS, policies


def test_a_clause_for_some_purposes_refuses_these() -> None:
    """Terms on AI training do not touch an index."""
    rules = policies(PLATFORM, TERMS.replace("automated_access", "ai_training"))
    assert decide(rules, SITE, at=NOW, purposes=["index"]).effect == "allow"
    refused = decide(rules, SITE, at=NOW, purposes=["index", "train-ai"])
    assert refused.reasons[0].purposes == (Purpose.TRAIN_AI,)


def test_a_spider_that_declares_nothing_is_judged_as_all_and_told_so() -> None:
    """A refusal with only this cause names DESIST_PURPOSES and the purposes that would pass."""
    decision = decide(policies(PLATFORM, TERMS.replace("automated_access", "ai_training")), SITE, at=NOW)
    assert decision.governing is not None
    assert "DESIST_PURPOSES" in decision.governing.help
    assert "index" in decision.governing.help
    assert "train-ai" not in decision.governing.help


def test_a_refusal_of_all_purposes_does_not_name_the_setting() -> None:
    """Declaring would not help."""
    decision = decide(policies(PLATFORM, TERMS), SITE, at=NOW)
    assert decision.governing is not None
    assert "DESIST_PURPOSES" not in decision.governing.help


def test_a_purpose_that_is_none_is_a_usage_error() -> None:
    """A typo must not narrow what is judged."""
    with pytest.raises(UsageError, match="`trainai` is not a purpose"):
        decide(policies(PLATFORM), SITE, purposes=["trainai"])


@pytest.mark.parametrize(
    ("conditions", "effect"),
    [
        ("[robots_txt]", "allow"),
        ("[permission]", "refuse"),
        ("[robots_txt, permission]", "refuse"),
        ("[search_engine]", "refuse"),
        ("[]", "refuse"),
    ],
)
def test_only_the_condition_that_is_checked_leaves_the_answer_open(conditions: str, effect: str) -> None:
    """robots.txt is asked anyway; whatever else is not shown to be met refuses."""
    terms = TERMS.replace("effect: forbids", f"effect: conditional, conditions: {conditions}")
    assert effect == decide(policies(PLATFORM, terms), SITE, at=NOW).effect


def test_terms_for_which_robots_is_no_permission_refuse() -> None:
    """`robots_is_not_permission: yes` closes what the condition left open."""
    terms = TERMS.replace("effect: forbids", "effect: conditional, conditions: [robots_txt]")
    assert decide(policies(PLATFORM, terms + "robots_is_not_permission: yes\n"), SITE, at=NOW).effect == "refuse"


@pytest.mark.parametrize(
    ("path", "effect"),
    [
        ("/faces/1", "refuse"),
        ("/f%61ces/1", "refuse"),
        ("//faces/1", "refuse"),
        ("/a/../faces/1", "refuse"),
        ("/faces/../a", "refuse"),
        ("/other", "allow"),
        ("/Faces", "allow"),
    ],
)
def test_a_path_is_reached_by_any_of_its_readings(path: str, effect: str) -> None:
    """As written, as resolved, unescaped, slashes squeezed: a prohibition needs one."""
    rules = policies(PLATFORM, NOTICE + "crawl_effect: restrict\nscope: {paths: [/faces]}\n")
    assert effect == decide(rules, f"https://pictogram.test{path}", at=NOW).effect
