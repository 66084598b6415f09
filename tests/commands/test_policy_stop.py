"""`desist policy stop`: in force at once, on the smallest unit, never over something that exists."""

from __future__ import annotations

import subprocess
import sys
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
    """The second stop of a day stands beside the first, which stays byte for byte."""
    desist("policy", "stop", "a.test", "--by", "A. Jones", "--policies", "policies")
    (path,) = (folder / "notices").glob("own-*")
    before = path.read_bytes()
    done = desist("policy", "stop", "b.test", "--by", "B. Smith", "--policies", "policies")
    assert (done.code, path.read_bytes()) == (0, before)
    assert refuses("https://a.test/")
    assert refuses("https://b.test/")


def test_a_stop_after_a_withdrawal_takes_force_again(folder: Path, desist: Run) -> None:
    """Also on the same day, and a wider one beside a narrower."""
    desist("policy", "stop", "a.test", "--by", "A. Jones", "--policies", "policies")
    (path,) = (folder / "notices").glob("own-*")
    history = f'  - {{at: 2199-01-01, status: withdrawn, by: [A, B], document_sha256: "{"ab" * 32}"}}\n'
    path.write_text(path.read_text() + "status_history:\n" + history.replace("2199-01-01", path.stem[4:14]))
    assert desist("policy", "stop", "a.test", "--policies", "policies").code == 0
    assert refuses("https://a.test/")
    assert {p.stem[14:] for p in (folder / "notices").glob("own-*")} == {"", "-2"}
    for words in ([], ["--all-hosts"]):
        assert desist("policy", "stop", "pictogram", *words, "--policies", "policies").code == 0
    assert refuses("https://pictogram-fonts.test/")


def test_an_id_names_no_host(folder: Path, desist: Run) -> None:
    """It stands in the clear in every entry that is filed under it."""
    desist("policy", "stop", "customer.test", "--policies", "policies")
    (path,) = (folder / "notices").glob("own-*")
    assert "customer" not in path.name
    assert "customer" not in path.read_text().partition("notice:")[2].partition("\n")[0]


def test_four_people_stop_four_hosts_at_once(tmp_path: Path) -> None:
    """In a folder that is not there yet: every one of them is in force."""
    stop = [str(Path(sys.executable).with_name("desist")), "policy", "stop"]
    hosts = [f"{letter}.test" for letter in "abcd"]
    begun = [subprocess.Popen([*stop, host], cwd=tmp_path, stdout=subprocess.DEVNULL) for host in hosts]
    assert [one.wait(timeout=120) for one in begun] == [0] * 4
    assert all(refuses(f"https://{host}/", tmp_path / "policies") for host in hosts)


PROJECT = "BOT_NAME = 'shop'\nDESIST_POLICIES = ['shipped', 'conf']\n"


def test_it_writes_where_the_projects_crawls_read(tmp_path: Path, desist: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """DESIST_POLICIES of a project says where; a folder that its crawls do not read is warned of."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scrapy.cfg").write_text("[settings]\ndefault = shop_settings\n")
    (tmp_path / "shop_settings.py").write_text(PROJECT)
    (tmp_path / "conf").mkdir()
    stop = [str(Path(sys.executable).with_name("desist")), "policy", "stop", "a.test"]
    done = subprocess.run(stop, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert refuses("https://a.test/", Path("conf"))
    done = subprocess.run([*stop, "--into", "other"], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0
    assert "no crawl of this project reads `other`\n  help: --into conf" in done.stderr
    (tmp_path / "shop").mkdir()
    stop[-1] = "b.test"
    subprocess.run(stop, cwd=tmp_path / "shop", check=True, timeout=120, capture_output=True)
    assert refuses("https://b.test/", Path("conf"))


def test_a_project_that_reads_the_shipped_documents_alone_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written there is in force nowhere until the setting names it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scrapy.cfg").write_text("[settings]\ndefault = lone_settings\n")
    (tmp_path / "lone_settings.py").write_text("DESIST_POLICIES = ['shipped']\n")
    stop = [str(Path(sys.executable).with_name("desist")), "policy", "stop", "a.test"]
    done = subprocess.run(stop, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0
    assert "no crawl of this project reads `policies`\n  help: name `policies` in DESIST_POLICIES too" in done.stderr


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
