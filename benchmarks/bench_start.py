"""Starting: `desist --help`, `desist policy check URL` and completion as processes, sets from the snapshot, the demo.

`python benchmarks/bench_start.py`. Processes are started in turn, so that a busy machine slows all alike.
`--documents N` makes the large folder smaller, `--no-demo` leaves the demo out.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from policies_for_benchmarks import compiled, write_documents

from desist.policy import PolicySet, snapshot
from desist.policy.policyset import make_image

ROUNDS = 15


def seconds(command: list[str], folder: Path) -> float:
    """Wall time of one process."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}  # as users run it
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, capture_output=True, check=False, env=environment)
    return time.perf_counter() - start


def processes(folder: Path) -> dict[str, float]:
    """Medians of the contenders, interleaved."""
    binary = Path(sys.executable).parent
    (folder / "scrapy.cfg").write_text("[settings]\ndefault = project_settings\n")
    (folder / "project_settings.py").write_text("SPIDER_MODULES = []\n")
    contenders = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "desist --help": [str(binary / "desist"), "--help"],
        "desist completion bash": [str(binary / "desist"), "completion", "bash"],
        "desist policy check URL": [str(binary / "desist"), "policy", "check", "https://www.facebook.com/"],
        "scrapy list": [str(binary / "scrapy"), "list"],
    }
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for name, command in contenders.items():
        seconds(command, folder)
        for _ in range(ROUNDS if name != "scrapy list" else 1):
            times[name].append(seconds(command, folder))
    for _ in range(ROUNDS):
        for name, command in contenders.items():
            times[name].append(seconds(command, folder))
    return {name: statistics.median(values[-ROUNDS:]) for name, values in times.items()}


def from_snapshot(folder: Path, documents: int) -> tuple[float, float, float]:
    """Milliseconds to compile, to ask if the snapshot is fresh (best), and of wall time to load it (median)."""
    if documents <= 3000:
        write_documents(folder, documents)
        start = time.perf_counter()
        image = snapshot.compile_folders([folder])
        compiling = time.perf_counter() - start
    else:
        write_documents(folder, 3)
        start = time.perf_counter()
        image = snapshot.image_of(make_image(compiled(documents // 3), "bench", documents=documents))
        compiling = time.perf_counter() - start
    stamp, _ = snapshot.stamp_of([folder])
    file = snapshot._snapshot_file([folder])
    snapshot._write(file, stamp, image)
    loads, stamps = [], []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        snapshot.stamp_of([folder])
        stamps.append(time.perf_counter() - start)
        start = time.perf_counter()
        held = snapshot._read(file, stamp)
        assert held is not None
        PolicySet(held)
        loads.append(time.perf_counter() - start)
    return compiling * 1e3, min(stamps) * 1e3, statistics.median(loads) * 1e3


def demo(folder: Path) -> tuple[float, str]:
    """Seconds of one whole demo, and the verdict that it prints."""
    start = time.perf_counter()
    command = [str(Path(sys.executable).parent / "desist"), "demo", "--output", str(folder / "demo")]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    return time.perf_counter() - start, lines[-2] if done.returncode == 0 else f"FAILED: {done.stdout}{done.stderr}"


def target(words: str, value: float, limit: float, *, at_least: bool = False) -> bool:
    """A line of the verdict."""
    good = value >= limit if at_least else value <= limit
    print(f"  {'met ' if good else 'MISSED'} {words}: {value:.2f} ({'>=' if at_least else '<='} {limit:g})")
    return good


def main() -> int:
    """Run all; 1 where a target is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--no-demo", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        medians = processes(folder)
        for label, value in medians.items():
            print(f"{label:<28} {value * 1e3:8.1f} ms")
        small = from_snapshot(folder / "small", 1_000)
        large = from_snapshot(folder / "large", args.documents)
        for count, (compiling, fresh, loading) in ((1_000, small), (args.documents, large)):
            what = "compile YAML" if count <= 3000 else "lay out records (no YAML)"
            print(f"{count:>9,} documents: {what} {compiling:,.0f} ms, freshness {fresh:.2f} ms, load {loading:.2f} ms")
        lasted, verdict = (0.0, "") if args.no_demo else demo(folder)
    if verdict:
        print(f"{'desist demo':<28} {lasted:8.1f} s   {verdict}")
    bare = medians["python -c pass"]
    print("\nagainst the targets")
    good = [
        target("desist --help against python -c pass", medians["desist --help"] / bare, 6),
        target("check as a process against python -c pass", medians["desist policy check URL"] / bare, 6),
        target(
            "check faster than scrapy list",
            medians["scrapy list"] / medians["desist policy check URL"],
            8,
            at_least=True,
        ),
        target("1,000 documents from the snapshot, ms", small[2], 5),
        target(f"{args.documents:,} documents from the snapshot, ms", large[2], 100),
    ]
    if verdict:
        good += [target("the demo after installation, s", lasted, 20), not verdict.startswith("FAILED")]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
