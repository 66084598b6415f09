"""`desist ledger log-key`: make the key that signs checkpoints, where no terminal made it by itself."""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Where to."""
    words = "the private key's file, which must not be there yet; the verifying key is put beside it as .vkey"
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help=f"{words} (default: the configuration folder)"
    )


def run(args: argparse.Namespace) -> int:
    """0; 2 where a key is there already: the record that it signed would lose its signer."""
    from ..ledger.keys import config_folder, make_log_key

    path = args.output or config_folder() / "log.key"
    signer = make_log_key(path)
    print(f"wrote {path}, which signs; keep it on the machine that crawls")
    print(f"wrote {path.with_suffix('.vkey')}: {signer.verifier}")
    print("give the verifying key away now, to counsel or by letter: later it proves less")
    print(f"next: {'' if args.output is None else f'DESIST_LOG_KEY={path} '}scrapy crawl SPIDER")
    return 0
