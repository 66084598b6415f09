"""`desist policy new KIND ID`: a document to fill in, outside the folders that crawls watch."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

__all__ = ["configure", "run"]

_TEMPLATES: Final = {
    "platform": """\
platform: {id}
name: {id}
# operator: Example, Inc.
hosts:
  - {id}.example                                  # this name and all below it
  # - {{host: cdn.{id}.example, match: exact, role: cdn}}
  # roles: site api cdn shortener ads mail tenant infrastructure project defensive
# addresses: [203.0.113.0/29]                     # the platform's own networks
# sources: [{{name: where this is known from, checked_on: {today}}}]
""",
    "notice": """\
notice: {id}
instrument: cease_and_desist   # demand_letter warning formal_notice regulator_order court_order own_decision ...
sender: {{name: "Example, Inc.", counsel: A. Counsel}}
recipient: {{name: Our Crawls Ltd, affiliates: unstated}}
platforms: [{platform}]
received_at: {now}      # force starts here; a date alone counts from midnight in the earliest zone
crawl_effect: block            # block | restrict (then say to what, in scope) | none
# scope: {{purposes: [biometric], paths: [/faces/]}}
# dates: {{dated: {today}, reply_due: {today}}}   # recorded, never waited for
# demands: [stop_access, delete_collected]
# document_sha256: sha256sum of the paper, which stays elsewhere
entered_at: {now}
entered_by: {by}
""",
    "terms": """\
terms: {id}
platform: {platform}
document: Terms of Service
kind: tos                      # tos aup guidelines developer commercial robots other
effective_from: {today}
# recorded_at: {today}
# sha256: of the recorded text
clauses:
  - {{topic: automated_access, effect: forbids, section: "4.2", summary: In your own words.}}
  # topics: ai_training commercial_reuse face_or_biometric personal_data caching circumvention downstream_route
  # effects: forbids | conditional (then conditions: [permission, robots_txt, api, ...]) | reserves | permits
entered_at: {now}
entered_by: {by}
""",
    "permission": """\
permission: {id}
platform: {platform}
instrument: written_consent    # licence api_agreement written_consent settlement court_order law
grantor: Example, Inc.
grantee: Our Crawls Ltd
overrides: [id-of-the-notice-or-terms]   # nothing else is lifted
purposes: [research]           # or any
# paths: [/public/]
from: {today}
# until: {today}
document_sha256: sha256sum of the paper
approved_by: [first name, second name]   # two different persons
entered_at: {now}
""",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("kind", metavar="KIND", choices=tuple(_TEMPLATES), help="platform, notice, terms or permission")
    parser.add_argument("id", metavar="ID", help="the slug or id, for example 2026-01-pictogram")
    parser.add_argument(
        "--platform", metavar="SLUG", default="slug-of-the-platform", help="the platform that it is about"
    )
    parser.add_argument(
        "--into", metavar="DIR", type=Path, default=Path("drafts"), help="default: ./drafts, which no crawl reads"
    )


def run(args: argparse.Namespace) -> int:
    """Write the template; an existing file is never touched."""
    from pydantic import TypeAdapter, ValidationError

    from ..errors import UsageError
    from ..policy.draft import FOLDERS, moment_text, whoami
    from ..policy.fields import Id, Slug
    from ..policy.schema import HEADER, schema_text
    from ..policy.write import create

    try:
        TypeAdapter(Slug if args.kind == "platform" else Id).validate_python(args.id)
    except ValidationError as error:
        raise UsageError(error.errors()[0]["msg"], help="desist rule D019") from error
    now = moment_text()
    text = _TEMPLATES[args.kind].format(
        id=args.id, platform=args.platform, now=now, today=now[:10], by=whoami() or "name of a person"
    )
    path = args.into / FOLDERS[args.kind] / f"{args.id}.yaml"
    if not (args.into / "schema.json").exists():
        create(args.into / "schema.json", schema_text())
    create(path, f"{HEADER.format('../')}\n{text}")
    print(f"written: {path}; it is in force once it lies in a folder that crawls read")
    print(
        f"next: fill it in, then desist policy lint shipped {args.into}, then mv {path} policies/{FOLDERS[args.kind]}/"
    )
    return 0
