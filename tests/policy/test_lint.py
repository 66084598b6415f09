"""Lint: every code has an example that triggers it, every finding a place and a mend, all of them in one run."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path
from typing import Any

import pytest

import desist.policy
from desist.policy.codes import CODES
from desist.policy.diagnostic import render
from desist.policy.lint import lint
from desist.policy.load import load_documents, read_documents

PACKAGE = Path(desist.policy.__file__).parent


def codes_of(text: str | bytes) -> set[str]:
    content = text.encode() if isinstance(text, str) else text
    return {finding.code for finding in lint(read_documents({"x.yaml": content}))}


@pytest.mark.parametrize(
    "code", [c for c in CODES.values() if c.code not in ("D001", "D006", "D007")], ids=lambda c: c.code
)
def test_the_example_of_a_code_triggers_it_and_its_mend_does_not(code: Any) -> None:
    """What `desist rule CODE` shows is true: the example has this finding alone, the mended file has none."""
    assert codes_of(code.example) == {code.code}
    assert codes_of(code.mend) == set()


def test_d001_a_file_that_is_not_text() -> None:
    """The example's bytes are no UTF-8."""
    assert codes_of(CODES["D001"].example.encode("latin-1")) == {"D001"}


@pytest.mark.parametrize("exists", [True, False])
def test_d006_an_empty_or_missing_folder(tmp_path: Path, exists: bool) -> None:
    """A wrong path must not look like leave to fetch everything."""
    loaded = load_documents([tmp_path if exists else tmp_path / "gone"])
    assert [d.code for d in lint(loaded)] == ["D006"]


def test_every_code_that_can_be_reported_is_explained() -> None:
    """No code is written anywhere in the room that `desist rule` does not know, and none is kept that nobody writes."""
    literals = {
        node.value
        for file in PACKAGE.glob("*.py")
        if file.name != "codes.py"
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert {text for text in literals if re.fullmatch(r"D\d{3}", text)} == set(CODES)


def test_all_errors_of_all_files_come_in_one_run(tmp_path: Path) -> None:
    """Three broken files and one sound one: every error of every file, each with file, line, column, code and help."""
    (tmp_path / "a.yaml").write_text("platform: a\nhosts: [a.test\n")
    (tmp_path / "b.yaml").write_text("platform: b\nhsots: [b.test]\nadresses: []\n")
    (tmp_path / "c.yaml").write_text(
        "notice: c\ninstrument: cease_and_desit\nreceived_at: 2026-02-30\nplatforms: [d]\n"
    )
    (tmp_path / "d.yaml").write_text("platform: d\nhosts: [co.uk]\n")
    found = lint(load_documents([tmp_path]))
    assert [(Path(d.place.file).name, d.place.line, d.code) for d in found] == [
        ("a.yaml", 3, "D002"),
        ("b.yaml", 2, "D010"),
        ("b.yaml", 3, "D010"),
        ("c.yaml", 2, "D013"),
        ("c.yaml", 3, "D014"),
        ("d.yaml", 2, "D030"),
    ]
    assert all(d.place.column and d.help for d in found)


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("recieved_at: 2026-01-05", "received_at"),
        ("scope: {purpose: any}", "purposes"),
        ("scope: {purposes: [biometrics]}", "biometric"),
        ("crawl_effect: blocks", "block"),
        ("limits: [{order: x, effect: suspends, form: 2020}]", "from"),
    ],
)
def test_did_you_mean(wrong: str, meant: str) -> None:
    """A misspelt key or word is answered with the one that was meant, however deep it stands."""
    text = f"platform: p\nhosts: [p.test]\n---\nnotice: n\ninstrument: warning\nplatforms: p\n{wrong}\n"
    (finding,) = [d for d in lint(read_documents({"x.yaml": text.encode()})) if d.severity == "error"]
    assert f"did you mean `{meant}`?" in finding.help


def test_a_finding_is_rendered_with_its_line_and_a_caret_below_the_culprit() -> None:
    """Headline, excerpt, caret, help."""
    loaded = read_documents({"x.yaml": b"platform: p\nhosts: [p.test]\nadresses: [203.0.113.0/29]\n"})
    assert render(loaded.diagnostics[0], loaded.line_of) == (
        "x.yaml:3:1: D010 unknown key `adresses`\n"
        "  3 | adresses: [203.0.113.0/29]\n"
        "    | ^^^^^^^^\n"
        "  help: did you mean `addresses`?"
    )


def test_the_same_slug_in_a_later_folder_extends_and_an_id_never_clashes_silently(tmp_path: Path) -> None:
    """Own documents add a host to a shipped platform; a notice id that is taken is an error."""
    for folder, host in (("one", "p.test"), ("two", "q.test")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "p.yaml").write_text(f"platform: p\nhosts: [{host}]\n")
    folders = [tmp_path / "one", tmp_path / "two"]
    assert lint(load_documents(folders)) == []
    for folder in folders:
        (folder / "n.yaml").write_text("notice: n\ninstrument: warning\nplatforms: p\nreceived_at: 2026-01-05\n")
    assert [d.code for d in lint(load_documents(folders))] == ["D020"]


def test_a_folder_named_twice_is_read_once(tmp_path: Path) -> None:
    """`./policies` may be the shipped folder itself."""
    (tmp_path / "p.yaml").write_text("platform: p\nhosts: [p.test]\n")
    (tmp_path / "link").symlink_to(tmp_path)
    assert len(load_documents([tmp_path, tmp_path / "link"]).platforms) == 1


def test_what_a_broken_file_may_have_named_is_kept() -> None:
    """A running set can go on refusing the hosts and slugs of a file that cannot be read."""
    loaded = read_documents(
        {"notices/pictogram.yaml": b"notice: n\nplatforms: [pictogram\nhosts: [Cdn.Pictogram.test]\n"}
    )
    assert {"pictogram", "cdn.pictogram.test"} <= loaded.broken["notices/pictogram.yaml"]


def test_hidden_files_and_tests_are_not_documents(tmp_path: Path) -> None:
    """Kubernetes mounts keep their data in hidden folders; `tests/` holds expectations."""
    for name in (".hidden.yaml", "tests/t.yaml", "..data/x.yaml", "sub/kept.yaml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"platform: {path.stem.strip('.')}\nhosts: [x.test]\n")
    assert [e.doc.key for e in load_documents([tmp_path]).platforms] == ["kept"]


def test_a_file_that_changed_is_read_anew_and_one_that_did_not_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reload costs what changed; equal bytes under another name or in another folder stand where they stand."""
    for name in ("p", "q"):
        (tmp_path / f"{name}.yaml").write_text(f"platform: {name}\nhosts: [{name}.test]\n")
    first = load_documents([tmp_path])
    read = []
    monkeypatch.setattr("desist.policy.source.read", lambda name, content: read.append(name) or ([], []))
    assert [e.doc for e in load_documents([tmp_path]).platforms] == [e.doc for e in first.platforms]
    assert read == []
    (tmp_path / "q.yaml").write_text("platform: r\nhosts: [r.test]\n")
    load_documents([tmp_path])
    assert read == [str(tmp_path / "q.yaml")]


def test_d007_a_file_that_was_meant_as_a_document(tmp_path: Path) -> None:
    """`letter.yaml.txt` and `notice.json` are not read, and that is said; schema and scans are not meant."""
    (tmp_path / "p.yaml").write_text("platform: p\nhosts: [p.test]\n")
    for name in ("letter.yaml.txt", "notice.json", "schema.json", "README.md", "scan.pdf", "p.yaml~", ".p.yaml.swp"):
        (tmp_path / name).write_text("")
    found = lint(load_documents([tmp_path]))
    assert [(d.code, Path(d.place.file).name) for d in found] == [("D007", "letter.yaml.txt"), ("D007", "notice.json")]
    assert {d.severity for d in found} == {"warning"}


def test_a_prohibition_behind_a_link_is_one(tmp_path: Path) -> None:
    """Linked folders are read, each once, and a circle of links ends."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "p.yaml").write_text("platform: p\nhosts: [p.test]\n")
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    (folder / "twice").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "circle").symlink_to(folder)
    loaded = load_documents([folder])
    assert [entry.doc.key for entry in loaded.platforms] == ["p"]
    assert lint(loaded) == []


def test_a_folder_that_cannot_be_opened_hides_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an error of its own, and the documents beside it are read; root is refused by hand, since modes do not."""
    (tmp_path / "p.yaml").write_text("platform: p\nhosts: [p.test]\n")
    (tmp_path / "shut").mkdir(mode=0)
    scandir = os.scandir

    def refusing(path: str) -> Any:
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    loaded = load_documents([tmp_path])
    assert [(d.code, d.place.file) for d in loaded.diagnostics] == [("D006", str(tmp_path / "shut"))]
    assert [entry.doc.key for entry in loaded.platforms] == ["p"]
