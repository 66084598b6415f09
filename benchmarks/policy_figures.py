"""Every figure of documents and decisions against its target: `python benchmarks/policy_figures.py [--quick]`.

Runs bench_decide, bench_start and bench_dryrun one after the other, about four minutes on a quiet machine; `--quick`
takes fewer rounds and shorter files. Exit 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
FULL: dict[str, list[str]] = {"bench_decide.py": [], "bench_start.py": ["--no-demo"], "bench_dryrun.py": []}
QUICK = {
    "bench_decide.py": ["--rounds", "7"],
    "bench_start.py": ["--documents", "30000", "--no-demo"],
    "bench_dryrun.py": ["--urls", "200000", "--rounds", "2"],
}


def main() -> int:
    """Run all; 1 where a target is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="about a minute")
    codes = []
    for name, options in (QUICK if parser.parse_args().quick else FULL).items():
        print(f"== {name} {' '.join(options)}", flush=True)
        codes.append(subprocess.run([sys.executable, str(HERE / name), *options], check=False).returncode)
        print(flush=True)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
