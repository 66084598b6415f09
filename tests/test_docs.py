"""Every command of README and docs is run, and the reference says what the code says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
RUN = [page for page in PAGES if "reference" not in page.parts and "_build" not in page.parts]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# (file|append to) (\S+)\n")
_COMMAND = re.compile(r"\$ (.*?)(?:\s+# (.*))?")


def _steps(page: Path) -> Iterator[tuple[str, str, str]]:
    """(`file` | `append to` | `run`, name or command, text or remark) in the order of the page."""
    for language, text in _BLOCK.findall(page.read_text(encoding="utf-8")):
        head = _FILE.match(text)
        if head:
            yield head[1], head[2], text[head.end() :]
        elif language == "console":
            for line in text.splitlines():
                command = _COMMAND.fullmatch(line)
                if command:
                    yield "run", command[1], command[2] or ""


def _environment(home: Path) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8", "NO_COLOR": "1"}


@pytest.mark.parametrize("page", RUN, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_of_a_page_does_what_it_says(page: Path, tmp_path: Path) -> None:
    """Files are written and commands run in order; each exits 0 unless a remark names another code."""
    work, home = tmp_path / "work", tmp_path / "home"
    work.mkdir()
    home.mkdir()
    for kind, name, text in _steps(page):
        if kind != "run":
            path = work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a" if kind == "append to" else "w", encoding="utf-8") as file:
                file.write(text)
        elif not text.startswith("not run"):
            expected = int(text.removeprefix("exit ")) if text.startswith("exit ") else 0
            done = subprocess.run(
                ["/bin/sh", "-c", name], cwd=work, env=_environment(home), capture_output=True, text=True, check=False
            )
            assert done.returncode == expected, f"{name}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    """A relative link names a file of the repository."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)#\s]+)\)", text):
        assert "://" in link or (page.parent / link).exists(), link


def test_the_generated_reference_is_current() -> None:
    """Commands, codes and document fields stand in docs/reference as the code has them."""
    command = [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
