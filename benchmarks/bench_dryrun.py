"""A dry run of a long list: `python benchmarks/bench_dryrun.py [--urls N] [--rounds N]`.

`desist policy check --file` as users run it, beside a loop that extracts the registrable name with tldextract, looks it
up in a set and asks Protego for half of the hosts. Processes in turn over the same file; processor time of the child,
so that other work on the machine does not count. The peer judges every tenth URL of the file; what it needs for these
beyond its start is taken ten times.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from policies_for_benchmarks import urls, write_documents

PLATFORMS = 333

PEER = """
import sys
from urllib.parse import urlsplit
import tldextract
from protego import Protego
extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
held = {f"platform{n}-bench.com" for n in range(int(sys.argv[2]))}
robots = Protego.parse("User-agent: *\\n" + "".join(f"Disallow: /private{n}/\\n" for n in range(11)) + "Allow: /\\n")
refused = 0
for number, line in enumerate(open(sys.argv[1])):
    url = line.strip()
    host = urlsplit(url).hostname or ""
    if extract(url).top_domain_under_public_suffix in held:
        refused += 1
    elif hash(host) & 1 and not robots.can_fetch(url, "bench"):
        refused += 1
print(refused)
"""


def run(command: list[str], folder: Path) -> tuple[float, int, str]:
    """Processor seconds, peak memory in KiB and output of one child."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, env=environment, text=True) as child:
        assert child.stdout is not None
        said = child.stdout.read()
        _, _, usage = os.wait4(child.pid, 0)
        child.returncode = 0
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss, said


def write_urls(file: Path, count: int, sample: Path) -> None:
    """The list, and every tenth line of it; written in blocks, since a child's peak memory begins with its parent's."""
    with file.open("w") as whole, sample.open("w") as tenth:
        for block in range(0, count, 10_000):
            made = urls(10_000, 200_000, PLATFORMS, seed=block)
            whole.write("\n".join(made) + "\n")
            tenth.write("\n".join(made[::10]) + "\n")


def main() -> int:
    """Run all; 1 where a target is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--urls", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    count = args.urls
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        write_documents(folder / "policies", 3 * PLATFORMS)
        write_urls(folder / "urls.txt", count, folder / "tenth.txt")
        check = [str(Path(sys.executable).parent / "desist"), "policy", "check", "--policies", "policies", "--file"]
        run([*check, "tenth.txt"], folder)
        ours, theirs, memory = [], [], {}
        (folder / "one.txt").write_text("https://good.test/\n")
        peer = [sys.executable, "-c", PEER]
        for _ in range(args.rounds):
            seconds, memory["all"], said = run([*check, "urls.txt"], folder)
            ours.append(seconds / count)
            start, _, _ = run([*peer, "one.txt", str(PLATFORMS)], folder)
            seconds, _, _ = run([*peer, "tenth.txt", str(PLATFORMS)], folder)
            theirs.append((start + 10 * (seconds - start)) / count)
            _, memory["tenth"], _ = run([*check, "tenth.txt"], folder)
        print(said.splitlines()[-4] if len(said.splitlines()) > 3 else said)
    quick, slow = statistics.median(ours), statistics.median(theirs)
    ratio = statistics.median(t / o for t, o in zip(theirs, ours, strict=True))
    print(f"desist policy check --file     {1 / quick:>12,.0f} URLs/s  {quick * 1e9:>8,.0f} ns a URL")
    print(f"tldextract + set + Protego     {1 / slow:>12,.0f} URLs/s  {slow * 1e9:>8,.0f} ns a URL")
    mib = {name: kib / 1024 for name, kib in memory.items()}
    print(f"peak memory: {mib['tenth']:.0f} MiB for {count // 10:,} URLs, {mib['all']:.0f} MiB for {count:,}")
    print("\nagainst the targets")
    print(f"  {'met ' if ratio >= 15 else 'MISSED'} faster than tldextract + Protego: {ratio:.1f} (>= 15)")
    return 0 if ratio >= 15 else 1


if __name__ == "__main__":
    sys.exit(main())
