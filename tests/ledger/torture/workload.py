"""A writer that says on stdout which entries were acknowledged: `ack <leaf hash>`, one line each, unbuffered.

    python workload.py LEDGER COUNT [FULL|NORMAL|buffered]

`buffered` is a control: a text file whose lines are acknowledged when written, and not when they reach the disk. Exit
code 0 where everything was acknowledged, 9 where the ledger was lost or unusable; the reason goes to stderr.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desist.errors import LedgerError
from desist.ledger import ledger as ledger_module
from desist.ledger import store
from desist.ledger.checkpoint import Signer
from desist.ledger.ledger import Ledger
from desist.ledger.opener import Opener

SIGNER = Signer("desist-ledger", Ed25519PrivateKey.from_private_bytes(bytes(32)))
KEY = Opener.parse("desist-x25519-private:" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU=")


def acknowledge(word: str) -> None:
    """One write a line: a reader of the pipe, or of a trace of system calls, sees it when it happens."""
    os.write(1, f"ack {word}\n".encode())


def ledger_acks(path: Path, count: int, synchronous: str) -> Iterator[str]:
    """Append entries, several at a time, and yield the hash of each acknowledged one; 0 means without end."""
    store.SYNCHRONOUS = synchronous
    with Ledger.open(path, revision="ab" * 32, counsel_key=KEY.counsel, signer=SIGNER) as ledger:
        number = 0
        while not count or number < count:
            size = min(1 + number % 5, count - number) if count else 1 + number % 5
            futures = []
            for _ in range(size):
                number += 1
                url = f"https://pictogram.test/p/{number}?session=abcdef{number}"
                futures.append(ledger.append("refuse", platforms=["pictogram"], gate="wire", details={"url": url}))
            for future in futures:
                yield future.result().leaf_hash.hex()


def buffered_acks(path: Path, count: int) -> Iterator[str]:
    """The control: lines into a buffered file."""
    with path.open("a", encoding="ascii") as file:
        number = 0
        while not count or number < count:
            number += 1
            word = f"{os.getpid()}-{number}"
            file.write(word + "\n")
            yield word


def run(path: Path, count: int, synchronous: str) -> int:
    """Write and acknowledge; the exit code."""
    try:
        acks = buffered_acks(path, count) if synchronous == "buffered" else ledger_acks(path, count, synchronous)
        for word in acks:
            acknowledge(word)
    except LedgerError as error:
        print(error, file=sys.stderr)
        return 9
    return 0


if __name__ == "__main__":
    store.CHECKPOINT_FRAMES = 24  # so that a short run folds the log in, and starts it anew, several times
    ledger_module.SIGN_EVERY = 10  # and signs now and then
    os._exit(run(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "FULL"))
