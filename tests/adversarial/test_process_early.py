"""Code that was there before the process was shut: what it prepared acts afterwards, under the gate.

What cannot be guarded so refuses the start: a hook that keeps the gate's own out, children that were started before.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

PLATFORM, ADDRESS = "pictogram.test", "127.83.0.1"
EARLY = {
    case: {"do": "early", "url": "http://<m>:<http>/<x>", "host": "<m>", "port": "<http>", "ip": ADDRESS}
    for case in (
        "early-thread", "early-signal", "early-trace", "early-hook", "early-finder", "early-import", "early-collector",
        "early-finalizer", "early-class", "early-connect", "early-session", "early-atexit",
    )
}  # fmt: skip


def raid(folder: Path, **options: Any) -> Any:
    """All of them in one crawl, prepared by the settings module."""
    spec = spec_from_file_location("field_of_early", Path(__file__).with_name("conftest.py"))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    field = module.Field(folder, "http11")
    field.first = "import raider_early"
    try:
        return field.raid(EARLY, SPIDER_MODULES=["raider_process"], **options)
    finally:
        field.close()


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The crawl under all gates."""
    return raid(tmp_path_factory.mktemp("early"))


def test_platform_saw_nothing_of_what_was_prepared(ran) -> None:
    """Neither a connection nor a question."""
    assert ran.code == 0, ran.out[-3000:]
    assert PLATFORM not in ran.connections
    assert not [name for name in ran.queries if name.rstrip(".").endswith(PLATFORM)]


@pytest.mark.parametrize("case", EARLY)
def test_what_was_prepared_is_on_record(ran, case) -> None:
    """Each was refused when it acted, under the platform."""
    found = ran.recorded(case)
    assert {("pictogram",)} == {one.platforms for one in found}, ran.said("STEP", case)
    assert {"process"} == {one.gate for one in found}


def test_without_gates_all_of_it_reaches_the_platform(tmp_path) -> None:
    """The control that must lose."""
    ran = raid(tmp_path / "open", gates=False, env={"RAIDER_OPEN": "1"})
    missed = [case for case in EARLY if not ran.reached(case)]
    assert not missed, ran.out[-3000:]


ARM = """
    import concurrent.futures, multiprocessing, subprocess, sys, time
    if __name__ == "__main__":
        {first}
        from desist.enforce.options import Options
        from desist.enforce.process import GATE
        from desist.errors import GateError
        try:
            GATE.arm(Options(ledger={ledger!r}), "a test")
            print("armed", flush=True)
        except GateError as error:
            print("GateError", error, flush=True)
        {last}
"""
BEFORE = {
    "veto": ("sys.addaudithook(lambda event, _: 1 / (event != 'sys.addaudithook'))", "", "the process is not shut"),
    "pool": (
        "pool = concurrent.futures.ProcessPoolExecutor(1); pool.submit(int).result()",
        "pool.shutdown()",
        "was started before the process was shut",
    ),
    "forkserver": (
        "multiprocessing.set_start_method('forkserver'); from multiprocessing import forkserver; "
        "forkserver.ensure_running()",
        "forkserver._forkserver._stop()",
        "the child process `forkserver` was started before",
    ),
    "tcl": (
        "sys.modules['_tkinter'] = tcl = type(sys)('_tkinter'); tcl.create = lambda *_: print('a Tcl interpreter')",
        "tcl.create()",
        "armed",
    ),
    "ended": ("child = multiprocessing.Process(target=int); child.start(); child.join()", "", "armed"),
}


@pytest.mark.parametrize("case", BEFORE)
def test_what_no_gate_can_reach_refuses_the_start(tmp_path, case) -> None:
    """A hook that keeps hooks out, and children without one; an ended child and an idle Tcl are no hindrance."""
    first, last, said = BEFORE[case]
    ledger = str(tmp_path / "evidence" / "ledger.db")
    (tmp_path / "early.py").write_text(textwrap.dedent(ARM).format(first=first, last=last or "pass", ledger=ledger))
    done = subprocess.run(
        [sys.executable, "early.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert said in done.stdout, done.stdout + done.stderr
    assert ("GateError" in done.stdout) is (case not in {"ended", "tcl"})
    assert "a Tcl interpreter" not in done.stdout
    assert ("LibraryRefused: `_tkinter` opens sockets" in done.stderr) is (case == "tcl")
