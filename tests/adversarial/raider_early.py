"""What settings leave behind before the process is shut: threads, handlers and hooks that act once it is.

Imported by the settings module. Each way waits for its turn and then asks for a page of the platform, by its name and
by its address.
"""

from __future__ import annotations

import atexit
import builtins
import gc
import json
import signal
import socket
import sys
import threading
import weakref
from importlib.abc import MetaPathFinder
from pathlib import Path

import requests
from raider_tools import GET, tell

STEPS = {step["case"]: step for step in json.loads(Path(__file__).with_name("plan.json").read_text()) if "ip" in step}
GO = {case: threading.Event() for case in STEPS}
DONE = {case: threading.Event() for case in STEPS}
SESSION = requests.Session()
CONNECT = socket.socket.connect
LOOK_UP = socket.getaddrinfo


class Bystander:
    """Something whose end is watched."""


class EarlySocket(socket.socket):
    """A class of the time before, with the method of that time."""

    connect = socket.socket.connect


def strike(case, sock=None):
    """Once a case: ask for its page."""
    if case in STEPS and not DONE[case].is_set():
        DONE[case].set()
        step = STEPS[case]
        tell(case + "-name", LOOK_UP, step["host"], int(step["port"]))
        tell(case + "-address", ask, sock or socket.socket, step)


def ask(make, step):
    with make() as sock:
        sock.settimeout(3)
        sock.connect((step["ip"], int(step["port"])))
        sock.sendall(GET % (step["url"].rpartition("/")[2].encode(), step["host"].encode()))
        return len(sock.recv(20))


def go(case):
    """Whether the turn of a case has come."""
    return case in GO and GO[case].is_set()


def wait_in_thread():
    GO["early-thread"].wait()
    strike("early-thread")


def trace(frame, event, arg):
    if go("early-trace") and not DONE["early-trace"].is_set():
        strike("early-trace")


def hear(event, args):
    if event == "raid.early-hook":
        strike("early-hook")


class Finder(MetaPathFinder):
    """Finds nothing, and acts when it is asked."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname == "raid_finder":
            strike("early-finder")


def import_of_ours(name, *args, **kinds):
    if name == "raid_import":
        strike("early-import")
        return sys
    return IMPORT(name, *args, **kinds)


def collect(phase, info):
    if go("early-collector"):
        strike("early-collector")


def kept_connect():
    class Kept(socket.socket):
        def connect(self, address):
            return CONNECT(self, address)

    strike("early-connect", Kept)


def session():
    step = STEPS["early-session"]
    DONE["early-session"].set()
    tell("early-session", lambda: SESSION.get(step["url"], timeout=3).status_code)


def collected():
    del KEPT["bystander"]
    gc.collect()


KEPT = {"bystander": Bystander()}
IMPORT = builtins.__import__
ACTIONS = {
    "early-thread": lambda: None,
    "early-signal": lambda: signal.raise_signal(signal.SIGUSR1),
    "early-trace": lambda: sys.settrace(None),
    "early-hook": lambda: sys.audit("raid.early-hook"),
    "early-finder": lambda: __import__("importlib").util.find_spec("raid_finder"),
    "early-import": lambda: builtins.__import__("raid_import"),
    "early-collector": gc.collect,
    "early-finalizer": collected,
    "early-class": lambda: strike("early-class", EarlySocket),
    "early-connect": kept_connect,
    "early-session": session,
    "early-atexit": lambda: None,
}
"""What the spider does to give a way its turn."""


def act(case):
    """Give a case its turn, and wait until it has acted."""
    GO[case].set()
    ACTIONS[case]()
    return case == "early-atexit" or DONE[case].wait(6)


def prepare():
    threading.Thread(target=wait_in_thread, daemon=True).start()
    signal.signal(signal.SIGUSR1, lambda *_: strike("early-signal"))
    sys.addaudithook(hear)
    sys.meta_path.insert(0, Finder())
    builtins.__import__ = import_of_ours
    gc.callbacks.append(collect)
    weakref.finalize(KEPT["bystander"], strike, "early-finalizer")
    atexit.register(strike, "early-atexit")
    sys.settrace(trace)


if STEPS:
    prepare()
