"""Places for code scanning: physical locations of SARIF 2.1.0 (OASIS sarif-v2.1.0, section 3.29)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

__all__ = ["located"]


def located(file: str, line: int = 0, column: int = 0) -> dict[str, Any]:
    """A physical location, which goes into artefacts and to code hosts: it holds no path of this machine.

    Below the working folder the path from there; anything else its last two names, on the base OUTSIDE.
    """
    path, here = Path(os.path.abspath(file)), Path.cwd()
    if path.is_relative_to(here):
        place: dict[str, Any] = {"artifactLocation": {"uri": quote(path.relative_to(here).as_posix())}}
    else:
        place = {"artifactLocation": {"uri": quote("/".join(path.parts[-2:])), "uriBaseId": "OUTSIDE"}}
    if line:
        place["region"] = {"startLine": line} | ({"startColumn": column} if column else {})
    return place
