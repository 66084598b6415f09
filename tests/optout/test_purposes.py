"""Which signals refuse which purposes: the table both ways, unknown statements, superseded ones, following links."""

from __future__ import annotations

import pytest

from desist.model import ALL_PURPOSES, Basis, Purpose, Signal, SignalVerdict, Usage
from desist.optout import PURPOSES_OF, USAGES_OF, Mode, files_wanted, follows, read_status, refusals, stance

AI = {Purpose.TRAIN_AI, Purpose.BIOMETRIC}


def signal(*usages: Usage, verdict: SignalVerdict = "disallow", name: str = "x", place: str = "header X") -> Signal:
    return Signal(name, frozenset(usages), verdict, place)


def refused(signals: list[Signal], purposes: frozenset[Purpose] = ALL_PURPOSES, mode: Mode = "strict") -> set[Purpose]:
    return {purpose for refusal in refusals(signals, purposes, mode) for purpose in refusal.purposes}


@pytest.mark.parametrize(
    ("usage", "purposes"),
    [
        (Usage.FETCH, set(Purpose)),
        (Usage.INDEX, {Purpose.INDEX}),
        (Usage.SEARCH, {Purpose.INDEX}),
        (Usage.ARCHIVE, {Purpose.ARCHIVE}),
        (Usage.TRAIN_AI, AI),
        (Usage.AI_INPUT, AI),
        (Usage.TDM, AI | {Purpose.RESEARCH, Purpose.MONITORING, Purpose.COMMERCIAL_REUSE}),
        (Usage.FOLLOW, set()),
    ],
)
def test_a_refused_usage_refuses_its_purposes(usage: Usage, purposes: set[Purpose]) -> None:
    """One signal, judged for all purposes: exactly those of the table are refused."""
    assert refused([signal(usage)]) == purposes


def test_the_table_holds_every_usage_and_reads_both_ways() -> None:
    """No usage is forgotten, and the way back is the same table."""
    assert set(PURPOSES_OF) == set(Usage)
    assert {(u, p) for p, us in USAGES_OF.items() for u in us} == {(u, p) for u, ps in PURPOSES_OF.items() for p in ps}


def test_only_the_purposes_asked_about_are_refused() -> None:
    """A spider that does not train is not refused by noai."""
    assert refused([signal(Usage.TRAIN_AI)], frozenset({Purpose.INDEX})) == set()
    assert refused([signal(Usage.TDM)], frozenset({Purpose.RESEARCH})) == {Purpose.RESEARCH}


def test_deny_overrides() -> None:
    """A permission beside a refusal changes nothing."""
    assert refused([signal(Usage.TRAIN_AI, verdict="allow"), signal(Usage.TRAIN_AI)]) == AI


def test_what_cannot_be_read_refuses_ai_purposes_in_strict_mode() -> None:
    """As AMBIGUOUS, and for no other purpose; by the letter it says nothing."""
    unknown = signal(Usage.TDM, Usage.INDEX, verdict="unknown")
    found = refusals([unknown], ALL_PURPOSES)
    assert [(set(refusal.purposes), refusal.basis) for refusal in found] == [(AI, Basis.AMBIGUOUS)]
    assert refusals([unknown], ALL_PURPOSES, "rfc") == ()


def test_a_status_refuses_every_purpose_as_status() -> None:
    """402 is about the request, not about a use."""
    found = refusals(read_status(402, [("crawler-price", "USD 1")], 0.0), frozenset({Purpose.RESEARCH}))
    assert [(set(refusal.purposes), refusal.basis) for refusal in found] == [({Purpose.RESEARCH}, Basis.STATUS)]


def test_tdmrep_stations_supersede_each_other_by_the_letter_only() -> None:
    """File, header, page: the last that speaks; strict mode keeps every refusal."""
    file = signal(Usage.TDM, name="tdmrep", place="/.well-known/tdmrep.json [1]")
    header = signal(Usage.TDM, verdict="allow", name="tdmrep", place="header tdm-reservation")
    page = signal(Usage.TDM, name="tdmrep", place="meta tdm-reservation")
    assert refused([file, header], mode="rfc") == set()
    assert refused([file, header], mode="strict") == PURPOSES_OF[Usage.TDM]
    assert refused([header, page], mode="rfc") == PURPOSES_OF[Usage.TDM]


def test_following_is_no_purpose() -> None:
    """nofollow refuses no page, and its links are not followed."""
    nofollow = signal(Usage.FOLLOW)
    assert refused([nofollow]) == set()
    assert not follows([nofollow])
    assert follows([signal(Usage.INDEX)])


def test_absence_is_no_permission() -> None:
    """No signal: unset, never allow."""
    assert [stance([], usage) for usage in Usage] == ["unset"] * len(Usage)


@pytest.mark.parametrize(
    ("purposes", "paths"),
    [
        ({Purpose.INDEX, Purpose.ARCHIVE}, ()),
        ({Purpose.MONITORING}, ("/.well-known/tdmrep.json",)),
        ({Purpose.TRAIN_AI}, ("/.well-known/tdmrep.json", "/ai.txt")),
        (ALL_PURPOSES, ("/.well-known/tdmrep.json", "/ai.txt")),
    ],
)
def test_files_are_fetched_where_the_purposes_ask_for_them(purposes: set[Purpose], paths: tuple[str, ...]) -> None:
    """An index needs neither file."""
    assert files_wanted(frozenset(purposes)) == paths
