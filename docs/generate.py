"""Write the pages of docs/reference, all of which follow from the code.

`python docs/generate.py` writes them; with `--check` it exits 1 where a page is stale, and a test runs that.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from desist.commands.main import VERBS, build_parser
from desist.enforce.options import SETTINGS
from desist.enforce.stats import STATS
from desist.errors import EXIT_CODES
from desist.ledger.words import FACTS, GATES, KINDS
from desist.policy.codes import CODES

sys.path.insert(0, str(Path(__file__).parent))
from api import python_api  # the file beside this one

REFERENCE = Path(__file__).parent / "reference"
SOURCE = Path(__file__).parent.parent / "crawler"
SCHEMA = Path(__file__).parent.parent / "policies" / "schema.json"
_HEAD = "<!-- Written by docs/generate.py; edit the code it is made from. -->\n"


_COMMANDS = """\
Each verb is also there as `scrapy desist VERB`. Where no exit code is named, it is 0, and 2 as for every verb: see
[exit codes](exit-codes.md).
"""


def commands() -> str:
    """Every verb with what it does, its arguments and its examples."""
    parts = ["# Commands\n", _COMMANDS]
    for verb in sorted(VERBS):
        parser = _parser(verb.words)
        parts += [f"## desist {verb.words}\n", f"{verb.summary[0].upper()}{verb.summary[1:]}.\n"]
        parts += ["\n".join(_arguments(parser)) + "\n"]
        code = re.search(r"\b[0-3]\b.*", " ".join((parser.get_default("run").__doc__ or "").split()))
        parts += [f"Exit code: {code[0]}\n"] if code else []
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
        if not action.help:
            raise LookupError(f"argument `{name}` of {parser.prog} has no help")
        yield f"| `{name}{value}` | {' '.join(action.help.split())} |".replace("%(default)s", str(action.default))


def codes() -> str:
    """Every code of a finding, with an example that triggers it and the same example mended."""
    parts = ["# Codes\n", "`desist rule CODE` prints the same at a terminal.\n"]
    for code in sorted(CODES.values()):
        parts += [f"## {code.code} {code.title}\n", f"{code.why}\n"]
        parts += [f"Finding:\n\n```yaml\n{code.example.rstrip()}\n```\n"] if code.example else []
        parts += [f"Mended:\n\n```yaml\n{code.mend.rstrip()}\n```\n"]
    return "\n".join(parts)


_DOCUMENTS = """\
The documents below `policies/` are of four kinds: Platform, Notice, Terms and Permission. The other sections are parts
of them. Texts may be given as figures, and a list of one as the one. `policies/schema.json` says the same to editors.
"""
_KINDS = ("Platform", "Notice", "Terms", "Permission")


def documents() -> str:
    """Every field of the four kinds of policy document and of their parts, from the JSON Schema."""
    definitions = json.loads(SCHEMA.read_text(encoding="utf-8"))["$defs"]
    parts = ["# Policy documents\n", _DOCUMENTS]
    shared = set.intersection(*(set(definitions[name]["properties"]) for name in _KINDS))
    for name in (*_KINDS, *sorted(set(definitions).difference(_KINDS))):
        part = definitions[name]
        short, whole = part["anyOf"] if "anyOf" in part and "properties" not in part else (None, part)
        parts += [f"## {name}\n", f"{_prose(whole)}\n"]
        parts += [f"A text is {short['description']}.\n"] if short else []
        parts += ["\n".join(_fields(whole, shared)) + "\n"] if whole.get("properties") else []
        parts += [_table(("word", "meaning"), _words(name))] if "enum" in part else []
    return "\n".join(parts)


def _fields(part: Mapping[str, Any], last: set[str]) -> Iterator[str]:
    """A row a field, those of every document last."""
    yield "| field | value | meaning |"
    yield "|---|---|---|"
    for name, field in sorted(part["properties"].items(), key=lambda pair: pair[0] in last):
        if not field.get("description"):
            raise LookupError(f"field `{name}` has no string below it that says what it means")
        must = " (required)" if name in part.get("required", ()) else ""
        yield f"| `{name}`{must} | {_value(field)} | {_prose(field)} |"


def _value(field: Mapping[str, Any]) -> str:
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in field:
        return ", ".join(f"`{word}`" for word in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    for key in ("anyOf", "oneOf", "allOf"):
        if key in field:
            return _alternatives([_value(one) for one in field[key] if one.get("type") != "null"])
    if field.get("type") == "array":
        return f"list of {_value(field.get('items', {}))}"
    kinds = [field["type"]] if isinstance(field.get("type"), str) else field.get("type", ["string"])
    return {"string": "text", "boolean": "true or false", "integer": "number"}.get(kinds[0], kinds[0])


def _alternatives(values: list[str]) -> str:
    """Each once; what may be given alone or as a list is a list."""
    lists = {value.removeprefix("list of ") for value in values if value.startswith("list of ")}
    return " or ".join(dict.fromkeys(value for value in values if value not in lists))


def settings() -> str:
    """Every `DESIST_*` setting, from the list that a crawl checks names against."""
    parts = ["# Settings\n", _SETTINGS]
    for setting in SETTINGS:
        rows = [("takes", setting.takes), ("default", setting.default), ("set by", setting.who)]
        rows += [("environment", setting.environment)] if setting.environment else []
        table = [f"| {name} | {text} |" for name, text in rows]
        parts += [f"## {setting.name}\n", f"{setting.meaning}\n", "\n".join(["| | |", "|---|---|", *table]) + "\n"]
        parts += [f"```python\n{setting.example}\n```\n"]
    return "\n".join(parts)


_SETTINGS = """\
They stand in a project's `settings.py`, beside `ADDONS = {"desist.addon.Addon": 0}`, and are read once, before a
spider's own settings exist. An unknown name, a value that cannot be read, or a setting above project priority (in a
spider's `custom_settings` or by `-s`) keeps the crawl from starting, with exit code 2. `DESIST_PURPOSES` alone
belongs to the spider.

Texts in a list may also be one text with commas between them. Environment variables are not settings: where a
deployment hands a value over in the environment, `settings.py` reads it (`os.environ[...]`). A few commands that
run outside a project take the variable of the same name, as said below.
"""


def stats() -> str:
    """Every stat that a crawl counts."""
    parts = ["# Stats\n", _STATS, "| stat | counts |\n|---|---|"]
    parts += [f"| `{stat.name}` | {stat.meaning} |" for stat in STATS]
    return "\n".join(parts) + "\n"


_STATS = """\
They stand among Scrapy's own stats, in `crawler.stats` and in the last lines of a crawl's log. They are a
convenience: what counts as evidence is the ledger.
"""


def exit_codes() -> str:
    """What the exit codes of `desist` and of gated processes mean."""
    parts = ["# Exit codes\n", "| code | meaning |\n|---|---|"]
    parts += [f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items()]
    return "\n".join(parts) + "\n\n" + _EXIT_CODES


_EXIT_CODES = """\
## Of commands

`desist VERB` and `scrapy desist VERB` end with the same code. 1 is an answer, not a failure: a script that only
wants to know whether the command worked asks for a code below 2. What 1 means for a verb stands on the
[commands](commands.md) page.

## Of a crawl

Scrapy ends a crawl with 0 whatever became of its pages, and refusals do not change that: they are what was asked
for. With the add-on `scrapy crawl` ends with 2

- before the first DNS question, where a setting, a policy document, the ledger or a gate is not in order;
- in the middle, where the ledger can no longer be written: nothing is fetched any more, and the crawl stops.

A supervisor should not restart a crawl that ended with 2 without a person having read the last lines of its log:
the cause is still there.
"""


def ledger() -> str:
    """Kinds, fields, gates and facts of the entries of a ledger."""
    parts = ["# Ledger entries\n", _LEDGER, "## Kinds\n"]
    parts += [_table(("kind", "records"), KINDS)]
    parts += ["## Fields\n", _table(("field", "holds"), dict(_entry_fields()), code=False)]
    parts += [
        "## Gates\n",
        _table(("gate", "what was stopped"), {name or "(none)": text for name, text in GATES.items()}),
    ]
    parts += [
        "## Facts\n",
        "Small public facts, in the clear: natural numbers, and ids that name no host, path or person.\n",
    ]
    parts += [_table(("fact", "kinds and meaning"), FACTS)]
    return "\n".join(parts)


_LEDGER = """\
An entry is sorted JSON of integers and printable ASCII. It is hashed as `SHA-256(0x00 || entry)` (RFC 9162 section
2.1.1) and stored as hashed. What it must not show in the clear is sealed beside it, to counsel's key.
"""


def _entry_fields() -> Iterator[tuple[str, str]]:
    """Each field of an entry with the string below it, from the source."""
    for field, said in _strings(SOURCE / "ledger" / "entry.py", "Entry"):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            yield f"`{field.target.id}`", said


def _words(name: str) -> dict[str, str]:
    """The words of an enumeration of documents with their meaning, from the source."""
    [path] = [
        path
        for path in (SOURCE / "model.py", *(SOURCE / "policy").glob("*.py"))
        if f"class {name}(StrEnum)" in path.read_text(encoding="utf-8")
    ]
    return {ast.literal_eval(one.value): said for one, said in _strings(path, name) if isinstance(one, ast.Assign)}


def _strings(path: Path, name: str) -> Iterator[tuple[ast.stmt, str]]:
    """Each field of a class with the string below it."""
    [found] = [one for one in ast.parse(path.read_text(encoding="utf-8")).body if getattr(one, "name", "") == name]
    assert isinstance(found, ast.ClassDef)
    for one, after in zip(found.body, [*found.body[1:], None], strict=True):
        if isinstance(one, (ast.Assign, ast.AnnAssign)):
            said = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
            if not said:
                raise LookupError(f"line {one.lineno} of {path} has no string below it that says what it means")
            yield one, " ".join(str(said).split()).replace("|", "\\|")


def _table(head: tuple[str, str], rows: Mapping[Any, str], *, code: bool = True) -> str:
    lines = [f"| {head[0]} | {head[1]} |", "|---|---|"]
    lines += [f"| {f'`{name}`' if code else name} | {text} |" for name, text in rows.items()]
    return "\n".join(lines) + "\n"


def _prose(part: Mapping[str, Any]) -> str:
    return " ".join(str(part.get("description", "")).split()).replace("|", "\\|")


PAGES = {
    "codes.md": codes,
    "commands.md": commands,
    "documents.md": documents,
    "exit-codes.md": exit_codes,
    "ledger.md": ledger,
    "python.md": python_api,
    "settings.md": settings,
    "stats.md": stats,
}


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
