"""Every checkpoint of a crawl is kept where DESIST_ANCHORS says; one that is not kept is said and on record."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Event

import pytest

from desist.commands.main import main
from desist.enforce.options import Options
from desist.enforce.signing import open_ledger
from desist.errors import LedgerUnusable, UsageError
from desist.ledger.anchoring import Anchoring, Place, read_places
from desist.ledger.keys import make_log_key
from desist.ledger.query import Reader

GAZETTE = "gazette.test"


def entries(path: Path) -> list[dict]:
    with Reader(path) as reader:
        return [json.loads(leaf) for _, _, leaf in reader.rows()]


def faults(path: Path) -> list[dict]:
    return [entry["facts"] for entry in entries(path) if entry["k"] == "fault"]


def test_a_crawl_is_anchored_and_a_failing_anchor_is_on_record(project, spider, web, tmp_path) -> None:
    """A file and two commands, under all gates: two keep the checkpoint, the third fails, the crawl goes on."""
    make_log_key(tmp_path / "keys" / "log.key")
    places = [str(tmp_path / "anchors.txt"), f"| tee -a {tmp_path / 'piped.txt'}", "| false"]
    done = project.run(
        spider(web.url(GAZETTE)), DESIST_LOG_KEY=str(tmp_path / "keys" / "log.key"), DESIST_ANCHORS=places
    )
    assert done.code == 0, done.out
    assert "the checkpoint is not kept at `| false`: exit code 1" in done.out
    assert faults(project.ledger) == [{"cause": "anchor", "anchor": 3}]
    project.ledger.chmod(0o400)
    size = max(entry["n"] for entry in entries(project.ledger) if entry["w"] == entries(project.ledger)[0]["w"])
    for name in ("anchors.txt", "piped.txt"):
        note = (tmp_path / name).read_text()
        assert note.split("\n")[1] == str(size)
        words = ["ledger", "verify", str(project.ledger), "--key", str(tmp_path / "keys" / "log.vkey")]
        assert main([*words, "--anchor", str(tmp_path / name), "--require", "complete,anchored"]) == 0


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A project that has a key to sign with, and the anchors given."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    make_log_key(tmp_path / "keys" / "log.key")

    def made(*anchors: str, key: str = str(tmp_path / "keys" / "log.key")) -> Options:
        return Options(anchors=anchors, log_key=key)

    return made


def test_a_session_does_not_begin_without_a_place_for_its_anchors(options, tmp_path: Path) -> None:
    """Beside the ledger, in no folder, in half a file, by no program, or with no key: refused before an entry."""
    path = tmp_path / "ledger" / "ledger.db"
    half = tmp_path / "half.txt"
    half.write_text("desist-ledger/x\n12\n")
    path.parent.mkdir(mode=0o700)
    for anchor, message in [
        (str(path.parent / "anchors.txt"), "beside the ledger"),
        (str(tmp_path / "nowhere" / "anchors.txt"), "cannot be kept"),
        (str(half), "does not end with a whole checkpoint"),
        ("| no-such-program", "there is no program"),
        ("|", "names no program"),
        ("| 'half", "is no command"),
    ]:
        with pytest.raises(UsageError, match=message):
            open_ledger(options(anchor), path, "crawl")
    with pytest.raises(UsageError, match="there is no key"):
        open_ledger(options(str(tmp_path / "anchors.txt"), key=""), path, "crawl")
    with pytest.raises(LedgerUnusable, match="the key that signs checkpoints"):
        open_ledger(options(key=str(tmp_path / "no.key")), path, "crawl")
    assert not path.exists()


def test_an_anchor_that_fails_is_recorded_once_while_it_fails(options, tmp_path: Path) -> None:
    """In the session itself while it is open, in one of its own when only the last checkpoint failed."""
    path, anchor = tmp_path / "ledger" / "ledger.db", tmp_path / "elsewhere" / "anchors.txt"
    anchor.parent.mkdir()
    ledger = open_ledger(options(str(anchor)), path, "crawl")
    anchor.mkdir()  # what was a good place when the session began
    ledger.append_all([("refuse", {"platforms": ["pictogram"]})] * 1000).result()
    ledger.append_all([("refuse", {"platforms": ["pictogram"]})] * 1000).result()
    ledger.close()
    assert faults(path) == [{"cause": "anchor", "anchor": 1}]


def test_the_last_failure_has_a_session_of_its_own(options, tmp_path: Path) -> None:
    """Nothing may stand behind `close`."""
    path, anchor = tmp_path / "ledger" / "ledger.db", tmp_path / "elsewhere.txt"
    ledger = open_ledger(options(str(anchor)), path, "crawl")
    anchor.mkdir()  # what was a good place when the session began
    ledger.close()
    last = entries(path)[-3:]
    assert [entry["k"] for entry in last] == ["open", "fault", "close"]
    assert last[0]["facts"]["role"] == "anchor"


def test_a_slow_place_gets_the_newest_checkpoint(tmp_path: Path) -> None:
    """It holds nothing up, and what waits is one checkpoint, since the newest stands for all before it."""
    gate, begun = Event(), Event()

    class Slow(Place):
        def write(self, note: str) -> None:
            begun.set()
            gate.wait(30)
            kept.append(note)

    kept: list[str] = []
    anchoring = Anchoring([Slow("slow", None)], lambda *_: None)
    anchoring.hand_over("first")
    assert begun.wait(30)
    for number in range(100):
        anchoring.hand_over(f"later {number}")
    gate.set()
    anchoring.finish()
    assert kept == ["first", "later 99"]


def test_a_place_that_works_again_is_told_anew_when_it_fails(tmp_path: Path) -> None:
    """`again` is said only while it goes on failing."""
    told: list[bool] = []
    file = tmp_path / "anchors.txt"
    anchoring = Anchoring(read_places([str(file)]), lambda _n, _p, _w, again: told.append(again))
    for state in ("folder", "folder", "gone", "folder"):
        if state == "folder" and not file.exists():
            file.mkdir()
        elif state == "gone":
            file.rmdir()
        kept = len(told)
        anchoring._keep("note\n")
        assert (len(told) > kept) == (state == "folder")
        if file.is_file():
            file.unlink()
    anchoring.finish()
    assert told == [False, True, False]
