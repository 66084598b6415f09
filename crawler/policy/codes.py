"""What each diagnostic code means, with an example that triggers it and the same example mended."""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["CODES", "Code"]


class Code(NamedTuple):
    """One code. `example` triggers it, `mend` does not; both are whole files, and the tests lint both."""

    code: str
    title: str
    why: str
    example: str
    mend: str


_P = "platform: pictogram\nhosts: [pictogram.test]\n"
_N = _P + "---\nnotice: letter\ninstrument: cease_and_desist\nsender: Pictogram, Inc.\nplatforms: [pictogram]\n"
_L = _N + "received_at: 2026-01-05T09:30:00Z\n"
_T = "---\nterms: tos\nplatform: pictogram\ndocument: Terms of Service\neffective_from: 2025-11-01\n"
_C = "clauses:\n  - {topic: automated_access, effect: forbids}\n"
_X = _L + "---\npermission: consent\nplatform: pictogram\ninstrument: written_consent\nfrom: 2026-02-01\n"
_X += "purposes: [research]\ndocument_sha256: " + "ab" * 32 + "\napproved_by: [A. Jones, B. Smith]\n"
_W = "status_history:\n  - {at: 2026-03-01T12:00:00Z, status: withdrawn"
_H = ", by: [A. Jones, B. Smith], document_sha256: " + "cd" * 32

_ALL: Final = (
    Code(
        "D001",
        "file cannot be read",
        "The file is not UTF-8 text, is larger than any policy document, or may not be opened. What it forbids is "
        "unknown, so nothing is fetched on the strength of a set that lacks it.",
        "platform: caf\xe9\n",
        _P,
    ),
    Code(
        "D002",
        "broken YAML",
        "The file breaks off where the message points. Most often a value holds a colon and a blank, a quote is open, "
        "or a line is indented by a tab.",
        "platform: pictogram\nname: Pictogram: the site\n",
        'platform: pictogram\nname: "Pictogram: the site"\nhosts: [pictogram.test]\n',
    ),
    Code(
        "D003",
        "key twice",
        "YAML readers keep one of two equal keys and forget the other, so that a prohibition could be lost silently.",
        _P + "hosts: [pictogram.example]\n",
        "platform: pictogram\nhosts: [pictogram.test, pictogram.example]\n",
    ),
    Code(
        "D004",
        "anchors, tags, depth",
        "Anchors, aliases and tags can make a small file enormous or make a value something other than the text that "
        "stands there. A policy document needs none of them.",
        "platform: pictogram\nhosts: &all [pictogram.test]\nformerly: *all\n",
        _P,
    ),
    Code(
        "D005",
        "no policy document",
        "A document is known by its first key: `platform`, `notice`, `terms` or `permission`.",
        "platfrom: pictogram\nhosts: [pictogram.test]\n",
        _P,
    ),
    Code(
        "D006",
        "folder empty or missing",
        "A policy folder without documents forbids nothing: a wrong path would look like leave to fetch everything.",
        "",
        _P,
    ),
    Code(
        "D007",
        "file not read",
        "The name looks as if a document was meant, and only names that end in .yaml or .yml are read: what it forbids "
        "would be forgotten.",
        "",
        _P,
    ),
    Code(
        "D010",
        "unknown key",
        "A misspelt key would be ignored, and with it what it says.",
        _N + "recieved_at: 2026-01-05\n",
        _N + "received_at: 2026-01-05\n",
    ),
    Code(
        "D011",
        "key missing",
        "The document cannot be understood without it.",
        _P + "---\nnotice: letter\nplatforms: [pictogram]\nreceived_at: 2026-01-05\n",
        _L,
    ),
    Code(
        "D012",
        "wrong shape",
        "A list stands where a text is wanted, or a text where a mapping is wanted, or a value is empty.",
        "platform: pictogram\nname: [Pictogram]\nhosts: [pictogram.test]\n",
        "platform: pictogram\nname: Pictogram\nhosts: [pictogram.test]\n",
    ),
    Code(
        "D013",
        "unknown word",
        "The value is one of a few words, and this is none of them.",
        "platform: pictogram\nhosts:\n  - {host: pictogram.test, role: cnd}\n",
        "platform: pictogram\nhosts:\n  - {host: pictogram.test, role: cdn}\n",
    ),
    Code(
        "D014",
        "bad date",
        "Force starts at a date, so a date must be one. A date alone counts from midnight in the earliest zone "
        "(UTC+14); a month, a year or a span counts from its first instant.",
        _N + "received_at: 2026-02-30\n",
        _N + "received_at: 2026-02-28\n",
    ),
    Code(
        "D015",
        "bad host",
        "A host is a bare name and means itself and all below it: no scheme, port, path or star.",
        'platform: pictogram\nhosts: ["*.pictogram.test"]\n',
        _P,
    ),
    Code(
        "D016",
        "bad hash",
        "A SHA-256 is 64 small hexadecimal digits. It is what ties the document to a paper kept elsewhere.",
        _L + "document_sha256: 5c1e\n",
        _L + "document_sha256: " + "5c1e" * 16 + "\n",
    ),
    Code(
        "D017",
        "bad network",
        "A platform's own addresses are written as networks, with no host bits set.",
        _P + "addresses: [203.0.113.1/29]\n",
        _P + "addresses: [203.0.113.0/29]\n",
    ),
    Code(
        "D018",
        "bad path pattern",
        "Path patterns are those of robots.txt (RFC 9309 2.2.3): they start with `/`, `*` stands for any characters, "
        "a final `$` for the end.",
        _L + "scope: {paths: [faces/]}\n",
        _L + "scope: {paths: [/faces/]}\n",
    ),
    Code(
        "D019",
        "bad id",
        "Ids and slugs stand in messages, file names and the ledger: letters, digits, `-`, `_` and `.` only.",
        "platform: Picto gram\nhosts: [pictogram.test]\n",
        _P,
    ),
    Code(
        "D020",
        "id taken",
        "Two documents of one folder bear the same id, so that a refusal could be filed under either. A platform in a "
        "later folder may bear the slug of an earlier one: it extends it.",
        _P + "---\n" + _P,
        _P,
    ),
    Code(
        "D021",
        "unknown platform",
        "A notice, terms document or permission names a platform that no document describes: it would reach nothing. "
        "Shipped platforms count where the shipped folder is among those that are read.",
        _P + "---\nnotice: letter\ninstrument: cease_and_desist\nplatforms: [pictogramm]\nreceived_at: 2026-01-05\n",
        _L,
    ),
    Code(
        "D022",
        "overrides nothing",
        "A permission lifts only what it names by id, and this id belongs to no document.",
        _X + "overrides: [lettre]\n",
        _X + "overrides: [letter]\n",
    ),
    Code(
        "D023",
        "supersedes nothing",
        "The earlier document is not there. Rules are superseded, never edited or taken away: without the earlier "
        "document past decisions cannot be replayed.",
        _L + "supersedes: [first-letter]\nentered_by: A. Jones\napproved_by: [B. Smith]\n",
        _L,
    ),
    Code(
        "D030",
        "rule on a public suffix",
        "Below a public suffix (com, co.uk, cloudfront.net, github.io) unrelated people live side by side. A rule for "
        "all names below it would refuse every one of them for the deeds of one. `role: tenant` keeps the name on "
        "record and matches nothing; only a tenant's own name does.",
        "platform: pictogram\nhosts: [cloudfront.net]\n",
        "platform: pictogram\nhosts: [d111111abcdef8.cloudfront.net]\n",
    ),
    Code(
        "D031",
        "host twice",
        "The second rule for a host says nothing, or contradicts the first.",
        "platform: pictogram\nhosts: [pictogram.test, {host: pictogram.test, role: cdn}]\n",
        "platform: pictogram\nhosts: [{host: pictogram.test, role: cdn}]\n",
    ),
    Code(
        "D032",
        "host covered by another",
        "A name means itself and all below it, so that a second rule of the same role below it adds nothing. A family "
        "that is kept as a source gives it may hold such: name the `sources` of the document.",
        "platform: pictogram\nhosts: [pictogram.test, www.pictogram.test]\n",
        "platform: pictogram\nhosts: [pictogram.test, {host: api.pictogram.test, role: api}]\n",
    ),
    Code(
        "D040",
        "loosening without evidence",
        "A notice enters with one name and acts at once. It ends, rests or shrinks only on a document (its hash) and "
        "two different names; anything less changes nothing. Of a letter to somebody else a source is enough.",
        _L + _W + ", by: [A. Jones]}\n",
        _L + _W + _H + "}\n",
    ),
    Code(
        "D041",
        "loosening backdated",
        "What was refused stays refused: a withdrawal counts from its own entry, however early it is dated.",
        _L + _W + _H + ", entered_at: 2026-03-05T08:00:00Z}\n",
        _L + _W + _H + ", entered_at: 2026-03-01T08:00:00Z}\n",
    ),
    Code(
        "D042",
        "notice without platform",
        "A notice that refuses must name the platforms or hosts that it covers.",
        _P + "---\nnotice: letter\ninstrument: cease_and_desist\nreceived_at: 2026-01-05\n",
        _L,
    ),
    Code(
        "D043",
        "notice without date",
        "Nothing says since when it is in force, so it counts as in force since ever, and replays of the past will "
        "refuse as well.",
        _N,
        _L,
    ),
    Code(
        "D044",
        "restricts everything",
        "`restrict` says that the letter leaves something allowed, and nothing here says what.",
        _L + "crawl_effect: restrict\n",
        _L + "crawl_effect: restrict\nscope: {purposes: [biometric]}\n",
    ),
    Code(
        "D045",
        "permission lacks something",
        "A permission lifts only what it names, from a date, for named purposes, on a document that two different "
        "persons approved. Silence lifts nothing.",
        _X.replace("purposes: [research]\n", "") + "overrides: [letter]\n",
        _X + "overrides: [letter]\n",
    ),
    Code(
        "D046",
        "permission never begins",
        "A date alone begins in the latest zone and ends in the earliest, so that a permission of one day is over "
        "before it began.",
        _X + "overrides: [letter]\nuntil: 2026-02-01\n",
        _X + "overrides: [letter]\nuntil: 2026-02-02\n",
    ),
    Code(
        "D047",
        "terms without clause",
        "A terms document without clauses refuses nothing and does not say for which topics it was read.",
        _P + _T,
        _P + _T + _C,
    ),
    Code(
        "D048",
        "supersedes nothing that it may",
        "What takes the place of a document may ask for less. So it must be of its kind and about the same platform, "
        "and a notice to us needs two names and the paper's hash, as a withdrawal does; else both stay in force.",
        _L + "---\nnotice: later\ninstrument: cease_and_desist\nplatforms: [pictogram]\nreceived_at: 2026-05-01\n"
        "supersedes: [letter]\n",
        _L + "---\nnotice: later\ninstrument: cease_and_desist\nplatforms: [pictogram]\nreceived_at: 2026-05-01\n"
        f"supersedes: [letter]\nentered_by: A. Jones\napproved_by: [B. Smith]\ndocument_sha256: {'ab' * 32}\n",
    ),
    Code(
        "D049",
        "dates against each other",
        "Nobody enters a letter that has not come: a date of receipt after the entry is a slip, and the entry counts. "
        "Lines of a status history stand in the order in which they were written, and the later one holds.",
        _N + "received_at: 2062-01-05\nentered_at: 2026-01-05T10:00:00Z\n",
        _N + "received_at: 2026-01-05\nentered_at: 2026-01-05T10:00:00Z\n",
    ),
    Code(
        "D050",
        "counsel's words",
        "Documents lie on machines that crawl, and are read by everybody who runs them. Counsel's reading, positions "
        "and scans stay elsewhere; a document holds the letter's facts and the paper's hash.",
        _L + "notes: [In our view the letter does not bind us.]\n",
        _L + "notes: [The letter came by courier.]\n",
    ),
)

CODES: Final = {one.code: one for one in _ALL}
"""Code -> what it means."""
