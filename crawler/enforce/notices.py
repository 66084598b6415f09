"""Which notices a session holds, on record: since when each is in force here, and which ones have vanished.

A notice's entry says when it was received and when it was entered; the entry's own time is since when this session
obeys it. A notice that an earlier session of the same ledger obeyed, and that is gone now, is put on record too.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import DesistError
from ..ledger.entry import decode
from ..ledger.query import Reader
from ..model import Basis
from ..policy.rules import ALWAYS

if TYPE_CHECKING:
    from ..policy.policyset import PolicySet
    from .warden import Warden

__all__ = ["Notices"]

logger = logging.getLogger("desist")
_LETTERS: Final = frozenset({Basis.COURT_ORDER, Basis.REGULATOR_ORDER, Basis.NOTICE, Basis.NOTICE_TO_OTHER})
_FAR_BACK: Final = 200_000
"""Entries that are searched for an earlier session's notices."""


class Notices:
    """Asked by one thread at a time that is not the loop's; what it returns is appended in the loop's."""

    def __init__(self, warden: Warden) -> None:
        self._session = warden.recorder.ledger.session
        self._ledger = warden.recorder.path
        self._told: dict[str, dict[str, Any]] = {}

    def news(self, policies: PolicySet, contents: Mapping[str, bytes | None]) -> list[dict[str, Any]]:
        """The fields of an entry for each notice that is new or changed in this session."""
        fresh = {fields["docket"]: fields for fields in _notices(policies, contents)}
        news = [fields for docket, fields in fresh.items() if self._told.get(docket) != fields]
        self._told |= fresh
        return news

    def vanished(self) -> list[dict[str, Any]]:
        """The same for notices that the last session of this ledger held and that this one does not."""
        try:
            before = _held_before(self._ledger, self._session)
        except (DesistError, OSError):
            return []  # a ledger that cannot be read is `verify`'s matter; this session writes to it
        gone = [fields for docket, fields in before.items() if docket not in self._told]
        for fields in gone:
            logger.warning(
                "`%s` was in force in an earlier session and has vanished from the policy folders: it has no force now"
                "\n  help: put it back; a withdrawal is a document too: desist policy withdraw %s",
                fields["docket"], fields["docket"],
            )  # fmt: skip
        return gone


def _notices(policies: PolicySet, contents: Mapping[str, bytes | None]) -> Iterable[dict[str, Any]]:
    """One notice after the other, with the platforms that it is about."""
    found: dict[str, dict[str, Any]] = {}
    for _, record in policies.platforms():
        for rule in record.rules:
            if rule.basis not in _LETTERS:
                continue
            fields = found.get(rule.document)
            if fields is None:
                facts = _facts(rule, contents.get(rule.place.file))
                fields = found[rule.document] = {"docket": rule.document, "platforms": [], "facts": facts}
            if record.named and record.slug not in fields["platforms"]:
                fields["platforms"].append(record.slug)
    return found.values()


def _facts(rule: Any, content: bytes | None) -> dict[str, int | str]:
    facts: dict[str, int | str] = {
        "received_at": max(0, rule.life.start),
        "addressed": "other" if rule.basis is Basis.NOTICE_TO_OTHER else "us",
    }
    if rule.life.known != ALWAYS:
        facts["entered_at"] = max(0, rule.life.known)
    if "assumed" in rule.filed:
        facts["assumed"] = 1
    if content is not None:
        facts["sha256"] = hashlib.sha256(content).hexdigest()
    return facts


def _held_before(ledger: Path, session: str) -> dict[str, dict[str, Any]]:
    """The notices of the last session but this one that put any on record, without those already known as vanished."""
    held: dict[str, dict[str, Any]] = {}
    known: set[str] = set()
    last = ""
    with Reader(ledger) as reader:
        for leaf in reader.leaves_back(_FAR_BACK):
            if b'"k":"notice"' not in leaf and b'"k":"open"' not in leaf:
                continue
            entry = decode(leaf)
            if entry.w == session or (last and entry.w != last):
                continue
            if entry.k == "open":
                if last:
                    break
                continue
            last = entry.w
            if entry.docket not in known and not entry.facts.get("vanished"):
                held[entry.docket] = {
                    "docket": entry.docket, "platforms": list(entry.platforms), "facts": {"vanished": 1},
                }  # fmt: skip
            known.add(entry.docket)
    return held
