"""What an answer about a platform does not say, in plain words: printed with every such answer."""

from __future__ import annotations

from collections.abc import Sequence

from ..ledger.anchor import Anchored, open_window
from ..ledger.verify import Verification, when
from .absence import Absence, Span
from .observed import Observation, observation_in_words

__all__ = ["ALWAYS", "limits"]

ALWAYS = (
    "Only crawls that ran under Desist and wrote to this ledger are on record. It says nothing about other programs, "
    "other machines, other ledgers, or data that was bought or handed over.",
    "What a declared proxy, rendering service or program fetches beyond the request that it was handed is not seen.",
    "Code in the crawling process that was written to evade Desist, and libraries that open sockets outside Python, "
    "can connect without an entry.",
    "A permit says that a request was let go, not that it was sent or answered. A refusal says that Desist stopped it, "
    "not that it had to.",
    "Times are those of the clock of the machine that crawled; nobody else has confirmed them. The order of entries "
    "does not depend on that clock.",
)
"""True of every ledger."""
_SHOWN = 20


def limits(
    found: Absence, record: Verification, signed: Anchored, anchored: Anchored, observed: Sequence[Observation]
) -> list[str]:
    """Sentences, those of this ledger first; nothing here is a matter of opinion."""
    result = [
        *_believed(record, signed, anchored),
        *_before(found),
        *_ends(found, record),
        *filter(None, [observation_in_words(list(observed))]),
        *_names(found),
        *_clock(found),
    ]
    return [f"{one[0].upper()}{one[1:]}." for one in result] + list(ALWAYS)


def _believed(record: Verification, signed: Anchored, anchored: Anchored) -> list[str]:
    broken = [*map(str, record.findings), *signed.disagree]
    if broken:
        return [f"the record is not intact ({len(broken)} findings, the first: {broken[0]}): it proves nothing"]
    if anchored.disagree:
        return [f"a checkpoint that was kept elsewhere disagrees with the record: {anchored.disagree[0]}"]
    if not anchored.size:
        return [
            "not anchored: nothing outside this file shows that it was not written anew as a whole",
            f"open window: {open_window(anchored)}",
        ]
    return [f"anchored up to entry {anchored.size:,}; open window: {open_window(anchored)}"]


def _before(found: Absence) -> list[str]:
    if found.unrecorded:
        start, end = map(when, found.unrecorded)
        return [
            f"the record begins at {end}, with its first session: of the time from {start} to then it has no record"
        ]
    return [f"the record begins at {when(found.first_open)}, with its first session: nothing earlier is on record"]


def _ends(found: Absence, record: Verification) -> list[str]:
    """Where a session may have gone on without a record."""
    open_ends = [*found.open_before, *(span for span in found.spans if not span.closed)]
    lines = [_open_end(span) for span in open_ends[:_SHOWN]]
    if len(open_ends) > _SHOWN:
        lines.append(f"{len(open_ends) - _SHOWN:,} further sessions have no closing entry")
    for session in record.sessions.values():
        for start, end in session.silences:
            if start <= found.until and end >= found.since:
                lines.append(
                    f"session {session.w} wrote nothing from {when(start)} to {when(end)}, not even a heartbeat"
                )
    return lines


def _open_end(span: Span) -> str:
    return (
        f"session {span.w} has no closing entry: it was killed, or it still runs; its last entry is of "
        f"{when(span.last)}, and what it did later is not on record"
    )


def _names(found: Absence) -> list[str]:
    lines = [
        f"a request counts as {found.platform}'s where the policy documents in force at the time named its host so"
    ]
    if found.tagged:
        lines.append(
            f"{found.tagged:,} permits in this time are for hosts that no policy named. They stand under keyed tags, "
            f"and whether any of them is {found.platform}'s is not known here; counsel's key and --domain tell"
        )
    if found.told_apart:
        lines.append(
            f"{found.told_apart:,} permits in this time are for hosts that no policy named; their tags are not those "
            f"of {', '.join(found.domains)}, by counsel's key"
        )
    return lines


def _clock(found: Absence) -> list[str]:
    if not found.strays:
        return []
    return [
        f"{found.strays:,} entries whose own clock lies outside the time are counted, since they stand between entries "
        "inside it"
    ]
