"""Who signs checkpoints, and where they are kept besides the ledger: the same for every session that gates open."""

from __future__ import annotations

import functools
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from ..errors import DesistError, UsageError
from ..ledger import CounselKey, Fields, Ledger
from ..ledger.anchoring import Anchoring, Place, read_places
from ..ledger.checkpoint import Signer
from ..ledger.keys import counsel_key, log_signer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .options import Options

__all__ = ["open_ledger"]

logger = logging.getLogger(__name__)


class _Opening(TypedDict, total=False):
    revision: str
    spider: str
    deliver: Callable[[Callable[[], None]], object]


def open_ledger(
    options: Options, path: Path, role: str, *, details: Mapping[str, Any] | None = None, **opening: Unpack[_Opening]
) -> Ledger:
    """Start a session that signs and anchors as the project says, and that begins with what the project declares.

    How many lines of DESIST_INFRA and DESIST_PROXIES there are stands in the clear, the lines are details. Raises
    LedgerUnusable, and UsageError for a key that is none, an anchor that cannot be kept, or that nobody signs.
    """
    declared = {name: list(lines) for name, lines in (("infra", options.infra), ("proxies", options.proxies)) if lines}
    key = counsel_key(options.counsel_key).key
    signer = log_signer(options.log_key)
    places = read_places(options.anchors)
    if places and signer is None:
        help_line = "set DESIST_LOG_KEY; `desist doctor` says how a key is made"
        raise UsageError("there is no key to sign the checkpoints for DESIST_ANCHORS", help=help_line)
    for place in places:
        place.check(path)
    started = functools.partial(
        Ledger.open,
        path,
        operator=options.operator,
        counsel_key=key,
        role=role,
        facts={name: len(lines) for name, lines in declared.items()},
        details={**(details or {}), **declared},
        signer=signer,
        **opening,
    )
    if not places:
        return started()
    failures = _Failures(path, key, signer)
    anchoring = Anchoring(places, failures.tell)

    def finish() -> None:
        anchoring.finish()
        failures.finish()

    failures.ledger = started(on_checkpoint=anchoring.hand_over, on_closed=finish)
    return failures.ledger


class _Failures:
    """Puts on record which anchors failed: in the session itself, or in one of its own once that is closed."""

    def __init__(self, path: Path, key: CounselKey | None, signer: Signer | None) -> None:
        self.ledger: Ledger | None = None
        self._path = path
        self._key = key
        self._signer = signer
        self._late: list[Fields] = []

    def tell(self, number: int, place: Place, why: str, again: bool) -> None:
        """One place failed; on the anchors' thread."""
        words = "the checkpoint is not kept at `%s`: %s; until one is, what came since is not anchored there"
        logger.error(words, place.text, why)
        if again:
            return
        fields: Fields = {
            "facts": {"cause": "anchor", "anchor": number},
            "details": {"anchor": place.text, "why": why},
        }
        recorded = self.ledger.append("fault", **fields) if self.ledger else None
        if recorded is None or (recorded.done() and recorded.exception()):  # refused at once: the session is closed
            self._late.append(fields)

    def finish(self) -> None:
        """The session is closed, and the last checkpoint kept or not."""
        if not self._late:
            return
        try:
            with Ledger.open(self._path, role="anchor", counsel_key=self._key, signer=self._signer) as ledger:
                for fields in self._late:
                    ledger.record("fault", **fields)
        except DesistError as error:
            logger.error("that an anchor failed could not be recorded: %s", error)  # noqa: TRY400 - it says its mend
