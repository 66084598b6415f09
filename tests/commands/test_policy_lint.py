"""`desist policy lint`, `desist rule`, `desist policy schema`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from desist.policy.codes import CODES

Run = Callable[..., Any]


def test_a_clean_folder_exits_0_and_says_what_was_read(folder: Path, desist: Run) -> None:
    """No finding, the number of documents, the next command."""
    done = desist("policy", "lint", "policies")
    assert (done.code, done.out.splitlines()[0]) == (0, "no findings")
    assert "documents read: 3" in done.out


def test_the_shipped_documents_have_no_finding(desist: Run) -> None:
    """Not a warning either."""
    assert desist("policy", "lint", "shipped").code == 0


def test_findings_exit_1_and_name_a_rule_to_read(folder: Path, desist: Run) -> None:
    """Each has a caret below the culprit, and the last line leads on."""
    (folder / "platforms" / "broken.yaml").write_text("platform: broken\nhost: [a.test]\n")
    done = desist("policy", "lint", "policies")
    assert done.code == 1
    assert "policies/platforms/broken.yaml:2:1: D010 unknown key `host`\n  2 | host: [a.test]\n    | ^^^^\n" in done.out
    assert done.out.endswith("next: desist rule D010\n")


def test_findings_of_test_files_are_findings(folder: Path, desist: Run) -> None:
    """A test that cannot be read would pass for one that passes."""
    (folder / "tests").mkdir()
    (folder / "tests" / "t.yaml").write_text('"https://a.test/": refuze\n')
    done = desist("policy", "lint", "policies")
    assert done.code == 1
    assert "did you mean `refuse`?" in done.out


@pytest.mark.parametrize("form", ["json", "jsonl", "sarif"])
def test_machine_formats_hold_every_finding(folder: Path, desist: Run, form: str) -> None:
    """File, line, column, code and help, in each of them, and nothing else on stdout."""
    (folder / "platforms" / "broken.yaml").write_text("platform: broken\nhost: [a.test]\nadresses: []\n")
    done = desist("policy", "lint", "policies", "--format", form)
    assert done.code == 1
    if form == "sarif":
        (run,) = json.loads(done.out)["runs"]
        found = [
            (r["ruleId"], r["locations"][0]["physicalLocation"]["region"]["startLine"], r["level"])
            for r in run["results"]
        ]
        assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["D010"]
    else:
        rows = json.loads(done.out) if form == "json" else [json.loads(line) for line in done.out.splitlines()]
        found = [(row["code"], row["line"], row["severity"]) for row in rows]
        assert all(row["help"] and row["file"] and row["column"] for row in rows)
    assert found == [("D010", 2, "error"), ("D010", 3, "error")]


def test_an_unknown_format_exits_2(folder: Path, desist: Run) -> None:
    """It never silently becomes text."""
    assert desist("policy", "lint", "policies", "--format", "sarfi").code == 2


def test_other_verbs_exit_2_on_broken_documents(folder: Path, desist: Run) -> None:
    """What lint calls findings is a refusal to go on elsewhere."""
    (folder / "platforms" / "broken.yaml").write_text("platform: broken\nhost: [a.test]\n")
    done = desist("policy", "test", "policies")
    assert done.code == 2
    assert "D010" in done.err or "unknown key `host`" in done.err


@pytest.mark.parametrize("code", CODES)
def test_rule_explains_every_code(desist: Run, code: str) -> None:
    """Title, reason and mend, in any letter case."""
    done = desist("rule", code.lower())
    assert done.code == 0
    assert done.out.startswith(f"{code}: {CODES[code].title}\n")


def test_rule_lists_all_codes_and_knows_no_others(desist: Run) -> None:
    """An unknown code is a usage error that names the nearest."""
    assert all(code in desist("rule").out for code in CODES)
    done = desist("rule", "D009")
    assert (done.code, "did you mean" in done.err) == (2, True)


def test_schema_is_written_checked_and_left_alone_when_current(tmp_path: Path, desist: Run) -> None:
    """`--check` writes nothing and exits 1 where the file is missing or stale."""
    folder = str(tmp_path / "p")
    assert desist("policy", "schema", folder).code == 2  # a slip of the pen makes no folder
    (tmp_path / "p").mkdir()
    assert desist("policy", "schema", folder, "--check").code == 1
    assert desist("policy", "schema", folder).code == 0
    assert desist("policy", "schema", folder, "--check").code == 0
    (tmp_path / "p" / "schema.json").write_text("{}")
    assert desist("policy", "schema", folder, "--check").code == 1
    assert (tmp_path / "p" / "schema.json").read_text() == "{}"


def test_code_scanning_gets_no_path_of_the_machine(tmp_path: Path, desist: Callable[..., Any]) -> None:
    """A folder elsewhere is named by its last name, on a base that whoever uploads may set."""
    (tmp_path / "bad.yaml").write_text("platform: A B\n")
    done = desist("policy", "lint", str(tmp_path), "--format", "sarif")
    (place, *_) = json.loads(done.out)["runs"][0]["results"][0]["locations"]
    assert place["physicalLocation"]["artifactLocation"] == {"uri": f"{tmp_path.name}/bad.yaml", "uriBaseId": "OUTSIDE"}
    assert str(tmp_path) not in done.out
