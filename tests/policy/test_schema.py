"""`policies/schema.json`: current, and in agreement with what the reader accepts and refuses."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar

import pytest
import yaml

from desist.policy.codes import CODES
from desist.policy.documents import KINDS
from desist.policy.load import document_files, load_documents
from desist.policy.policyset import shipped_policies
from desist.policy.schema import json_schema, schema_text

SCHEMA = json_schema()
SHAPE_CODES = ("D010", "D011", "D012", "D013", "D014")


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """JSON Schema 2020-12, as far as our schema uses it; an unknown keyword is an error of this test."""
    return all(_KEYWORDS[key](value, arg, schema) for key, arg in schema.items())


def _type(value: Any, names: Any) -> bool:
    known = {"string": str, "number": (int, float), "integer": int, "boolean": bool, "array": list, "object": dict}
    names = [names] if isinstance(names, str) else names
    return any(isinstance(value, known[n]) and (n == "boolean") == isinstance(value, bool) for n in names)


def _properties(value: Any, properties: dict[str, Any]) -> bool:
    return not isinstance(value, dict) or all(fits(v, properties[k]) for k, v in value.items() if k in properties)


_KEYWORDS = {
    "$ref": lambda v, a, _: fits(v, SCHEMA["$defs"][a.rpartition("/")[2]]),
    "anyOf": lambda v, a, _: any(fits(v, s) for s in a),
    "oneOf": lambda v, a, _: sum(fits(v, s) for s in a) == 1,
    "type": lambda v, a, _: _type(v, a),
    "enum": lambda v, a, _: v in a,
    "const": lambda v, a, _: v == a,
    "pattern": lambda v, a, _: not isinstance(v, str) or re.search(a, v) is not None,
    "minLength": lambda v, a, _: not isinstance(v, str) or len(v) >= a,
    "maxLength": lambda v, a, _: not isinstance(v, str) or len(v) <= a,
    "minItems": lambda v, a, _: not isinstance(v, list) or len(v) >= a,
    "minimum": lambda v, a, _: not isinstance(v, (int, float)) or v >= a,
    "items": lambda v, a, _: not isinstance(v, list) or all(fits(i, a) for i in v),
    "required": lambda v, a, _: not isinstance(v, dict) or set(a) <= set(v),
    "properties": lambda v, a, _: _properties(v, a),
    "additionalProperties": lambda v, a, s: a or not isinstance(v, dict) or set(v) <= set(s["properties"]),
    **dict.fromkeys(("$schema", "$defs", "title", "description", "default", "uniqueItems"), lambda *_: True),
}


class CoreLoader(yaml.CSafeLoader):
    """As editors read: YAML 1.2, in which dates, `yes` and `no` are texts."""

    yaml_implicit_resolvers: ClassVar = {
        first: [(tag, pattern) for tag, pattern in rules if not tag.endswith((":timestamp", ":bool"))]
        for first, rules in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


CoreLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"true|false"), list("tf"))


def documents(text: str) -> list[Any]:
    return [d for d in yaml.load_all(text, CoreLoader) if d is not None]


def test_the_shipped_schema_is_current() -> None:
    """`desist policy schema` was run after the last change of a document class."""
    assert (shipped_policies() / "schema.json").read_text(encoding="utf-8") == schema_text()


def test_every_shipped_document_fits_the_schema() -> None:
    """An editor underlines nothing in a document that the reader accepts."""
    folder = shipped_policies()
    assert load_documents([folder]).diagnostics == []
    misfits = [
        path.name for path in document_files(folder) for doc in documents(path.read_text()) if not fits(doc, SCHEMA)
    ]
    assert misfits == []


@pytest.mark.parametrize(
    "code", [c for c in CODES.values() if c.code not in ("D001", "D002", "D004")], ids=lambda c: c.code
)
def test_every_mended_example_fits_the_schema(code: Any) -> None:
    """All examples of `desist rule`, once mended."""
    assert all(fits(doc, SCHEMA) for doc in documents(code.mend))


@pytest.mark.parametrize("code", SHAPE_CODES)
def test_what_the_reader_refuses_for_its_shape_the_schema_refuses_too(code: Any) -> None:
    """An editor underlines unknown keys and words, missing keys, wrong shapes; dates by their shape alone."""
    text = CODES[code].example.replace("2026-02-30", "30.02.2026")
    assert not all(fits(doc, SCHEMA) for doc in documents(text))


@pytest.mark.parametrize("model", KINDS.values(), ids=lambda m: m.__name__)
def test_every_key_of_the_schema_is_a_key_of_the_reader(model: Any) -> None:
    """Nothing is offered that would be refused."""
    offered = set(SCHEMA["$defs"][model.__name__]["properties"])
    accepted = {name for n, f in model.model_fields.items() for name in (n, f.alias) if name}
    assert offered <= accepted


def test_every_shipped_document_names_the_schema_for_editors() -> None:
    """The first line leads from the document to schema.json."""
    folder = shipped_policies()
    for path in document_files(folder):
        said = re.match(r"# yaml-language-server: \$schema=(\S+)\n", path.read_text(encoding="utf-8"))
        assert said, f"{path} lacks the header"
        assert (path.parent / said[1]).resolve() == (folder / "schema.json").resolve()


def test_the_schema_is_json() -> None:
    """It parses back to itself."""
    assert json.loads(schema_text()) == SCHEMA
