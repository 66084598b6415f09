"""Power cuts, replayed: what could lie on the disk had the power failed at any moment of a traced run.

The trace (strace) holds every write, truncation, sync and change of a name. What a completed sync covers is on the
disk; of the rest any part may be, sector by sector, in any order (the model of Pillai et al., OSDI 2014, ALICE). Names
are durable once their folder was synced.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

SECTOR = 512
CALLS = "openat,pwrite64,write,fdatasync,fsync,ftruncate,truncate,unlink,unlinkat,link,rename,fallocate,close"
_LINE = re.compile(rb"^(\d+)\s+(\w+)\((.*)\)\s+=\s+(-?\d+)")
_UNFINISHED = re.compile(rb"^(\d+)\s+(\w+\(.*) <unfinished \.\.\.>$")
_RESUMED = re.compile(rb"^(\d+)\s+<\.\.\. \w+ resumed>(.*)$")
_FD = re.compile(rb"^(-?\w+)<((?:[^>])*)>")
_STRING = re.compile(rb'"((?:\\x[0-9a-f]{2})*)"')


class Call(NamedTuple):
    """One completed system call: name, path of its descriptor or first name, second name, octets, number, result."""

    name: str
    path: str
    other: str
    data: bytes
    number: int


def record(command: list[str], trace: Path) -> tuple[int, str]:
    """Run a command under strace; its exit code and what it printed."""
    strace = [
        "strace",
        "-f",
        "-y",
        "-xx",
        "-s",
        "10000000",
        "-e",
        f"trace={CALLS}",
        "-e",
        "signal=none",
        "-o",
        str(trace),
    ]
    done = subprocess.run([*strace, *command], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def _text(raw: bytes) -> str:
    return bytes.fromhex(raw.replace(b"\\x", b"").decode()).decode() if b"\\x" in raw else raw.decode()


def calls(trace: Path) -> Iterator[Call]:
    """The calls of a trace that succeeded, in the order of their completion."""
    begun: dict[bytes, bytes] = {}
    for raw in trace.read_bytes().splitlines():
        if found := _UNFINISHED.match(raw):
            begun[found[1]] = found[2]
            continue
        resumed = _RESUMED.match(raw)
        found = _LINE.match(resumed[1] + b" " + begun.pop(resumed[1], b"") + resumed[2] if resumed else raw)
        if not found or int(found[4]) < 0:
            continue
        call = _call(found[2].decode(), found[3])
        if call:
            yield call


def _call(name: str, arguments: bytes) -> Call | None:
    strings = [bytes.fromhex(raw.replace(b"\\x", b"").decode()) for raw in _STRING.findall(arguments)]
    fd = _FD.match(arguments)
    path = _text(fd[2]) if fd else ""
    numbers = re.findall(rb"(?<![\w<>])(\d+)(?![\w<])", arguments.rsplit(b'"', 1)[-1])
    if name in ("pwrite64", "write"):
        return Call(name, path, "", strings[0], int(numbers[-1]) if name == "pwrite64" else -1)
    if name in ("fdatasync", "fsync"):
        return Call("sync", path, "", b"", 0)
    if name == "ftruncate":
        return Call("truncate", path, "", b"", int(numbers[-1]))
    if name == "truncate":
        return Call("truncate", strings[0].decode(), "", b"", int(numbers[-1]))
    if name == "fallocate":
        return None  # the reserve: no octet of the record
    if name == "openat" and b"O_CREAT" in arguments:
        return Call("create", strings[0].decode(), "", b"", 0)
    if name in ("link", "rename"):
        return Call(name, strings[0].decode(), strings[1].decode(), b"", 0)
    if name in ("unlink", "unlinkat"):
        return Call("unlink", strings[0].decode(), "", b"", 0)
    return None


@dataclass
class Inode:
    """A file's octets on the disk, and the changes on their way there."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)
    """(offset, octets), or (size, None) for a truncation."""
    position: int = 0

    def sync(self) -> None:
        """All that is pending reaches the disk."""
        for place, data in self.pending:
            _apply(self.durable, place, data)
        self.pending.clear()


def _apply(octets: bytearray, place: int, data: bytes | None) -> None:
    if data is None:
        del octets[place:]
        octets.extend(bytes(place - len(octets)))
        return
    octets.extend(bytes(max(0, place - len(octets))))
    octets[place : place + len(data)] = data


class Disk:
    """One folder as the trace leaves it: `step` follows a call, `cut` gives one state that a power cut could leave."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        self.names: dict[str, Inode] = {}
        self.durable_names: dict[str, Inode] = {}
        self.acks: list[str] = []

    def step(self, call: Call) -> None:
        """Follow one call."""
        if call.name == "write" and not self._ours(call.path):
            self.acks.extend(
                word.split()[1] for word in call.data.decode("ascii", "replace").splitlines() if word.startswith("ack ")
            )
            return
        if call.name == "sync" and call.path == self.folder:
            self.durable_names = dict(self.names)
        if not self._ours(call.path):
            return
        name = os.path.basename(call.path)
        if call.name == "create":
            self.names.setdefault(name, Inode())
        elif call.name in ("link", "rename"):
            self.names[os.path.basename(call.other)] = self.names[name]
            if call.name == "rename":
                del self.names[name]
        elif call.name == "unlink":
            self.names.pop(name, None)
        elif name in self.names:
            self._change(self.names[name], call)

    def _change(self, inode: Inode, call: Call) -> None:
        if call.name == "pwrite64":
            inode.pending.append((call.number, call.data))
        elif call.name == "write":
            inode.pending.append((inode.position, call.data))
            inode.position += len(call.data)
        elif call.name == "truncate":
            inode.pending.append((call.number, None))
        elif call.name == "sync":
            inode.sync()

    def _ours(self, path: str) -> bool:
        return os.path.dirname(path) == self.folder and not path.endswith((".lock", ".reserve", "-shm"))

    def cut(self, chance: random.Random, folder: Path) -> None:
        """Write one state to `folder`: synced octets, and of the others all, none, a beginning, or any sectors."""
        folder.mkdir(mode=0o700)
        for name in self.names.keys() | self.durable_names.keys():
            now, before = self.names.get(name), self.durable_names.get(name)
            inode = now if now is before else chance.choice([now, before])
            if inode is None:
                continue
            octets = bytearray(inode.durable)
            for place, data in _survivors(chance, inode.pending):
                _apply(octets, place, data)
            path = folder / name
            path.write_bytes(octets)
            path.chmod(0o600)


def _survivors(chance: random.Random, pending: list[tuple[int, bytes | None]]) -> Iterator[tuple[int, bytes | None]]:
    mode = chance.choice(["none", "beginning", "any", "sectors"])
    if mode == "none":
        return
    if mode == "beginning":
        yield from pending[: chance.randint(0, len(pending))]
        return
    for place, data in pending:
        if data is None or mode == "any":
            if chance.random() < 0.5:
                yield place, data
            continue
        for start in range(0, len(data), SECTOR):
            if chance.random() < 0.5:
                yield place + start, data[start : start + SECTOR]


def states(trace: Path, folder: Path, target: Path, count: int, seed: int) -> Iterator[tuple[Path, list[str]]]:
    """`count` states, each in a folder of its own below `target`, with the acknowledgements given until then."""
    chance = random.Random(seed)
    steps = list(calls(trace))
    moments = sorted(chance.randrange(len(steps)) for _ in range(count))
    disk, number = Disk(folder), 0
    for place, call in enumerate(steps):
        disk.step(call)
        while number < count and moments[number] == place:
            state = target / str(number)
            disk.cut(chance, state)
            yield state, list(disk.acks)
            number += 1


if __name__ == "__main__":
    for one in calls(Path(sys.argv[1])):
        print(one.name, one.path, one.other, len(one.data), one.number)
