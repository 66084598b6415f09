"""How far a ledger can be believed, in plain words: three answers, and what each of them does not say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..ledger.anchor import Anchored, open_window
from ..ledger.verify import Verification

__all__ = ["Answer", "answers_in_words"]

_SHOWN = 20


class Answer(NamedTuple):
    """One of the three questions."""

    question: str
    holds: bool
    word: str
    """`yes`, `no` or `not anchored`."""
    meaning: str
    limit: str
    troubles: tuple[str, ...] = ()


def answers_in_words(record: Verification, signed: Anchored, anchored: Anchored) -> list[Answer]:
    """Intact, complete, anchored; `signed` is what the ledger's own checkpoints say under the pinned key."""
    broken = [*map(str, record.findings), *signed.disagree]
    return [
        Answer(
            "intact",
            not broken,
            "no" if broken else "yes",
            "Every entry is the bytes that were hashed when it was written, each links to the one before it, and all "
            "numbers and counters follow one another.",
            "Somebody who holds the file and writes all of it anew leaves nothing that this check could find.",
            _cut(broken),
        ),
        Answer(
            "complete",
            not (broken or record.gaps),
            "no" if broken or record.gaps else "yes",
            "Every session ends with its closing entry, and none of them was silent for longer than a sign of life "
            "may take.",
            "A crawl that ran without this ledger, or with its gates taken out, is not in it.",
            _cut([*(["not intact"] if broken else []), *record.gaps]),
        ),
        _anchored(anchored, intact=not broken),
    ]


def _anchored(anchored: Anchored, *, intact: bool) -> Answer:
    limit = f"Open window: {open_window(anchored)}."
    if anchored.disagree:
        meaning = "A checkpoint that was kept elsewhere speaks of another record than this one."
        return Answer("anchored", False, "no", meaning, limit, _cut(anchored.disagree))
    if not anchored.size:
        meaning = "Nothing outside this file says that it was not rewritten as a whole."
        limit += " Keep checkpoints where the crawl host cannot write, and hand them over with --anchor and --key."
        return Answer("anchored", False, "not anchored", meaning, limit)
    meaning = (
        f"The first {anchored.size:,} entries are those of a checkpoint that was kept elsewhere; "
        f"{anchored.open_end:,} came after it."
    )
    return Answer("anchored", intact, "yes" if intact else "no", meaning, limit)


def _cut(troubles: Sequence[str]) -> tuple[str, ...]:
    more = len(troubles) - _SHOWN
    return (*troubles[:_SHOWN], *([f"and {more:,} more"] if more > 0 else []))
