"""`desist doctor`: what on this machine is in the way of the record, with the mend of each.

A check is a function from the settings at hand to results; `CHECKS` lists them in the order in which they are shown.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from ..errors import DesistError

__all__ = ["CHECKS", "Check", "Result", "configure", "run"]

_FREE_MIB: Final = 64
_STYLES: Final = {"ok": "green", "warn": "bold", "fail": "red"}


class Result(NamedTuple):
    """What one check found: `ok`, `warn` (worth knowing) or `fail` (a crawl would not start), and the mend."""

    state: str
    message: str
    help: str = ""
    paste: str = ""
    """A line of settings, shown by itself so that it can be taken over as it stands."""


Check = Callable[[argparse.Namespace], Iterable[Result]]
"""From the arguments to what was found."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The ledger to look at; without one, DESIST_LEDGER or the default."""
    default = os.environ.get("DESIST_LEDGER", ".desist/ledger.db")
    parser.add_argument("--ledger", type=Path, default=Path(default), metavar="PATH", help=f"(default: {default})")
    parser.add_argument("--project", action="store_true", help="lines for the settings of the project in this folder")


def run(args: argparse.Namespace) -> int:
    """0 where a crawl could keep its record, 2 where it would refuse to start."""
    from .doctor_gates import gates, project
    from .screen import Paint

    paint, failed, pasted = Paint(sys.stdout), 0, 0
    for check in [*CHECKS, gates, *([project] if args.project else [])]:
        try:
            results = list(check(args))
        except DesistError as error:
            results = [Result("fail", f"{error.place}: {error.message}" if error.place else error.message, error.help)]
        for result in results:
            failed += result.state == "fail"
            print(f"{paint(_STYLES[result.state], f'{result.state:<5}')} {result.message}")
            if result.help:
                print(f"      help: {result.help}")
            if result.paste:
                pasted += 1
                print(paint("bold", result.paste))
    print(f"next: {_next(failed, pasted)}")
    return 2 if failed else 0


def _next(failed: int, pasted: int) -> str:
    """What to do about what was found."""
    again = "desist doctor --project" if pasted else "desist doctor"
    if failed:
        return f"mend the {failed} marked `fail`, then {again}"
    return f"read what you paste: each is a door that stays open; then {again}" if pasted else "desist policy lint"


def _machine(_args: argparse.Namespace) -> Iterator[Result]:
    yield Result("ok", f"Python {platform.python_version()}, {platform.system()} {platform.release()}")
    import apsw

    from ..ledger.store import require_sqlite

    require_sqlite(apsw.sqlite_lib_version())
    yield Result("ok", f"SQLite {apsw.sqlite_lib_version()} keeps what it has acknowledged")


def _disk(args: argparse.Namespace) -> Iterator[Result]:
    from ..ledger.mounts import MOUNTS, file_system

    folder = _existing(args.ledger.absolute().parent)
    kind = file_system(folder)
    if not kind:
        yield Result(
            "warn", f"{MOUNTS} cannot be read: a network file system would not be noticed", "keep it on a local disk"
        )
    elif kind in ("tmpfs", "ramfs"):
        yield Result(
            "warn", f"{folder} lies in memory ({kind}): a reboot loses the record", "set DESIST_LEDGER to a disk"
        )
    else:
        yield Result("ok", f"{folder} lies on {kind}")
    free = shutil.disk_usage(folder).free >> 20
    if free < _FREE_MIB:
        yield Result("fail", f"{free} MiB are free on {folder}", f"free {_FREE_MIB} MiB at least")
    else:
        yield Result("ok", f"{free:,} MiB are free on {folder}")


def _ledger(args: argparse.Namespace) -> Iterator[Result]:
    from ..ledger import files
    from ..ledger.query import Reader
    from .ledger_paths import announce_read

    path: Path = args.ledger
    if not os.path.lexists(path):
        if os.path.lexists(path.parent):
            files.check_folder(path.parent)
        writable = os.access(_existing(path.absolute().parent), os.W_OK)
        message = f"no ledger at {path} yet: the first crawl makes it"
        yield Result("ok", message) if writable else Result("fail", f"{path} cannot be made", "set DESIST_LEDGER")
        return
    files.check(path)
    announce_read(path, "doctor", "to whom it is sealed")
    with Reader(path) as reader:
        yield Result("ok", f"the ledger {path} is ours alone; sealed to {', '.join(reader.kids) or 'nobody'}")


def _checkout(args: argparse.Namespace) -> Iterator[Result]:
    """Whether `git add .` would put the record among the sources."""
    path: Path = args.ledger.absolute()
    folder = _existing(path.parent)
    if not any((above / ".git").exists() for above in (folder, *folder.parents)) or not shutil.which("git"):
        return
    words = ["git", "-C", str(folder), "check-ignore", "--quiet", str(path)]
    if subprocess.run(words, check=False, capture_output=True).returncode == 1:  # noqa: S603 - the words are ours
        line = f"{path.parent.name}/" if not (path.parent / ".git").exists() else f"{path.name}*"
        message = f"{args.ledger} lies in a git checkout that does not ignore it: evidence is not source"
        yield Result("warn", message, f"echo '{line}' >> .gitignore")


def _counsel(_args: argparse.Namespace) -> Iterator[Result]:
    from ..ledger.keys import counsel_key

    found = counsel_key(os.environ.get("DESIST_COUNSEL_KEY"), make=False)
    if found.key:
        yield Result("ok", f"details are sealed to {found.key.kid}, from {found.source}")
    else:
        mend = "set DESIST_COUNSEL_KEY to counsel's public key; a first crawl at a terminal makes a pair"
        yield Result("warn", found.source, mend)
    if os.environ.get("DESIST_COUNSEL_KEY") is None and not sys.stdin.isatty() and not found.key:
        yield Result("warn", "this is no terminal: no pair will be made here", "set DESIST_COUNSEL_KEY")


def _signing(args: argparse.Namespace) -> Iterator[Result]:
    """Who signs checkpoints, and where they are kept besides the ledger."""
    from ..ledger.anchoring import read_places
    from ..ledger.keys import log_signer
    from .project_code import project_settings

    settings: Any = {}
    with contextlib.suppress(DesistError):  # that they cannot be read is said where the gates are looked at
        settings = project_settings() or {}
    signer = log_signer(str(settings.get("DESIST_LOG_KEY") or os.environ.get("DESIST_LOG_KEY") or ""), make=False)
    if signer:
        yield Result("ok", f"checkpoints are signed; to be pinned elsewhere: {signer.verifier}")
    else:
        mend = "desist ledger log-key, and DESIST_LOG_KEY; a first crawl at a terminal makes a key"
        yield Result("warn", "no key signs checkpoints: nothing can be anchored, or proved to a stranger", mend)
    anchors = settings.get("DESIST_ANCHORS") or ()
    places = read_places(anchors.split(",") if isinstance(anchors, str) else map(str, anchors))
    for place in places:
        place.check(args.ledger)
        yield Result("ok" if signer else "fail", f"checkpoints are kept at `{place.text}`, too")
    if not places:
        mend = "DESIST_ANCHORS in the project's settings: a file elsewhere, or `| command`"
        yield Result("warn", "checkpoints are kept nowhere else: a report says `not anchored`", mend)


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.is_dir())


CHECKS: list[Check] = [_machine, _disk, _ledger, _checkout, _counsel, _signing]
"""In the order in which they are shown."""
