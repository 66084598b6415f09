"""YAML with positions: everything is text, everything has a place, nothing is lost or repeated silently."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desist.model import Place
from desist.policy import source
from desist.policy.source import MAX_DEPTH, Source, read

DOCUMENT = b"""# a comment
platform: pictogram
sha256: 0000
enabled: no
hosts:
  - pictogram.test
  - {host: cdn.test, match: exact}
"""


def one(content: bytes) -> Source:
    """The only document of a file that has no errors."""
    sources, diagnostics = read("p.yaml", content)
    assert diagnostics == []
    (found,) = sources
    return found


def test_every_scalar_stays_text() -> None:
    """An all-digit hash stays a hash, and `no` stays a word."""
    data = one(DOCUMENT).data
    assert isinstance(data, dict)
    assert (data["sha256"], data["enabled"]) == ("0000", "no")


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [((), 2, 1), (("sha256",), 3, 9), (("hosts", 1), 7, 5), (("hosts", 1, "match"), 7, 29), (("hosts", 9, "x"), 6, 3)],
)
def test_every_value_has_a_place(path: Any, line: int, column: int) -> None:
    """A path leads to the line and column of its value, or of the nearest value round it."""
    assert one(DOCUMENT).place(path) == Place("p.yaml", line, column)


def test_keys_have_places_of_their_own() -> None:
    """An unknown key is underlined itself, not its value."""
    span = one(DOCUMENT).keys["hosts", 1, "match"]
    assert (span.line, span.column, span.width) == (7, 22, 5)


def test_documents_of_one_file_keep_their_lines() -> None:
    """A second document counts lines from the start of the file."""
    sources, _ = read("p.yaml", b"a: 1\n---\nb: 2\n")
    assert [s.place().line for s in sources] == [1, 3]


def test_a_key_that_stands_twice_is_an_error_and_the_first_value_counts() -> None:
    """The second one is reported at its own place, and what it holds is not reported as well."""
    sources, diagnostics = read("p.yaml", b"a: {x: 1}\na: {x: 2}\na: {x: 3}\n")
    assert sources[0].data == {"a": {"x": "1"}}
    assert [(d.code, d.place.line) for d in diagnostics] == [("D003", 2), ("D003", 3)]


@pytest.mark.parametrize(
    ("content", "code", "line", "column"),
    [
        (b"a: b: c", "D002", 1, 5),
        (b"a: 1\nb: [1, 2\nc: 3\n", "D002", 3, 2),
        (b"a:\n\t- b", "D002", 2, 1),
        (b"? [a]\n: b", "D002", 1, 3),
        (b"ok: 1\nname: caf\xe9\n", "D001", 2, 10),
        (b"a: &x [1]\nb: *x\n", "D004", 1, 4),
        (b"a: !!python/object:os.system ls", "D004", 1, 4),
        (b"a: " + b"[" * (MAX_DEPTH + 1), "D004", 1, 3 + MAX_DEPTH),
    ],
)
def test_what_cannot_be_read_names_its_place(content: bytes, code: Any, line: int, column: int) -> None:
    """One diagnostic, with the code, line and column at which reading stopped."""
    sources, (diagnostic,) = read("p.yaml", content)
    assert sources == []
    assert (diagnostic.code, diagnostic.place) == (code, Place("p.yaml", line, column))
    assert diagnostic.help


def test_depth_is_bounded_without_recursion() -> None:
    """A hundred thousand brackets end in a diagnostic, not in a crash."""
    _, (diagnostic,) = read("p.yaml", b"[" * 100_000)
    assert diagnostic.code == "D004"


@pytest.mark.parametrize(("limit", "code"), [("MAX_BYTES", "D001"), ("MAX_VALUES", "D004")])
def test_size_is_bounded(monkeypatch: pytest.MonkeyPatch, limit: str, code: Any) -> None:
    """A file larger than any policy document is refused."""
    monkeypatch.setattr(source, limit, 20)
    _, (diagnostic,) = read("p.yaml", b"a: [" + b"1," * 30 + b"1]\n")
    assert diagnostic.code == code


@given(st.binary(max_size=200))
def test_reading_never_raises(content: bytes) -> None:
    """Whatever the bytes, the answer is documents or diagnostics."""
    read("p.yaml", content)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.text("abc 1-:#'", max_size=12), max_size=5))
def test_values_come_back_as_they_were_quoted(data: dict[str, str]) -> None:
    """A mapping of quoted texts is read back unchanged."""
    text = "".join("{}: '{}'\n".format(key, value.replace("'", "''")) for key, value in data.items())
    sources, diagnostics = read("p.yaml", text.encode())
    assert diagnostics == []
    assert [s.data for s in sources] == ([data] if data else [])
