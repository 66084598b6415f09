"""The page of the Python interface, from signatures and docstrings as they stand in the source.

The source is read, never imported: the page is the same under every version of Python.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["PARTS", "Part", "python_api"]

SOURCE = Path(__file__).parent.parent / "crawler"


class Part(NamedTuple):
    """Names that are imported from one module, and the file that holds each."""

    title: str
    module: str
    names: dict[str, str]
    """Name -> file below `crawler/`."""
    words: str = ""
    members: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    """Where a class has more public members than its users need: those that they do."""


PARTS = (
    Part(
        "Decide",
        "desist.decide",
        {"decide": "decide/ask.py", "judge_host": "decide/ask.py", "Options": "decide/options.py"},
        "The function behind every gate, dry run and explanation. It asks no network and keeps no record.",
    ),
    Part(
        "Policy sets",
        "desist.policy",
        {"PolicySet": "policy/policyset.py"},
        members={"PolicySet": ("load", "of", "platforms")},
    ),
    Part(
        "Values",
        "desist.model",
        dict.fromkeys(
            (
                "Decision", "Reason", "Place", "Basis", "Purpose",
                "RobotsState", "RobotsVerdict", "Signal", "Usage", "Role",
            ),
            "model.py",
        ),
    ),
    Part(
        "In a Scrapy project",
        "desist.enforce.refused",
        {"Refused": "enforce/refused.py"},
        'The add-on is one line of settings.py: `ADDONS = {"desist.addon.Addon": 0}`. A request that is refused '
        "reaches its errback as:",
    ),
    Part(
        "With requests",
        "desist.enforce.requests_adapter",
        dict.fromkeys(("GatedAdapter", "RequestRefused"), "enforce/requests_adapter.py"),
        "For code that uses `requests` instead of Scrapy. The [settings](settings.md) are the fields of "
        "`desist.enforce.options.Options`, in lower case and without `DESIST_`.",
    ),
    Part(
        "Counsel's key",
        "desist.ledger.keys",
        {"make_pair": "ledger/keys.py"},
        "Where no terminal makes one. The public half, `.counsel`, is what DESIST_COUNSEL_KEY takes.",
    ),
    Part(
        "Fixtures of the pytest plugin",
        "desist.testing.plugin",
        dict.fromkeys(("sites", "policy_set", "ledger", "crawl"), "testing/plugin.py"),
        "The plugin comes with the installation: a test asks for a fixture by its name and imports nothing.",
    ),
    Part(
        "What the fixtures hand out",
        "desist.testing.fixtures",
        dict.fromkeys(("Webs", "PolicyFolder", "TestLedger", "Crawler"), "testing/fixtures.py"),
    ),
    Part("A crawl that has ended", "desist.testing.crawl", {"Crawl": "testing/crawl.py"}),
    Part("Decisions on record", "desist.testing.recorded", {"Recorded": "testing/recorded.py"}),
    Part(
        "Simulated sites",
        "desist.testing",
        {
            **dict.fromkeys(("Site", "Page", "Failure"), "testing/site.py"),
            **dict.fromkeys(("Web", "MountedSite"), "testing/web.py"),
            "Seen": "testing/seen.py",
            **dict.fromkeys(("Hit", "Connection", "Query"), "testing/hits.py"),
            "Answer": "testing/nameserver.py",
        },
    ),
    Part(
        "Ready-made sites",
        "desist.testing.ready",
        dict.fromkeys(
            (
                "ordinary", "platform_with_notice", "platform_with_terms", "cdn_of_two", "shortener", "mirror",
                "opt_outs", "login_wall", "robots_failures",
            ),
            "testing/ready.py",
        ),
    ),
    Part(
        "Sites in a registry of responses",
        "desist.testing.mock",
        dict.fromkeys(("mount", "Mounted", "MockedSite"), "testing/mock.py"),
        "`sites.mock(...)` does this for a test; `mount` is for a registry of one's own.",
    ),
    Part(
        "Errors",
        "desist.errors",
        dict.fromkeys(
            (
                "DesistError", "UsageError", "PolicyError", "LedgerError",
                "LedgerUnusable", "LedgerLost", "EvidenceError", "GateError",
            ),
            "errors.py",
        ),
        "Every error of Desist is a `DesistError`, with a message, a place and a help line that names the mend.",
    ),
)  # fmt: skip

RECEIVED = frozenset(
    (
        "PolicySet",
        "Refused",
        "RequestRefused",
        "Webs",
        "PolicyFolder",
        "TestLedger",
        "Crawler",
        "MountedSite",
        "Mounted",
        "MockedSite",
        "Seen",
    )
)
"""Classes that code is handed and does not make: how they are constructed is not its business."""

FIXTURES = {"Webs": "sites", "PolicyFolder": "policy_set", "Crawler": "crawl"}
"""Objects that are called: by which name a test has them."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_api() -> str:
    """Every name that code outside of Desist may import, with its signature, fields and docstring."""
    parts = ["# Python interface\n", "What code outside of Desist may import. Anything else may change.\n"]
    for part in PARTS:
        parts += [f"## {part.title}\n"]
        parts += [f"{part.words}\n"] if part.words else []
        for name, file in part.names.items():
            parts += _entry(part, name, _definition(file, name))
    return "\n".join(parts)


def _definition(file: str, name: str) -> ast.ClassDef | _Function:
    for node in ast.parse((SOURCE / file).read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name:
            return node
    raise LookupError(f"crawler/{file} has no `{name}`")


def _entry(part: Part, name: str, node: ast.ClassDef | _Function) -> Iterator[str]:
    yield f"### {name}\n"
    fixture = part.module == "desist.testing.plugin"
    if not fixture:
        yield f"```python\nfrom {part.module} import {name}\n{_head(node)}\n```\n"
    yield f"{_doc(node)}\n"
    if isinstance(node, ast.ClassDef):
        yield from _members(node, part.members.get(name))


def _head(node: ast.ClassDef | _Function) -> str:
    """The signature, of a class with a constructor the constructor's."""
    if not isinstance(node, ast.ClassDef):
        return _signature(node, node.name)
    made = next((n for n in _functions(node) if n.name == "__init__"), None)
    if made is not None and node.name not in RECEIVED:
        return f"class {_signature(made, node.name)}"
    bases = ", ".join(text for base in node.bases if (text := ast.unparse(base)) != "msgspec.Struct")
    return f"class {node.name}({bases})" if bases else f"class {node.name}"


def _signature(node: _Function, name: str) -> str:
    """As written, without `self` and `cls`; broken one argument a line where it is long."""
    args = node.args
    if args.args and args.args[0].arg in ("self", "cls"):
        args.args.pop(0)
    back = f" -> {ast.unparse(node.returns)}" if node.returns and node.name != "__init__" else ""
    whole = f"{name}({', '.join(_arguments(args))}){back}"
    if len(whole) <= 80:
        return whole
    return f"{name}(\n" + "".join(f"    {one},\n" for one in _arguments(args)) + f"){back}"


def _arguments(args: ast.arguments) -> Iterator[str]:
    plain = [*args.posonlyargs, *args.args]
    defaults: list[ast.expr | None] = [None] * (len(plain) - len(args.defaults)) + list(args.defaults)
    for arg, default in zip(plain, defaults, strict=True):
        yield _argument(arg, default)
    if args.vararg or args.kwonlyargs:
        yield f"*{_argument(args.vararg, None) if args.vararg else ''}"
    for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        yield _argument(arg, default)
    if args.kwarg:
        yield f"**{_argument(args.kwarg, None)}"


def _argument(arg: ast.arg, default: ast.expr | None) -> str:
    kind = f": {ast.unparse(arg.annotation)}" if arg.annotation else ""
    return f"{arg.arg}{kind}" + (f" = {ast.unparse(default)}" if default is not None else "")


def _functions(node: ast.ClassDef) -> list[_Function]:
    return [one for one in node.body if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef))]


def _members(node: ast.ClassDef, wanted: tuple[str, ...] | None) -> Iterator[str]:
    rows = list(_fields(node))
    if rows:
        yield "\n".join(["| field | meaning |", "|---|---|", *rows]) + "\n"
    for method in _functions(node):
        called = method.name == "__call__"
        public = called or not method.name.startswith("_")
        if not public or (wanted is not None and method.name not in wanted):
            continue
        is_property = any(isinstance(one, ast.Name) and one.id == "property" for one in method.decorator_list)
        back = ast.unparse(method.returns) if method.returns else ""
        name = FIXTURES.get(node.name, node.name) if called else f".{method.name}"
        head = f".{method.name}: {back}" if is_property else _signature(method, name)
        yield f"```python\n{head}\n```\n"
        yield f"{_doc(method)}\n"


def _fields(node: ast.ClassDef) -> Iterator[str]:
    """A row a public field or member of an enumeration, with the string that stands below it."""
    for one, after in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
            name = one.target.id
            text = f"{name}: {ast.unparse(one.annotation)}" + (f" = {ast.unparse(one.value)}" if one.value else "")
        elif isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name):
            name, text = one.targets[0].id, f"{one.targets[0].id} = {ast.unparse(one.value)}"
        else:
            continue
        if not name.startswith("_") and name != "exit_code":
            yield f"| `{text.replace('|', chr(92) + '|')}` | {_below(node, name, after)} |"


def _below(node: ast.ClassDef, name: str, after: ast.stmt | None) -> str:
    said = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
    if not said:
        raise LookupError(f"field `{node.name}.{name}` has no string below it that says what it means")
    return " ".join(str(said).split()).replace("|", chr(92) + "|")


def _doc(node: ast.ClassDef | _Function) -> str:
    text = ast.get_docstring(node)
    if not text:
        raise LookupError(f"`{node.name}` has no docstring")
    return text
