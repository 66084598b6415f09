"""The one parser behind `desist` and `scrapy desist`."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from desist.commands.main import VERBS, Verb, main
from desist.errors import UsageError


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.words)
def test_every_verb_has_a_module_with_configure_and_run(verb: Verb) -> None:
    """A verb in the table that cannot be run would be a promise that the tool does not keep."""
    module = importlib.import_module(f"desist.commands.{verb.module}")
    assert callable(module.configure)
    assert callable(module.run)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.words)
def test_every_verb_prints_help(verb: Verb, capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` of each verb shows its own options and exits 0."""
    with pytest.raises(SystemExit) as stop:
        main([*verb.words.split(), "--help"])
    assert stop.value.code == 0
    assert "usage: desist " + verb.words in capsys.readouterr().out


def test_an_unknown_verb_exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    """A typing error is a usage error."""
    with pytest.raises(SystemExit) as stop:
        main(["polcy"])
    assert stop.value.code == 2
    assert "invalid choice" in capsys.readouterr().err


def test_an_error_is_one_message_with_its_mend(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every error of the tree prints place, message and help, and exits with its own code."""

    def fail(_args: object) -> int:
        raise UsageError("no such thing `x`", place="a.yaml:3:5", help="write `y`")

    monkeypatch.setattr("desist.commands.rule.run", fail)
    assert main(["rule", "D001"]) == 2
    assert capsys.readouterr().err == "error: a.yaml:3:5: no such thing `x`\n  help: write `y`\n"


def test_help_imports_no_verb() -> None:
    """`desist --help` names all verbs and imports none of them, so that it stays quick."""
    code = (
        "import sys; from desist.commands.main import build_parser; build_parser().format_help();"
        "print([m for m in sys.modules if m.startswith('desist.commands.') and m != 'desist.commands.main'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("words", "code", "begins"),
    [
        (["rule", "--help"], 0, "usage: scrapy desist rule"),
        (["--help"], 0, "usage: scrapy desist [-h] VERB"),
        (["rule", "D001"], 0, "D001"),
        (["rule", "D999"], 2, ""),
    ],
)
def test_scrapy_desist_is_the_same_parser(words: list[str], code: int, begins: str) -> None:
    """Scrapy's command line hands everything behind `desist` to the same verbs, and their exit codes back."""
    command = [sys.executable, "-m", "scrapy", "desist", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert done.stdout.startswith(begins)
