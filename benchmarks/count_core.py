"""How long the ledger's core is: lines that hold code, without blank lines, comments and docstrings.

    python benchmarks/count_core.py

The core is what writes a ledger: entries, sessions, sealing, masking, the file and its rules.
"""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path

CORE = ("entry", "files", "ledger", "mask", "pace", "seal", "session", "store")
_NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def code_lines(source: str) -> int:
    """How many lines of a module hold code; a string that stands alone says something and does nothing."""
    said: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            said |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _NO_CODE:
            lines |= set(range(token.start[0], token.end[0] + 1))
    return len(lines - said)


def main() -> None:
    """Print the lines of each module of the core, and of all."""
    folder = Path(__file__).parent.parent / "crawler" / "ledger"
    counts = {name: code_lines((folder / f"{name}.py").read_text(encoding="utf-8")) for name in CORE}
    for name, count in counts.items():
        print(f"{count:6,}  {name}.py")
    print(f"{sum(counts.values()):6,}  in all (target: at most about 700)")


if __name__ == "__main__":
    main()
