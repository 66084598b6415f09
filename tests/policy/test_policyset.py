"""Policy sets: which folders, which owners, what a broken folder says."""

from __future__ import annotations

from pathlib import Path

import pytest

from desist.decide import decide
from desist.errors import PolicyError
from desist.policy import PolicySet
from desist.policy.policyset import default_folders, folders_of, shipped_policies
from desist.policy.rules import Reach


def platforms(*texts: str) -> PolicySet:
    """A set of platform documents."""
    return PolicySet.of({f"{number}.yaml": text.encode() for number, text in enumerate(texts)})


def owners(policy_set: PolicySet, host: str) -> dict[str, Reach]:
    """The owners of a host by slug."""
    return {policy_set.record(number).slug: reach for number, reach in policy_set.owners(host)}


def test_suffix_rules_reach_below_and_exact_rules_do_not() -> None:
    """Labels count, not letters."""
    held = platforms("platform: a\nhosts: [a.test, {host: b.test, match: exact}]\n")
    hosts = ("a.test", "x.y.a.test", "aa.test", "b.test", "x.b.test", "test")
    assert [bool(held.owners(host)) for host in hosts] == [True, True, False, True, False, False]


def test_a_host_has_all_its_owners() -> None:
    """A narrower rule of another platform takes nothing away."""
    held = platforms("platform: a\nhosts: [a.test]\n", "platform: b\nhosts: [media.a.test]\n")
    assert owners(held, "x.media.a.test") == {"a": Reach.ORDINARY, "b": Reach.ORDINARY}


def test_the_longest_name_decides_how_far_an_owner_reaches() -> None:
    """What a platform reserves below a site is reserved, and a site below what it reserves is a site."""
    held = platforms(
        "platform: a\nhosts: [a.test, {host: dev.a.test, role: project}, www.dev.a.test]\n",
        "platform: b\nhosts: [dev.a.test]\n",
    )
    assert owners(held, "x.dev.a.test") == {"a": Reach.RESERVED, "b": Reach.ORDINARY}
    assert owners(held, "www.dev.a.test") == {"a": Reach.ORDINARY, "b": Reach.ORDINARY}


def test_a_name_that_is_listed_twice_has_the_wider_reach() -> None:
    """Two documents of one platform that differ about one name: fail closed."""
    held = platforms("platform: a\nhosts: [{host: a.test, role: project}, {host: a.test, match: exact}]\n")
    assert owners(held, "a.test") == {"a": Reach.ORDINARY}
    assert owners(held, "x.a.test") == {"a": Reach.RESERVED}


def test_a_platform_in_a_later_folder_is_extended(tmp_path: Path) -> None:
    """Own documents add hosts to a shipped slug."""
    for folder, host in (("one", "a.test"), ("two", "b.test")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.yaml").write_text(f"platform: a\nhosts: [{host}]\n")
    held = PolicySet.load([tmp_path / "one", tmp_path / "two"])
    assert (len(held), bool(held.owners("a.test")), bool(held.owners("b.test"))) == (1, True, True)


def test_the_shipped_folder_is_found_and_makes_a_set() -> None:
    """In the repository and in a wheel alike; `shipped` is its name in lists."""
    assert (shipped_policies() / "platforms").is_dir()
    assert folders_of(["shipped", "mine"]) == [shipped_policies(), Path("mine")]
    assert len(PolicySet.load("shipped")) >= 60


def test_unset_means_shipped_and_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`./policies` counts where it holds documents."""
    monkeypatch.chdir(tmp_path)
    assert default_folders() == [shipped_policies()]
    (tmp_path / "policies" / "platforms").mkdir(parents=True)
    assert default_folders() == [shipped_policies()]
    (tmp_path / "policies" / "platforms" / "a.yaml").write_text("platform: a\n")
    assert default_folders() == [shipped_policies(), Path("policies")]


@pytest.mark.parametrize("paths", [[], ["/nowhere/at/all"]])
def test_no_folder_is_no_set(paths: list[str]) -> None:
    """Nothing to read is an error, never an empty set that allows everything."""
    with pytest.raises(PolicyError):
        PolicySet.load(paths)


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    """An empty directory must not switch the gate off."""
    with pytest.raises(PolicyError):
        PolicySet.load(tmp_path)


def test_all_errors_of_all_files_come_at_once(tmp_path: Path) -> None:
    """Each with its place."""
    (tmp_path / "a.yaml").write_text("platform: a\nhosts: [a.test]\nextra: 1\n")
    (tmp_path / "b.yaml").write_text("notice: [\n")
    with pytest.raises(PolicyError) as caught:
        PolicySet.load(tmp_path)
    files = {Path(found.place.file).name for found in caught.value.diagnostics}
    assert {"a.yaml", "b.yaml"} == files
    assert all(found.place.line for found in caught.value.diagnostics)


def test_a_suffix_rule_on_a_public_suffix_never_reaches_neighbours() -> None:
    """Lint refuses it; compiled all the same it reaches that one name."""
    from desist.model import Place, Role
    from desist.policy.compile import CompiledPlatform
    from desist.policy.policyset import Image, make_image
    from desist.policy.snapshot import image_of

    platform = CompiledPlatform("cdn")
    platform.add_host("cloudfront.net", exact=False, role=Role.CDN, reach=Reach.ORDINARY, place=Place("x"))
    image: Image = image_of(make_image([platform], "r", documents=1))
    held = PolicySet(image)
    assert [bool(held.owners(host)) for host in ("cloudfront.net", "d1.cloudfront.net")] == ([True, False])


def test_the_shipped_set_refuses_as_the_readme_shows() -> None:
    """Facebook's terms govern, the letter of 2020 is the docket, somebody else was its addressee."""
    decision = decide(PolicySet.load("shipped"), "https://www.facebook.com/x")
    assert decision.governing is not None
    assert (decision.governing.basis.value, decision.docket) == ("terms", "2020-facebook-clearview")
    assert "addressed to Clearview AI, Inc. (as reported)" in decision.governing.filed


@pytest.mark.parametrize(
    "more", ["scope: {purposes: [biometric]}\n", "scope: {paths: [/faces]}\n", "crawl_effect: none\n"]
)
def test_a_letter_about_one_host_takes_it_out_of_no_other_rule(more: str) -> None:
    """The name that it lists lies below one of the platform's: the platform's other rules reach it as before."""
    letter = (
        "notice: {id}\ninstrument: cease_and_desist\nsender: P\nrecipient: us\nplatforms: [a]\n"
        "received_at: 2026-01-05T09:30:00Z\n"
    )
    texts = ["platform: a\nhosts: [a.test]\n", letter.format(id="n0")]
    held = platforms(*texts, letter.format(id="n1") + "hosts: [img.a.test]\n" + more)
    assert owners(held, "img.a.test") == {"a": Reach.ORDINARY}
    assert decide(held, "https://img.a.test/x", purposes=["research"]).effect == "refuse"
