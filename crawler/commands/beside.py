"""Reading a long ledger with two processes: one hashes and reads entries, the other follows them from one to the next.

The second process is given the rows that this one took from the file, so that both speak of the same bytes; it opens
nothing. For a short ledger, on one processor, or where there is no second process to be had, all is done here, with the
same answers.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import select
import struct
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final, Self

from ..ledger.verify import Block, Looked, Row, read_block, read_blocks

__all__ = ["read_beside"]

_ALONE: Final = 16
"""Blocks that are not worth a process: 4,096 entries, some 40 ms."""
_AHEAD: Final = 4
"""Blocks that are under way."""
_AT_ONCE: Final = 1 << 16
"""Octets that a pipe takes."""
_LENGTH: Final = struct.Struct("=Q")


def read_beside(these: Iterable[Block]) -> Iterator[tuple[list[Row], Looked]]:
    """As `read_blocks`; what comes behind the first blocks is read by a second process."""
    source = iter(these)
    yield from read_blocks(islice(source, _ALONE))
    ahead = list(islice(source, _AHEAD))
    second = _Second.start() if len(ahead) == _AHEAD else None
    if second is None:
        yield from read_blocks(ahead)
        yield from read_blocks(source)
        return
    with second:
        waiting: deque[Block] = deque()
        for block in ahead:
            second.ask(block)
            waiting.append(block)
        for block in source:
            yield second.answer(waiting.popleft())
            second.ask(block)
            waiting.append(block)
        while waiting:
            yield second.answer(waiting.popleft())


class _Second:
    """The other process, and the two pipes to it. Where it is gone, its work is done here."""

    def __init__(self, pid: int, asked: int, answers: int) -> None:
        self._pid, self._asked, self._answers = pid, asked, answers
        self._out, self._in, self._gone = bytearray(), bytearray(), False
        os.set_blocking(asked, False)
        self._ready = select.poll()
        self._ready.register(answers, select.POLLIN)

    @classmethod
    def start(cls) -> Self | None:
        """A process that reads; None where there is none to be had, or nothing to be gained."""
        if len(os.sched_getaffinity(0)) < 2 or threading.active_count() > 1:
            return None
        pipes: list[int] = []
        try:
            pipes += os.pipe()
            pipes += os.pipe()
            pid = os.fork()
        except OSError:
            for one in pipes:
                os.close(one)
            return None
        questions, asked, answers, answered = pipes
        if pid == 0:
            os.close(asked)
            os.close(answers)
            _serve(questions, answered)
        os.close(questions)
        os.close(answered)
        return cls(pid, asked, answers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._asked)
        os.close(self._answers)
        os.waitpid(self._pid, 0)

    def ask(self, block: Block) -> None:
        """Hand over a block."""
        if self._gone:
            return
        self._out += _packed(block)
        self._ready.register(self._asked, select.POLLOUT)
        while self._out and not self._gone:
            self._move()
        self._ready.unregister(self._asked)

    def answer(self, block: Block) -> tuple[list[Row], Looked]:
        """What the entries of the block are that was asked about first."""
        while (length := self._whole()) == 0 and not self._gone:
            self._move()
        if length == 0:
            return block[1], read_block(*block)
        said = marshal.loads(memoryview(self._in)[_LENGTH.size : length])  # noqa: S302 - our own process wrote it
        del self._in[:length]
        return block[1], said

    def _whole(self) -> int:
        """How many octets the first answer has, its length before it included; 0 until it is all there."""
        if len(self._in) < _LENGTH.size:
            return 0
        length: int = _LENGTH.size + _LENGTH.unpack_from(self._in)[0]
        return length if len(self._in) >= length else 0

    def _move(self) -> None:
        """Wait until one of the pipes moves: neither side ever waits for the other to read first."""
        for pipe, _ in self._ready.poll():
            if pipe == self._answers:
                data = os.read(pipe, _AT_ONCE)
                self._in += data
                self._gone = self._gone or not data
            else:
                with contextlib.suppress(BlockingIOError, BrokenPipeError):
                    del self._out[: os.write(pipe, memoryview(self._out)[:_AT_ONCE])]


def _serve(questions: int, answered: int) -> None:
    """The second process: read what comes until nothing does. It ends at once, without the first one's exits."""
    try:
        with open(questions, "rb") as asked, open(answered, "wb") as answers:
            while len(head := asked.read(_LENGTH.size)) == _LENGTH.size:
                block = marshal.loads(asked.read(_LENGTH.unpack(head)[0]))  # noqa: S302 - our own process wrote it
                answers.write(_packed(read_block(*block)))
                answers.flush()
    finally:
        os._exit(0)


def _packed(value: Any) -> bytes:
    data = marshal.dumps(value)
    return _LENGTH.pack(len(data)) + data
