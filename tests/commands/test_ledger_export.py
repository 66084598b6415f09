"""`desist ledger export` and `log-key` as typed, and the export in the hands of a stranger who has no Desist."""

from __future__ import annotations

import datetime
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import apsw
import pytest

from desist.commands.main import main
from desist.ledger.keys import make_log_key
from desist.ledger.ledger import Ledger
from desist.ledger.opener import Opener
from desist.ledger.query import Reader

KEY = Opener.generate()
NOTICE = "2026-01-pictogram"
PERMITTED = "PERMITTED: 1 requests"


class World:
    """A ledger around a notice, the key that signs it, and counsel's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "ledger" / "ledger.db"
        self.signer = make_log_key(folder / "log.key")
        self.counsel = folder / "counsel.key"
        self.counsel.write_text(KEY.private_text())
        self.kept: list[str] = []
        self.crawl(before=1)

    def crawl(self, before: int = 0, after: int = 0) -> None:
        """A crawl: permits, then the notice, refusals, and a permit in force."""
        with Ledger.open(
            self.path, revision="ab" * 32, spider="faces", counsel_key=KEY.counsel,
            signer=self.signer, on_checkpoint=self.kept.append,
        ) as ledger:  # fmt: skip
            for _ in range(before):
                ledger.record("permit", platforms=["pictogram"], details={"url": "https://pictogram.test/before"})
            facts = {"received_at": time.time_ns() // 1000 + 1, "addressed": "us"}
            ledger.record("notice", docket=NOTICE, platforms=["pictogram"], facts=facts)
            time.sleep(0.002)
            refusal: dict[str, Any] = {"basis": "notice", "rule": NOTICE, "docket": NOTICE}
            for gate in ("early", "wire"):
                details = {"url": f"https://pictogram.test/{gate}"}
                ledger.record("refuse", platforms=["pictogram"], gate=gate, details=details, **refusal)
            ledger.record("permit", domain="shop.test", details={"url": "https://shop.test/"})
            for _ in range(after):
                ledger.record("permit", platforms=["pictogram"], details={"url": "https://pictogram.test/after"})

    def export(self, name: str, *words: str, code: int = 0) -> Path:
        """Make one."""
        path = self.folder / name
        assert main(["ledger", "export", str(self.path), *words, "-o", str(path)]) == code
        return path


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("DESIST_COUNSEL_KEY", str(KEY.counsel))
    monkeypatch.setenv("DESIST_LOG_KEY", str(tmp_path / "log.key"))
    return World(tmp_path)


def text(export: Path, name: str) -> str:
    with zipfile.ZipFile(export) as file:
        return file.read(name).decode()


def stranger(export: Path, world: World, *words: str) -> subprocess.CompletedProcess[str]:
    """The verifier out of the export, in a process that can import the standard library and cryptography only."""
    lib = world.folder / "lib"
    if not lib.exists():
        lib.mkdir()
        for name in ("cryptography", "cffi", "_cffi_backend", "pycparser"):
            spec = importlib.util.find_spec(name)
            if spec and spec.origin:
                file = Path(spec.origin)
                whole = file.parent if file.name == "__init__.py" else file
                (lib / whole.name).symlink_to(whole)
    with zipfile.ZipFile(export) as file:
        (world.folder / "verify_export.py").write_bytes(file.read("verify_export.py"))
    start = (
        f"import sys, runpy; sys.path.insert(0, {str(lib)!r})\n"
        "try: runpy.run_path(sys.argv.pop(1), run_name='__main__')\n"
        "finally: assert not {'desist', 'msgspec', 'apsw'} & set(sys.modules)"
    )
    command = [sys.executable, "-I", "-S", "-c", start, str(world.folder / "verify_export.py"), str(export)]
    key = ["--key", str(world.signer.verifier)] if "--key" not in words else []
    return subprocess.run([*command, *key, *words], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("words", [[NOTICE], [NOTICE, "--whole"], ["--platform", "pictogram"]])
def test_a_stranger_accepts_it(world: World, words: list[str]) -> None:
    """Without Desist, from the zip and from the folder that it unpacks to."""
    code = 1 if "--platform" in words else 0  # since the first entry: the permit from before the letter is in it
    export = world.export("export.zip", *words, code=code)
    done = stranger(export, world)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"permits   {code} for pictogram" in done.stdout
    assert "refusals  2 entries" in done.stdout
    shutil.unpack_archive(export, world.folder / "unpacked")
    assert stranger(export, world).stdout == done.stdout
    assert export.stat().st_mode & 0o777 == 0o600


def test_a_stranger_refuses_what_was_changed(world: World) -> None:
    """A sentence of the statement, and its hash with it; and a record under somebody else's key."""
    export = world.export("export.zip", NOTICE)
    other = make_log_key(world.folder / "other" / "log.key")
    assert stranger(export, world, "--key", str(other.verifier)).returncode == 3
    changed = world.folder / "changed.zip"
    with zipfile.ZipFile(export) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            octets = old.read(name)
            new.writestr(name, octets.replace(b"no permit", b"no attempt") if name == "STATEMENT.md" else octets)
    done = stranger(changed, world)
    assert (done.returncode, "REFUSED by the rule manifest" in done.stderr) == (3, True)


def test_an_anchor_that_somebody_kept_is_checked(world: World) -> None:
    """The record begins with it; a record that was forged from there on does not."""
    anchor = world.folder / "anchor.txt"
    anchor.write_text(world.kept[-1])
    world.crawl()
    key = ["--key", str(world.signer.verifier)]
    export = world.export("export.zip", NOTICE, *key, "--anchor", str(anchor))
    assert "The first 8 entries are those of a checkpoint that was kept elsewhere" in " ".join(
        text(export, "STATEMENT.md").split()
    )
    assert "begins with yours of [8] entries" in stranger(export, world, "--anchor", str(anchor)).stdout


def test_permits_come_first(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Where something was let through, the exit code, the first line and the statement say so."""
    world.crawl(after=1)
    export = world.export("export.zip", NOTICE, code=1)
    assert capsys.readouterr().out.startswith(PERMITTED)
    statement = text(export, "STATEMENT.md")
    assert statement.index("**Read first.**") < statement.index("## What may be said")
    assert "holds no permit" not in statement
    assert len(text(export, "permits.csv").splitlines()) == 2


def test_details_are_opened_for_counsel_only(world: World) -> None:
    """Without the key no URL is in it, not even sealed; with it each is proven by what its entry committed to."""
    shut = world.export("shut.zip", NOTICE)
    with zipfile.ZipFile(shut) as file:
        assert not any(b"pictogram.test" in file.read(name) for name in file.namelist())
    opened = world.export("open.zip", NOTICE, "--counsel-key", str(world.counsel))
    urls = [json.loads(json.loads(row)["body"])["url"] for row in text(opened, "details.jsonl").splitlines()]
    assert urls == ["https://pictogram.test/early", "https://pictogram.test/wire"]
    assert "2 come with details" in stranger(opened, world).stdout


def test_permits_under_tags_count_with_counsels_key(world: World) -> None:
    """`--domain` says which tags are the platform's."""
    words = ["--counsel-key", str(world.counsel), "--domain", "shop.test"]
    export = world.export("export.zip", NOTICE, *words, code=1)
    assert stranger(export, world).returncode == 0
    (row,) = text(export, "permits.csv").splitlines()[1:]
    assert "~" in row


def test_the_export_is_an_entry_before_it_is_a_file(world: World) -> None:
    """With who, why, and the hash of what went out."""
    export = world.export("export.zip", NOTICE, "--why", "reply")
    with Reader(world.path) as reader:
        (own,) = [one for one in reader.entries([KEY]) if one.entry.k == "export"]
    import hashlib

    assert own.entry.facts["sha256"] == hashlib.sha256(text(export, "MANIFEST").encode()).hexdigest()
    assert (own.details or {})["why"] == "reply"


def test_a_copy_gives_the_same_octets_and_says_that_nobody_signed_its_texts(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """From a copy nothing is recorded: the verifier refuses its texts, unless told."""
    world.path.chmod(0o400)
    before = world.path.read_bytes()
    one = world.export("one.zip", NOTICE)
    assert "export not recorded: copy" in capsys.readouterr().err
    two = world.export("two.zip", NOTICE)
    with zipfile.ZipFile(one) as first, zipfile.ZipFile(two) as second:
        same = [name for name in first.namelist() if first.read(name) == second.read(name)]
        assert set(first.namelist()) - set(same) <= {"STATEMENT.md", "MANIFEST"}  # the second that it was made in
    assert "REFUSED by the rule bound" in stranger(one, world).stderr
    assert "NOT BOUND" in stranger(one, world, "--unbound").stdout
    assert world.path.read_bytes() == before


def test_what_was_changed_is_not_exported(world: World) -> None:
    """Exit 3, and no file."""
    db = apsw.Connection(str(world.path))
    db.execute("DROP TRIGGER entry_same")
    db.execute("UPDATE entry SET leaf = CAST(replace(CAST(leaf AS TEXT), 'early', 'meta') AS BLOB) WHERE seq = 5")
    db.close()
    assert not world.export("export.zip", NOTICE, code=3).exists()


@pytest.mark.parametrize(
    "words",
    [[], [NOTICE, "--platform", "pictogram"], ["another"], ["--platform", "pictogran"], [NOTICE, "--anchor", "x"]],
)
def test_a_wrong_question_makes_no_export(world: World, words: list[str]) -> None:
    """Neither, both, an unknown notice, an unknown platform, an anchor without a key."""
    assert not world.export("export.zip", *words, code=2).exists()


def test_nothing_is_written_over(world: World) -> None:
    """Not even an earlier export."""
    path = world.export("export.zip", NOTICE)
    before = path.read_bytes()
    world.export("export.zip", NOTICE, code=2)
    assert path.read_bytes() == before


def test_without_the_signing_key_there_is_no_export(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody could check it; the mend is named, and nothing was recorded."""
    monkeypatch.delenv("DESIST_LOG_KEY")
    assert not world.export("export.zip", NOTICE, code=2).exists()
    assert "DESIST_LOG_KEY" in capsys.readouterr().err
    with Reader(world.path) as reader:
        assert all(one.entry.k != "export" for one in reader.entries())


def test_another_signing_key_leaves_no_trace(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The record has one signer; a try with another key opens no session that would stay without its end."""
    make_log_key(world.folder / "other" / "log.key")
    monkeypatch.setenv("DESIST_LOG_KEY", str(world.folder / "other" / "log.key"))
    before = world.path.read_bytes()
    assert not world.export("export.zip", NOTICE, code=2).exists()
    assert "signed by another key" in capsys.readouterr().err
    assert world.path.read_bytes() == before


def test_log_key_makes_one_pair_and_never_another_over_it(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """0600, with the verifying key beside it."""
    file = world.folder / "keys" / "log.key"
    assert main(["ledger", "log-key", "-o", str(file)]) == 0
    out = capsys.readouterr().out
    assert file.with_suffix(".vkey").read_text().strip() in out
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_bytes()
    assert main(["ledger", "log-key", "-o", str(file)]) == 2
    assert file.read_bytes() == before


FILE = re.compile(r"[a-z_]+\.(?:csv|jsonl|json|py)|proof/[a-z]+\.[a-z]+")


def sentences(statement: str) -> list[str]:
    """The numbered sentences under `What may be said`."""
    said = statement.partition("## What may be said")[2].partition("## Only if")[0]
    return [" ".join(one.split()) for one in re.split(r"^\d+\. ", said, flags=re.MULTILINE)[1:]]


@pytest.mark.parametrize("words", [[], ["--whole"], ["--counsel-key", "counsel.key"]])
def test_each_sentence_names_a_file_that_is_there(
    world: World, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What may be said rests on something; what it rests on is in the export."""
    monkeypatch.chdir(world.folder)
    export = world.export("export.zip", NOTICE, *words)
    told = sentences(text(export, "STATEMENT.md"))
    assert len(told) >= 6
    for sentence in told:
        assert re.search(r"\[[^\]]+\]$", sentence), sentence
        assert FILE.search(sentence) or "[entries 1 to" in sentence, sentence
    with zipfile.ZipFile(export) as file:
        there = set(file.namelist())
    assert set(FILE.findall(text(export, "STATEMENT.md"))) <= there


def test_figures_of_the_statement_are_those_of_the_tables(world: World) -> None:
    """Of sessions that reach into the time, and of no other."""
    since = datetime.datetime.now(datetime.UTC).isoformat()
    time.sleep(0.002)
    world.crawl()
    export = world.export("export.zip", "--platform", "pictogram", "--since", since)
    statement = " ".join(text(export, "STATEMENT.md").split())
    rows = len(text(export, "sessions.csv").splitlines()) - 1
    assert (rows, f"in each of {rows} rows" in statement) == (1, True)
    assert "refusals of 2 requests to pictogram, in 2 entries" in statement
    assert len(text(export, "refusals.csv").splitlines()) == 3


def test_the_statement_claims_no_more_than_the_record_carries(world: World) -> None:
    """No anchor, no word of one; permits under tags are named; nothing is guaranteed."""
    statement = " ".join(text(world.export("export.zip", NOTICE), "STATEMENT.md").split())
    assert "It is signed, and not anchored" in statement
    assert "None was named for this export" in statement
    assert "none of the 1 permits under tags was for a host of it" in statement
    said = statement.partition("## Never")[0]
    assert not re.search(r"guarantee|prove[ns]? that|certif|tamper|verified|complian", said)
