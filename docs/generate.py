"""Write the pages of docs/reference that follow from the code: commands, codes, policy documents.

`python docs/generate.py` writes them; with `--check` it exits 1 where a page is stale, and a test runs that.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from desist.commands.main import VERBS, build_parser
from desist.policy.codes import CODES

REFERENCE = Path(__file__).parent / "reference"
SCHEMA = Path(__file__).parent.parent / "policies" / "schema.json"
_HEAD = "<!-- Written by docs/generate.py; edit the code it is made from. -->\n"


def commands() -> str:
    """Every verb with what it does, its arguments and its examples."""
    parts = ["# Commands\n", "Each verb is also there as `scrapy desist VERB`.\n"]
    for verb in sorted(VERBS):
        parser = _parser(verb.words)
        parts += [f"## desist {verb.words}\n", f"{verb.summary[0].upper()}{verb.summary[1:]}.\n"]
        parts += ["\n".join(_arguments(parser)) + "\n"]
        parts += [f"```text\n{parser.epilog.rstrip()}\n```\n"] if parser.epilog else []
    return "\n".join(parts)


def _parser(words: str) -> argparse.ArgumentParser:
    parser = build_parser(words=words.split())
    for word in words.split():
        [choices] = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
        parser = choices.choices[word]
    return parser


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    """A row an argument, made from the parser itself: the text of `--help` differs between Python's versions."""
    actions = [a for a in parser._actions if a.help != argparse.SUPPRESS and a.dest != "help"]
    if not actions:
        return
    yield "| argument | meaning |"
    yield "|---|---|"
    for action in actions:
        metavar = action.metavar or ("{" + ",".join(map(str, action.choices)) + "}" if action.choices else "")
        name = ", ".join(action.option_strings) or action.dest
        value = f" {metavar or action.dest.upper()}" if action.option_strings and action.nargs != 0 else ""
        yield f"| `{name}{value}` | {' '.join((action.help or '').split())} |".replace(
            "%(default)s", str(action.default)
        )


def codes() -> str:
    """Every code of a finding, with an example that triggers it and the same example mended."""
    parts = ["# Codes\n", "`desist rule CODE` prints the same at a terminal.\n"]
    for code in sorted(CODES.values()):
        parts += [f"## {code.code} {code.title}\n", f"{code.why}\n"]
        parts += [f"Finding:\n\n```yaml\n{code.example.rstrip()}\n```\n"] if code.example else []
        parts += [f"Mended:\n\n```yaml\n{code.mend.rstrip()}\n```\n"]
    return "\n".join(parts)


def documents() -> str:
    """Every field of the four kinds of policy document, from the JSON Schema."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    parts = ["# Policy documents\n", "Generated from `policies/schema.json`.\n"]
    for name, part in sorted(schema["$defs"].items()):
        parts += [f"## {name}\n", f"{_prose(part)}\n"] if part.get("description") else [f"## {name}\n"]
        parts += ["\n".join(_fields(part)) + "\n"] if part.get("properties") else []
        parts += ["One of " + ", ".join(f"`{word}`" for word in part["enum"]) + ".\n"] if "enum" in part else []
    return "\n".join(parts)


def _fields(part: Mapping[str, Any]) -> Iterator[str]:
    yield "| field | value | meaning |"
    yield "|---|---|---|"
    for name, field in part["properties"].items():
        must = " (required)" if name in part.get("required", ()) else ""
        yield f"| `{name}`{must} | {_value(field)} | {_prose(field)} |"


def _value(field: Mapping[str, Any]) -> str:
    if "$ref" in field:
        return field["$ref"].rpartition("/")[2]
    if "enum" in field:
        return ", ".join(f"`{word}`" for word in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    for key in ("anyOf", "oneOf", "allOf"):
        if key in field:
            return " or ".join(dict.fromkeys(_value(one) for one in field[key] if one.get("type") != "null"))
    if field.get("type") == "array":
        return f"list of {_value(field.get('items', {}))}"
    return str(field.get("type", "text")).replace("string", "text")


def _prose(part: Mapping[str, Any]) -> str:
    return " ".join(str(part.get("description", "")).split()).replace("|", "\\|")


PAGES = {"commands.md": commands, "codes.md": codes, "documents.md": documents}


def main(argv: list[str]) -> int:
    """Write all pages, or with `--check` name those that are stale."""
    check = argv == ["--check"]
    stale = []
    for name, page in PAGES.items():
        text, path = _HEAD + page(), REFERENCE / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not check:
            path.write_text(text, encoding="utf-8")
    if stale:
        print(
            f"{'stale' if check else 'wrote'}: {', '.join(stale)}" + ("; run python docs/generate.py" if check else "")
        )
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
