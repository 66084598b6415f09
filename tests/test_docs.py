"""Every command of README and docs is run, and the reference says what the code says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
RUN = [page for page in PAGES if "reference" not in page.parts and "_build" not in page.parts]
MAPS = [ROOT / name for name in ("ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md")]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# (file|append to) (\S+)\n")
_COMMAND = re.compile(r"\$ (.*?)(?:\s+# (.*))?")


class _Step(NamedTuple):
    """A file to write (`file`, `append to`) or a command to run (`run`), in the order of the page."""

    kind: str
    name: str
    text: str
    """What the file holds; of a command, the output that the page shows."""
    remark: str = ""


def _steps(page: Path) -> Iterator[_Step]:
    for language, text in _BLOCK.findall(page.read_text(encoding="utf-8")):
        head = _FILE.match(text)
        if head:
            yield _Step(head[1], head[2], text[head.end() :])
        elif language == "console":
            yield from _commands(text)


def _commands(text: str) -> Iterator[_Step]:
    """Each line that begins with `$ ` is a command; the lines below it are its output."""
    for part in re.split(r"^(?=\$ )", text, flags=re.MULTILINE):
        line, _, shown = part.partition("\n")
        if command := _COMMAND.fullmatch(line):
            yield _Step("run", command[1], shown.strip("\n"), command[2] or "")


def _pattern(shown: str) -> str:
    """An output as a page shows it: `...` stands for something, on a line of its own for any lines."""
    lines = [
        ".*" if line.strip() == "..." else re.escape(line).replace(re.escape("..."), "[^\\n]*")
        for line in shown.split("\n")
    ]
    return "\n".join(lines).replace("\n.*", "(?:\n.*)?").replace(".*\n", "(?:.*\n)?")


def _environment(home: Path) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8", "NO_COLOR": "1"}


@pytest.mark.parametrize("page", RUN, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_of_a_page_does_what_it_says(page: Path, tmp_path: Path) -> None:
    """Files are written and commands run in order; each exits 0 unless a remark names another code, and prints what
    the page shows of it."""
    work, home = tmp_path / "work", tmp_path / "home"
    work.mkdir()
    home.mkdir()
    for step in _steps(page):
        if step.kind != "run":
            path = work / step.name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a" if step.kind == "append to" else "w", encoding="utf-8") as file:
                file.write(step.text)
        elif not step.remark.startswith("not run"):
            _run(step, work, _environment(home))


def _run(step: _Step, work: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", step.name],
        cwd=work,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    expected = int(step.remark.removeprefix("exit ")) if step.remark.startswith("exit ") else 0
    assert done.returncode == expected, f"{step.name}\n{done.stdout}"
    shown = re.fullmatch(_pattern(step.text), done.stdout.strip("\n"), re.DOTALL) if step.text else True
    assert shown, f"{step.name}: the page shows\n{step.text}\nand what comes is\n{done.stdout}"


@pytest.mark.parametrize("page", RUN, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_yaml_block_of_a_page_can_be_read(page: Path) -> None:
    """A block that is said to be YAML is YAML."""
    for language, text in _BLOCK.findall(page.read_text(encoding="utf-8")):
        if language == "yaml":
            assert all(yaml.safe_load_all(text)), text


def test_the_manifest_fits_the_settings_and_asks_for_no_privilege() -> None:
    """What the project reads from the environment the manifest sets; volumes are mounted; exit code 2 ends the Job."""
    written = {
        step.name: step.text for step in _steps(ROOT / "docs" / "how-to" / "containers.md") if step.kind != "run"
    }
    [job] = [one for one in yaml.safe_load_all(written["shop.yaml"]) if one["kind"] == "Job"]
    pod = job["spec"]["template"]["spec"]
    [crawl] = pod["containers"]
    environment = {one["name"]: one.get("value", "") for one in crawl["env"]}
    assert set(re.findall(r'environ\["(\w+)"\]', written["shop/settings.py"])) <= set(environment)
    mounts = {one["name"]: one for one in crawl["volumeMounts"]}
    assert set(mounts) == {one["name"] for one in pod["volumes"]}
    assert environment["SHOP_POLICIES"] == mounts["policies"]["mountPath"]
    assert Path(environment["DESIST_LEDGER"]).parent.parent == Path(mounts["ledger"]["mountPath"])
    assert Path(environment["DESIST_LOG_KEY"]).parent == Path(mounts["keys"]["mountPath"])
    assert not any("subPath" in one for one in mounts.values())
    wanted = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    assert crawl["securityContext"] == wanted
    assert job["spec"]["podFailurePolicy"]["rules"][0]["onExitCodes"]["values"] == [2]
    assert f"USER {pod['securityContext']['runAsUser']}\n" in written["Dockerfile"]
    assert f"mountPath: {environment['HOME']}" in written["shop.yaml"]


@pytest.mark.parametrize("page", [*PAGES, *MAPS], ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    """A relative link names a file of the repository."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)#\s]+)\)", text):
        assert "://" in link or (page.parent / link).exists(), link


@pytest.mark.parametrize("page", [*RUN, *MAPS], ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    """Paths of the repository, and tests by their file name, stand where the page says."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for name in re.findall(r"`((?:tests|crawler|benchmarks|docs)/[\w./-]+)`", text):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"`(test_\w+\.py)`", text):
        assert list((ROOT / "tests").rglob(name)), name


def test_the_generated_reference_is_current() -> None:
    """Commands, codes and document fields stand in docs/reference as the code has them."""
    command = [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
