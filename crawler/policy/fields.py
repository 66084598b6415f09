"""The types of single values in policy documents: texts, ids, hosts, paths, hashes, networks, yes and no.

Every value arrives as text (source.py). A value that is wrong raises a PydanticCustomError whose type is the key by
which diagnostics finds its code.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ..model import ALL_PURPOSES, Purpose
from ..urls import MAX_HOST, PLAIN_HOST, canonical_host

__all__ = [
    "Count",
    "Flag",
    "FullHash",
    "Hash",
    "HostName",
    "Hosts",
    "Id",
    "Ids",
    "Matching",
    "Names",
    "Network",
    "PathPattern",
    "Purposes",
    "Slug",
    "Slugs",
    "Text",
    "Texts",
    "YesNo",
    "host_name",
    "listed",
]

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
"""One or more characters; a document holds facts, not the letter's text."""

YesNo = Literal["yes", "no", "unstated"]
"""What a letter may leave unsaid."""


@dataclass(frozen=True)
class Matching:
    """Annotates a text that must match `pattern` in full; `error` is the type of the complaint otherwise."""

    pattern: str
    error: str
    message: str

    def check(self, value: object) -> str:
        """The text without blanks round it."""
        text = value.strip() if isinstance(value, str) else "list or mapping"
        if not isinstance(value, str) or not re.fullmatch(self.pattern, text):
            raise PydanticCustomError(self.error, "`{text}` " + self.message, {"text": text})
        return text

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Takes the place of pydantic's own schema for texts."""
        return core_schema.no_info_plain_validator_function(
            self.check, serialization=core_schema.to_string_ser_schema()
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, object]:
        """For editors."""
        return {"type": "string", "pattern": f"^(?:{self.pattern})$"}


Slug = Annotated[
    str,
    Matching(
        r"[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?", "bad_id", "is not a slug: small letters, digits, `-`, `_` and `.`"
    ),
]
"""The stable key of a platform."""

Id = Annotated[
    str,
    Matching(
        r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,198}[A-Za-z0-9])?",
        "bad_id",
        "is not an id: letters, digits, `-`, `_` and `.`",
    ),
]
"""The stable key of a notice, terms document or permission."""

FullHash = Annotated[str, Matching(r"[0-9a-f]{64}", "bad_hash", "is not a SHA-256 in 64 small hexadecimal digits")]
"""A SHA-256, 64 small hexadecimal digits."""

Hash = Annotated[
    str,
    Matching(
        r"[0-9a-f]{64}|[0-9a-f]{4,63}\.\.\.",
        "bad_hash",
        "is not a SHA-256: 64 small hexadecimal digits, or its first ones and `...`",
    ),
]
"""SHA-256 of a text that is recorded elsewhere; may be shortened where nothing is loosened on its strength."""

PathPattern = Annotated[
    str,
    Matching(
        r"/[^\s#]*",
        "bad_path",
        "is not a path pattern: it starts with `/` and may hold `*` and a final `$` (RFC 9309 2.2.3)",
    ),
]
"""A path pattern (RFC 9309 2.2.3); it begins with `/`."""


def _flag(value: object) -> bool:
    if value in ("true", "false"):
        return value == "true"
    if isinstance(value, bool):
        return value
    raise PydanticCustomError("bad_flag", "`{text}` is neither `true` nor `false`", {"text": str(value)})


Flag = Annotated[bool, PlainValidator(_flag), WithJsonSchema({"type": "boolean"})]
"""`true` or `false`."""


def _count(value: object) -> int:
    if isinstance(value, (int, str)) and str(value).isascii() and str(value).isdigit() and len(str(value)) < 12:
        return int(value)
    raise PydanticCustomError("bad_number", "`{text}` is not a whole number", {"text": str(value)})


Count = Annotated[int, PlainValidator(_count), WithJsonSchema({"type": "integer", "minimum": 0})]
"""A natural number."""


def listed(value: object) -> object:
    """A scalar stands for the list that holds it alone."""
    return [value] if isinstance(value, str) else value


Texts = Annotated[tuple[Text, ...], BeforeValidator(listed)]
"""A text, or a list of texts."""
Names = Annotated[tuple[Text, ...], BeforeValidator(listed)]
"""Persons, each by a name of their own."""


def host_name(text: str) -> str:
    """The canonical spelling of a host in a document; ValueError says what is wrong with it."""
    name = text.strip()
    if PLAIN_HOST.fullmatch(name) and len(name) <= MAX_HOST:
        return name
    if name.startswith("*."):
        raise ValueError(f"`{name}` has a star: `{name[2:]}` alone means this name and all below it")
    if re.search(r"[/@?#\\\s*%]", name) or re.fullmatch(r"[^:]*:\d*", name):
        raise ValueError(f"`{name}` is more than a host name: leave out scheme, port, path and blanks")
    try:
        return canonical_host(name)
    except ValueError as error:
        raise ValueError(f"`{name}` is not a host name") from error


def _raising(parse: Callable[[str], str], error: str) -> Callable[[object], str]:
    """`parse`, with its ValueError turned into one that carries a type."""

    def check(value: object) -> str:
        if not isinstance(value, str):
            raise PydanticCustomError(error, "one text is wanted here, not a list or mapping")
        try:
            return parse(value)
        except ValueError as wrong:
            raise PydanticCustomError(error, "{why}", {"why": str(wrong)}) from wrong

    return check


HostName = Annotated[str, PlainValidator(_raising(host_name, "bad_host")), WithJsonSchema({"type": "string"})]
"""A host name in canonical form."""


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text.strip()))
    except ValueError as wrong:
        raise ValueError(f"`{text}` is no network: {wrong}") from wrong


Network = Annotated[str, PlainValidator(_raising(_network, "bad_address")), WithJsonSchema({"type": "string"})]
"""An address or network in canonical form."""


def _purposes(value: object) -> object:
    """`any` is short for all purposes, one purpose for the list that holds it alone."""
    return sorted(ALL_PURPOSES) if value == "any" else listed(value)


Purposes = Annotated[
    frozenset[Purpose],
    BeforeValidator(_purposes),
    WithJsonSchema(
        {
            "anyOf": [
                {"const": "any"},
                {"enum": sorted(ALL_PURPOSES)},
                {"type": "array", "items": {"enum": sorted(ALL_PURPOSES)}, "minItems": 1},
            ]
        }
    ),
]
"""`any`, a purpose, or a list of purposes."""

Slugs = Annotated[tuple[Slug, ...], BeforeValidator(listed)]
"""A platform's slug, or a list of slugs."""
Ids = Annotated[tuple[Id, ...], BeforeValidator(listed)]
"""A document's id, or a list of ids."""


def _hosts(value: object) -> object:
    """`all` stays a word of its own, any other scalar is a list of one."""
    return ("all",) if value == "all" else listed(value)


def _hosts_or_all(value: tuple[str, ...]) -> tuple[str, ...]:
    if "all" in value and len(value) > 1:
        raise PydanticCustomError("bad_host", "`all` stands alone")
    return value


Hosts = Annotated[tuple[HostName, ...], BeforeValidator(_hosts), AfterValidator(_hosts_or_all), Field(min_length=1)]
"""`("all",)`, or names that each mean themselves and all below."""
