"""Modules that open sockets without asking Python: no hook sees what they do, so they are not let in.

They are refused while they are imported; one that was imported before the process was armed refuses the start. A
project declares one with `import:NAME` in DESIST_INFRA. docs/explanation/threat-model.md names what cannot be refused.
"""

from __future__ import annotations

import importlib.machinery
import os
import sys
from collections.abc import Iterable
from typing import Any, Final

__all__ = ["IMPORT", "TCL", "Imports"]

TCL: Final = "_tkinter"
"""Many libraries load it and few use it: where it is there already, its one way to a Tcl interpreter is shut."""
_CLIENTS: Final = frozenset(
    {
        "curl_cffi", "curl_adapter", "pycurl", "tls_client", "primp", "rnet", "wreq", "pyreqwest", "hrequests",
        "pyreqwest_impersonate", "reqwest_impersonate", "noble_tls", "impit", "pyqwest", "acurl", "cycurl", "httpr",
        "never_primp", "foghttp", "rqx", "koon", "lkrequest", "awscrt",
    }
)  # fmt: skip
_LOOPS: Final = frozenset(
    {
        "uvloop", "winloop", "rloop", "rsloop", "zuvloop", "zloop", "kloop", "veloxloop", "uringcore", "gevent",
        "eventlet", "liburing", "pyuring",
    }
)  # fmt: skip
_SOCKETS: Final = frozenset(
    {
        "pycares", "unbound", "getdns", "grpc", "zmq", "pynng", "nanomsg", "PyQt5", "PyQt6", "PySide2", "PySide6", "gi",
        "wx", "cefpython3", "jpype", "jnius", "clr", TCL, "nis",
    }
)  # fmt: skip
"""Among them whole toolkits and languages with sockets of their own: Tcl (`_tkinter`), GLib, Qt, Java, .NET."""
_INTERPRETERS: Final = frozenset({"_xxsubinterpreters", "_interpreters", "_testcapi", "_testinternalcapi"})
"""Each interpreter of a process has audit hooks of its own (PEP 578), and a new one has none."""
_BARRED: Final = _CLIENTS | _LOOPS | _SOCKETS | _INTERPRETERS | {"cffi"}
_ONCE: Final = "_posixsubprocess"
"""Loaded by the gate itself, which wraps its function: a second copy would have it as it was."""
IMPORT: Final = "import:"
"""What begins a line of DESIST_INFRA that lets a module in."""


class Imports:
    """Which of those modules may be imported; `declared` are the names behind `import:`."""

    def __init__(self) -> None:
        self.declared: set[str] = set()

    def declare(self, names: Iterable[str]) -> None:
        """Let these modules in."""
        self.declared.update(names)

    def barred(self, module: str) -> str:
        """The name under which a module is barred; empty where it is not."""
        top = module.partition(".")[0]
        return top if (top in _BARRED and top not in self.declared) or top == _ONCE else ""

    def barred_file(self, file: str) -> str:
        """The barred name that the file of an extension has, whatever it is imported as; empty where it has none."""
        parts = (part.partition(".")[0] for part in file.split(os.sep)[-2:])
        return next((name for part in parts if (name := self.barred(part))), "")

    def loaded(self) -> list[str]:
        """Barred modules that are in the process already and not declared.

        `ctypes` is not among them, since Scrapy's own dependencies load it: what is looked up through it is refused.
        """
        return sorted({top for name in list(sys.modules) if (top := self.barred(name)) and top not in {_ONCE, TCL}})

    def installed(self, module: str) -> bool:
        """Whether there is such a module: what looks for an absent one only asks what it may use."""
        found: Any = None
        for finder in sys.meta_path:
            if isinstance(finder, type) and finder is not importlib.machinery.PathFinder:
                continue
            try:
                found = finder.find_spec(module, None)
            except Exception:  # noqa: BLE001 - a foreign finder: take the module for installed
                return True
            if found is not None:
                return True
        return False
