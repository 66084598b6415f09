"""/ai.txt in Spawning's format: robots.txt syntax that speaks of training on what is downloaded.

Source: Spawning's description (2023). `Disallow: *.jpg` keeps images out of training data. The file is judged by
`desist.robots`; a file of the same name in another format is a statement that cannot be read.
"""

from __future__ import annotations

from typing import Final

from ..model import RobotsVerdict, Signal, SignalVerdict, Usage
from .signals import shown

__all__ = ["AI_TXT_PATH", "read_ai_txt"]

AI_TXT_PATH: Final = "/ai.txt"
"""Where a site keeps it."""
_TRAINING: Final = frozenset({Usage.TRAIN_AI})


def read_ai_txt(status: int, verdict: RobotsVerdict | None) -> tuple[Signal, ...]:
    """What /ai.txt says of one URL.

    `status` is 0 where the file could not be had. `verdict` is what its rules say of the path, None where the file is
    not in robots.txt syntax. 4xx: there is no such file; a file without a rule for the path says nothing.
    """
    if 400 <= status < 500 and status != 429:
        return ()
    if status != 200 or verdict is None:
        return (Signal("ai.txt", _TRAINING, "unknown", AI_TXT_PATH),)
    if not verdict.line:
        return ()
    effect: SignalVerdict = "disallow" if verdict.effect == "refuse" else "allow"
    return (Signal("ai.txt", _TRAINING, effect, f"{AI_TXT_PATH} line {verdict.line}", shown(verdict.rule)),)
