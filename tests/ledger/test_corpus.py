"""Each rule of the verifier has a file that breaks it and no other: a rule that is lost lets its file pass."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from desist.commands.ledger_verify import Answers, answers_of
from desist.ledger.anchor import read_verifier
from desist.ledger.checkpoint import BadNote, Checkpoint
from desist.ledger.entry import leaf_hash
from desist.ledger.proof import BadProof, Growth, Inclusion

from .corpora import ANCHORS, FOLDER, GROWTHS, LEDGERS, NOTES, PROOFS, files, note

VERIFIER = read_verifier(str(FOLDER / "log.vkey"))


def test_the_corpus_is_what_its_generator_makes() -> None:
    """`python -m tests.ledger.corpora` writes it; nothing else lies there."""
    found = {str(path.relative_to(FOLDER)): path.read_text() for path in FOLDER.rglob("*") if path.is_file()}
    assert found == files()


def broken(answers: Answers) -> list[str]:
    """The names of the rules that speak up, and what the other answers say."""
    rules = sorted({finding.rule for finding in answers.record.findings})
    own = ["checkpoint"] if answers.signed.disagree else []
    return [*rules, *own, *answers.record.gaps, *answers.anchored.disagree]


@pytest.mark.parametrize("name", LEDGERS)
def test_a_ledger_breaks_one_rule(name: str, tmp_path: Path) -> None:
    """And the others hold: places and hashes were made anew over it, and signed with the log's own key."""
    path = tmp_path / "ledger.db"
    db = apsw.Connection(str(path))
    db.execute((FOLDER / "ledgers" / f"{name}.sql").read_text())
    db.close()
    anchors = [FOLDER / "ledgers" / f"{name}.anchor"] if name in ANCHORS else []
    found, rule = broken(answers_of(path, str(VERIFIER), anchors)), LEDGERS[name][0]
    assert len(found) == bool(rule), found
    assert all(rule in one for one in found), found


def told(check: object) -> str:
    try:
        check()  # type: ignore[operator]
    except (BadNote, BadProof) as error:
        return str(error)
    return ""


def holds(words: str, said: str) -> bool:
    """Whether exactly that is said, or nothing where nothing is wrong."""
    return words in said and bool(words) == bool(said)


@pytest.mark.parametrize("name", NOTES)
def test_a_checkpoint_breaks_one_rule(name: str) -> None:
    """C2SP signed-note and tlog-checkpoint, read strictly."""
    text = (FOLDER / "checkpoints" / f"{name}.note").read_text()
    assert holds(NOTES[name][0], told(lambda: VERIFIER.check(text)))


@pytest.mark.parametrize("name", PROOFS)
def test_a_proof_breaks_one_rule(name: str) -> None:
    """C2SP tlog-proof and RFC 9162 section 2.1.3.2."""
    text = (FOLDER / "proofs" / f"{name}.tlog-proof").read_text()
    leaf = (FOLDER / "proofs" / "entry.json").read_bytes()
    assert holds(PROOFS[name][0], told(lambda: Inclusion.parse(text).check(leaf_hash(leaf), VERIFIER)))


@pytest.mark.parametrize("name", GROWTHS)
def test_a_proof_of_growth_breaks_one_rule(name: str) -> None:
    """RFC 9162 section 2.1.4.2."""
    text = (FOLDER / "growths" / f"{name}.txt").read_text()
    assert holds(GROWTHS[name][0], told(lambda: Growth.parse(text).check(Checkpoint.of(note(7)), VERIFIER)))
