"""`desist policy stop`: in force at once, on the smallest unit, never over something that exists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from desist.decide import decide
from desist.policy import PolicySet

Run = Callable[..., Any]


def refuses(url: str, folder: Path = Path("policies")) -> bool:
    """Whether the folder's documents refuse a URL now."""
    return decide(PolicySet.load(folder), url).refused


def test_a_host_is_refused_from_this_moment_with_all_below_it(folder: Path, desist: Run) -> None:
    """And nothing else: not its neighbour, not its parent."""
    before = datetime.now(UTC)
    done = desist("policy", "stop", "Shop.Example.com.", "--by", "A. Jones", "--policies", "policies")
    assert done.code == 0
    assert refuses("https://shop.example.com/")
    assert refuses("https://a.shop.example.com/x")
    assert not refuses("https://example.com/")
    assert not refuses("https://othershop.example.com/")
    (entry,) = [p for p in (folder / "notices").iterdir() if p.name.startswith("own-")]
    assert f"written to policies/notices/{entry.name}" in done.out
    text = entry.read_text()
    assert text.startswith("# yaml-language-server: $schema=../schema.json\n")
    assert "instrument: own_decision" in text
    assert "entered_by: A. Jones" in text
    since = datetime.fromisoformat(text.partition("received_at: ")[2].split("\n")[0])
    assert since <= datetime.now(UTC)
    assert (before - since).total_seconds() < 1


def test_a_platform_is_refused_by_its_slug_without_its_infrastructure(folder: Path, desist: Run) -> None:
    """`--all-hosts` takes the reserved ones in."""
    assert desist("policy", "stop", "videogram", "--policies", "policies").code == 0
    assert refuses("https://www.videogram.test/")
    assert not refuses("https://pictogram-fonts.test/")
    assert desist("policy", "stop", "pictogram", "--all-hosts", "--policies", "policies").code == 0
    assert refuses("https://pictogram-fonts.test/")


@pytest.mark.parametrize("target", ["https://[2001:db8::1]:8443/x", "198.51.100.7", "http://bücher.example/a?b"])
def test_urls_addresses_and_idn_are_taken(folder: Path, desist: Run, target: str) -> None:
    """Whatever somebody pastes in the afternoon the letter arrives."""
    assert desist("policy", "stop", target, "--policies", "policies").code == 0
    assert refuses(target if "//" in target else f"http://{target}/")


@pytest.mark.parametrize(
    ("target", "said"),
    [("pictogramm", "did you mean `pictogram`?"), ("co.uk", "public suffix"), ("cloudfront.net", "public suffix"),
     ("a b.test", "host"), ("", "neither")],
)  # fmt: skip
def test_what_is_no_unit_is_refused_and_nothing_is_written(folder: Path, desist: Run, target: str, said: str) -> None:
    """A slip must not stop a whole registry, nor do nothing silently."""
    done = desist("policy", "stop", target, "--policies", "policies")
    assert done.code == 2
    assert said in done.err
    assert len(list((folder / "notices").iterdir())) == 1


def test_it_never_overwrites(folder: Path, desist: Run) -> None:
    """The second stop of a day says that the first stands, and leaves it byte for byte."""
    desist("policy", "stop", "a.test", "--by", "A. Jones", "--policies", "policies")
    (path,) = (folder / "notices").glob("own-*")
    before = path.read_bytes()
    done = desist("policy", "stop", "a.test", "--by", "B. Smith", "--policies", "policies")
    assert (done.code, path.read_bytes()) == (2, before)
    assert "exists" in done.err


def test_broken_documents_elsewhere_do_not_keep_a_stop_from_being_entered(folder: Path, desist: Run) -> None:
    """Counsel's typo of the morning must not matter in the afternoon."""
    (folder / "notices" / "typo.yaml").write_text("notice: typo\nplatforms: [pictogram\n")
    assert desist("policy", "stop", "a.test", "--policies", "policies").code == 0
    assert list((folder / "notices").glob("own-*"))


def test_a_first_stop_needs_no_folder(tmp_path: Path, desist: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """`./policies` is made, with the schema for editors, and the shipped documents are read beside it."""
    monkeypatch.chdir(tmp_path)
    done = desist("policy", "stop", "instagram")
    assert done.code == 0
    assert "refused https://instagram.com/: notice: own decision" in done.out
    assert (tmp_path / "policies" / "schema.json").exists()
    assert desist("policy", "lint", "shipped", "policies").code == 0


def test_it_shows_the_platforms_own_site_and_how_to_take_the_decision_back(tmp_path: Path, desist: Run) -> None:
    """The host that people know, and a withdrawal: nobody permits what one has decided oneself."""
    done = desist("policy", "stop", "facebook", "--into", str(tmp_path / "own"))
    (line,) = [line for line in done.out.splitlines() if line.startswith("refused")]
    assert line.startswith("refused https://facebook.com/: notice: own decision")
    assert "; it is your own decision: desist policy withdraw own-" in done.out
    assert "written permission" not in done.out
