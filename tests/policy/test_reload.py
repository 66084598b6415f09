"""A running set gives way: what vanished stays in force, what cannot be read refuses, nothing loosens by mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from desist.decide import decide
from desist.policy import PolicySet
from desist.policy.reload import Reloaded, reload
from desist.policy.tighten import tightened

PLATFORM = "platform: pictogram\nhosts: [pictogram.test]\n"
NOTICE = """notice: n1
instrument: cease_and_desist
sender: P
recipient: us
platforms: [pictogram]
received_at: 2026-01-05T09:30:00Z
"""
TERMS = """terms: t1
platform: pictogram
document: Terms
effective_from: 2025-01-01
sha256: 5c1e...
clauses: [{topic: automated_access, effect: forbids, section: "1"}]
"""
PERMISSION = f"""permission: p1
platform: pictogram
instrument: licence
overrides: [n1, t1]
purposes: any
from: 2026-02-01
document_sha256: {"ab" * 32}
approved_by: [A, B]
"""
WITHDRAWN = f"""status_history:
  - {{at: 2026-03-01T00:00:00Z, status: withdrawn, by: [A, B], document_sha256: "{"cd" * 32}"}}
"""
BROKEN = "notice: n2\ninstrument: none-such\nhosts: [evil.test]\nplatforms: [friend]\n"


class Folder:
    """A folder of documents, and the set that runs on it."""

    def __init__(self, path: Path, **documents: str) -> None:
        self.path = path
        self.put(**documents)
        self.running = PolicySet.load(path)

    def put(self, **documents: str) -> None:
        """Write documents by name."""
        for name, text in documents.items():
            (self.path / f"{name}.yaml").write_text(text)

    def reload(self) -> Reloaded:
        """What the folder leads to now."""
        return reload(self.path, self.running)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Platform, notice, and another platform."""
    return Folder(tmp_path, platform=PLATFORM, notice=NOTICE, friend="platform: friend\nhosts: [friend.test]\n")


def effect(reloaded: Reloaded, host: str = "pictogram.test") -> str:
    """The answer of the new set."""
    return decide(reloaded.policy_set, f"https://{host}/", at="2026-06-01").effect


def test_an_unchanged_folder_leads_to_the_same_set(folder: Folder) -> None:
    """Same revision, nothing vanished."""
    again = folder.reload()
    assert (folder.running.revision, (), ()) == (again.policy_set.revision, again.vanished, again.errors)


def test_a_new_notice_takes_force(folder: Folder) -> None:
    """On a platform that was free until now."""
    assert decide(folder.running, "https://friend.test/").effect == "allow"
    folder.put(new=NOTICE.replace("n1", "n2").replace("[pictogram]", "[friend]"))
    assert effect(folder.reload(), "friend.test") == "refuse"


@pytest.mark.parametrize("gone", [["notice"], ["platform", "notice"]])
def test_a_vanished_notice_stays_in_force(folder: Folder, gone: list[str]) -> None:
    """Until it is withdrawn; the reload names it."""
    for name in gone:
        (folder.path / f"{name}.yaml").unlink()
    again = folder.reload()
    assert (again.vanished, effect(again), again.errors) == (("n1",), "refuse", ())
    assert reload(folder.path, again.policy_set).vanished == ("n1",)


def test_a_withdrawal_ends_it(folder: Folder) -> None:
    """With a document and two names."""
    folder.put(notice=NOTICE + WITHDRAWN)
    assert effect(folder.reload()) == "allow"


def test_a_typo_elsewhere_frees_nothing_and_names_what_it_cannot_read(folder: Folder) -> None:
    """Hosts and slugs of the unreadable file are refused with `policy-error`, all else goes on as it was."""
    folder.put(new=BROKEN)
    again = folder.reload()
    assert again.errors
    answers = {
        host: effect(again, host) for host in ("pictogram.test", "evil.test", "a.evil.test", "friend.test", "good.test")
    }
    assert {"allow": [host for host, said in answers.items() if said == "allow"]} == {"allow": ["good.test"]}
    decision = decide(again.policy_set, "https://evil.test/")
    assert decision.governing is not None
    assert decision.governing.basis == "policy-error"


def test_of_an_invalid_set_prohibitions_take_force_and_permissions_do_not(folder: Folder) -> None:
    """A new notice does; a new permission, a new withdrawal do not."""
    new = NOTICE.replace("n1", "n3").replace("[pictogram]", "[friend]")
    folder.put(new=BROKEN.replace("[friend]", "[nobody]"), third=new, notice=NOTICE + WITHDRAWN, permission=PERMISSION)
    again = folder.reload()
    assert (effect(again), effect(again, "friend.test")) == ("refuse", "refuse")


def test_a_permission_that_was_running_goes_on(tmp_path: Path) -> None:
    """An error elsewhere takes nothing back that the running set allowed."""
    folder = Folder(tmp_path, platform=PLATFORM, terms=TERMS, notice=NOTICE, permission=PERMISSION)
    assert decide(folder.running, "https://pictogram.test/", at="2026-06-01").effect == "allow"
    folder.put(new=BROKEN)
    assert effect(folder.reload()) == "allow"


def test_mending_the_file_ends_the_state_of_error(folder: Folder) -> None:
    """The revision is again that of the folder alone."""
    folder.put(new=BROKEN)
    broken = folder.reload().policy_set
    (folder.path / "new.yaml").unlink()
    mended = reload(folder.path, broken)
    assert (folder.running.revision, ()) == (mended.policy_set.revision, mended.errors)
    assert effect(mended, "evil.test") == "allow"


@pytest.mark.parametrize(
    "edited",
    [
        NOTICE + "crawl_effect: none\n",
        NOTICE + "scope: {paths: [/elsewhere]}\n",
        NOTICE + "scope: {purposes: [index]}\n",
        NOTICE.replace("2026-01-05", "2199-01-05"),
        NOTICE.replace("[pictogram]", "[friend]"),
        NOTICE + "addressed_to: other\n",
    ],
)
def test_an_edit_loosens_nothing(folder: Folder, edited: str) -> None:
    """A letter is withdrawn or narrowed with a document and two names, not by the editor; the reload says so."""
    folder.put(notice=edited)
    again = folder.reload()
    assert (effect(again), again.vanished, again.weakened) == ("refuse", (), ("n1",))
    assert again.policy_set.revision != folder.running.revision
    governing = decide(again.policy_set, "https://pictogram.test/", at="2026-06-01").governing
    assert governing is not None
    assert governing.basis == "notice"
    folder.running = again.policy_set
    assert effect(folder.reload()) == "refuse"
    folder.put(notice=edited + WITHDRAWN)
    assert effect(folder.reload()) == "allow"


def test_an_edit_that_forbids_more_replaces_what_it_says(folder: Folder) -> None:
    """An earlier date, one more platform, other words: nothing has to be kept beside it."""
    folder.put(notice=NOTICE.replace("2026-01-05", "2026-01-04").replace("[pictogram]", "[pictogram, friend]"))
    again = folder.reload()
    assert (effect(again, "friend.test"), again.weakened) == ("refuse", ())


def test_a_host_taken_out_of_a_document_stays_the_platforms(folder: Folder) -> None:
    """In the running set; the platform is named, since its document was edited."""
    folder.put(platform=PLATFORM.replace("[pictogram.test]", "[pictogram.test, second.test]"))
    folder.running = folder.reload().policy_set
    folder.put(platform=PLATFORM)
    again = folder.reload()
    assert (effect(again, "second.test"), again.weakened) == ("refuse", ("pictogram",))


@pytest.mark.parametrize(
    ("content", "host"),
    [
        (BROKEN.encode("utf-16"), "evil.test"),
        (BROKEN.encode("utf-16-le"), "evil.test"),
        (BROKEN.encode("utf-8-sig"), "evil.test"),
        (BROKEN.replace("evil.test", "bücher.test").encode(), "xn--bcher-kva.test"),
        (BROKEN.replace("evil.test", "bücher.test").encode("latin-1"), "xn--bcher-kva.test"),
        (b'platform: b\nhosts: ["evil\\x2etest"]\nnonsense: 1\n', "evil.test"),
        (b"platform: b\naddresses: [203.0.113.0/29]\nnonsense: 1\n", "203.0.113.5"),
        (b"platform: b\nhosts: ['fd00::0066']\nnonsense: 1\n", "[fd00::66]"),
        (b"platform: b\nhosts: [EVIL.test.]\nnonsense: 1\n", "evil.test"),
    ],
)
def test_what_an_unreadable_file_names_is_refused_in_any_encoding(folder: Folder, content: bytes, host: str) -> None:
    """UTF-16 as some editors save it, other alphabets, escapes, addresses and networks."""
    name = folder.path / "new.yaml"
    name.write_bytes(content)
    assert effect(folder.reload(), host) == "refuse"
    overlay = tightened(folder.running, {str(name): content})
    assert overlay is not None
    assert decide(overlay, f"https://{host}/").effect == "refuse"
    assert effect(folder.reload(), "good.test") == "allow"
