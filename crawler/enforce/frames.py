"""Who did it: the first frame outside libraries, for the record of an attempt that went round the gates."""

from __future__ import annotations

import site
import sys
import sysconfig
from pathlib import Path
from types import CodeType
from typing import Final

__all__ = ["culprit"]

_HERE: Final = str(Path(__file__).resolve().parent.parent)
_LIBRARIES: Final = tuple(
    {
        *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
        *site.getsitepackages(),
        site.getusersitepackages(),
        _HERE,
        "<frozen",
    }
)
NOBODY: Final = "library code alone"


def culprit(depth: int = 2) -> str:
    """`file:line in function` of the nearest caller that is no library; `library code alone` where there is none."""
    frame = sys._getframe(depth)
    while frame is not None:
        code: CodeType = frame.f_code
        if not _is_library(code.co_filename):
            return f"{code.co_filename}:{frame.f_lineno} in {code.co_qualname}"
        if frame.f_back is None:
            return NOBODY
        frame = frame.f_back
    return NOBODY


def _is_library(file: str) -> bool:
    # the `scrapy` and `desist` scripts lie in the environment's bin folder and are nobody's own code
    return file.startswith(_LIBRARIES) or (file.startswith(sys.prefix) and Path(file).parent.name in {"bin", "Scripts"})
