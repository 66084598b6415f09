"""Exports that each break one rule of the verifier, and no other: made with the log's own signing key."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any, Final

from desist.report.export import manifest
from desist.report.verify_export import BOUND

from .forge import Change, Files, Leaf, lines, make, record, reseal

__all__ = ["BAD", "WHOLE", "details", "edited", "entry_lines", "with_lines"]

WHOLE: Final = {"whole": True}
ENTRIES: Final = "proof/entries.jsonl"
NOTE: Final = "proof/checkpoint.txt"
ZERO: Final = base64.b64encode(bytes(32)).decode()


def edited(place: int, **fields: Any) -> list[Leaf]:
    """The record with one entry changed, and every hash, link and signature made to fit."""
    leaves = record()
    leaves[place - 1] |= fields
    return leaves


def entry_lines(files: Files, name: str = ENTRIES) -> list[dict[str, Any]]:
    """What stands in a .jsonl file."""
    return [json.loads(line) for line in files[name].splitlines()]


def with_lines(change: Callable[[list[dict[str, Any]]], object], name: str = ENTRIES) -> Change:
    """Change the lines of a file among the proofs, and the list there with it."""

    def after(files: Files) -> None:
        rows = entry_lines(files, name)
        change(rows)
        files[name] = lines(rows)
        reseal(files)

    return after


def put(name: str, content: bytes) -> Change:
    """Put other content into a file, and tell no list."""
    return lambda files: files.update({name: content})


def swap(name: str, old: bytes, new: bytes) -> Change:
    """Replace octets that are there, and tell the list of the proofs."""

    def after(files: Files) -> None:
        assert old in files[name]
        files[name] = files[name].replace(old, new, 1)
        if name.startswith("proof/"):
            reseal(files)

    return after


def add(name: str, octets: bytes) -> Change:
    """Add octets at the end of a file."""
    return lambda files: files.update({name: files[name] + octets})


def cut(name: str) -> Change:
    """Take the last line of a file away."""
    return lambda files: files.update({name: b"".join(files[name].splitlines(keepends=True)[:-1])})


def lose(name: str) -> Change:
    """Take a file away."""
    return lambda files: files.pop(name)


def rebound(files: Files) -> None:
    """Change a text and the list that names it: only the entry in the record still knows."""
    files["STATEMENT.md"] = b"# Nothing was ever fetched\n"
    files["MANIFEST"] = manifest(files, BOUND)


def details(body: str = '{"url":"https://pictogram.test/"}') -> tuple[list[Leaf], bytes]:
    """The record with details committed to by its sixth entry, and details opened for it."""
    salt = b"s" * 16
    told = hashlib.sha256(salt + b"all\x00" + b'{"url":"https://pictogram.test/"}').digest()
    leaves = edited(6, c={"all": base64.b64encode(told).decode()})
    return leaves, lines([{"body": body, "salt": base64.b64encode(salt).decode(), "seq": 6}])


def detailed(old: bytes, new: bytes) -> Callable[[], Files]:
    """The same with octets of details.jsonl replaced."""
    leaves, opened = details()
    assert old in opened
    return lambda: make(leaves, details=opened.replace(old, new))


def jump() -> list[Leaf]:
    """A record in which both sessions leave a number out."""
    return [{**leaf, "n": leaf["n"] + (leaf["n"] > 4)} for leaf in record()]


def displaced(rows: list[dict[str, Any]]) -> None:
    """The sixth entry is gone, and the one behind it says that it is the sixth."""
    del rows[5]
    rows[5]["seq"] = 6


def padded(rows: list[dict[str, Any]]) -> None:
    """The same octets in another text: two bits of the last letter say nothing (RFC 4648 section 3.5)."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    text = rows[0]["proof"][0]
    rows[0]["proof"][0] = text[:-2] + letters[letters.index(text[-2]) + 1] + "="
    assert base64.b64decode(rows[0]["proof"][0]) == base64.b64decode(text)


BAD: Final[dict[str, tuple[str, Callable[[], Files]]]] = {
    "a file that is not listed": ("names", lambda: make(after=put("notes.txt", b"x"))),
    "a text that was changed": ("manifest", lambda: make(after=put("STATEMENT.md", b"# Other\n"))),
    "a proof that was changed": ("manifest", lambda: make(after=put(NOTE, b"x"))),
    "a list that was changed": ("manifest", lambda: make(after=swap("MANIFEST", b"  VERIFY", b" *VERIFY"))),
    "a file that is missing": ("manifest", lambda: make(after=lose("robots.csv"))),
    "no list at all": ("manifest", lambda: make(after=lose("proof/MANIFEST"))),
    "a note with a line more": ("checkpoint", lambda: make(after=swap(NOTE, b"\n\n", b"\nx\n\n"))),
    "a note of another size": ("signature", lambda: make(after=swap(NOTE, b"\n13\n", b"\n14\n"))),
    "a line with a space": ("form", lambda: make(after=swap(ENTRIES, b'{"leaf"', b'{ "leaf"'))),
    "a line that is no JSON": ("form", lambda: make(after=swap(ENTRIES, b'{"leaf"', b'"leaf"'))),
    "a leaf in another form": (
        "form", lambda: make(after=with_lines(lambda rows: rows[3].update(leaf=rows[3]["leaf"] + " "))),
    ),
    "a place that is no number": ("form", lambda: make(after=with_lines(lambda rows: rows[0].update(seq=True)))),
    "a hash with bits in its padding": ("inclusion", lambda: make(after=with_lines(padded))),
    "two lines changed about": ("order", lambda: make(after=with_lines(lambda rows: rows.insert(3, rows.pop(4))))),
    "an entry behind the end": ("order", lambda: make(after=with_lines(lambda rows: rows[-1].update(seq=14)))),
    "an entry that was changed": ("inclusion", lambda: make(after=swap(ENTRIES, b"wire", b"meta"))),
    "an entry in another place": ("inclusion", lambda: make(after=with_lines(displaced))),
    "a proof that is too short": ("inclusion", lambda: make(after=with_lines(lambda rows: rows[0]["proof"].pop()))),
    "a proof that is too long": (
        "inclusion", lambda: make(after=with_lines(lambda rows: rows[0]["proof"].append(ZERO))),
    ),
    "a whole record with a gap": ("whole", lambda: make(claim=WHOLE, after=with_lines(lambda rows: rows.pop()))),
    "a whole record, changed": ("root", lambda: make(claim=WHOLE, after=swap(ENTRIES, b"wire", b"meta"))),
    "a claim with a field more": ("claim", lambda: make(claim={"more": 1})),
    "a claim beyond the signature": ("claim", lambda: make(claim={"size": 14})),
    "a claim in another form": ("claim", lambda: make(change=swap("claim.json", b"{\n", b"{\n\n"))),
    "a time cut short": ("claim", lambda: make(claim={"last": 7})),
    "a time begun late": ("claim", lambda: make(claim={"first": 6})),
    "a time of other entries": ("claim", lambda: make(claim={**WHOLE, "first": 4})),
    "a number used twice": ("number", lambda: make(edited(8, n=4))),
    "a session opened twice": ("number", lambda: make(edited(6, k="open"))),
    "a session without opening": ("number", lambda: make(edited(3, k="beat"))),
    "an entry behind the close": ("close", lambda: make(edited(8, k="close", platforms={}))),
    "a number left out": ("gap", lambda: make(jump(), claim=WHOLE)),
    "a link to nothing": ("link", lambda: make(edited(6, p=ZERO))),
    "a session linked to nothing": ("link", lambda: make(edited(3, p=ZERO), claim=WHOLE)),
    "a permit that no entry is": ("counter", lambda: make(edited(8, platforms={"pictogram": [2, 2]}))),
    "a refusal that was left out": ("counter", lambda: make(after=with_lines(lambda rows: rows.pop(5)))),
    "counters that begin late": ("counter", lambda: make(edited(7, platforms={"pictogram": [1, 1]}))),
    "another platform's counters": (
        "counter", lambda: make(edited(4, platforms={"other": [2, 0], "pictogram": [1, 0]}), claim=WHOLE),
    ),
    "a refusal out of the table": ("tables", lambda: make(change=cut("refusals.csv"))),
    "a permit put into the table": ("tables", lambda: make(change=add("permits.csv", b"1\n"))),
    "another role": ("tables", lambda: make(change=swap("sessions.csv", b"crawl", b"reader"))),
    "another revision": ("tables", lambda: make(change=swap("policies.csv", b"abab", b"cdcd"))),
    "another notice": ("tables", lambda: make(change=swap("notices.csv", b"letter", b"lettre"))),
    "another robots.txt": ("tables", lambda: make(change=add("robots.csv", b"x\n"))),
    "details of another text": ("details", detailed(b"pictogram", b"other")),
    "details of another entry": ("details", detailed(b'"seq":6', b'"seq":7')),
    "details in another form": ("details", detailed(b',"salt"', b', "salt"')),
    "a text changed with its list": ("bound", lambda: make(after=rebound)),
}  # fmt: skip
"""What was done to it: the rule that finds it, and the export."""
