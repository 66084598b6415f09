"""`desist policy letter`: enter a letter that has just arrived, by seven plain questions.

It acts at once on the smallest platform that the letter names, and asks afterwards about that platform's neighbours.
Questions go to stderr and answers come from stdin, so that it works at a terminal and in a script alike.
"""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from .into import add_into, folder_to_write

if TYPE_CHECKING:
    from ..policy.load import Loaded

__all__ = ["configure", "run"]

_KINDS = {
    "1": ("cease_and_desist", "a cease-and-desist or demand letter"),
    "2": ("court_order", "a court's order"),
    "3": ("regulator_order", "a regulator's order"),
    "4": ("warning", "a warning, an e-mail, a call"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--scan", metavar="FILE", type=Path, help="the paper, kept elsewhere: only its hash is recorded"
    )
    add_into(parser)
    parser.add_argument("--policies", metavar="DIR", action="append", help="folders to read beside it; repeatable")


@dataclass
class Letter:
    """What the answers say."""

    unit: str
    covers: dict[str, object]
    url: str
    fields: dict[str, object] = field(default_factory=dict)


def run(args: argparse.Namespace) -> int:
    """Ask, read back, write, show that it refuses, ask about neighbours."""
    from ..decide import Judge, message_of
    from ..policy.assemble import set_of_folders
    from ..policy.draft import moment_text, place
    from ..policy.load import load_documents
    from ..policy.policyset import folders_of

    folders = folders_of(args.policies)
    loaded = load_documents(folders)
    scan = _hash(args.scan)
    into = folder_to_write(args.into)
    letter = _questions(loaded)
    print(f"\n{_paragraph(letter)}\n")
    if _ask("Is that right? It takes force now [yes]", check=_yes_or_no, default="yes") == "no":
        raise UsageError("nothing was written", help="run desist policy letter again")
    shared = {**letter.fields, "document_sha256": scan, "entered_at": moment_text()}
    unit = letter.unit if "platforms" in letter.covers else "letter"  # ids stand in the clear: no hosts
    text_of = functools.partial(_text_of, _ordered(shared, letter.covers))
    identity, path = place(into, "notice", f"{moment_text()[:10]}-{unit}", text_of, folders)
    print(f"in force: {path}")
    print(message_of(Judge(set_of_folders([*folders, into])).decide(letter.url)))
    for slug in _neighbours(letter, loaded):
        question = f"Does the letter name {slug} too (same operator or shared hosts)? [no]"
        if _ask(question, check=_yes_or_no, default="no") == "yes":
            covers = _ordered(shared, {"platforms": [slug], "related": [identity]})
            text_of = functools.partial(_text_of, covers)
            print(f"in force: {place(into, 'notice', f'{identity}-{slug}', text_of, folders)[0]}")
    print(f"next: desist policy preview {identity}")
    return 0


def _text_of(fields: Mapping[str, object], identity: str) -> str:
    from ..policy.draft import document_text

    return document_text({"notice": identity, **fields})


def _ordered(shared: dict[str, object], covers: dict[str, object]) -> dict[str, object]:
    """Fields in the order in which people read them."""
    first = ("instrument", "sender", "recipient")
    return {**{key: shared[key] for key in first}, **covers, **{k: v for k, v in shared.items() if k not in first}}


def _questions(loaded: Loaded) -> Letter:
    """The seven questions; each answer is checked when it is given."""
    from ..policy.draft import moment_text, whoami

    units: dict[str, Letter] = {}

    def named(answer: str) -> str:
        units["named"] = _smallest(answer, loaded)
        return answer

    _ask("1. Which site or platform does the letter name? (a host, a URL, a slug)", check=named)
    letter = units["named"]
    print(f"   that is {letter.unit}: {_covered(letter)}", file=sys.stderr)
    sender = _ask("2. Who sent it?", check=_text)
    recipient = _ask("3. To whom is it addressed, in its words?", check=_text)
    received = _ask(
        "4. When did it arrive? (2026-01-05T09:30:00Z, or a date) [now]", check=_date, default=moment_text()
    )
    kinds = ", ".join(f"{number} {words}" for number, (_, words) in _KINDS.items())
    kind = _ask(
        f"5. What is it? {kinds} [1]", check=lambda a: _KINDS[a][0] if a in _KINDS else _fail(kinds), default="1"
    )
    scope = _ask("6. What does it forbid? everything, or only purposes or paths, by commas [everything]", check=_scope,
                 default="everything")  # fmt: skip
    by = _ask(f"7. Who enters it? [{whoami()}]", check=_text, default=whoami())
    narrowed = _scope_fields(scope)
    letter.fields = {
        "instrument": kind,
        "sender": sender,
        "recipient": recipient,
        "received_at": received,
        "crawl_effect": "restrict" if narrowed else "block",
        "scope": narrowed,
        "entered_by": by,
    }
    return letter


def _ask(question: str, *, check: Callable[[str], str], default: str = "") -> str:
    """Ask until the answer passes its check; an end of input writes nothing."""
    while True:
        print(f"{question} ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            print(file=sys.stderr)
            raise UsageError("the answers ended: nothing was written", help="run desist policy letter again")
        try:
            return check(line.strip() or default)
        except (ValueError, UsageError) as error:
            print(
                f"   {getattr(error, 'message', error)}; {getattr(error, 'help', '') or 'try again'}", file=sys.stderr
            )


def _fail(words: str) -> str:
    raise ValueError(f"one of: {words}")


def _text(answer: str) -> str:
    return answer or _fail("some words")


def _yes_or_no(answer: str) -> str:
    found = {"y": "yes", "yes": "yes", "n": "no", "no": "no"}.get(answer.lower())
    return found or _fail("yes, no")


def _date(answer: str) -> str:
    from ..policy.when import parse_when

    try:
        when = parse_when(answer)
    except ValueError as error:
        raise ValueError(f"`{answer}` {error}") from error
    if when.earliest > datetime.now(UTC):
        raise ValueError(f"`{answer}` is still to come: when did it arrive?")
    return when.text


def _scope(answer: str) -> str:
    _scope_fields(answer)
    return answer


def _scope_fields(answer: str) -> dict[str, object]:
    """`everything`, or purposes and path patterns, as the fields of a scope; ValueError on a word that is neither."""
    from ..model import Purpose
    from ..policy.diagnostic import closest

    if answer in ("everything", "all", "any"):
        return {}
    words = [word.strip() for word in answer.split(",") if word.strip()]
    unknown = [word for word in words if not word.startswith("/") and word not in set(Purpose)]
    if unknown or not words:
        meant = closest(unknown[0], list(Purpose)) if unknown else ""
        hint = f"did you mean `{meant}`? " if meant else ""
        raise ValueError(
            f"`{', '.join(unknown)}` is neither a purpose nor a path; {hint}one of {', '.join(Purpose)}, or /path"
        )
    fields: dict[str, object] = {"purposes": [w for w in words if not w.startswith("/")]}
    fields["paths"] = [w for w in words if w.startswith("/")]
    return {key: value for key, value in fields.items() if value}


def _smallest(answer: str, loaded: Loaded) -> Letter:
    """The smallest platform that the words name: by slug, by name, by host; else the host alone."""
    from .policy_stop import host_of, main_host

    names = {
        word.casefold(): e.doc.key for e in loaded.platforms for word in (e.doc.key, e.doc.name or "", *e.doc.formerly)
    }
    slug = names.get(answer.strip().casefold(), "")
    if not slug:
        _not_an_operator(answer, loaded)
        host = host_of(answer, loaded)
        slug = _owner(host, loaded)
        if not slug:
            url = f"https://{f'[{host}]' if ':' in host else host}/"
            return Letter(host.replace(":", "-"), {"hosts": [host]}, url)
    return Letter(slug, {"platforms": [slug]}, f"https://{main_host(slug, loaded)}/")


def _not_an_operator(answer: str, loaded: Loaded) -> None:
    """A firm is not a platform: ValueError names those that it operates, so that one of them can be said."""
    word = answer.strip().casefold()
    docs = [entry.doc for entry in loaded.platforms]
    theirs = sorted({doc.key for doc in docs if "." not in word and word and word in (doc.operator or "").casefold()})
    if theirs:
        raise ValueError(f"`{answer}` operates {', '.join(theirs)}: which one does the letter name first?")


def _owner(host: str, loaded: Loaded) -> str:
    """The platform with the fewest hosts among those of which this is a site of its own, `www.` aside; or none.

    A name below a platform's host is no more than itself: a letter that names `jobs.example.com` is about that.
    """
    bare = host.removeprefix("www.")
    owners = [
        (len(entry.doc.hosts), entry.doc.key)
        for entry in loaded.platforms
        for rule in entry.doc.hosts
        if rule.host in (host, bare) and rule.role in ("site", "api", "shortener", "cdn")
    ]
    return min(owners)[1] if owners else ""


def _neighbours(letter: Letter, loaded: Loaded) -> list[str]:
    """Platforms of the same operator, and those that share a host with the one that was named."""
    mine = [entry.doc for entry in loaded.platforms if entry.doc.key == letter.unit]
    operators = {doc.operator for doc in mine if doc.operator}
    hosts = {rule.host for doc in mine for rule in doc.hosts}
    near = {
        entry.doc.key
        for entry in loaded.platforms
        if entry.doc.operator in operators or any(rule.host in hosts for rule in entry.doc.hosts)
    }
    return sorted(near - {letter.unit})


def _covered(letter: Letter) -> str:
    return "this host and all below it" if "hosts" in letter.covers else f"the platform, for example {letter.url}"


def _paragraph(letter: Letter) -> str:
    """What will be in force, in one paragraph."""
    import textwrap

    said = letter.fields
    scope = said["scope"]
    what = "everything" if not scope else "; ".join(f"{k}: {', '.join(v)}" for k, v in dict(scope).items())  # type: ignore[call-overload]
    when = said["received_at"]
    text = (
        f"{said['sender']} sent {said['recipient']} a letter ({said['instrument']}) that arrived {when}. "
        f"It names {letter.unit} and forbids {what}. From {when} on nothing that it covers is fetched "
        f"from {letter.unit}; {_covered(letter)}. Entered by {said['entered_by']}. "
        "It ends only by a document and two names."
    )
    return textwrap.fill(text, 100)


def _hash(scan: Path | None) -> str:
    import hashlib

    if scan is None:
        return ""
    try:
        return hashlib.sha256(scan.read_bytes()).hexdigest()
    except OSError as error:
        raise UsageError(
            f"`{scan}` cannot be read: {error.strerror}", help="leave --scan out, or mend the path"
        ) from error
