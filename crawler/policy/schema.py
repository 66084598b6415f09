"""`policies/schema.json`, generated from the document classes, for editors that complete and check while one types."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from pydantic.json_schema import models_json_schema

from .documents import KINDS
from .parts import Part

__all__ = ["HEADER", "json_schema", "schema_text"]

HEADER: Final = "# yaml-language-server: $schema={}schema.json"
"""First line of a document; the braces hold the way from its folder to the policy folder, `../` as a rule."""


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of one document of any kind, as a person writes it, short forms included."""
    _, top = models_json_schema([(model, "validation") for model in KINDS.values()], ref_template="#/$defs/{model}")
    definitions = top["$defs"]
    for model in _parts(Part):
        _allow_short(definitions.get(model.__name__), model)
    _both_names(definitions["Permission"])
    definitions = {name: _plain(definition) for name, definition in definitions.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Desist policy document",
        "description": "A platform, notice, terms document or permission.",
        "oneOf": [{"$ref": f"#/$defs/{model.__name__}"} for model in KINDS.values()],
        "$defs": definitions,
    }


def _parts(model: type[Part]) -> list[type[Part]]:
    return [model, *(inner for sub in model.__subclasses__() for inner in _parts(sub))]


def _allow_short(definition: dict[str, Any] | None, model: type[Part]) -> None:
    """Let a scalar stand in place of the mapping, where the model takes one."""
    if definition is None or not model.scalar:
        return
    mapping = dict(definition)
    definition.clear()
    definition["anyOf"] = [{"type": "string", "description": f"short for `{{{model.scalar}: ...}}`"}, mapping]


def _both_names(permission: dict[str, Any]) -> None:
    """A permission may say `platform` or `platforms`."""
    permission["properties"]["platforms"] = permission["properties"]["platform"]
    permission["required"].remove("platform")
    permission["anyOf"] = [{"required": ["platform"]}, {"required": ["platforms"]}]


def _plain(node: Any) -> Any:
    """As a person writes it: no nulls, no titles, a list of one as a scalar, figures where texts are meant."""
    if isinstance(node, list):
        return [_plain(inner) for inner in node if inner != {"type": "null"}]
    if not isinstance(node, dict):
        return node
    bare = {
        k: _plain(v)
        for k, v in node.items()
        if not (k == "title" and isinstance(v, str)) and (k, v) != ("default", None)
    }
    if isinstance(bare.get("default"), list):
        bare["default"].sort()  # sets come in any order
    if isinstance(bare.get("default"), dict):
        del bare["default"]  # the mapping's own keys say theirs
    if len(bare.get("anyOf", ())) == 1:
        return {**bare.pop("anyOf")[0], **bare}
    if bare.get("type") == "string" and "enum" not in bare and "const" not in bare:
        bare["type"] = ["string", "number"]
    return _list_or_one(bare) if bare.get("type") == "array" and "items" in bare else bare


def _list_or_one(array: dict[str, Any]) -> dict[str, Any]:
    """A list, or what it would hold alone; a list of mappings stays a list where no short form is known."""
    about: dict[str, Any] = {key: array.pop(key) for key in ("default", "description") if key in array}
    if "minLength" in array:
        array["minItems"] = array.pop("minLength")
    name = str(array["items"].get("$ref", "")).rpartition("/")[2]
    if any(model.__name__ == name and not model.scalar for model in _parts(Part)):
        return {**about, **array}
    return {**about, "anyOf": [array["items"], array]}


def schema_text() -> str:
    """The file's text."""
    return msgspec.json.format(msgspec.json.encode(json_schema()), indent=1).decode() + "\n"
