"""Child processes: a child has no hook, so each is refused but for those that a project declares and three exact ones.

`spawn:NAME` in DESIST_INFRA declares a program by its name on the PATH or by its whole path. A declared program is
outside of every gate: that it is on the list is on record, what it does is not.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any, Final

__all__ = ["Spawns", "helpers", "words_of"]

_UNAME: Final = ("uname", "-p")
_UNAMES: Final = ("/usr/bin/uname", "/bin/uname")
_OURS: Final = {
    ("-u", "-m", "scrapy.utils.benchserver"): "scrapy.commands.bench",
    ("-m", "desist.enforce.rehearse"): "desist.commands.doctor_gates",
}
"""Modules that this interpreter may run, by who may run them: a server that only answers, a crawl that asks nothing."""
_BETWEEN: Final = ("desist.enforce.spawns", "desist.enforce.process")
_PATHS: Final = frozenset({Path, type(Path()), PurePath, type(PurePath())})
_LOADER: Final = b"LD_"
"""What begins so tells the loader to put other code into a program (ld.so(8))."""
SPAWN: Final = "spawn:"


class Spawns:
    """Which programs may be started; `declared` are the names behind `spawn:`.

    A name stands for the file that the PATH led to when it was declared, and for no other of that name.
    """

    def __init__(self, declared: Iterable[str] = ()) -> None:
        self._declared: dict[str, str | None] = {}
        self._altered = False
        """Whether the loader's part of the environment was changed: then no program is the one that its name says."""
        self.declare(declared)

    def environment(self, name: Any) -> None:
        """Take note that a variable of this process's environment is changed."""
        if not isinstance(name, bytes) or name.startswith(_LOADER):
            self._altered = True

    def declare(self, names: Iterable[str]) -> None:
        """Let these programs be started too."""
        self._declared.update((name, shutil.which(name)) for name in names if name not in self._declared)

    def allow(
        self, words: Sequence[str], *, searched: bool = True, env: Mapping[Any, Any] | None = None, idle: bool = True
    ) -> bool:
        """Whether a program may be started with exactly these words.

        `searched` says whether a name is looked for on the PATH, `env` is an environment of the child's own, `idle`
        whether no crawl is open.
        """
        if not words:
            return False
        if words[0] in self._declared and "/" not in words[0]:
            return searched and shutil.which(words[0], path=_path(env)) == self._declared[words[0]]
        if words[0] in self._declared or words[0] in self._declared.values():
            return True
        if self._altered:
            return False
        if tuple(words) == _UNAME:
            return searched and env is None and shutil.which("uname") in _UNAMES
        asker = _OURS.get(tuple(words[1:])) if words[0] == sys.executable else None
        return asker is not None and idle and _is_asked_by(asker)


def _path(env: Mapping[Any, Any] | None) -> str | None:
    """The PATH that a child's program is looked for on; None: this process's own."""
    if env is None:
        return None
    if type(env) not in {dict, type(os.environ)}:
        raise TypeError(f"an environment in a {type(env).__name__}")
    return next((os.fsdecode(value) for name, value in env.items() if os.fsdecode(name) == "PATH"), os.defpath)


def _is_asked_by(module: str) -> bool:
    """Whether the nearest frame outside of `subprocess` and the gate is that module's own: not one that says so."""
    between = [vars(sys.modules[name]) for name in (*_BETWEEN, subprocess.__name__) if name in sys.modules]
    frame = sys._getframe(1)
    while any(frame.f_globals is one for one in between) and frame.f_back is not None:
        frame = frame.f_back
    return module in sys.modules and frame.f_globals is vars(sys.modules[module])


def helpers() -> list[str]:
    """Processes that `multiprocessing` started in this one already: they have no hook and do what they are sent."""
    module = sys.modules.get("multiprocessing.process")
    server = getattr(sys.modules.get("multiprocessing.forkserver"), "_forkserver", None)
    found = [str(child.name) for child in module.active_children()] if module is not None else []
    return [*found, *(["forkserver"] if getattr(server, "_forkserver_pid", None) else [])]


def words_of(executable: Any, args: Any) -> list[str]:
    """The words of a command, the program that really runs first, however they were handed to the call.

    Raises TypeError for objects that can say one thing here and another to what starts the program.
    """
    one = isinstance(args, (str, bytes)) or hasattr(args, "__fspath__")
    if not one and args is not None and type(args) not in {list, tuple}:
        raise TypeError(f"words in a {type(args).__name__}")
    words = [_word(word) for word in ([args] if one else args or ())]
    program = _word(executable) if executable is not None else ""
    return [program or words[0], *words[1:]] if words else [program] if program else []


def _word(word: Any) -> str:
    if type(word) is int:  # an open file, as `os.execve` takes it
        return f"/dev/fd/{word}"
    if type(word) not in {str, bytes} and type(word) not in _PATHS:
        raise TypeError(f"a word of type {type(word).__name__}")
    return os.fsdecode(word)
