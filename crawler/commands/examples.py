"""Examples that the help of a verb shows. Each line is one that the verb's parser takes; the tests read them."""

from __future__ import annotations

from typing import Final

__all__ = ["EXAMPLES", "epilog"]

EXAMPLES: Final[dict[str, tuple[str, ...]]] = {
    "arm": ("desist arm --by 'Ada Example'",),
    "demo": ("desist demo", "desist demo --output first-look"),
    "disarm": ("desist disarm --by 'Ada Example'",),
    "doctor": ("desist doctor", "desist doctor --project", "desist doctor --ledger /var/lib/shop/ledger.db"),
    "ledger absence": (
        "desist ledger absence .desist/ledger.db --platform pictogram --since 2026-01-05",
        "desist ledger absence .desist/ledger.db --platform pictogram --since 2026-01-05 --format json",
    ),
    "ledger docket": (
        "desist ledger docket .desist/ledger.db",
        "desist ledger docket .desist/ledger.db 2026-01-pictogram --format json",
        "desist ledger docket host-1.db host-2.db --why 'our answer to Pictogram, Inc.'",
    ),
    "ledger log-key": ("desist ledger log-key", "desist ledger log-key -o keys/log.key"),
    "ledger redact": (
        "desist ledger redact .desist/ledger.db --before 2025-01-01 --why 'kept for two years' --dry-run",
        "desist ledger redact .desist/ledger.db --containing faces.test/ada --why 'erasure request 17'",
    ),
    "ledger rotate-key": ("desist ledger rotate-key .desist/ledger.db --to counsel.pub --why 'new counsel'",),
    "ledger verify": (
        "desist ledger verify .desist/ledger.db",
        "desist ledger verify copy.db --key log.vkey --anchor checkpoints.txt --require complete,anchored",
    ),
    "letter": ("desist letter", "desist letter --scan letter.pdf"),
    "policy check": (
        "desist policy check https://www.facebook.com/zuck",
        "desist policy check --file urls.txt --format sarif > desist.sarif",
        "desist policy check --file items.csv --field link --purpose research",
        "desist policy check https://www.facebook.com/ --at 2020-02-01",
    ),
    "policy diff": (
        "desist policy diff shipped policies",
        "desist policy diff before after --file urls.txt",
    ),
    "policy explain": (
        "desist policy explain https://www.facebook.com/zuck",
        "desist policy explain https://shop.test/a --robots robots.txt --agent ExampleBot",
    ),
    "policy hosts": ("desist policy hosts facebook", "desist policy hosts facebook --format nftables --resolve"),
    "policy letter": ("desist policy letter --scan letter.pdf --into policies",),
    "policy lint": ("desist policy lint", "desist policy lint policies --format sarif > lint.sarif"),
    "policy narrow": (
        "desist policy narrow 2026-01-pictogram --purposes biometric --document letter.pdf --by Ada --by Bob",
    ),
    "policy new": ("desist policy new platform pictogram", "desist policy new permission 2026-02-pictogram"),
    "policy preview": (
        "desist policy preview 2026-01-pictogram",
        "desist policy preview drafts/letter.yaml --file urls.txt",
    ),
    "policy refresh": ("desist policy refresh domain-list-community --platform facebook",),
    "policy schema": ("desist policy schema", "desist policy schema --check"),
    "policy stop": (
        "desist policy stop pictogram.test",
        "desist policy stop facebook --by 'Ada Example' --reason 'a letter was announced by telephone'",
    ),
    "policy test": ("desist policy test", "desist policy test policies --threshold 90"),
    "policy withdraw": (
        "desist policy withdraw 2026-01-pictogram --document withdrawal.pdf --by Ada --by Bob",
        "desist policy withdraw 2026-01-pictogram --status entered_in_error --document note.pdf --by Ada --by Bob",
    ),
    "robots": (
        "desist robots robots.txt --agent ExampleBot --url https://shop.test/private",
        "curl -s https://shop.test/robots.txt | desist robots -",
    ),
    "rule": ("desist rule", "desist rule D030"),
    "status": ("desist status", "desist status --format jsonl"),
}
"""Verb -> its examples, as `--help` shows them."""


def epilog(words: str) -> str | None:
    """What stands below the options of a verb; None for a verb that says it itself."""
    return "\n  ".join(["examples:", *EXAMPLES[words]]) if words in EXAMPLES else None
