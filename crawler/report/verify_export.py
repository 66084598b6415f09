"""Check an export of a Desist ledger, without Desist: `python3 verify_export.py EXPORT --key KEY`.

EXPORT is the zip, or the folder that it unpacks to. KEY is the log's verifying key, or a file with it; it must come
from somewhere else than this export. Needs Python 3.10, its standard library, and the package `cryptography`. Written
to be read: one function a rule, in the order in which they are checked; the first rule that is broken ends it.

Exit codes: 0 accepted; 3 refused, with the rule; 2 it could not be read at all.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import io
import json
import re
import sys
import zipfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TEXTS = ("STATEMENT.md", "VERIFY.md", "verify_export.py")
TABLES = ("refusals.csv", "permits.csv", "sessions.csv", "policies.csv", "notices.csv", "robots.csv")
BOUND = ("claim.json", "details.jsonl", *TABLES, *TEXTS)
"""What MANIFEST lists; the entry `export` in the ledger holds the hash of MANIFEST."""
PROOFS = ("proof/anchors.jsonl", "proof/checkpoint.txt", "proof/entries.jsonl")
"""What proof/MANIFEST lists: made after that entry, and proven by the signature in proof/checkpoint.txt."""
OPTIONAL = ("details.jsonl", "proof/anchors.jsonl")
CLAIM = {"first", "last", "names", "notice", "since", "size", "until", "whole"}
STAGES = {"early": "links not followed", "process": "attempts that went round the gates"}
_KEY = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})")
_NOTE = re.compile(r"(([^\s+]+)\n([1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n)\n((?:\u2014 [^\s+]+ [A-Za-z0-9+/=]+\n)+)")

Entry = dict[str, Any]
"""A leaf of the ledger, decoded, with `seq` (its place, from 1) and `hash` beside its own fields."""


class Refused(Exception):
    """A rule is broken: its name, and how."""

    def __init__(self, rule: str, why: str) -> None:
        super().__init__(f"{rule}: {why}")
        self.rule = rule


def need(holds: bool, rule: str, why: str) -> None:
    """Refuse the export unless a rule holds."""
    if not holds:
        raise Refused(rule, why)


# --- the files -------------------------------------------------------------------------------------------------------


def read(place: Path) -> dict[str, bytes]:
    """Every file of the export by name; no other file may be there."""
    if place.is_dir():
        names = [str(one.relative_to(place).as_posix()) for one in place.rglob("*") if not one.is_dir()]
        need(not any(one.is_symlink() for one in place.rglob("*")), "names", "a symbolic link is in the folder")
        return {name: (place / name).read_bytes() for name in names}
    with zipfile.ZipFile(place) as file:
        infos = file.infolist()
        need(len({one.filename for one in infos}) == len(infos), "names", "the zip holds two files of one name")
        return {one.filename: file.read(one) for one in infos}


def check_manifests(files: dict[str, bytes]) -> None:
    """MANIFEST and proof/MANIFEST list every file with its SHA-256, and nothing else is there."""
    for manifest, due in (("MANIFEST", BOUND), ("proof/MANIFEST", PROOFS)):
        need(manifest in files, "manifest", f"there is no {manifest}")
        there = [name for name in sorted(due) if name in files or name not in OPTIONAL]
        for name in there:
            need(name in files, "manifest", f"there is no {name}")
        listed = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in there)
        need(listed.encode() == files[manifest], "manifest", f"{manifest} is not the list of the files that are here")
    extra = sorted(set(files) - {*BOUND, *PROOFS, "MANIFEST", "proof/MANIFEST"})
    need(not extra, "names", f"files that no export has: {', '.join(extra)}")


# --- the signature (C2SP signed-note, tlog-checkpoint) ---------------------------------------------------------------


def decode(text: str, rule: str) -> bytes:
    """Strict base64: one value has one text (RFC 4648 section 3.5)."""
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raise Refused(rule, "holds what is no base64") from None
    need(base64.b64encode(raw).decode() == text, rule, "holds base64 with bits in its padding")
    return raw


def check_note(note: str, key: str) -> tuple[int, bytes]:
    """The size and root of a checkpoint that this key has signed, once."""
    told = _KEY.fullmatch(key.strip())
    need(told is not None, "key", "is not of the form name+id+base64")
    assert told is not None
    name, public = told[1], decode(told[3], "key")
    identity = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
    need(public[:1] == b"\x01" and identity.hex() == told[2], "key", "has an id that is not its own")
    found = _NOTE.fullmatch(note)
    need(found is not None, "checkpoint", "is not a signed checkpoint")
    assert found is not None
    lines = [line.split(" ")[1:] for line in found[5].splitlines()]
    ours = [raw for who, text in lines if (raw := decode(text, "checkpoint"))[:4] == identity and who == name]
    need(len(ours) == 1, "key", f"the checkpoint is signed {len(ours)} times by the key that was given")
    try:
        Ed25519PublicKey.from_public_bytes(public[1:]).verify(ours[0][4:], found[1].encode())
    except InvalidSignature:
        raise Refused("signature", "the checkpoint's signature is not by the key that was given") from None
    return int(found[3]), decode(found[4], "checkpoint")


# --- the tree (RFC 9162 section 2.1) ---------------------------------------------------------------------------------


def node(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def leads(place: int, last: int, digest: bytes, proof: list[bytes]) -> bytes:
    """The root to which a proof leads from the leaf at `place`, in a tree whose last leaf is at `last` (2.1.3.2)."""
    for one in proof:
        need(last > 0, "inclusion", "a proof is longer than its tree is high")
        if place & 1 or place == last:
            digest = node(one, digest)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            digest = node(digest, one)
        place, last = place >> 1, last >> 1
    need(last == 0, "inclusion", "a proof is shorter than its tree is high")
    return digest


def root_of(hashes: list[bytes]) -> bytes:
    """The root over leaf hashes: pairs are joined level by level, an odd one moves up as it is."""
    while len(hashes) > 1:
        odd = hashes[-1:] if len(hashes) % 2 else []
        hashes = [node(hashes[at], hashes[at + 1]) for at in range(0, len(hashes) - 1, 2)] + odd
    return hashes[0]


def grows(before: int, size: int, old: bytes, proof: list[bytes]) -> bytes:
    """The root of `size` leaves to which a consistency proof leads, if it begins with the tree `old` (2.1.4.2)."""
    path = proof if before & (before - 1) else [old, *proof]
    need(0 < before < size and bool(path), "anchor", "a consistency proof is empty")
    place, last = before - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = second = path[0]
    for one in path[1:]:
        need(last > 0, "anchor", "a consistency proof is too long")
        if place & 1 or place == last:
            first, second = node(one, first), node(one, second)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            second = node(second, one)
        place, last = place >> 1, last >> 1
    need(last == 0 and first == old, "anchor", "the record does not begin with the one of the anchor")
    return second


# --- the entries -----------------------------------------------------------------------------------------------------


def lines_of(text: bytes, rule: str, fields: set[str]) -> list[dict[str, Any]]:
    """The objects of a .jsonl file, one a line, each in the one form that it has."""
    result = []
    for line in text.decode("ascii", "replace").splitlines(keepends=True):
        try:
            one = json.loads(line)
        except ValueError:
            raise Refused(rule, "a line is no JSON") from None
        same = isinstance(one, dict) and json.dumps(one, sort_keys=True, separators=(",", ":")) + "\n" == line
        need(same and set(one) == fields, rule, "a line is not of the form that it should have")
        result.append(one)
    return result


def entry_of(seq: int, leaf: str) -> Entry:
    """The fields of a leaf, its place, and its hash (RFC 9162 section 2.1.1)."""
    digest = hashlib.sha256(b"\x00" + leaf.encode()).digest()
    return {"platforms": {}, "facts": {}, "gate": "", **json.loads(leaf), "seq": seq, "hash": digest}


def check_entries(files: dict[str, bytes], whole: bool, size: int, root: bytes) -> list[Entry]:
    """Every entry is of an entry's form and stands in the tree that was signed; of a whole record none is missing."""
    fields = {"leaf", "seq"} if whole else {"leaf", "proof", "seq"}
    entries: list[Entry] = []
    for one in lines_of(files["proof/entries.jsonl"], "form", fields):
        leaf, seq = one["leaf"], one["seq"]
        need(isinstance(leaf, str) and type(seq) is int, "form", "an entry has no text or no place")
        one_form = json.dumps(json.loads(leaf), sort_keys=True, separators=(",", ":"))
        need(one_form == leaf, "form", f"entry {seq} is not in the one form that it has")
        need((entries[-1]["seq"] if entries else 0) < seq <= size, "order", f"entry {seq} stands in the wrong place")
        entries.append(entry_of(seq, leaf))
        if not whole:
            proof = [decode(text, "inclusion") for text in one["proof"]]
            found = leads(seq - 1, size - 1, entries[-1]["hash"], proof)
            need(found == root, "inclusion", f"entry {seq} is not in the signed tree")
    if whole:
        need(len(entries) == size, "whole", f"{len(entries)} entries are here, the checkpoint speaks of {size}")
        need(root_of([one["hash"] for one in entries]) == root, "root", "the entries are not those that were signed")
    return entries


def check_sessions(entries: list[Entry], claim: dict[str, Any]) -> None:
    """Numbers follow one another, and each entry links to the one before it: of a session, and of the whole record."""
    last: dict[str, Entry] = {}
    before = bytes(32)
    for one in entries:
        n, seq, earlier = one["n"], one["seq"], last.get(one["w"])
        need(n > (earlier["n"] if earlier else 0), "number", f"entry {seq} has a number that its session has passed")
        need((n == 1) == (one["k"] == "open"), "number", f"entry {seq} opens its session in the middle, or not at all")
        need(earlier is None or earlier["k"] != "close", "close", f"entry {seq} stands behind its session's end")
        follows = n == (earlier["n"] if earlier else 0) + 1
        need(follows or not claim["whole"], "gap", f"entry {seq} leaves a gap in its session")
        if claim["whole"] or (earlier and follows):
            due = earlier["hash"] if earlier else before
            need(one["p"] == base64.b64encode(due).decode(), "link", f"entry {seq} does not link to the one before it")
        last[one["w"]], before = one, one["hash"]


def check_counters(entries: list[Entry], claim: dict[str, Any]) -> None:
    """In each session a platform's counters grow by what its entries do: an entry that was left out would show.

    Of a part of the record this holds from the last entry before the claim's time to the first one behind it.
    """
    counted: dict[tuple[str, str], list[int]] = {}
    behind: set[tuple[str, str]] = set()
    for one in entries:
        for name in one["platforms"] if claim["whole"] else names_of(one, claim):
            pair, place = one["platforms"][name], (one["w"], name)
            if claim["whole"] or (one["seq"] >= claim["first"] and place not in behind):
                known = counted.get(place, [0, 0])
                due = [known[0] + (one["k"] == "permit"), known[1] + (one["k"] == "refuse")]
                need(pair == due, "counter", f"entry {one['seq']} counts {pair} for {name}, the entries come to {due}")
            counted[place] = pair
            if one["seq"] > claim["last"]:
                behind.add(place)


def check_claim(entries: list[Entry], claim: dict[str, Any], text: bytes, size: int) -> None:
    """The claim speaks of a stretch of the record; where the whole record is here, of the right one."""
    need(json.dumps(claim, sort_keys=True, indent=1) + "\n" == text.decode(), "claim", "is not of its one form")
    need(0 < claim["size"] <= size and set(claim) == CLAIM, "claim", "does not fit the record that was signed")
    for one in entries:
        stands = claim["first"] <= one["seq"] <= claim["last"] or one["seq"] > claim["size"] or not names_of(one, claim)
        timely = claim["since"] <= one["t"] <= claim["until"]
        need(stands or not timely, "claim", f"entry {one['seq']} is of the time, and left out of it")
    if claim["whole"]:
        inside = [one["seq"] for one in entries[: claim["size"]] if claim["since"] <= one["t"] <= claim["until"]]
        first = inside[0] if inside else next(one["seq"] for one in entries if one["t"] >= claim["since"])
        stretch = [first, inside[-1] if inside else first - 1]
        need([claim["first"], claim["last"]] == stretch, "claim", f"the time is entries {stretch}, not those it names")


# --- the tables, which follow from the entries -----------------------------------------------------------------------


def when(micros: int) -> str:
    """Microseconds since 1970 as UTC; 0 is nothing."""
    if not micros:
        return ""
    at = datetime.fromtimestamp(micros // 1_000_000, timezone.utc)  # noqa: UP017 - Python 3.10
    return f"{at:%Y-%m-%dT%H:%M:%S}.{micros % 1_000_000:06d}Z"


def names_of(one: Entry, claim: dict[str, Any]) -> list[str]:
    """Under which of its names an entry concerns the claim's platforms."""
    return sorted(set(one["platforms"]) & {name for names in claim["names"].values() for name in names})


def tables(entries: list[Entry], claim: dict[str, Any]) -> dict[str, bytes]:
    """Every table of the export, made from the entries."""
    stretch = [one for one in entries if claim["first"] <= one["seq"] <= claim["last"] and names_of(one, claim)]
    refusals: list[list[Any]] = [["entry", "time", "session", "number", "platforms", "what was stopped", "requests"]]
    refusals[0] += ["basis", "rule", "filed under"]
    permits: list[list[Any]] = [["entry", "time", "session", "number", "platforms", "observed", "basis", "rule"]]
    robots: dict[str, list[Any]] = {}
    for one in stretch:
        facts = one["facts"]
        row = [one["seq"], when(one["t"]), one["w"], one["n"], " ".join(names_of(one, claim))]
        rule = [one.get("basis", ""), one.get("rule", "")]
        if one["k"] == "refuse":
            stage = STAGES.get(one["gate"], "requests stopped")
            refusals.append([*row, stage, facts.get("requests", 1), *rule, one.get("docket", "")])
        elif one["k"] == "permit":
            permits.append([*row, "yes" if facts.get("observed") else "no", *rule])
        if "robots" in facts:
            robots.setdefault(facts["robots"], [facts["robots"], one["seq"], 0])[2] = one["seq"]
    hashes = [["sha256", "first entry", "last entry"], *robots.values()]
    made = (refusals, permits, _sessions(entries, claim), *_documents(entries, claim), hashes)
    return {name: _csv(rows) for name, rows in zip(TABLES, made)}  # noqa: B905 - Python 3.10


def _sessions(entries: list[Entry], claim: dict[str, Any]) -> list[list[Any]]:
    """The counters of each session of the stretch before and after it: where they are equal there was no permit."""
    rows: list[list[Any]] = [["session", "role", "opened", "last entry", "time of it", "closed", "name"]]
    rows[0] += ["permits before", "permits after", "refusals before", "refusals after", "observed until"]
    of: dict[str, list[Entry]] = {}
    for one in entries:
        if one["seq"] <= claim["size"]:
            of.setdefault(one["w"], []).append(one)
    for w, mine in of.items():
        if mine[0]["seq"] > claim["last"] or mine[-1]["seq"] < claim["first"]:
            continue
        for name in sorted({name for one in mine for name in names_of(one, claim)}):
            start = end = [0, 0]
            for one in (one for one in mine if name in one["platforms"]):
                pair = one["platforms"][name]
                if one["seq"] < claim["first"]:
                    start = end = pair
                elif one["seq"] <= claim["last"]:
                    end = pair
            until = max(one["facts"].get("observe_until", 0) for one in mine)
            closed = "yes" if mine[-1]["k"] == "close" else "no"
            row = [
                w,
                mine[0]["facts"].get("role", ""),
                when(mine[0]["t"]),
                mine[-1]["seq"],
                when(mine[-1]["t"]),
                closed,
            ]
            rows.append([*row, name, start[0], end[0], start[1], end[1], when(until * 1_000_000)])
    return rows


def _documents(entries: list[Entry], claim: dict[str, Any]) -> tuple[list[list[Any]], list[list[Any]]]:
    """Which policy revision each session announced, and which notices it held."""
    policies: list[list[Any]] = [["entry", "session", "number of the revision", "revision", "announced", "in force"]]
    notices: list[list[Any]] = [["entry", "session", "notice", "platforms", "received", "assumed", "entered"]]
    notices[0] += ["addressed to", "on record here", "sha256 of the document", "idle", "vanished"]
    for one in entries:
        facts = one["facts"]
        if one["k"] == "policy" and one["seq"] <= claim["size"]:
            row = [one["seq"], one["w"], one.get("rev", 0), facts.get("revision", ""), when(one["t"])]
            policies.append([*row, when(facts.get("in_force", 0))])
        mine = one.get("docket", "") == claim["notice"] or names_of(one, claim)
        if one["k"] == "notice" and one["seq"] <= claim["size"] and mine:
            row = [one["seq"], one["w"], one.get("docket", ""), " ".join(one.get("platforms", {}))]
            row += [when(facts.get("received_at", 0)), "yes" if facts.get("assumed") else "no"]
            row += [when(facts.get("entered_at", 0)), facts.get("addressed", ""), when(one["t"])]
            row += [facts.get("sha256", ""), "yes" if facts.get("idle") else "no"]
            notices.append([*row, "yes" if facts.get("vanished") else "no"])
    return policies, notices


def _csv(rows: list[list[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def check_tables(files: dict[str, bytes], entries: list[Entry], claim: dict[str, Any]) -> None:
    """The tables list the entries that were proven, all of them and nothing else."""
    for name, text in tables(entries, claim).items():
        need(files[name] == text, "tables", f"{name} is not what the proven entries say")


def check_details(files: dict[str, bytes], entries: list[Entry]) -> int:
    """Details that counsel opened are those to which their entries committed when they were written."""
    leaves = {one["seq"]: one for one in entries}
    rows = lines_of(files.get("details.jsonl", b""), "details", {"body", "salt", "seq"})
    for one in rows:
        digest = hashlib.sha256(decode(one["salt"], "details") + b"all\x00" + one["body"].encode()).digest()
        committed = leaves.get(one["seq"], {}).get("c", {}).get("all")
        need(base64.b64encode(digest).decode() == committed, "details", f"are not those of entry {one['seq']}")
    return len(rows)


def check_bound(files: dict[str, bytes], entries: list[Entry]) -> int:
    """The record itself says that this export was made from it; 0 where it does not."""
    digest = hashlib.sha256(files["MANIFEST"]).hexdigest()
    found = [one["seq"] for one in entries if one["k"] == "export" and one["facts"].get("sha256") == digest]
    return found[0] if found else 0


def check_anchors(files: dict[str, bytes], anchors: str, key: str, size: int, root: bytes) -> list[int]:
    """Checkpoints that the reader kept: the signed record begins with each of them."""
    proofs = lines_of(files.get("proof/anchors.jsonl", b""), "anchor", {"before", "proof"})
    held = []
    for found in _NOTE.finditer(anchors):
        before, old = check_note(found[0], key)
        if before == size:
            need(old == root, "anchor", f"the anchor of {before} entries has another root")
        else:
            lines = [one["proof"] for one in proofs if one["before"] == before]
            need(len(lines) == 1, "anchor", f"this export has no proof that leads from the anchor of {before} entries")
            grown = grows(before, size, old, [decode(text, "anchor") for text in lines[0]])
            need(grown == root, "anchor", f"the record was not grown from the anchor of {before} entries")
        held.append(before)
    need(not anchors or bool(held), "anchor", "holds no checkpoint")
    return held


def check(files: dict[str, bytes], key: str, anchors: str = "", *, unbound: bool = False) -> list[str]:
    """Every rule; the lines of what was found. Raises Refused at the first rule that is broken."""
    check_manifests(files)
    size, root = check_note(files["proof/checkpoint.txt"].decode("utf-8", "replace"), key)
    claim = json.loads(files["claim.json"])
    entries = check_entries(files, claim["whole"], size, root)
    check_claim(entries, claim, files["claim.json"], size)
    check_sessions(entries, claim)
    check_counters(entries, claim)
    check_tables(files, entries, claim)
    details = check_details(files, entries)
    bound = check_bound(files, entries)
    need(bool(bound) or unbound, "bound", "no entry says that this export was made: its texts are signed by nobody")
    held = check_anchors(files, anchors, key, size, root)
    permits, refusals = (files[name].count(b"\n") - 1 for name in ("permits.csv", "refusals.csv"))
    kind = "the whole record" if claim["whole"] else f"{len(entries):,} of its entries"
    return [
        f"signed    a record of {size:,} entries, by the key that was given; here is {kind}",
        f"entries   each is in that record; {details:,} come with details, which are those they committed to",
        f"export    {f'entry {bound:,} of the record says that it was made' if bound else 'NOT BOUND: see VERIFY.md'}",
        f"anchor    {f'the record begins with yours of {held} entries' if held else 'none given: see VERIFY.md'}",
        f"permits   {permits:,} for {', '.join(claim['names'])}, from {when(claim['since'])} to {when(claim['until'])}",
        f"refusals  {refusals:,} entries",
    ]


def main(words: list[str]) -> int:
    """As typed."""
    parser = argparse.ArgumentParser(description="Check an export of a Desist ledger.")
    parser.add_argument("export", type=Path, help="the zip, or the folder that it unpacks to")
    parser.add_argument("--key", required=True, help="the log's verifying key, or a file with it, from elsewhere")
    parser.add_argument("--anchor", type=Path, help="a file with checkpoints that you kept")
    parser.add_argument("--unbound", action="store_true", help="accept texts that no entry of the record speaks of")
    args = parser.parse_args(words)
    try:
        key = args.key if "+" in args.key else Path(args.key).read_text(encoding="utf-8")
        anchors = args.anchor.read_text(encoding="utf-8") if args.anchor else ""
        print("\n".join(check(read(args.export), key, anchors, unbound=args.unbound)))
    except Refused as error:
        print(f"REFUSED by the rule {error}", file=sys.stderr)
        return 3
    except Exception as error:  # noqa: BLE001 - whatever it is, nothing was accepted
        print(f"REFUSED: it cannot be read: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    print("accepted: what this does and does not show stands in STATEMENT.md and VERIFY.md")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
