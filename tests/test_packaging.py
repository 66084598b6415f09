"""What the wheel holds, and that the make targets are the ones the README names."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_every_package_folder_is_listed() -> None:
    """A folder that pyproject.toml forgets would be missing from the wheel and present in the repository."""
    folders = {
        ".".join(["desist", *init.parent.relative_to(ROOT / "crawler").parts])
        for init in (ROOT / "crawler").rglob("__init__.py")
    }
    assert {*folders, "desist.shipped_policies"} == set(PYPROJECT["tool"]["setuptools"]["packages"])


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names inside a wheel built from a copy without old output, without isolation: nothing is downloaded."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("crawler", "policies"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [wheel] = out.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_ships_the_policies(wheel_names: set[str]) -> None:
    """Every document under policies/ is in the wheel, where `desist.policy` finds it."""
    expected = {
        f"desist/shipped_policies/{path.relative_to(ROOT / 'policies')}" for path in (ROOT / "policies").rglob("*.yaml")
    }
    assert expected
    assert expected <= wheel_names


def test_the_wheel_ships_every_module(wheel_names: set[str]) -> None:
    """Every module of crawler/ is in the wheel as desist/."""
    expected = {f"desist/{path.relative_to(ROOT / 'crawler')}" for path in (ROOT / "crawler").rglob("*.py")}
    assert expected <= wheel_names
    assert "desist/py.typed" in wheel_names


def test_the_wheel_holds_no_top_level_crawler(wheel_names: set[str]) -> None:
    """A package called `crawler` would hide, or be hidden by, that of the project it is installed into."""
    assert {name.split("/")[0] for name in wheel_names} == {
        "desist",
        next(n for n in wheel_names if "dist-info" in n).split("/")[0],
    }
