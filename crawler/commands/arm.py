"""`desist arm`: every Python process of this environment that imports Scrapy starts shut."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import sys
import sysconfig
from pathlib import Path
from typing import Final

from ..errors import UsageError

__all__ = ["armed", "configure", "files_of", "record", "run"]

_PTH: Final = "desist-armed.pth"
_LINE: Final = "import desist.enforce.armed\n"
_NOTE: Final = "desist-armed.json"


def configure(parser: argparse.ArgumentParser) -> None:
    """Whose word it is."""
    parser.add_argument("--by", default="", metavar="NAME", help="who decided so (default: the user's name)")


def run(args: argparse.Namespace) -> int:
    """Write the files, once it is on record; 0, also where the environment is armed already."""
    from ..ledger.keys import user_name

    pth, note = files_of()
    if armed() is not None:
        print(f"armed already: {pth}\nnext: desist doctor")
        return 0
    by = args.by or user_name()
    record("armed", by, pth)
    try:
        note.write_text(json.dumps(_note(by)), encoding="utf-8")
        pth.write_text(_LINE, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{pth} cannot be written: {error.strerror}", help="arm as the user that owns the environment"
        ) from error
    print(f"armed: every Python process of {sys.prefix} that imports Scrapy starts without a network")
    print("a crawl needs ADDONS = {'desist.addon.Addon': 0} in its settings; undo it with `desist disarm`")
    print("next: desist doctor")
    return 0


def _note(by: str) -> dict[str, str]:
    """What is kept beside the .pth file: who armed the environment, and when."""
    return {"by": by, "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")}


def files_of() -> tuple[Path, Path]:
    """The .pth file of this environment and the note beside it."""
    folder = Path(sysconfig.get_path("purelib"))
    return folder / _PTH, folder / _NOTE


def armed() -> dict[str, str] | None:
    """What is noted of the arming; None where the environment is not armed."""
    pth, note = files_of()
    if not pth.is_file() or pth.read_text(encoding="utf-8") != _LINE:
        return None
    try:
        found = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {"by": "unknown", "at": "unknown"}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def record(what: str, by: str, place: Path) -> None:
    """Put it on record that an environment was armed or disarmed. Raises LedgerUnusable."""
    from ..enforce.state import state_ledger
    from ..ledger import Ledger
    from ..ledger.keys import counsel_key

    with Ledger.open(
        os.environ.get("DESIST_LEDGER") or state_ledger(),
        role="arm",
        counsel_key=counsel_key(os.environ.get("DESIST_COUNSEL_KEY"), make=False).key,
    ) as ledger:
        details = {"by": by, "environment": str(place)} if ledger.sealed_to else {}
        ledger.record("outcome", gate="process", facts={what: 1, "uid": os.geteuid()}, details=details)
