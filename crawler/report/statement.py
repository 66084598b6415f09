"""STATEMENT.md and VERIFY.md of an export: what may be said, only if, and never; and how a stranger checks it."""

from __future__ import annotations

import hashlib
import itertools
import re
import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import resources
from typing import Any, NamedTuple

import jinja2

from .. import __version__
from ..ledger.anchor import Anchored
from ..ledger.verify import Verification
from .absence import Absence
from .docket import STAGES, Docket
from .limits import limits
from .observed import Observation, observation_in_words
from .verify_export import when

__all__ = ["Facts", "texts"]


class Facts(NamedTuple):
    """All that the texts are made of."""

    ledger: str
    claim: dict[str, Any]
    found: Sequence[Absence]
    """One a platform, all of one time."""
    docket: Docket | None
    record: Verification
    signed: Anchored
    anchored: Anchored
    observed: Sequence[Observation]
    details: bool


def texts(facts: Facts, *, now: datetime | None = None) -> dict[str, str]:
    """Both files by name. Nothing but the instant at which it was made differs between two runs."""
    folder = resources.files(__package__)
    verifier = (folder / "verify_export.py").read_bytes()
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - Markdown, of which no value is somebody else's text: ids, figures, instants
    )  # fmt: skip
    context = {
        **_figures(facts),
        "claim": facts.claim, "ledger": facts.ledger, "version": __version__, "details": facts.details,
        "made": (now or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ"), "lines": verifier.count(b"\n"),
        "sha256": hashlib.sha256(verifier).hexdigest(),
        "n": "{:,}".format, "when": when, "cap": lambda text: text[0].upper() + text[1:],
    }  # fmt: skip
    names = ("STATEMENT.md", "VERIFY.md")
    return {
        name: _fill(environment.from_string((folder / "templates" / name).read_text(encoding="utf-8")).render(context))
        for name in names
    }


def _fill(text: str) -> str:
    """Paragraphs and list items filled to lines of even length, numbered through; code and tables as they are."""
    blocks: list[str] = []
    code = False
    for line in text.splitlines():
        fence = line.lstrip().startswith("```")
        alone = code or fence or not line.strip() or line[0] in "#|"
        if alone or re.match(r"- |\d+\. ", line) or not blocks or blocks[-1][:1] in ("", "#", "|", "\0"):
            blocks.append(f"\0{line}" if code or fence else line)
        else:
            blocks[-1] += f" {line.strip()}"
        code ^= fence
    number = itertools.count(1)
    lines = (_filled(re.sub(r"^\d+\.", lambda _: f"{next(number)}.", block)) for block in blocks)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def _filled(block: str) -> str:
    head = re.match(r"- |\d+\. |", block)
    if block[:1] in ("", "#", "|", "\0"):
        return block.removeprefix("\0")
    indent = " " * len(head[0] if head else "")
    return textwrap.fill(block, 100, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _figures(facts: Facts) -> dict[str, Any]:
    permits = sorted({(one.t, one.seq, one.observed) for found in facts.found for one in found.permits})
    refusals = {seq for found in facts.found for seq in found.refusals}
    stages = [(stage, sum(found.requests(stage) for found in facts.found)) for stage in STAGES]
    return {
        "platforms": " and ".join(found.platform for found in facts.found),
        "permits": len({seq for _, seq, _ in permits}),
        "first_permit": permits[0][0] if permits else 0,
        "last_permit": permits[-1][0] if permits else 0,
        "observed_permits": sum(observed for _, _, observed in permits),
        "refusals": len(refusals),
        "requests": sum(number for _, number in stages),
        "stages": stages,
        "sessions": sum(len(span.named) for found in facts.found for span in found.spans),
        "first_open": facts.found[0].first_open,
        "complete": facts.record.complete,
        "anchored": 0 if facts.anchored.disagree else facts.anchored.size,
        "observation": observation_in_words(list(facts.observed)),
        "notice": _notice(facts.docket),
        "tagged": max(found.tagged for found in facts.found),
        "limits": _limits(facts),
    }


def _notice(docket: Docket | None) -> dict[str, Any] | None:
    if docket is None or docket.notice is None:
        return None
    crawls = [session for session in docket.sessions if session.role != "process"]
    return {
        "name": docket.name,
        "received": docket.notice.received_at,
        "entered": docket.notice.entered_at,
        "dated": docket.notice.dated,
        "assumed": docket.notice.assumed,
        "in_force": min((session.in_force for session in crawls if session.in_force), default=0),
        "never": sum(not (session.in_force or session.idle) for session in crawls),
        "idle": sum(bool(session.idle) for session in crawls),
        "while_idle": sum(session.fetches_idle for session in docket.sessions),
        "between": sum(session.fetches_between for session in docket.sessions),
    }


def _limits(facts: Facts) -> list[str]:
    every = (
        limit
        for found in facts.found
        for limit in limits(found, facts.record, facts.signed, facts.anchored, facts.observed)
    )
    return list(dict.fromkeys(every))
