"""The formats of the verbs that judge and compare: the same findings for people, programs and code scanning."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
VERBS = {
    "lint": ("lint", "policies"),
    "check": ("check", "https://p.test/", "--policies", "policies"),
    "explain": ("explain", "https://p.test/", "--policies", "policies"),
    "diff": ("diff", "policies", "policies"),
    "test": ("test", "policies"),
}


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A platform that is stopped, a test that says otherwise, and the same folder without the stop."""
    monkeypatch.chdir(tmp_path)
    for name in ("policies", "free"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "p.yaml").write_text("platform: p\nhosts: [p.test]\n")
    stop = "notice: n\ninstrument: own_decision\nplatforms: p\nreceived_at: 2026-01-05\n"
    (tmp_path / "policies" / "n.yaml").write_text(stop)
    (tmp_path / "policies" / "tests").mkdir()
    (tmp_path / "policies" / "tests" / "t.yaml").write_text('"https://p.test/": allow\n')
    return tmp_path


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_an_unknown_format_is_a_usage_error(written: Path, desist: Run, verb: str) -> None:
    """It never becomes text in silence."""
    done = desist("policy", *VERBS[verb], "--format", "xml")
    assert (done.code, done.out) == (2, "")


@pytest.mark.parametrize("form", ["json", "jsonl", "sarif"])
@pytest.mark.parametrize("verb", sorted(VERBS))
def test_broken_documents_are_told_in_the_format_that_was_asked_for(
    written: Path, desist: Run, verb: str, form: str
) -> None:
    """All errors of all files, on stdout, where a program reads them."""
    (written / "policies" / "a.yaml").write_text("platform: A B\nhosts: [x..test]\n")
    (written / "policies" / "b.yaml").write_text("notice: m\ninstrumen: warning\n")
    done = desist("policy", *VERBS[verb], "--format", form)
    assert done.code == (1 if verb == "lint" else 2)
    said = done.out if form != "jsonl" else "[" + ",".join(done.out.splitlines()) + "]"
    held = json.loads(said)
    codes = {one["code"] for one in held} if form != "sarif" else {one["ruleId"] for one in held["runs"][0]["results"]}
    assert {"D019", "D015", "D010"} <= codes


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (("check", "https://p.test/", "--policies", "policies"), "command-line"),
        (("explain", "https://p.test/", "--policies", "policies"), "command-line"),
        (("diff", "policies", "free"), "policies/n.yaml"),
        (("test", "policies"), "policies/tests/t.yaml"),
    ],
)
def test_what_is_found_is_a_result_for_code_scanning(
    written: Path, desist: Run, words: tuple[str, ...], place: str
) -> None:
    """SARIF 2.1.0, with the place where the reader has to look."""
    done = desist("policy", *words, "--format", "sarif")
    log = json.loads(done.out)
    (result,) = log["runs"][0]["results"]
    assert (done.code, log["version"]) == (1, "2.1.0")
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == place
    assert "https://p.test/" in result["message"]["text"]


def test_a_document_does_nothing_to_the_terminal_of_who_checks_it(written: Path, desist: Run) -> None:
    """Neither by an escape that it writes out nor by a character that turns the line round."""
    (written / "policies" / "n.yaml").write_text('notice: "n\\e[31m\\a"\ninstrumen\u202e: \u202ewarning\n')
    for words in (("lint", "policies"), ("check", "https://p.test/", "--policies", "policies")):
        done = desist("policy", *words)
        assert all(text.replace("\n", "").isprintable() for text in (done.out, done.err))
        assert r"\x1b[31m\x07" in done.out + done.err


@pytest.mark.parametrize("inside", [True, False])
def test_a_refusal_names_the_line_of_the_document_and_no_path_of_the_machine(
    written: Path, desist: Run, monkeypatch: pytest.MonkeyPatch, inside: bool
) -> None:
    """The document's place is a related location; its rule is in the list of rules; paths are relative."""
    (written / "urls.txt").write_text("https://q.test/\nhttps://p.test/\nhttps://p.test/2\n")
    if not inside:
        (written / "else").mkdir()
        monkeypatch.chdir(written / "else")
    words = ("check", "--file", str(written / "urls.txt"), "--policies", str(written / "policies"))
    done = desist("policy", *words, "--format", "sarif")
    (run,) = json.loads(done.out)["runs"]
    (rule,) = run["tool"]["driver"]["rules"]
    result = run["results"][1]
    (related,) = result["relatedLocations"]
    found = related["physicalLocation"]
    assert (found["artifactLocation"]["uri"], found["region"]["startLine"]) == ("policies/n.yaml", 1)
    assert found["artifactLocation"].get("uriBaseId", "") == ("" if inside else "OUTSIDE")
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].endswith("urls.txt")
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 3}
    assert (result["ruleIndex"], result["ruleId"]) == (0, rule["id"])
    assert len({json.dumps(one["partialFingerprints"]) for one in run["results"]}) == 2
    assert str(written) not in done.out


def test_what_is_fine_is_a_log_without_results(written: Path, desist: Run) -> None:
    """An allowed URL, equal folders."""
    for words in (("explain", "https://q.test/", "--policies", "free"), ("diff", "free", "free")):
        done = desist("policy", *words, "--format", "sarif")
        assert (done.code, json.loads(done.out)["runs"][0]["results"]) == (0, [])


def test_a_purpose_that_is_none_is_answered_with_the_words_that_are(written: Path, desist: Run) -> None:
    """As a person types them."""
    done = desist("policy", "check", "https://p.test/", "--purpose", "trainai")
    assert (done.code, "'train-ai'" in done.err, "Purpose." in done.err) == (2, True, False)
