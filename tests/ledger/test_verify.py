"""Every change to the chain is found, and each rule of the verifier finds what only it can find."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import desist.ledger.verify as verify_module
from desist.ledger.entry import leaf_hash
from desist.ledger.verify import SILENCE_MICROS, verify

from .sample import Rows, changed, rechained, rows, write


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """Sixteen entries of two sessions."""
    return rows(write(tmp_path_factory.mktemp("honest") / "ledger" / "ledger.db"))


def rules(result: Rows) -> set[str]:
    """The names of the rules that a record breaks."""
    return {finding.rule for finding in verify(result).findings}


def test_an_honest_record_is_intact_and_complete(honest: Rows) -> None:
    """No rule speaks up without cause."""
    result = verify(honest)
    assert (result.size, result.findings, result.gaps, result.complete) == (16, [], [], True)


def test_every_flipped_bit_is_found(honest: Rows) -> None:
    """Any bit of any leaf or running hash."""
    few = honest[:4]
    for place, (seq, chain, leaf) in enumerate(few):
        for part, octets in (("chain", chain), ("leaf", leaf)):
            for bit in range(len(octets) * 8):
                flipped = bytearray(octets)
                flipped[bit // 8] ^= 1 << bit % 8
                row = (seq, bytes(flipped), leaf) if part == "chain" else (seq, chain, bytes(flipped))
                assert not verify([*few[:place], row, *few[place + 1 :]]).intact, f"entry {seq}, {part}, bit {bit}"


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("edit", lambda r: [*r[:4], (5, r[4][1], changed(r[4][2], docket="another")), *r[5:]]),
        ("delete", lambda r: [*r[:4], *r[5:]]),
        ("delete and renumber", lambda r: [*r[:4], *((seq - 1, chain, leaf) for seq, chain, leaf in r[5:])]),
        ("delete a whole session", lambda r: [(seq - 8, chain, leaf) for seq, chain, leaf in r[8:]]),
        ("reorder", lambda r: [*r[:4], (5, *r[5][1:]), (6, *r[4][1:]), *r[6:]]),
        ("insert", lambda r: [*r[:4], (5, *r[3][1:]), *((seq + 1, chain, leaf) for seq, chain, leaf in r[4:])]),
        ("renumber", lambda r: [(seq + 1, chain, leaf) for seq, chain, leaf in r]),
        ("swap sessions", lambda r: [(n, *row[1:]) for n, row in enumerate([*r[8:], *r[:8]], 1)]),
    ],
)
def test_clumsy_tampering_is_found(honest: Rows, name: str, damage: Callable[[Rows], Rows]) -> None:
    """Edit, delete, reorder, insert, renumber, without touching the hashes."""
    assert not verify(damage(honest)).intact, name


def leaves(honest: Rows) -> list[bytes]:
    return [leaf for _, _, leaf in honest]


def relinked(all_leaves: list[bytes], start: int) -> list[bytes]:
    """Links anew within one session from `start` on, as a patient forger does."""
    result = all_leaves[:start]
    for leaf in all_leaves[start:]:
        result.append(changed(leaf, p=base64.b64encode(leaf_hash(result[-1])).decode()))
    return result


@pytest.mark.parametrize(
    ("rule", "forge"),
    [
        ("link", lambda x: [*x[:4], changed(x[4], docket="another"), *x[5:]]),
        ("link", lambda x: x[8:]),
        ("number", lambda x: relinked([*x[:7], changed(x[7], n=9)], 7)),
        ("number", lambda x: relinked([*x[:7], changed(x[7], n=7)], 7)),
        ("open", lambda x: relinked(x[1:8], 1)),
        ("close", lambda x: relinked([*x[:8], changed(x[7], n=9)], 8)),
        ("close", lambda x: relinked([*x[:3], changed(x[0], n=4)], 3)),
        ("counter", lambda x: relinked([*x[:6], changed(x[6], platforms={"pictogram": [2, 1]})], 6)),
        ("counter", lambda x: relinked([*x[:7], changed(x[7], facts={"permitted": 2, "refused": 2})], 7)),
        ("revision", lambda x: relinked([*x[:4], changed(x[4], rev=2)], 4)),
        ("monotonic", lambda x: relinked([*x[:4], changed(x[4], m=1)], 4)),
        ("form", lambda x: [changed(x[0], k="opened")]),
        ("form", lambda x: [changed(x[0], gate="somewhere")]),
        ("form", lambda x: [changed(x[0], more=1)]),
        ("form", lambda x: [changed(x[0], t="1")]),
        ("form", lambda x: [changed(x[0], t=True)]),
        ("form", lambda x: [changed(x[0], m=-1)]),
        ("form", lambda x: [changed(x[0], v=2)]),
        ("form", lambda x: [changed(x[0], w="01a2052a-12d2-4620-9224-8747f5006f21")]),
        ("form", lambda x: [changed(x[0], p="A" * 42 + "B=")]),
        ("form", lambda x: [changed(x[0], c={"all": "A" * 42 + "B="})]),
        ("form", lambda x: [x[0] + b" "]),
        ("form", lambda x: [x[0].replace(b'"k":"open"', b'"k":"beat","k":"open"')]),
        ("form", lambda x: [x[0].replace(b"faces", b"faces\xc3\xa9").replace(b'"v":1', b'"rule":"\\u0041","v":1')]),
        ("form", lambda x: [x[0].replace(b'"m":', b'"m":0')]),
        ("form", lambda x: [b"[]"]),
        ("form", lambda x: [changed(x[0], rule="")]),
        ("form", lambda x: [changed(x[0], rule="\u00e9")]),
        ("form", lambda x: [changed(x[0], t=10**18)]),
        ("form", lambda x: [changed(x[0], facts={})]),
        ("form", lambda x: [x[0].replace(b'"facts":{', b'"facts":{"zz":1,')]),
        ("form", lambda x: [x[0].replace(b'"facts":{', b'"facts":{"role":"crawl",')]),
        ("form", lambda x: [changed(x[0], platforms={"a": [1, -1]})]),
        ("form", lambda x: [x[0] + b"\n"]),
        ("form", lambda x: [b"{" * 5000]),
        ("form", lambda x: [changed(x[0], rule="a" * 66_000)]),
    ],
)
def test_each_rule_alone_finds_its_case(honest: Rows, rule: str, forge: Callable[[list[bytes]], list[bytes]]) -> None:
    """With places and running hashes forged anew, the one rule that is left speaks, and it only."""
    assert rules(rechained(forge(leaves(honest)))) == {rule}


def test_the_quick_way_and_the_long_way_agree(honest: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever field of whatever entry is another, usual entries are judged as if there were no quick way."""
    whole = leaves(honest)
    digest = base64.b64encode(bytes(32)).decode()
    others: list[dict[str, object]] = [
        {"n": 4}, {"m": 3}, {"t": 5}, {"rev": 2}, {"k": "outcome"}, {"facts": {"a": 1}}, {"c": {"all": digest}},
        *({"platforms": {"pictogram": [a, r]}} for a in range(4) for r in range(4)),
    ]  # fmt: skip
    forged = [whole] + [
        relinked([*whole[:at], changed(whole[at], **other), *whole[at + 1 :]], at + later)
        for at in range(1, 8)
        for other in others
        for later in (0, 1)
    ]
    quick = [verify(rechained(one)) for one in forged]
    monkeypatch.setattr(verify_module, "_usual", lambda *_: False)
    assert quick == [verify(rechained(one)) for one in forged]
    assert len({str(one.findings) for one in quick}) > 20


def test_most_entries_of_a_crawl_take_the_quick_way(honest: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """All requests but the first of a platform in its session."""
    looked: list[object] = []
    follow = verify_module._follow
    monkeypatch.setattr(verify_module, "_follow", lambda *all_: looked.append(all_[1][0]) or follow(*all_))
    assert verify(honest).intact
    assert looked == ["open", "policy", "permit", "close"] * 2


def test_a_cut_off_end_is_incomplete(honest: Rows) -> None:
    """Entries taken from the end leave a session without `close`."""
    result = verify(honest[:-1])
    assert (result.intact, result.complete) == (True, False)
    assert "no `close`" in result.gaps[0]


def test_silence_is_a_gap(honest: Rows) -> None:
    """A session that wrote no beat for minutes was not watching."""
    later = relinked([*leaves(honest)[:7], changed(leaves(honest)[7], m=SILENCE_MICROS * 2)], 7)
    result = verify(rechained(later))
    assert (result.intact, result.complete) == (True, False)
    assert "is silent from" in result.gaps[0]


def test_details_that_vanish_are_a_gap(honest: Rows) -> None:
    """Boxes that are gone without a `redact` entry are missed."""
    assert verify(honest, boxes=12).complete
    assert "details of 1 entries are gone" in verify(honest, boxes=11).gaps[0]


def test_a_clock_that_went_back_is_noted_and_kept(honest: Rows) -> None:
    """Order is the place in the ledger, so an earlier wall clock is no damage."""
    back = relinked([*leaves(honest)[:7], changed(leaves(honest)[7], t=1)], 7)
    result = verify(rechained(back))
    assert result.intact
    assert "the wall clock went back" in result.notes[0]


def test_a_stranger_runs_the_file_alone(tmp_path: Path) -> None:
    """The verifier needs no package of ours: the file by itself, in isolated mode, reads a copy of a ledger."""
    ledger = write(tmp_path / "ledger" / "ledger.db")
    alone = tmp_path / "verify.py"
    alone.write_bytes(Path(verify_module.__file__).read_bytes())
    command = [sys.executable, "-I", "-S", str(alone), str(ledger)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=tmp_path, env={"PATH": os.environ["PATH"]}
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "16 entries" in done.stdout
