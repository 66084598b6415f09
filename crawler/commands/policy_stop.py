"""`desist policy stop HOST|SLUG`: refuse a host or platform from this moment on."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..errors import UsageError
from .into import add_into, folder_to_write

if TYPE_CHECKING:
    from ..policy.load import Loaded

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("target", metavar="HOST|SLUG", help="a host (it and all below it), a URL, or a platform's slug")
    parser.add_argument("--by", metavar="NAME", help="who decides (default: the user of this machine)")
    parser.add_argument("--reason", metavar="TEXT", help="why, in a sentence of facts")
    parser.add_argument(
        "--all-hosts", action="store_true", help="of a platform, its infrastructure, project and defensive hosts too"
    )
    add_into(parser)
    parser.add_argument("--policies", metavar="DIR", action="append", help="folders to read beside it; repeatable")


def run(args: argparse.Namespace) -> int:
    """Write the decision, read it back, and show that it refuses."""
    from ..decide import Judge, message_of
    from ..policy.assemble import set_of_folders
    from ..policy.draft import document_text, moment_text, place, whoami
    from ..policy.load import load_documents
    from ..policy.policyset import folders_of

    folders = folders_of(args.policies)
    loaded = load_documents(folders)
    name, fields, url = _unit(args.target, loaded, all_hosts=args.all_hosts)
    now, by = moment_text(), args.by or whoami()
    base = f"own-{now[:10]}-{name}" if "platforms" in fields else f"own-{now[:10]}"  # ids stand in the clear: no hosts
    into = folder_to_write(args.into)
    fields = {
        "instrument": "own_decision",
        "sender": {"name": by, "capacity": "operator"} if by else None,
        **fields,
        "received_at": now,
        "crawl_effect": "block",
        "notes": [args.reason] if args.reason else None,
        "entered_at": now,
        "entered_by": by,
    }
    identity, path = place(into, "notice", base, lambda name: document_text({"notice": name, **fields}), folders)
    decision = Judge(set_of_folders([*folders, into])).decide(url)
    print(f"stopped {name}: in force since {now}, written to {path}")
    print(message_of(decision))
    print(f"running crawls that read `{into}` take it up at once, later ones when they start; no others do")
    print(f"next: desist policy preview {identity}")
    return 0


def _unit(target: str, loaded: Loaded, *, all_hosts: bool) -> tuple[str, dict[str, object], str]:
    """The smallest unit that the words name: its short name, the fields that cover it, a URL that it refuses."""
    platform = next((entry.doc for entry in loaded.platforms if entry.doc.key == target), None)
    if platform is None:
        host = host_of(target, loaded)
        return host.replace(":", "-"), {"hosts": [host]}, f"https://{f'[{host}]' if ':' in host else host}/"
    fields: dict[str, object] = {"platforms": [target]}
    return target, {**fields, "hosts": "all"} if all_hosts else fields, f"https://{main_host(target, loaded)}/"


def main_host(slug: str, loaded: Loaded) -> str:
    """The site by which people know a platform: SLUG.com, where its terms stand, one that its slug names, its first."""
    found = [entry.doc for entry in loaded.platforms if entry.doc.key == slug]
    hosts = [h.host for doc in found for h in doc.hosts if h.role in ("site", "api")]
    stated = [host for doc in found for host in doc.terms_hosts or ()]
    likely = [f"{slug}.com", *stated, *(h for h in hosts if h.split(".")[0] == slug), *hosts]
    return next((host for host in likely if host in hosts), f"{slug}.invalid")


def host_of(target: str, loaded: Loaded) -> str:
    """The canonical host that a person's words name; UsageError where they name none, or everybody's."""
    from ..policy.diagnostic import closest
    from ..policy.fields import host_name
    from ..policy.publicsuffix import suffixes
    from ..urls import is_address, read

    words = read(target).host if "://" in target else target.strip().rstrip("/")
    if "." not in words and ":" not in words:
        meant = closest(target, [entry.doc.key for entry in loaded.platforms])
        help_ = f"did you mean `{meant}`? " if meant else ""
        raise UsageError(
            f"`{target}` is neither a platform's slug nor a host", help=f"{help_}write a host: example.com"
        )
    try:
        host = host_name(words)
    except ValueError as error:
        raise UsageError(str(error), help="write a bare host, for example www.example.com") from error
    if not is_address(host) and suffixes().is_public_suffix(host):
        message = f"`{host}` is a public suffix: unrelated people live below it"
        raise UsageError(message, help="name the host below it that is meant")
    return host
