"""Forgeries that no local check can see are found by a checkpoint that was kept elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desist.commands.main import main
from desist.errors import LedgerLost, LedgerUnusable
from desist.ledger import ledger as ledger_module
from desist.ledger.anchor import Anchors, Walk
from desist.ledger.checkpoint import Signer
from desist.ledger.entry import leaf_hash
from desist.ledger.ledger import Ledger
from desist.ledger.log import Log
from desist.ledger.query import Reader
from desist.ledger.store import Store
from desist.ledger.tiles import fold
from desist.ledger.verify import verify

from .sample import Rows, changed, rechained, rows
from .test_verify import relinked

SIGNER = Signer("desist-ledger", Ed25519PrivateKey.from_private_bytes(bytes(32)))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key of the user's."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("DESIST_COUNSEL_KEY", raising=False)


def crawl(path: Path, entries: int = 5, signer: Signer = SIGNER) -> list[str]:
    """One session, and the checkpoints that it handed out."""
    notes: list[str] = []
    with Ledger.open(path, signer=signer, on_checkpoint=notes.append) as ledger:
        for _ in range(entries):
            ledger.append("refuse", platforms=["pictogram"], docket="2026-01-pictogram")
    return notes


def test_a_session_ends_with_a_checkpoint_of_all_of_it(path: Path) -> None:
    """The note is handed out, is kept in the ledger, and its root is the tree's."""
    notes = crawl(path) + crawl(path)
    found = [SIGNER.verifier.check(note) for note in notes]
    assert [one.size for one in found] == [7, 14]
    hashes = [leaf_hash(leaf) for _, _, leaf in rows(path)]
    for one in found:
        assert one.root == fold(b"".join(hashes[: one.size]))
    assert {one.origin for one in found} == {"desist-ledger/" + json.loads(rows(path)[0][2])["w"]}
    with Reader(path) as reader:
        assert reader.checkpoints() == notes


def test_a_checkpoint_comes_every_thousand_entries(path: Path) -> None:
    """And not only at the end."""
    notes: list[str] = []
    with Ledger.open(path, signer=SIGNER, on_checkpoint=notes.append) as ledger:
        ledger.append_all([("refuse", {"platforms": ["pictogram"]})] * 2500).result()
        ledger.append_all([("refuse", {"platforms": ["pictogram"]})] * 10).result()
        assert len(notes) >= 1
    assert SIGNER.verifier.check(notes[-1]).size == 2512


def test_a_beat_brings_a_checkpoint(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An idle session is anchored, too."""
    monkeypatch.setattr(ledger_module, "BEAT_SECONDS", 0.01)
    from threading import Event

    signed = Event()
    with Ledger.open(path, signer=SIGNER, on_checkpoint=lambda _: signed.set()):
        assert signed.wait(20)


def test_two_sessions_sign_one_log(path: Path) -> None:
    """Read last, check, sign and store are one transaction: two signers at once never contradict each other."""
    notes: list[str] = []
    sessions = [Ledger.open(path, signer=SIGNER, on_checkpoint=notes.append) for _ in range(2)]
    for _ in range(3):
        for session in sessions:
            session.append_all([("refuse", {"platforms": ["pictogram"]})] * 1100).result()
    for session in sessions:
        session.close()
    anchors = Anchors(SIGNER.verifier.check(note) for note in notes)
    with Reader(path) as reader:
        walk = Walk(anchors, stored=reader.tile, size=6_604)
        record = verify(reader.rows(), each=walk.add)
        walk.finish(reader.tiles())
    assert (record.size, record.findings, walk.wrong) == (6_604, [], [])
    assert (anchors.result(record.size).holds, anchors.result(record.size).open_end) == (True, 0)


def test_another_key_does_not_sign_on(path: Path) -> None:
    """A log has one signer; another key is refused before anything is written."""
    crawl(path)
    before = rows(path)
    with pytest.raises(LedgerUnusable, match="is signed 0 times by the key"):
        crawl(path, signer=Signer("desist-ledger", Ed25519PrivateKey.generate()))
    assert rows(path) == before


def test_a_tree_that_was_changed_is_not_signed_on(path: Path) -> None:
    """The stored tree must have the root that was signed."""
    crawl(path)
    db = apsw.Connection(str(path))
    db.execute("UPDATE tile SET hashes = zeroblob(length(hashes)) WHERE level = 0")
    db.close()
    with pytest.raises((LedgerUnusable, LedgerLost), match="its tree is not the one that was signed"):
        crawl(path)


def forge(path: Path, kind: Callable[[Rows], list[bytes]], *, resign: bool) -> None:
    """Rewrite the whole file, hashes and all, and with `resign` the checkpoint with the log's own key."""
    forged = rechained(kind(rows(path)))
    db = apsw.Connection(str(path))
    for trigger in ("entry_stays", "entry_same"):
        db.execute(f"DROP TRIGGER {trigger}")
    db.execute("DELETE FROM entry")
    db.executemany("INSERT INTO entry VALUES(?, ?, ?)", forged)
    if resign:
        db.execute("DELETE FROM checkpoint")
        db.execute("DELETE FROM tile")
        Log(db, path).sign(SIGNER, len(forged))
    db.close()


FORGERIES: dict[str, Callable[[Rows], list[bytes]]] = {
    "edit": lambda r: relinked(
        [*(x for _, _, x in r[:3]), changed(r[3][2], docket="another"), *(x for _, _, x in r[4:])], 4
    ),
    "truncate": lambda r: [leaf for _, _, leaf in r[:7]],
    "fresh": lambda r: [
        changed(leaf, w="01a2052a-12d2-7620-9224-8747f5006f21") if n == 6 else leaf for n, (_, _, leaf) in enumerate(r)
    ],
}


@pytest.mark.parametrize("name", FORGERIES)
@pytest.mark.parametrize("resign", [False, True])
def test_a_forgery_is_found_by_the_anchor(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, resign: bool
) -> None:
    """Even one that is signed with the log's own key; without the anchor such a one passes."""
    anchor = tmp_path / "anchor"
    anchor.write_text("".join(crawl(path) + crawl(path)))
    forge(path, FORGERIES[name], resign=resign)
    path.chmod(0o400)
    words = ["ledger", "verify", str(path), "--key", str(SIGNER.verifier), "--anchor", str(anchor)]
    assert main([*words, "--require", "anchored"]) == 3
    out = capsys.readouterr().out
    assert "anchored  no" in out or "not intact" in out
    assert "are not those of the checkpoint" in out or "the record has" in out


def test_a_truncation_signed_anew_is_not_seen_without_an_anchor(path: Path) -> None:
    """The control: what the anchor is for."""
    crawl(path)
    crawl(path)
    forge(path, FORGERIES["truncate"], resign=True)
    path.chmod(0o400)
    assert main(["ledger", "verify", str(path), "--key", str(SIGNER.verifier), "--require", "complete"]) == 0


def test_the_open_end_is_said(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Entries after the last anchor can still be rewritten unseen; every report says how many."""
    anchor = tmp_path / "anchor"
    anchor.write_text(crawl(path)[-1])
    crawl(path, 20)
    path.chmod(0o400)
    words = ["ledger", "verify", str(path), "--key", str(SIGNER.verifier), "--anchor", str(anchor)]
    assert main([*words, "--require", "complete,anchored"]) == 0
    out = capsys.readouterr().out
    assert "anchored  up to entry 7" in out
    assert "open      the last 22 entries could be cut off or rewritten, unseen, by" in out


def test_the_open_window_is_in_every_report(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without an anchor it is the whole record; with one of the last entry there is none."""
    anchor = tmp_path / "anchor"
    anchor.write_text(crawl(path)[-1])
    path.chmod(0o400)
    assert main(["ledger", "verify", str(path)]) == 0
    assert "open      all entries could be cut off or rewritten, unseen, by" in capsys.readouterr().out
    assert main(["ledger", "verify", str(path), "--key", str(SIGNER.verifier), "--anchor", str(anchor)]) == 0
    assert "open      none: the last anchor is of the last entry" in capsys.readouterr().out


def test_a_checkpoint_in_the_ledger_that_disagrees_is_damage(path: Path) -> None:
    """An edit without the signing key is seen even where all hashes were made anew, with the pinned key or without."""
    crawl(path)
    forge(path, FORGERIES["edit"], resign=False)
    path.chmod(0o400)
    assert main(["ledger", "verify", str(path)]) == 3
    assert main(["ledger", "verify", str(path), "--key", str(SIGNER.verifier)]) == 3


def test_an_anchor_of_another_key_is_refused(path: Path, tmp_path: Path) -> None:
    """A re-forger's own key must not verify; a key and an anchor are strictly read."""
    anchor = tmp_path / "anchor"
    anchor.write_text(crawl(path)[-1])
    other = Signer("desist-ledger", Ed25519PrivateKey.generate()).verifier
    path.chmod(0o400)
    base = ["ledger", "verify", str(path), "--anchor", str(anchor)]
    assert main([*base, "--key", str(other)]) == 2
    assert main([*base, "--key", "nonsense"]) == 2
    assert main(base) == 2
    anchor.write_text("nonsense\n")
    assert main([*base, "--key", str(SIGNER.verifier)]) == 2


def test_a_record_that_is_shorter_than_it_was_is_not_signed_on(path: Path) -> None:
    """Entries were taken from its end; a checkpoint over the rest would contradict the last one."""
    crawl(path, 20)
    forge(path, lambda r: [leaf for _, _, leaf in r[:7]], resign=False)
    store = Store(path)
    with pytest.raises(LedgerLost, match="it had 22 entries and has 7"):
        store.checkpoint(SIGNER)
    store.close()
