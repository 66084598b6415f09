"""The project's own vectors, and the shared ones where they are at hand: each is one test, named after its clause."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from desist.testing.conformance import Vector, expected, judge, main, read_vectors

HERE = Path(__file__).parent
OWN = sorted(HERE.glob("*.jsonl"))
SHARED = HERE.parents[2] / "shared" / "vectors" / "vectors.jsonl"
VECTORS = [vector for path in OWN for vector in read_vectors(path)]


@pytest.mark.parametrize("mode", ["rfc", "strict"])
@pytest.mark.parametrize("vector", VECTORS, ids=[v["id"] for v in VECTORS])
def test_clause(vector: Vector, mode: Any) -> None:
    """The answer to a vector is the one that its clause demands."""
    assert judge(vector, mode) == expected(vector, mode), f"{vector['clause']}: {vector['why']}"


def test_vectors_have_ids_of_their_own() -> None:
    """No two vectors share an id, so that a failure names one."""
    ids = [vector["id"] for vector in VECTORS]
    assert len(ids) == len(set(ids))
    assert len(ids) >= 150


@pytest.mark.skipif(not SHARED.exists(), reason="the shared vectors are not at hand")
@pytest.mark.parametrize("mode", ["rfc", "strict"])
def test_shared_vectors(mode: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The runner passes all shared vectors and says so in its last line."""
    assert main([str(SHARED), "--mode", mode]) == 0
    assert capsys.readouterr().out == "231 passed, 0 failed\n"


def test_the_runner_names_what_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One id a line, then the count, and exit code 1."""
    path = tmp_path / "v.jsonl"
    path.write_text(
        '{"id": "good", "kind": "robots", "agent": "a", "robots": "", "url": "https://a.test/", "expected": "allow"}\n'
        '{"id": "bad", "kind": "robots", "agent": "a", "robots": "", "url": "https://a.test/", "expected": "unset"}\n'
        '{"id": "odd", "kind": "smoke", "agent": "a", "url": "https://a.test/", "expected": "allow"}\n'
    )
    assert main([str(path)]) == 1
    assert capsys.readouterr().out == "bad\nodd\n1 passed, 2 failed\n"


@pytest.mark.parametrize("text", ["{", "[1]", '"x"', '{"id": "x"}'])
def test_a_line_that_is_no_vector_stops_the_runner(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A broken file is an error with its line, not a pass."""
    path = tmp_path / "v.jsonl"
    path.write_text("\n" + text)
    assert main([str(path)]) == 2
    assert f"{path}:2" in capsys.readouterr().err
