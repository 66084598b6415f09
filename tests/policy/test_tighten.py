"""The quick half of a reload: what changed files forbid, and nothing that loosens."""

from __future__ import annotations

from pathlib import Path

import pytest

from desist.decide import decide
from desist.policy.policyset import PolicySet, folders_of
from desist.policy.reload import reload
from desist.policy.tighten import Files, tightened

PLATFORM = "platform: late\nname: Late\nhosts: [late.test]\n"
NOTICE = """notice: {name}
instrument: cease_and_desist
sender: Late, Inc.
recipient: Example Crawls Ltd
platforms: [late]
received_at: 2026-02-05T09:30:00Z
crawl_effect: block
"""
PERMISSION = """permission: late-consent
platform: late
instrument: written_consent
grantor: Late, Inc.
grantee: Example Crawls Ltd
overrides: [first]
purposes: any
from: 2026-01-01
document_sha256: {sha}
approved_by: [A. Counsel, B. Counsel]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "late.yaml").write_text(PLATFORM)
    return tmp_path


def effect(policies: PolicySet | None, url: str = "https://late.test/x") -> str:
    assert policies is not None
    decision = decide(policies, url)
    return decision.governing.basis.value if decision.governing else "allow"


def change(folder: Path, name: str, text: str) -> dict[str, bytes | None]:
    """What a look finds after one file is written."""
    files = Files([folder])
    files.look()
    (folder / name).write_text(text)
    return files.look()


def test_new_notice_is_in_force_from_its_file_alone(folder: Path) -> None:
    """The platform's hosts are those of the running set; other hosts are as they were; the revision is another one."""
    running = PolicySet.load(folder)
    found = tightened(running, change(folder, "notice.yaml", NOTICE.format(name="first")))
    assert effect(running) == "allow"
    assert effect(found) == "notice"
    assert effect(found, "https://cdn.late.test/") == "notice"
    assert effect(found, "https://other.test/") == "allow"
    assert found is not None
    assert found.revision != running.revision


def test_second_overlay_keeps_the_first(folder: Path) -> None:
    """Letters that come one after the other are all in force, with new hosts of the platform."""
    running = PolicySet.load(folder)
    first = tightened(running, change(folder, "notice.yaml", NOTICE.format(name="first")))
    assert first is not None
    more = "platform: late\nhosts: [late.example]\n"
    second = tightened(first, change(folder, "more.yaml", more))
    assert [effect(second, f"https://{host}/") for host in ("late.test", "late.example")] == ["notice", "notice"]


def test_file_that_cannot_be_read_refuses_what_it_names(folder: Path) -> None:
    """`policy-error` for the slugs and hosts in it, and for no others."""
    found = tightened(PolicySet.load(folder), change(folder, "half.yaml", "notice: half\nplatforms: [late\n"))
    assert effect(found) == "policy-error"
    assert effect(found, "https://other.test/") == "allow"


def test_nothing_that_loosens_counts(folder: Path) -> None:
    """Neither a permission, nor a withdrawal, nor a superseding document, nor a vanished file."""
    (folder / "notice.yaml").write_text(NOTICE.format(name="first"))
    running = PolicySet.load(folder)
    withdrawn = NOTICE.format(name="first") + (
        "status_history:\n  - {at: 2026-02-06, status: withdrawn, by: [A. Counsel, B. Counsel], document_sha256: "
        + "ab" * 32
        + "}\n"
    )
    superseding = NOTICE.format(name="second").replace("block", "none") + "supersedes: [first]\n"
    for name, text in (
        ("permission.yaml", PERMISSION.format(sha="ab" * 32)),
        ("notice.yaml", withdrawn),
        ("second.yaml", superseding),
    ):
        found = tightened(running, change(folder, name, text))
        assert effect(found or running) == "notice", name
    files = Files([folder])
    files.look()
    (folder / "notice.yaml").unlink()
    assert tightened(running, files.look()) is None


def test_look_finds_files_as_the_loader_does(folder: Path) -> None:
    """Same files in the same order; tests/ at the top and hidden names are left out; a second look finds nothing."""
    from desist.policy.load import document_files

    for name in ("b/z.yaml", "b/tests/in.yml", "tests/out.yaml", ".hidden/x.yaml", "a.YAML", "note.txt", ".y.yaml"):
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(PLATFORM)
    (folder.parent / "letters").mkdir()
    (folder.parent / "letters" / "l.yaml").write_text(PLATFORM)
    (folder / "linked").symlink_to(folder.parent / "letters")
    (folder / "round").symlink_to(folder)
    files = Files([folder])
    assert list(files.look()) == [str(path) for path in document_files(folder)]
    assert files.look() == {}
    (folder.parent / "letters" / "new.yaml").write_text(PLATFORM)
    assert list(files.look()) == [str(folder / "linked" / "new.yaml")]


def test_a_file_that_cannot_be_opened_is_looked_at_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crawler that ran out of descriptors must not miss a letter: each look tries again until it can be read."""
    files = Files([folder])
    files.look()
    letter = folder / "letter.yaml"
    letter.write_text(NOTICE.format(name="first"))
    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", _no_descriptor_left)
        assert [files.look(), files.look()] == [{str(letter): None}] * 2
    assert files.look() == {str(letter): letter.read_bytes()}
    assert files.look() == {}


def _no_descriptor_left(path: Path) -> bytes:
    raise OSError(24, "Too many open files", str(path))


def test_a_platform_on_file_twice_is_named_once(folder: Path) -> None:
    """The overlay lies beside the running set: a decision counts each platform once."""
    running = PolicySet.load(folder)
    found = tightened(running, change(folder, "notice.yaml", NOTICE.format(name="first")))
    assert found is not None
    platforms = decide(found, "https://late.test/").platforms
    assert len(platforms) == len(set(platforms)) == 1


def test_a_folder_that_comes_into_being_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`./policies` was absent when the crawl began, and the first letter is written there."""
    monkeypatch.chdir(tmp_path)
    files = Files(lambda: folders_of(None))
    running = PolicySet.load()
    files.look()
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "LETTER.YAML").write_text(f"{PLATFORM}---\n{NOTICE.format(name='first')}")
    assert effect(tightened(running, files.look())) == "notice"
    assert effect(reload(None, running).policy_set) == "notice"
    assert effect(PolicySet.load()) == "notice"
