"""Adding a line to a notice's status history, in the notice's own file, with all that stands there left as it is.

The line is put in as text, so that comments and the words of the letter stay byte for byte; the result is read back and
compared before it takes the file's place.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..errors import PolicyError, UsageError
from .draft import flow_text
from .lint import lint
from .load import Entry, Loaded, read_documents
from .notice import Notice
from .source import Span
from .write import replace

__all__ = ["add_status", "find_notice"]

_BY_HAND = "add the line to `status_history` with an editor, then desist policy lint"


def find_notice(loaded: Loaded, identity: str) -> Entry[Notice]:
    """The notice of that id; UsageError with the one that was meant."""
    from .diagnostic import closest  # noqa: PLC0415 - difflib is for those who mistype

    found = next((entry for entry in loaded.notices if entry.doc.key == identity), None)
    if found is None:
        meant = closest(identity, [entry.doc.key for entry in loaded.notices])
        help_ = f"did you mean `{meant}`?" if meant else "desist policy lint reads the same folders: is it there?"
        raise UsageError(f"no notice `{identity}` in these folders", help=help_)
    return found


def add_status(entry: Entry[Notice], change: Mapping[str, object], loaded: Loaded) -> None:
    """Add one line and write the file; PolicyError where the result would not say exactly what it said and the line."""
    before = loaded.files[entry.file]
    after = _inserted(before.decode("utf-8-sig"), entry, flow_text(change))
    _compare(entry, after)
    if Path(entry.file).read_bytes() != before:
        raise UsageError(f"`{entry.file}` changed meanwhile", help="run the command again")
    replace(Path(entry.file), after)


def _inserted(text: str, entry: Entry[Notice], line: str) -> str:
    """The text with the line behind the last of the history, or with a history of its own at the document's end."""
    lines = text.splitlines(keepends=True)
    span = entry.source.spans.get(("status_history",))
    root = entry.source.spans[()]
    if span is None:
        if root.column != 1 or lines[root.line - 1].startswith("{"):
            raise UsageError(f"`{entry.file}` is written in braces", help=_BY_HAND)
        return _put(lines, _last(lines, root), [f"status_history:\n  - {line}\n"])
    opened = lines[span.line - 1][span.column - 1]
    if opened != "-":
        raise UsageError(f"`status_history` in `{entry.file}` is written in brackets", help=_BY_HAND)
    return _put(lines, _last(lines, span), [f"{' ' * (span.column - 1)}- {line}\n"])


def _last(lines: list[str], span: Span) -> int:
    """The last line (from 1) of a block that holds more than blanks, a comment or a document mark."""
    end = span.end_line - (span.end_column == 1)  # a block ends where the next token begins
    for number in range(min(end, len(lines)), span.line, -1):
        said = lines[number - 1].strip()
        if said and not said.startswith(("#", "---", "...")):
            return number
    return span.line


def _put(lines: list[str], after: int, new: list[str]) -> str:
    head = lines[:after]
    if not head[-1].endswith("\n"):
        head[-1] += "\n"
    return "".join([*head, *new, *lines[after:]])


def _compare(entry: Entry[Notice], text: str) -> None:
    """The new file must hold the same documents, and the notice must have one change more that counts."""
    old = read_documents({entry.file: Path(entry.file).read_bytes()})
    new = read_documents({entry.file: text.encode()})
    was, now = (next((e.doc for e in x.notices if e.doc.key == entry.doc.key), None) for x in (old, new))
    others = [[e.doc for e in x.documents if e.doc.key != entry.doc.key] for x in (old, new)]
    same = was and now and was == now.model_copy(update={"status_history": now.status_history[:-1]})
    if not (was and now and same and others[0] == others[1] and len(now.changes) == len(was.changes) + 1):
        errors = [d for d in lint(new) if d.severity == "error"]
        raise PolicyError(f"the line cannot be added to `{entry.file}` safely", diagnostics=errors, help=_BY_HAND)
