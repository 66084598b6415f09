"""What the code can say or take stands in docs/reference: names are found by reading the source, not by a list here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from scrapy.settings import Settings

from desist.commands.main import VERBS
from desist.enforce.options import SETTINGS, Options, declared_purposes
from desist.enforce.stats import STATS
from desist.errors import EXIT_CODES
from desist.ledger.entry import Entry, Gate, Kind
from desist.ledger.words import FACTS, GATES, KINDS
from desist.policy.codes import CODES

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "crawler"
REFERENCE = ROOT / "docs" / "reference"
FILES = sorted(SOURCE.rglob("*.py"))
_ENDERS = {"exit", "_exit", "leave", "SystemExit"}
"""Names of calls whose number is an exit code."""


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def _page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def _texts(path: Path) -> Iterator[str]:
    """Every string of a file; where a value is put into one, `<>` stands for it."""
    inner = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.JoinedStr):
            inner |= set(map(id, node.values))
            yield "".join(part.value if isinstance(part, ast.Constant) else "<>" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            yield node.value


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def test_every_setting_that_the_code_names_is_documented() -> None:
    """A `DESIST_*` name anywhere in a string of the source has its section, and no section speaks of another."""
    named = {
        name for path in FILES for text in _texts(path) for name in re.findall(r"(?<![A-Z_])DESIST_[A-Z_]*[A-Z]", text)
    }
    assert named == {setting.name for setting in SETTINGS} == set(re.findall(r"^## (\w+)$", _page("settings.md"), re.M))


def test_every_setting_that_comes_from_the_environment_is_documented() -> None:
    """`os.environ` is asked for the settings that the page says so of, and for no other of ours."""
    asked = set()
    for path in FILES:
        for node in ast.walk(_tree(path)):
            if isinstance(node, (ast.Call, ast.Subscript)) and "environ" in ast.unparse(node):
                asked |= set(re.findall(r"environ(?:\.get\(|\[)'(DESIST_\w+)'", ast.unparse(node)))
    assert asked == {setting.name for setting in SETTINGS if setting.environment}


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_the_example_of_a_setting_is_taken(setting) -> None:
    """Each example is a line of settings.py that sets this setting, and that a crawl takes."""
    values: dict[str, object] = {}
    exec(setting.example, values)
    values.pop("__builtins__")
    assert list(values) == [setting.name]
    settings = Settings({"USER_AGENT": "ExampleBot/1.0"})
    settings.set(setting.name, values[setting.name], "project")
    assert Options.read(settings) is not None
    declared_purposes(settings)


def test_every_stat_that_the_code_writes_is_documented() -> None:
    """The strings that begin with `desist/`, in both directions; what is put into a name stands in angle brackets."""
    own = SOURCE / "enforce" / "stats.py"
    written = {
        text for path in FILES if path != own for text in _texts(path) if re.fullmatch(r"desist/[a-z_/<>]+", text)
    }
    assert written == {re.sub(r"<\w+>", "<>", stat.name) for stat in STATS}
    assert [stat.name for stat in STATS] == re.findall(r"^\| `(desist/\S+)` \|", _page("stats.md"), re.M)


def test_every_verb_of_the_code_is_a_command_of_the_reference() -> None:
    """A module of commands/ with `configure` and `run` is a verb, and each verb has its section."""
    modules = {
        path.stem
        for path in (SOURCE / "commands").glob("*.py")
        if {"configure", "run"} <= {node.name for node in _tree(path).body if isinstance(node, ast.FunctionDef)}
    }
    assert modules == {verb.module for verb in VERBS}
    assert {verb.words for verb in VERBS} == set(re.findall(r"^## desist (.+)$", _page("commands.md"), re.M))


def test_every_code_that_the_code_reports_is_documented() -> None:
    """Diagnostic codes in the source, in the table of `desist rule`, and on the page are the same."""
    own = SOURCE / "policy" / "codes.py"
    reported = {text for path in FILES if path != own for text in _texts(path) if re.fullmatch(r"D\d{3}", text)}
    assert reported <= set(CODES) == set(re.findall(r"^## (D\d{3}) ", _page("codes.md"), re.M))


def test_every_exit_code_of_the_code_is_documented() -> None:
    """Numbers that end a process, `exit_code` of errors, and what verbs return."""
    found = {code for path in FILES for code in _exit_codes(path)}
    assert found == set(EXIT_CODES) == {int(code) for code in re.findall(r"^\| (\d+) \|", _page("exit-codes.md"), re.M)}


def _exit_codes(path: Path) -> Iterator[int]:
    constants = {
        node.target.id: node.value.value
        for node in _tree(path).body
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Call) and _called(node) in _ENDERS:
            values = [constants.get(getattr(arg, "id", "")) or getattr(arg, "value", None) for arg in node.args]
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "exit_code":
            values = [getattr(node.value, "value", None)]
        elif isinstance(node, ast.FunctionDef) and node.name in ("run", "main"):
            values = [one.value for back in _returns(node) for one in _leaves(back) if isinstance(one, ast.Constant)]
        else:
            continue
        yield from (value for value in values if type(value) is int)


def _returns(node: ast.FunctionDef) -> Iterator[ast.expr]:
    return (one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value is not None)


def _leaves(value: ast.expr) -> Iterator[ast.expr]:
    """`a if x else b` may return both."""
    if isinstance(value, ast.IfExp):
        yield from _leaves(value.body)
        yield from _leaves(value.orelse)
    else:
        yield value


def test_every_kind_gate_and_field_of_an_entry_is_documented() -> None:
    """The words of the types, of the tables and of the page are the same."""
    assert set(get_args(Kind)) == set(KINDS)
    assert set(get_args(Gate)) == set(GATES)
    page = _page("ledger.md")
    words = {*KINDS, *filter(None, GATES), *FACTS, *Entry.__struct_fields__}
    assert {word for word in words if f"| `{word}` |" not in page} == set()


def test_every_fact_that_the_code_records_is_documented() -> None:
    """Keys of mappings that are called `facts`, wherever entries are made."""
    rooms = [path for path in FILES if path.relative_to(SOURCE).parts[0] in ("enforce", "ledger", "commands", "report")]
    written = {key for path in rooms for node in ast.walk(_tree(path)) for key in _fact_keys(node)}
    assert written - set(FACTS) == set()


def _fact_keys(node: ast.AST) -> Iterator[str]:
    pairs: list[tuple[object, ast.expr]] = []
    if isinstance(node, ast.keyword):
        pairs = [(node.arg, node.value)]
    elif isinstance(node, ast.Dict):
        pairs = [(getattr(key, "value", ""), value) for key, value in zip(node.keys, node.values, strict=True)]
    elif isinstance(node, ast.Assign):
        pairs = [(getattr(node.targets[0], "id", ""), node.value)]
        if isinstance(node.targets[0], ast.Subscript) and getattr(node.targets[0].value, "id", "") == "facts":
            yield str(getattr(node.targets[0].slice, "value", ""))
    elif isinstance(node, (ast.AnnAssign, ast.AugAssign)) and node.value is not None:
        pairs = [(getattr(node.target, "id", ""), node.value)]
    for name, value in pairs:
        for one in ast.walk(value) if name == "facts" else ():
            if isinstance(one, ast.Dict):
                yield from (key.value for key in one.keys if isinstance(key, ast.Constant))


def test_every_public_name_is_documented() -> None:
    """Each module, each public class, function and method in it, and each value in its `__all__` says what it is."""
    silent = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in FILES
        for name in [
            *([] if ast.get_docstring(_tree(path)) else ["the module"]),
            *_silent(_tree(path), ""),
            *_silent_values(path),
        ]
    ]
    assert silent == []


def _silent_values(path: Path) -> Iterator[str]:
    """Values in `__all__` without a string below or a comment above."""
    body, lines = _tree(path).body, path.read_text(encoding="utf-8").splitlines()
    public = next((ast.literal_eval(one.value) for one in body if _name_of(one) == "__all__"), ())  # type: ignore[attr-defined]
    for one, after in zip(body, [*body[1:], None], strict=True):
        said = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
        if _name_of(one) in public and not said and not lines[one.lineno - 2].startswith("#"):
            yield f"{_name_of(one)} in line {one.lineno}"


def _name_of(node: ast.stmt) -> str:
    target = (
        node.targets[0] if isinstance(node, ast.Assign) else node.target if isinstance(node, ast.AnnAssign) else None
    )
    return target.id if isinstance(target, ast.Name) else ""


def _silent(node: ast.Module | ast.ClassDef, prefix: str) -> Iterator[str]:
    for one in node.body:
        if isinstance(one, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and not one.name.startswith("_"):
            if not ast.get_docstring(one):
                yield f"{prefix}{one.name} in line {one.lineno}"
            if isinstance(one, ast.ClassDef):
                yield from _silent(one, f"{one.name}.")


def test_every_room_stands_on_the_map() -> None:
    """ARCHITECTURE.md names each folder and file at the top of the package, and none that is not there."""
    rooms = {f"{path.name}/" if path.is_dir() else path.name for path in SOURCE.iterdir()}
    rooms -= {"__pycache__/", "__init__.py", "py.typed"}
    table = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").split("## The rooms")[1].split("\n\n")[1]
    named = {name for row in table.splitlines() for name in re.findall(r"`([\w.]+/?)`", row.split("|")[1])}
    assert named == rooms
