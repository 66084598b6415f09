"""What `desist --help` shows: the five commonest verbs as one would type them, then all others by what they are for."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .main import Verb

__all__ = ["COMMONEST", "FAMILIES", "columns", "meant", "overview", "wrapped"]

# Every refusal's help line names `explain`, every letter's day begins with `letter`, and the other three are asked
# before a crawl, after it, and by whoever wants to see it on paper.
COMMONEST: Final = (
    ("policy check URL ...", "may these be fetched? nothing is fetched to find out"),
    ("policy explain URL", "every rule considered, and what would change the answer"),
    ("letter", "a letter has arrived: put it into force, in running crawls too"),
    ("ledger docket LEDGER", "what was refused and fetched under each notice"),
    ("report LEDGER -o FILE", "the same as one page for people, with charts"),
)
FAMILIES: Final = {
    "policy": ("documents: judge, explain, write, withdraw", ("desist policy check URL", "desist policy lint")),
    "ledger": (
        "the record: verify, read, redact",
        ("desist ledger verify .desist/ledger.db", "desist ledger docket .desist/ledger.db"),
    ),
    "new": ("begin something: a project", ("desist new project faces",)),
}
"""First word of a family of verbs -> what they are about."""
_GROUPS: Final = (
    ("to begin", ("demo", "new project", "doctor", "config", "completion", "rule")),
    ("documents", ("letter", "policy")),
    ("crawls", ("dryrun", "status", "robots", "arm", "disarm")),
    ("the record", ("ledger", "report")),
)
_WIDTH: Final = 17
_NARROW: Final = 24


def overview(prog: str, verbs: Sequence[Verb], width: int = 100) -> str:
    """The text between usage and exit codes; lines break at `width` columns."""
    left = dict.fromkeys(verb.words for verb in verbs)
    said = {verb.words: verb.summary for verb in verbs}
    lines = ["the five commonest:", *(_row(f"{prog} {typed}", what, 30, width) for typed, what in COMMONEST)]
    for title, members in _GROUPS:
        shown = [words for member in members for words in left if member in (words, words.partition(" ")[0])]
        lines += ["", f"{title}:", *(_row(words, said[words], _WIDTH, width) for words in shown)]
        left = {words: None for words in left if words not in shown}
    lines += ["", "others:", *(_row(words, said[words], _WIDTH, width) for words in left)] if left else []
    return "\n".join([*lines, "", *wrapped(f"`{prog} VERB --help` shows its options and examples", width)])


def columns(otherwise: int = 80) -> int:
    """How wide the terminal is: COLUMNS, else what it says itself, else a guess."""
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said):
        return int(said)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or otherwise
    except (AttributeError, ValueError, OSError):  # no stdout, a closed one, or no terminal
        return otherwise


def _row(words: str, summary: str, column: int, width: int) -> str:
    """One verb and what it does; what does not fit goes on below itself, on a narrow terminal all of it."""
    head = f"  {words:<{column}} "
    if width - len(head) < _NARROW:
        return "\n      ".join([f"  {words}", *wrapped(summary, width - 6)])
    return head + f"\n{'':<{len(head)}}".join(wrapped(summary, width - len(head)))


def wrapped(text: str, width: int) -> Iterator[str]:
    """Lines of no more than `width` columns, broken at blanks alone, so that commands stay whole."""
    line = ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            yield line
            line = ""
        line = f"{line} {word}".lstrip()
    yield line


def meant(words: Sequence[str], known: Iterable[str]) -> str:
    """The verb that was probably meant by words that name none; empty where nothing is near."""
    import difflib

    names = list(known)
    family = {name.partition(" ")[2]: name for name in names if name.startswith(f"{words[0]} ")}
    if family:
        return next((family[name] for name in difflib.get_close_matches(words[1], family, 1, 0.6)), "")
    last = [name for name in names if name.rpartition(" ")[2] == words[0]]
    typed = " ".join(words[:2])
    near = difflib.get_close_matches(typed, names, 1, 0.7) or difflib.get_close_matches(words[0], names, 1, 0.7)
    parts = {name.rpartition(" ")[2]: name for name in names}
    spelt = [parts[part] for part in difflib.get_close_matches(words[0], parts, 1, 0.7)]
    return next(iter([*last, *near, *spelt]), "")
