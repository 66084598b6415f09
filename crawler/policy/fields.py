"""The types of single values in policy documents: texts, ids, hosts, paths, hashes, networks, yes and no.

Every value arrives as text (source.py). A value that is wrong raises a PydanticCustomError whose type is the key by
which diagnostics finds its code.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

import can_ada
from pydantic import BeforeValidator, PlainValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from ..model import ALL_PURPOSES, Purpose

__all__ = [
    "Count",
    "Flag",
    "FullHash",
    "Hash",
    "HostName",
    "Id",
    "Names",
    "Network",
    "PathPattern",
    "Purposes",
    "Slug",
    "Text",
    "Texts",
    "YesNo",
    "canonical_host",
    "listed",
]

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
"""One or more characters; a document holds facts, not the letter's text."""

YesNo = Literal["yes", "no", "unstated"]


def _checked(pattern: str, error: str, message: str, schema: str = "") -> Any:
    """A text that matches `pattern` in full."""
    compiled = re.compile(pattern)

    def check(value: object) -> str:
        text = value.strip() if isinstance(value, str) else ""
        if not compiled.fullmatch(text):
            raise PydanticCustomError(error, message, {"text": text if isinstance(value, str) else "list or mapping"})
        return text

    return Annotated[
        str, PlainValidator(check), WithJsonSchema({"type": "string", "pattern": f"^(?:{schema or pattern})$"})
    ]


Slug = _checked(
    r"[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?",
    "bad_id",
    "`{text}` is not a slug: small letters, digits, `-`, `_` and `.`",
)
"""The stable key of a platform."""

Id = _checked(
    r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,198}[A-Za-z0-9])?",
    "bad_id",
    "`{text}` is not an id: letters, digits, `-`, `_` and `.`",
)
"""The stable key of a notice, terms document or permission."""

FullHash = _checked(r"[0-9a-f]{64}", "bad_hash", "`{text}` is not a SHA-256 in 64 small hexadecimal digits")

Hash = _checked(
    r"[0-9a-f]{64}|[0-9a-f]{4,63}\.\.\.",
    "bad_hash",
    "`{text}` is not a SHA-256: 64 small hexadecimal digits, or its first ones and `...`",
)
"""SHA-256 of a text that is recorded elsewhere; may be shortened where nothing is loosened on its strength."""

PathPattern = _checked(
    r"/[^\s#]*",
    "bad_path",
    "`{text}` is not a path pattern: it starts with `/` and may hold `*` and a final `$` (RFC 9309 2.2.3)",
)


def _flag(value: object) -> bool:
    if value in ("true", "false"):
        return value == "true"
    if isinstance(value, bool):
        return value
    raise PydanticCustomError("bad_flag", "`{text}` is neither `true` nor `false`", {"text": str(value)})


Flag = Annotated[bool, PlainValidator(_flag), WithJsonSchema({"type": "boolean"})]


def _count(value: object) -> int:
    if isinstance(value, (int, str)) and str(value).isascii() and str(value).isdigit() and len(str(value)) < 12:
        return int(value)
    raise PydanticCustomError("bad_number", "`{text}` is not a whole number", {"text": str(value)})


Count = Annotated[int, PlainValidator(_count), WithJsonSchema({"type": "integer", "minimum": 0})]


def listed(value: object) -> object:
    """A scalar stands for the list that holds it alone."""
    return [value] if isinstance(value, str) else value


Texts = Annotated[tuple[Text, ...], BeforeValidator(listed)]
Names = Annotated[tuple[Text, ...], BeforeValidator(listed)]
"""Persons, each by a name of their own."""

_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")


def canonical_host(text: str) -> str:
    """The host as a URL would carry it (WHATWG: small letters, IDN as ASCII); ValueError says what is wrong."""
    name = text.strip()
    if name.startswith("*."):
        raise ValueError(f"`{name}` has a star: `{name[2:]}` alone means this name and all below it")
    if re.search(r"[/@?#\\\s:*%]", name.strip("[]")) and not _is_ipv6(name):
        raise ValueError(f"`{name}` is not a host name: leave out scheme, port, path and blanks")
    try:
        host = str(can_ada.parse(f"http://{name.rstrip('.')}/").hostname)
    except ValueError as error:
        raise ValueError(f"`{name}` is not a host name") from error
    if host.startswith("["):
        return host
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise ValueError(f"`{name}` is not a host name")
    return host


def _is_ipv6(name: str) -> bool:
    try:
        return name.startswith("[") and ipaddress.ip_address(name.strip("[]")).version == 6
    except ValueError:
        return False


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


HostName = Annotated[str, PlainValidator(_raising(canonical_host, "bad_host")), WithJsonSchema({"type": "string"})]


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text.strip()))
    except ValueError as wrong:
        raise ValueError(f"`{text}` is no network: {wrong}") from wrong


Network = Annotated[str, PlainValidator(_raising(_network, "bad_address")), WithJsonSchema({"type": "string"})]


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
