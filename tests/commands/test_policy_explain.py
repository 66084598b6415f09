"""`desist policy explain`: every rule considered, the winner with its place, and what would change the answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from desist.commands.main import main

URL = "https://pictogram.test/faces"


@pytest.fixture
def policies(tmp_path: Path) -> str:
    """A platform with a notice to us, one to somebody else, terms, a permission and a letter without effect."""
    folder = tmp_path / "policies"
    folder.mkdir()
    documents = {
        "p": "platform: pictogram\nhosts: [pictogram.test, {host: lib.test, role: project}]\n",
        "ours": "notice: ours\ninstrument: cease_and_desist\nsender: P\nrecipient: us\nplatforms: [pictogram]\n"
        "received_at: 2026-01-05T09:30:00Z\n",
        "other": "notice: theirs\ninstrument: demand_letter\nsender: P\nrecipient: F\naddressed_to: other\n"
        "platforms: [pictogram]\ndates: {sent: 2020-02-05}\nsources: [a newspaper]\n",
        "context": "notice: suit\ninstrument: lawsuit\nsender: P\nrecipient: F\naddressed_to: other\n"
        "platforms: [pictogram]\ncrawl_effect: none\ndates: {filed: 2021-01-01}\nsources: [a newspaper]\n",
        "terms": "terms: tos\nplatform: pictogram\ndocument: Terms\neffective_from: 2025-11-01\nsha256: 5c1e...\n"
        'clauses:\n  - {topic: automated_access, effect: forbids, section: "4.2"}\n'
        '  - {topic: commercial_reuse, effect: permits, section: "5"}\n',
        "permission": "permission: licence\nplatform: pictogram\ninstrument: licence\noverrides: [tos]\n"
        f"purposes: [research]\nfrom: 2025-12-01\ndocument_sha256: {'ab' * 32}\napproved_by: [A, B]\n",
    }
    for name, text in documents.items():
        (folder / f"{name}.yaml").write_text(text)
    return str(folder)


def explain(policies: str, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Run the verb."""
    code = main(["policy", "explain", *words, "--policies", policies])
    return code, capsys.readouterr().out


def test_every_rule_is_shown_with_the_winner_first(policies: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Winner, companions, what speaks not and why; each with file, line and column."""
    code, said = explain(policies, capsys, URL, "--at", "2026-06-01")
    assert code == 1
    assert "=> notice ours: governs" in said
    assert " + terms tos:4.2: refuses too" in said
    assert " + notice theirs: refuses too" in said
    assert "notice suit: refuses nothing: it asks for nothing that a fetch could breach" in said
    assert "terms tos:5: refuses nothing: terms that permit lift nothing" in said
    assert "permission licence: lifts nothing here: given for research" in said
    assert f"{policies}/ours.yaml:1:9; in force since 2026-01-05T09:30:00Z, docket ours" in said
    assert "pictogram.test is pictogram's by `pictogram.test` (site)" in said
    assert said.index("=> notice ours") < said.index(" + terms tos") < said.index("notice suit")


def test_what_would_change_the_answer_is_tried(policies: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Dates by replay, permissions by what they would have to name."""
    _, said = explain(policies, capsys, URL, "--at", "2026-06-01")
    assert "before 2020-02-04T10:00:00Z: it was allowed" in said
    assert "a permission of pictogram that overrides ours, tos, theirs" in said
    _, before = explain(policies, capsys, URL, "--at", "2019-01-01")
    assert "from 2020-02-04T10:00:00Z on: refused" in before


def test_purposes_and_settings_that_would_help_are_named(policies: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Found by asking again, with one thing changed."""
    (Path(policies) / "ours.yaml").unlink()
    _, said = explain(policies, capsys, URL, "--at", "2026-06-01", "--purpose", "research")
    assert "permission licence: lifts\n" in said
    assert "terms tos:4.2: lifted by licence" in said
    assert "DESIST_NOTICES_TO_OTHERS set to `record`: allowed" in said


def test_protego_is_the_second_opinion(policies: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A version behind the token hides the group from Protego: Scrapy alone would have fetched."""
    robots = tmp_path / "robots.txt"
    robots.write_text("User-agent: DesistBot/2.0\nDisallow: /faces\n")
    code, said = explain(policies, capsys, "https://good.test/faces", "--robots", str(robots), "--agent", "DesistBot")
    assert code == 1
    assert "=> robots robots.txt:2" in said
    assert "Scrapy alone would have fetched this" in said


def test_headers_are_judged(policies: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As signals of the response."""
    code, said = explain(policies, capsys, "https://good.test/", "--header", "X-Robots-Tag: noai")
    assert code == 1
    assert "=> optout x-robots-tag" in said
    assert "declaring only `index`: allowed" in said


def test_routes_are_shown(policies: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With the target that refuses."""
    _, said = explain(policies, capsys, f"https://web.archive.org/web/2020/{URL}", "--at", "2026-06-01")
    assert f"route      {URL}" in said
    assert f"=> notice ours: governs, via {URL}" in said


@pytest.mark.parametrize("url", ["", "no url", "http:\\\\pictogram.test", "ftp://x.test/", "http://\udcff.test/"])
def test_any_text_can_be_explained(policies: str, capsys: pytest.CaptureFixture[str], url: str) -> None:
    """What cannot be read says so."""
    code, said = explain(policies, capsys, url)
    assert code == 1
    assert "what would change the answer:" in said


@pytest.mark.parametrize("url", ["javascript:x", "ftp://a.test/"])
def test_no_permission_is_asked_for_what_none_can_open(
    policies: str, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    """A scheme that no gate passes: the next command is one that helps."""
    _, said = explain(policies, capsys, url)
    assert said.rstrip().endswith("next: desist policy explain https://HOST/PATH, the whole URL")


def test_json_holds_the_same(policies: str, capsys: pytest.CaptureFixture[str]) -> None:
    """For machines."""
    _, said = explain(policies, capsys, URL, "--at", "2026-06-01", "--format", "json")
    held = json.loads(said)["explanation"]
    assert {"ours": "governs", "suit": "refuses nothing: it asks for nothing that a fetch could breach"}.items() <= {
        one["id"]: one["standing"] for one in held["considered"]
    }.items()


def test_a_header_that_is_none_is_a_usage_error(policies: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2."""
    assert explain(policies, capsys, URL, "--header", "noai")[0] == 2


def test_a_status_is_judged_as_a_gate_would(folder: Path, desist: Callable[..., Any]) -> None:
    """451 refuses with the basis of its own; 200 says nothing."""
    refused = desist("policy", "explain", "https://good.test/", "--policies", "policies", "--status", "451")
    assert (refused.code, refused.out.startswith("refused https://good.test/: status:")) == (1, True)
    assert desist("policy", "explain", "https://good.test/", "--policies", "policies", "--status", "200").code == 0


def test_a_licence_that_is_named_refuses_until_it_is_read(folder: Path, desist: Callable[..., Any]) -> None:
    """A Link header names it; the saved file says what it permits."""
    link = 'Link: </l.xml>; rel="license"; type="application/rsl+xml"'
    asked = (
        "policy",
        "explain",
        "https://good.test/a",
        "--policies",
        "policies",
        "--purpose",
        "index",
        "--header",
        link,
    )
    unread = desist(*asked)
    assert (unread.code, "--licence FILE" in unread.out) == (1, True)
    Path("l.xml").write_text(
        '<rsl xmlns="https://rslstandard.org/rsl"><content url="/"><license><permits type="usage">search</permits>'
        "</license></content></rsl>"
    )
    assert desist(*asked, "--licence", "l.xml").code == 0
    missing = desist(*asked, "--licence", "none.xml")
    assert (missing.code, "name a saved licence" in missing.err) == (2, True)


def test_what_one_has_decided_oneself_is_taken_back_by_withdrawal(folder: Path, desist: Callable[..., Any]) -> None:
    """No permission is named where no other rule refuses."""
    desist("policy", "stop", "annoyed.test", "--policies", "policies")
    done = desist("policy", "explain", "https://annoyed.test/", "--policies", "policies")
    assert "next: desist policy withdraw own-" in done.out
    assert "a permission of" not in done.out
