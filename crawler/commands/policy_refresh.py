"""`desist policy refresh CHECKOUT`: compare host families with a checkout of domain-list-community, and take over."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import PolicyError, UsageError

if TYPE_CHECKING:
    from ..policy.documents import Platform
    from ..policy.familydiff import Change, Origin
    from ..policy.hostlists import HostLists
    from ..policy.load import Entry, Loaded

    Found = list[tuple[Entry[Platform], list[Change]]]

__all__ = ["configure", "run"]

_MARKS = {"added": "+", "wider": "~", "removed": "-", "narrower": ".", "untold": "?", "no list": "!"}
_SAID = {
    "wider": "exact here, all names below it in the lists",
    "removed": "no longer in the lists: stays, until somebody takes it out",
    "narrower": "exact in the lists: stays as wide as it is",
    "untold": "no host rule says this: left out",
    "no list": "no such list in the checkout",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.description = (
        "Shows what differs between the hosts of each platform and the lists that it names (`v2fly_lists`). "
        "Own entries (with a `source` or `confidence`) and roles are never touched. "
        "Exit code 1: there is something to write."
    )
    parser.add_argument(
        "checkout", metavar="CHECKOUT", type=Path, help="a clone of github.com/v2fly/domain-list-community (MIT)"
    )
    parser.add_argument("--policies", metavar="DIR", type=Path, help="the folder to refresh (default: the shipped one)")
    parser.add_argument("--platform", metavar="SLUG", action="append", help="this platform only, may be repeated")
    parser.add_argument("--write", action="store_true", help="write what `+`, `~` and `-` say")
    parser.add_argument("--commit", metavar="HASH", help="of the lists (default: what git says of CHECKOUT)")
    parser.add_argument("--date", metavar="DATE", default="", help="of that commit: 2026-08-19")
    parser.add_argument("--format", choices=("text", "jsonl"), default="text", help="default: text")


def run(args: argparse.Namespace) -> int:
    """Show the differences; write them where asked to. 0: nothing to write, or written."""
    from ..policy.hostlists import HostLists
    from ..policy.load import load_documents
    from ..policy.policyset import shipped_policies
    from .screen import waiting

    with waiting("reading documents"):
        loaded = load_documents([args.policies or shipped_policies()])
    if loaded.diagnostics:
        raise PolicyError("documents cannot be read", diagnostics=loaded.diagnostics, help="desist policy lint")
    origin = _origin(args)
    with waiting("comparing host families"):
        found = _compare(loaded, HostLists.read(args.checkout), args.platform)
    _show(found, args.format)
    pending = sum(change.written for _, changes in found for change in changes)
    if args.write:
        _write(loaded, found, origin)
    if args.format == "text":
        _last_lines(args, found, origin, pending)
    return 1 if pending and not args.write else 0


def _compare(loaded: Loaded, lists: HostLists, slugs: list[str] | None) -> Found:
    from ..policy.diagnostic import closest
    from ..policy.familydiff import compare

    known = sorted(entry.doc.key for entry in loaded.platforms)
    for slug in slugs or ():
        if slug not in known:
            meant = closest(slug, known)
            help_ = f"did you mean `{meant}`?" if meant else "a slug is the name of its file"
            raise UsageError(f"no platform `{slug}` in these documents", help=help_)
    wanted = [e for e in loaded.platforms if e.doc.v2fly_lists and (not slugs or e.doc.key in slugs)]
    return [(entry, compare(entry, lists)) for entry in wanted]


def _origin(args: argparse.Namespace) -> Origin:
    """The commit of the lists: as given, or that of a clean clone."""
    from ..policy.familydiff import Origin

    if args.commit:
        if not re.fullmatch(r"[0-9a-f]{7,64}", args.commit):
            raise UsageError(f"`{args.commit}` is no commit", help="git -C CHECKOUT rev-parse HEAD prints it")
        return Origin(args.commit, args.date)
    dirty = _git(args.checkout, "status", "--porcelain", "--", "data")
    if dirty:
        help_ = f"git -C {args.checkout} stash, or say --commit"
        raise UsageError(f"`{args.checkout}` has changes of its own in `data`", help=help_)
    commit, _, date = _git(args.checkout, "log", "-1", "--format=%H %cs").partition(" ")
    return Origin(commit, date)


def _git(checkout: Path, *words: str) -> str:
    import subprocess

    try:
        done = subprocess.run(  # noqa: S603 - the words are ours
            ["git", "-C", str(checkout), *words],  # noqa: S607
            capture_output=True,
            check=True,
            text=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        help_ = "name a git clone, or say which commit it is: --commit HASH --date DATE"
        raise UsageError(f"git cannot tell the commit of `{checkout}`", help=help_) from error
    return done.stdout.strip()


def _show(found: Found, form: str) -> None:
    import msgspec

    for entry, changes in found:
        rows = [{"platform": entry.doc.key, "file": entry.file, **change._asdict()} for change in changes]
        if form == "jsonl":
            sys.stdout.writelines(msgspec.json.encode(row).decode() + "\n" for row in rows)
        elif changes:
            print(f"{entry.doc.key}  {entry.file}")
            for change in changes:
                said = _SAID.get(change.kind) or f"{change.match}, role {change.role}"
                print(f"  {_MARKS[change.kind]} {change.value}  {said}")


def _write(loaded: Loaded, found: Found, origin: Origin) -> None:
    """Every document of these lists, if the whole folder is still without findings; else none."""
    from ..policy.familydiff import updated
    from ..policy.lint import lint
    from ..policy.load import read_documents
    from ..policy.write import replace

    texts = {
        entry.file: updated(entry, loaded.files[entry.file].decode(), (c for c in changes if c.written), origin)
        for entry, changes in found
    }
    after = read_documents({**loaded.files, **{file: text.encode() for file, text in texts.items()}})
    errors = [finding for finding in lint(after) if finding.severity == "error"]
    if errors:
        help_ = "nothing was written: mend the document, or leave the platform out with --platform"
        raise PolicyError("the refreshed documents would not load", diagnostics=errors, help=help_)
    for file, text in texts.items():
        if text.encode() != loaded.files[file]:
            replace(Path(file), text)
            print(f"written {file}", file=sys.stderr)


def _last_lines(args: argparse.Namespace, found: Found, origin: Origin, pending: int) -> None:
    if pending and not args.write:
        print(f"{pending} differences in {len(found)} platforms, nothing written")
        print(f"next: desist policy refresh {args.checkout} --write")
        return
    done = f"{pending} differences written" if pending else "no differences to write"
    print(f"{done}: {len(found)} platforms against {origin.commit[:12]}{f' of {origin.date}' if origin.date else ''}")
    print("next: desist policy test")
