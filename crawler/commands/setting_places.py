"""Where in a project's Python files a setting is written: file and line, found without running anything."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["place_in_class", "place_in_module"]


def place_in_module(module: str, name: str, value: Any) -> str:
    """`file:line` of what gives `name` its `value` in a settings module, or in one whose names it takes over.

    Only the file where no line does (`globals()[...] = ...`), and the module's name where it has no file.
    """
    found = list(_bindings(module, name, set()))
    places = [place for place, literal in found if literal == (value,)] or [place for place, _ in found]
    return places[-1] if places else _shown(getattr(sys.modules.get(module), "__file__", None) or module)


def _bindings(module: str, name: str, seen: set[str]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Each place that binds `name`, in order, with the value that stands there (nothing where it is computed)."""
    path = getattr(sys.modules.get(module), "__file__", None)
    if module in seen or not path:
        return
    seen.add(module)
    for node in _statements(path):
        if isinstance(node, ast.ImportFrom) and {alias.asname or alias.name for alias in node.names} & {name, "*"}:
            yield from _bindings(_absolute(module, node), name, seen)
        elif name in _targets(node):
            yield f"{_shown(path)}:{getattr(node, 'lineno', 0)}", _literal(node)


def _statements(path: str) -> list[ast.AST]:
    """All nodes of a file, top down; none where it cannot be read as Python."""
    try:
        tree = ast.parse(Path(path).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return []
    return sorted((node for node in ast.walk(tree) if hasattr(node, "lineno")), key=lambda node: node.lineno)


def _absolute(module: str, node: ast.ImportFrom) -> str:
    """The module that an import names, seen from `module`."""
    if not node.level:
        return node.module or ""
    package = (getattr(sys.modules[module], "__package__", None) or "").split(".")
    return ".".join([*package[: len(package) - node.level + 1], *filter(None, [node.module])])


def _targets(node: ast.AST) -> set[str]:
    """The names that a statement assigns."""
    if isinstance(node, ast.Assign):
        return {name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    if isinstance(node, (ast.AnnAssign, ast.AugAssign)) and isinstance(node.target, ast.Name):
        return {node.target.id}
    return set()


def _literal(node: ast.AST) -> tuple[Any, ...]:
    if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
        try:
            return (ast.literal_eval(node.value),)
        except ValueError:
            return ()
    return ()


def place_in_class(cls: type, name: str) -> str:
    """`file:line` of the key `name` in the class `cls` or one above it; else of the class itself."""
    bodies = [found for owner in cls.__mro__ if (found := _body(owner)) is not None]
    for path, body in bodies:
        keys = [node for node in ast.walk(body) if isinstance(node, ast.Constant) and node.value == name]
        if keys:
            return f"{_shown(path)}:{keys[0].lineno}"
    return f"{_shown(bodies[0][0])}:{bodies[0][1].lineno}" if bodies else cls.__qualname__


def _body(owner: type) -> tuple[str, ast.ClassDef] | None:
    """A class as it stands in its file; None where it stands in none."""
    path = getattr(sys.modules.get(owner.__module__), "__file__", None)
    found = [node for node in _statements(path or "") if isinstance(node, ast.ClassDef) and node.name == owner.__name__]
    return (path, found[-1]) if path and found else None


def _shown(path: str) -> str:
    """Relative to the current folder where it lies below."""
    here = os.getcwd() + os.sep
    return path.removeprefix(here)
