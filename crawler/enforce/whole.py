"""Whether the gate is still made of its own functions: a patch of it is no wall to climb, but it shall be seen.

Whoever replaces a function can replace this one too. It finds what somebody does in a hurry: before a crawl it refuses
the start, after one it goes on record.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import FunctionType
from typing import Any

__all__ = ["Whole"]


class Whole:
    """The functions of some classes, as they are when this is made."""

    def __init__(self, classes: Iterable[type]) -> None:
        self._classes = tuple(classes)
        self._made = {(cls, name): _body(value) for cls in self._classes for name, value in vars(cls).items()}

    def changed(self, *objects: Any) -> str:
        """`Class.function` of the first that was replaced, in a class or in one of these objects; empty for none."""
        for (cls, name), body in self._made.items():
            if body is not None and _body(vars(cls).get(name)) is not body:
                return f"{cls.__name__}.{name}"
        for thing in objects:
            for name in getattr(thing, "__dict__", {}):
                if _body(vars(type(thing)).get(name)) is not None:
                    return f"{type(thing).__name__}.{name}"
        return ""


def _body(value: Any) -> Any:
    """The code of a function, method or property; None for what has none."""
    value = getattr(value, "fget", None) or getattr(value, "__func__", value)
    return value.__code__ if isinstance(value, FunctionType) else None
