"""Which notices a session holds, on record: since when each is in force here, which are idle, and which have vanished.

A notice's entry says when it was received and when it was entered; the entry's own time is since when this session
obeys it, or, where it says `idle`, since when it refuses nothing here: withdrawn, suspended, not yet or no longer in
force, or no demand. The set that a session starts with is put on record before its first permit. A notice that an
earlier session of the same ledger obeyed, and that is gone now, is put on record too.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..decide.state import stands
from ..errors import DesistError
from ..ledger.query import Reader
from ..ledger.session import Fields
from ..model import Basis
from ..policy.folders import unread_documents
from ..policy.rules import ALWAYS, NEVER, Rule

if TYPE_CHECKING:
    from ..ledger import Ledger
    from ..policy.policyset import PolicySet
    from .options import NoticesToOthers

__all__ = ["Notices"]

logger = logging.getLogger("desist")
_LETTERS: Final = frozenset({Basis.COURT_ORDER, Basis.REGULATOR_ORDER, Basis.NOTICE, Basis.NOTICE_TO_OTHER})


class Notices:
    """Those of one session; asked by one thread at a time."""

    def __init__(self, ledger: Ledger, notices_to_others: NoticesToOthers) -> None:
        self._ledger = ledger
        self._obeyed = _LETTERS - ({Basis.NOTICE_TO_OTHER} if notices_to_others == "record" else set())
        self._told: dict[str, Fields] = {}
        self._next = NEVER

    def begin(self, policies: PolicySet, folders: Iterable[Path] = ()) -> None:
        """Put on record what a session starts with, and what has vanished since the last one; before any permit.

        Logs which files are no documents and were perhaps meant as ones: what they forbid is not in force.
        """
        for path in unread_documents(folders):
            logger.critical(
                "`%s` is not read as a document, and what it says is not in force\n  help: rename it to end in .yaml",
                path,
            )
        fresh = self.news(policies)
        self._record([*fresh, *self._vanished()])

    def tell(self, policies: PolicySet) -> None:
        """Put on record what is new or changed."""
        self._record(self.news(policies))

    def _record(self, news: list[Fields]) -> None:
        self._ledger.append_all([("notice", fields) for fields in news])

    def news(self, policies: PolicySet) -> list[Fields]:
        """The fields of an entry for each notice that is new or changed in this session."""
        now = time.time_ns() // 1000
        letters = list(_letters(policies))
        self._next = min((at for rule, _ in letters for at in rule.life.instants if at > now), default=NEVER)
        fresh = {rule.document: self._fields(rule, slugs, now) for rule, slugs in letters}
        news = [fields for docket, fields in fresh.items() if self._told.get(docket) != fields]
        self._told |= fresh
        return news

    @property
    def due(self) -> bool:
        """Whether the clock has changed what a notice refuses."""
        return time.time_ns() // 1000 >= self._next

    def _fields(self, rule: Rule, slugs: list[str], now: int) -> Fields:
        facts: dict[str, int | str] = {
            "received_at": max(0, rule.life.start),
            "addressed": "other" if rule.basis is Basis.NOTICE_TO_OTHER else "us",
        }
        if rule.life.known != ALWAYS:
            facts["entered_at"] = max(0, rule.life.known)
        if "assumed" in rule.filed:
            facts["assumed"] = 1
        if rule.idle or rule.basis not in self._obeyed or not stands(rule.life, now):
            facts["idle"] = 1
        with contextlib.suppress(OSError):  # it is gone, and in force all the same until the crawl ends
            facts["sha256"] = hashlib.sha256(Path(rule.place.file).read_bytes()).hexdigest()
        return {"docket": rule.document, "platforms": slugs, "facts": facts}

    def _vanished(self) -> Iterator[Fields]:
        """The same for notices that the last session of this ledger obeyed and that this one does not hold."""
        try:
            before = _held_before(self._ledger.path, self._ledger.session)
        except (DesistError, OSError):
            return  # a ledger that cannot be read is `verify`'s matter; this session writes to it
        for docket, platforms in before.items():
            if docket in self._told:
                continue
            logger.warning(
                "`%s` was in force in an earlier session and has vanished from the policy folders: it has no force now"
                "\n  help: put it back; a withdrawal is a document too: desist policy withdraw %s",
                docket, docket,
            )  # fmt: skip
            yield {"docket": docket, "platforms": platforms, "facts": {"vanished": 1}}


def _letters(policies: PolicySet) -> Iterator[tuple[Rule, list[str]]]:
    """One notice after the other, with the named platforms that it is about."""
    found: dict[str, tuple[Rule, list[str]]] = {}
    for _, record in policies.platforms():
        for rule in record.rules:
            if rule.basis in _LETTERS:
                slugs = found.setdefault(rule.document, (rule, []))[1]
                slugs += [record.slug] if record.named and record.slug not in slugs else []
    yield from found.values()


def _held_before(ledger: Path, session: str) -> dict[str, list[str]]:
    """The notices that the last session but this one which put any on record obeyed at its end, and their platforms."""
    held: dict[str, list[str]] = {}
    known: set[str] = set()
    last = ""
    with Reader(ledger) as reader:
        for entry in reader.of_kinds("notice", "open"):
            if entry.w == session or (last and entry.w != last):
                continue
            if entry.k == "notice":
                last = entry.w
                if entry.docket not in known and not {"vanished", "idle"} & entry.facts.keys():
                    held[entry.docket] = list(entry.platforms)
                known.add(entry.docket)
            elif last:
                break
    return held
