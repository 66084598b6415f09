"""New documents: their text, their place in a folder, and the check before they are put there."""

from __future__ import annotations

import contextlib
import getpass
import itertools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import yaml
from yaml.emitter import Emitter
from yaml.representer import SafeRepresenter
from yaml.resolver import BaseResolver
from yaml.serializer import Serializer

from ..errors import PolicyError, UsageError
from .lint import lint
from .load import Loaded, load_documents, read_documents
from .schema import HEADER, schema_text
from .write import create

__all__ = ["FOLDERS", "document_text", "flow_text", "moment_text", "place", "whoami"]

FOLDERS: Final = {"platform": "platforms", "notice": "notices", "terms": "terms", "permission": "permissions"}
"""Kind of document -> the sub-folder that holds such."""


class _Dumper(Emitter, Serializer, SafeRepresenter, BaseResolver):
    """Writes every scalar as the text it is: dates and hashes need no quotes, since our reader types nothing."""

    def __init__(self, stream: Any, **options: Any) -> None:
        unicode, width = options["allow_unicode"], options["width"]
        Emitter.__init__(self, stream, allow_unicode=unicode, width=width)
        Serializer.__init__(self)
        SafeRepresenter.__init__(self, default_flow_style=options["default_flow_style"], sort_keys=False)
        BaseResolver.__init__(self)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's hook
        """Documents hold no anchors."""
        return True


def _dump(value: object, *, flow: bool | None) -> str:
    return str(yaml.dump(value, Dumper=_Dumper, default_flow_style=flow, allow_unicode=True, width=10**6))


def flow_text(value: Mapping[str, object]) -> str:
    """A mapping on one line: `{at: 2026-01-05T09:30:00Z, status: withdrawn}`."""
    return _dump(dict(value), flow=True).strip()


def document_text(fields: Mapping[str, object], *, comment: str = "") -> str:
    """A document with the editor's header; empty fields are left out, lists of texts stand on one line."""
    rows = [HEADER.format("../"), *(f"# {line}" for line in comment.splitlines())]
    for key, value in fields.items():
        if value in (None, "", (), [], {}):
            continue
        rows.append(flow_text({key: value})[1:-1] if isinstance(value, (list, dict)) else _line(key, value))
    return "\n".join(rows) + "\n"


def _line(key: str, value: object) -> str:
    return _dump({key: value}, flow=False).strip()


def moment_text(at: datetime | None = None) -> str:
    """A moment to the second in UTC, never later than it is: `2026-01-05T09:30:00Z`."""
    instant = (at or datetime.now(UTC)).astimezone(UTC)
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def whoami() -> str:
    """The name of the person at the keyboard, as the system knows it; empty where it does not."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def place(into: Path, kind: str, name: str, text_of: Callable[[str], str], folders: list[Path]) -> tuple[str, Path]:
    """Check a new document against those of `folders` and put it durably into `into`; its id, and its path.

    Its id is `name`, or `name-2`, `name-3` ... where a document has that: what is entered again takes force again.
    `text_of` writes it under an id. PolicyError where it has an error of its own; what is wrong elsewhere never keeps a
    prohibition from being entered. UsageError where the folder cannot be written.
    """
    others = load_documents(folders)
    taken = {entry.doc.key for entry in others.documents}
    for number in itertools.count(1):
        identity = name if number == 1 else f"{name}-{number}"
        path = into / FOLDERS[kind] / f"{identity}.yaml"
        if identity in taken or path.exists():
            continue
        _check(path, text_of(identity), others)
        try:
            create(path, text_of(identity))
            break
        except UsageError as error:
            if not isinstance(error.__cause__, FileExistsError):  # somebody else was quicker
                raise
    with contextlib.suppress(UsageError, OSError):  # for editors: nothing is lost without it
        create(into / "schema.json", schema_text())
    return identity, path


def _check(path: Path, text: str, others: Loaded) -> None:
    """Every error of this document, alone and among the others."""
    loaded = read_documents({str(path): text.encode()}, len(others.folders), others)
    errors = [d for d in lint(loaded) if d.severity == "error" and d.place.file == str(path)]
    if errors:
        first = errors[0]
        message = f"the document would be broken: {first.code} {first.message}"
        raise PolicyError(message, diagnostics=errors, place=str(first.place), help=first.help)
