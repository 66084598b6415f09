"""Interactive shells on a terminal of their own, asked for completions by the keys that a person would press."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from pathlib import Path
from typing import Self

_PATIENCE = 60.0
_BASH = r"""
PS1='$ '; bind 'set enable-bracketed-paste off'; bind 'set completion-query-items -1'; bind '"\C-o": insert-completions'
_told() { printf '%s\n' "$READLINE_LINE" >> TOLD; READLINE_LINE=; }
bind -x '"\C-g": _told'
"""
_ZSH = r"""
PS1='$ '; unset zle_bracketed_paste; autoload -U compinit; compinit -u -D
LISTMAX=1000
compadd() {
    local -a hits
    case "$*" in
        *-[OAD]*) ;;
        *) builtin compadd -O hits "$@"; print -rn -- "${hits} " >> TOLD ;;
    esac
    builtin compadd "$@"
}
_told() { print -r -- '' >> TOLD; BUFFER=; zle -R; }
zle -N _told; bindkey '^G' _told; bindkey '^O' list-choices
"""


class Shell:
    """bash or zsh with the completion script read in; `ask` gives the words that it offers at the end of a line."""

    def __init__(self, name: str, script: Path, folder: Path, *, own: str = "") -> None:
        """`own`: what the user's shell reads before the script."""
        self._told = folder / f"told-{name}"
        self._told.touch()
        rc = folder / f"rc-{name}"
        setup = {"bash": _BASH, "zsh": _ZSH}[name].replace("TOLD", str(self._told))
        rc.write_text(f"{setup}\n{own}\nsource {script}\necho >> {self._told}\n")
        command = {"bash": ["bash", "--noprofile", "--norc", "-i"], "zsh": ["zsh", "-f", "-i"]}[name]
        self._main, end = pty.openpty()
        environment = {
            "PATH": os.environ["PATH"],
            "TERM": "dumb",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "COLUMNS": "200",
        }
        self._process = subprocess.Popen(
            command, stdin=end, stdout=end, stderr=end, cwd=folder, env=environment, start_new_session=True
        )
        os.close(end)
        self._type(f"source {rc}\n")
        self._lines(1)

    def ask(self, line: str) -> set[str]:
        """The words offered for the last word of `line`."""
        before = self._told.read_text().count("\n")
        self._type(line + "\x0f\x07")
        told = self._lines(before + 1)[before]
        return set() if told == line else set(told.removeprefix(line.rpartition(" ")[0]).split())

    def _lines(self, count: int) -> list[str]:
        """What was told, once these many lines are; what the terminal shows is read all the while."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            if select.select([self._main], [], [], 0.02)[0]:
                self.shown = os.read(self._main, 65536)
            text = self._told.read_text()
            if text.count("\n") >= count:
                return text.splitlines()
        raise TimeoutError(f"the shell did not answer; it showed {self.shown!r}")

    def _type(self, keys: str) -> None:
        os.write(self._main, keys.encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._main)
