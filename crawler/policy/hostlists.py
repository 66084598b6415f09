"""Host lists in the format of v2fly/domain-list-community (MIT): a folder `data/` with one list a file.

A line is `domain:example.com`, `example.com` (the same), `full:www.example.com`, `regexp:...`, `keyword:...` or
`include:other`; then come attributes (`@ads`), affiliations (`&other`: the rule is in that list too) and a `#` comment.
`include:other @ads @-cn` takes the rules that bear `ads` and do not bear `cn` (README of that repository, "Structure of
data").
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from ..errors import UsageError

__all__ = ["HostLists", "ListRule"]

_KINDS: Final = ("domain", "full", "regexp", "keyword")


class ListRule(NamedTuple):
    """One rule of a list."""

    kind: str
    """`domain` (this name and all below it), `full` (this name alone), `regexp` or `keyword`."""
    value: str
    attributes: frozenset[str]
    origin: str
    """The list whose file holds it."""


class _Include(NamedTuple):
    """All rules of another list that bear every attribute of `wanted` and none of `unwanted`."""

    name: str
    wanted: frozenset[str]
    unwanted: frozenset[str]


class HostLists:
    """All lists of a checkout, includes and affiliations resolved on demand."""

    def __init__(self) -> None:
        self._rules: dict[str, list[ListRule]] = defaultdict(list)
        self._includes: dict[str, list[_Include]] = defaultdict(list)

    @classmethod
    def read(cls, checkout: Path) -> HostLists:
        """Every list of `checkout/data`; UsageError with file and line for what is none."""
        folder = checkout / "data"
        if not folder.is_dir():
            help_ = "name a checkout: git clone https://github.com/v2fly/domain-list-community"
            raise UsageError(f"`{checkout}` holds no folder `data`", help=help_)
        lists = cls()
        for file in sorted(path for path in folder.iterdir() if path.is_file()):
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                words = line.partition("#")[0].split()
                if words:
                    lists._take(file.name.lower(), words, f"{file}:{number}")
        return lists

    def __contains__(self, name: str) -> bool:
        return name in self._rules or name in self._includes

    def rules(self, name: str) -> Iterator[ListRule]:
        """The rules of a list with all that it includes; one that several ways lead to comes several times."""
        return self._resolve(name, ())

    def _resolve(self, name: str, way: tuple[str, ...]) -> Iterator[ListRule]:
        if name in way:
            raise UsageError(f"list `{name}` includes itself: {' > '.join((*way, name))}", help="mend the checkout")
        yield from self._rules.get(name, ())
        for include in self._includes.get(name, ()):
            for rule in self._resolve(include.name, (*way, name)):
                if include.wanted <= rule.attributes and not include.unwanted & rule.attributes:
                    yield rule

    def _take(self, name: str, words: list[str], place: str) -> None:
        head, *marks = words
        kind, colon, value = head.partition(":")
        kind, value = (kind.lower(), value) if colon else ("domain", head)
        if not value or not all(len(mark) > 1 and mark[0] in "@&" for mark in marks):
            raise UsageError(f"`{' '.join(words)}` is no rule of a host list", place=place, help="mend the checkout")
        attributes = {mark[1:].lower() for mark in marks if mark[0] == "@"}
        if kind == "include":
            unwanted = {mark[1:] for mark in attributes if mark[0] == "-"}
            wanted = {mark for mark in attributes if mark[0] != "-"}
            self._includes[name].append(_Include(value.lower(), frozenset(wanted), frozenset(unwanted)))
        elif kind in _KINDS:
            rule = ListRule(kind, value, frozenset(attributes), name)
            for target in (name, *(mark[1:].lower() for mark in marks if mark[0] == "&")):
                self._rules[target].append(rule)
        else:
            raise UsageError(f"`{kind}:` is no kind of rule", place=place, help=f"known: include, {', '.join(_KINDS)}")
