"""The completion script for bash."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from .completion import Option, Words

__all__ = ["script"]

_HEAD = """\
# Completion of desist in bash; written by `desist completion bash`.
_desist() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb=
    # bash takes --format=json for three words
    if [[ $word == = ]]; then
        word=
    elif [[ $before == = ]]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if ((COMP_CWORD > 1)); then
        verb=${COMP_WORDS[1]}
        case $verb in FAMILIES) ((COMP_CWORD > 2)) && verb+=" ${COMP_WORDS[2]}" ;; esac
    fi
    COMPREPLY=()
    case "$verb $before" in
"""
_MIDDLE = """\
    esac
    local options= words= kind=text
    case "$verb" in
"""
_TAIL = """\
    esac
    if [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$word"))
    elif [[ -n $words ]]; then
        COMPREPLY=($(compgen -W "$words" -- "$word"))
    else
        _desist_$kind "$word"
    fi
}
_desist_text() { :; }
_desist_file() { compopt -o filenames; local IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$1")); }
_desist_folder() { compopt -o filenames; local IFS=$'\\n'; COMPREPLY=($(compgen -d -- "$1")); }
complete -F _desist desist
"""


def script(verbs: Sequence[Words]) -> str:
    """The script for these verbs."""
    families = "|".join(words.typed[0] for words in verbs if words.verbs and words.typed)
    head = _HEAD.replace("FAMILIES", families)
    values = [line for words in verbs for option in words.options for line in _value(words, option)]
    return "\n".join([head + "\n".join(values), _MIDDLE + "\n".join(map(_verb, verbs)), _TAIL])


def _value(words: Words, option: Option) -> Iterator[str]:
    """What follows an option that takes a value."""
    if not option.names or option.kind == "flag":
        return
    places = " | ".join(shlex.quote(f"{' '.join(words.typed)} {name}") for name in option.names)
    if option.kind == "choice":
        action = f'COMPREPLY=($(compgen -W {shlex.quote(" ".join(option.choices))} -- "$word"))'
    else:
        action = f'_desist_{option.kind} "$word"'
    yield f"        {places}) {action}; return ;;"


def _verb(words: Words) -> str:
    """What may follow a verb, or the beginning of one."""
    names = " ".join(name for option in words.options for name in option.names)
    placed = [option for option in words.options if not option.names]
    offered = [name for name, _ in words.verbs] or [choice for option in placed for choice in option.choices]
    kind = next((option.kind for option in placed if option.kind in ("file", "folder")), "text")
    place = shlex.quote(" ".join(words.typed))
    return f"        {place}) options={shlex.quote(names)} words={shlex.quote(' '.join(offered))} kind={kind} ;;"
