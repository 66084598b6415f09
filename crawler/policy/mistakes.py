"""Pydantic's complaints as diagnostics: code, place in the file, words a person understands, did-you-mean, mend."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, get_args

from pydantic import BaseModel

from .diagnostic import Diagnostic, closest
from .source import Path, Source

__all__ = ["diagnose"]

_CODES: Final = {
    "extra_forbidden": "D010",
    "missing": "D011",
    "literal_error": "D013",
    "enum": "D013",
    "bad_date": "D014",
    "bad_host": "D015",
    "bad_hash": "D016",
    "bad_address": "D017",
    "bad_path": "D018",
    "bad_id": "D019",
}
_HELP: Final = {
    "D014": "write 2026-01-05T09:30:00Z, 2026-01-05, 2026-01, 2026, or a span 2026-01-05/2026-01-07",
    "D015": "write the bare name: example.com means this name and all below it",
    "D016": "sha256sum FILE prints it",
    "D017": 'write a network such as 203.0.113.0/29 or "fd00::66/128"',
    "D018": "write /path, with * for any characters and a final $ for the end",
    "D019": "begin and end with a letter or digit",
}
_COUNSEL: Final = (
    "reading",
    "position",
    "assessment",
    "advice",
    "strategy",
    "opinion",
    "privileged",
    "analysis",
    "scan",
)


def diagnose(source: Source, model: type[BaseModel], error: Mapping[str, Any], prefix: Path = ()) -> Diagnostic:
    """One pydantic error (from `ValidationError.errors()`) as a diagnostic; `prefix` leads to the model's mapping."""
    loc: Path = tuple(error["loc"])
    code = _CODES.get(str(error["type"]), "D012")
    if code == "D010":
        return _unknown_key(source, _model_at(model, loc[:-1]), (*prefix, *loc))
    if code == "D011":
        return _missing(source, (*prefix, *loc))
    path = (*prefix, *loc)
    span = source.span(path)
    message, help_ = _words(code, error, loc)
    return Diagnostic(code, message, source.place(path), span.width, help_)


def _unknown_key(source: Source, model: type[BaseModel], path: Path) -> Diagnostic:
    key = str(path[-1])
    span = source.keys.get(path) or source.span(path)
    place = type(source.place())(source.file, span.line, span.column)
    if key in _COUNSEL:
        message = f"`{key}` does not belong into a policy document"
        help_ = "keep counsel's reading, positions and scans elsewhere; a document holds facts and the paper's hash"
        return Diagnostic("D050", message, place, span.width, help_)
    known = _keys(model)
    meant = closest(key, known)
    help_ = f"did you mean `{meant}`?" if meant else f"known keys here: {', '.join(sorted(known))}"
    value = source.spans.get(path)
    if value is not None and value[:2] == value[2:] and not meant:  # nothing stands behind it: half of a value
        help_ = f"put quotes round a value that holds a comma; {help_}"
    return Diagnostic("D010", f"unknown key `{key}`", place, span.width, help_)


def _missing(source: Source, loc: Path) -> Diagnostic:
    key = loc[-1]
    parent = source.span(loc[:-1])
    return Diagnostic("D011", f"`{key}` is missing", source.place(loc[:-1]), parent.width, f"add `{key}: ...`")


def _words(code: str, error: Mapping[str, Any], loc: Path) -> tuple[str, str]:
    """Message and help of every other error."""
    said = error.get("input")
    where = next((f"`{part}`" for part in reversed(loc) if isinstance(part, str)), "document")
    if code == "D013":
        known = re.findall(r"'([^']*)'", str(error.get("ctx", {}).get("expected", "")))
        meant = closest(str(said), known)
        help_ = f"did you mean `{meant}`? known words: {', '.join(known)}" if meant else f"one of {', '.join(known)}"
        return (f"`{said}` is no {where}" if isinstance(said, str) else f"{where} is one word"), help_
    if code == "D012":
        return _shape(str(error["type"]), where, said)
    message = str(error["msg"])
    return message[:1].lower() + message[1:], _HELP.get(code, "")


def _shape(kind: str, where: str, said: object) -> tuple[str, str]:
    """A text where a list is wanted, a list where a text is wanted, an empty value."""
    if said == "" or kind in ("too_short", "string_too_short"):
        return f"{where} is empty", "write a value, or leave the key out"
    if kind == "string_too_long":
        return f"{where} is longer than 4000 characters", "a document holds facts, not the letter's text"
    if kind in ("tuple_type", "list_type", "frozen_set_type", "set_type"):
        return f"{where} is a list", f"write {where.strip('`')}: [...]"
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return f"{where} is a mapping of keys to values", f"write {where.strip('`')}: {{key: value}}"
    if kind == "string_type":
        return f"{where} is one text", "put quotes round it"
    return f"{where}: {'a value is wrong' if said is None else f'`{said}` is wrong'}", ""


def _model_at(model: type[BaseModel], loc: Path) -> type[BaseModel]:
    """The model that holds the key after `loc`: follow field names through lists and unions."""
    for part in loc:
        if isinstance(part, int):
            continue
        field = next((f for name, f in model.model_fields.items() if part in (name, f.alias)), None)
        inner = _inner_model(field.annotation) if field is not None else None
        if inner is None:
            return model
        model = inner
    return model


def _inner_model(annotation: Any) -> type[BaseModel] | None:  # any type form
    """The first model within an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _inner_model(arg)) is not None), None)


def _keys(model: type[BaseModel]) -> set[str]:
    """The keys that a person may write in a model."""
    return {field.alias or name for name, field in model.model_fields.items()}
