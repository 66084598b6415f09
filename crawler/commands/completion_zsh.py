"""The completion script for zsh."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from .completion import Option, Words

__all__ = ["script"]

_HEAD = """\
#compdef desist
# Completion of desist in zsh; written by `desist completion zsh`.
_desist() {
    local verb= before=${words[CURRENT-1]} kind=text
    local -a options offered
    # --format=json is one word
    if [[ $words[CURRENT] == --*=* ]]; then
        before=${words[CURRENT]%%=*}
        compset -P '*='
    fi
    if ((CURRENT > 2)); then
        verb=$words[2]
        case $verb in (FAMILIES) ((CURRENT > 3)) && verb+=" $words[3]" ;; esac
    fi
    case "$verb $before" in
"""
_MIDDLE = """\
    esac
    case "$verb" in
"""
_TAIL = """\
    esac
    if [[ $PREFIX == -* ]]; then
        _describe -o option options
    elif ((${#offered})); then
        _describe verb offered
    else
        _desist_$kind
    fi
}
_desist_text() { _message 'a value' }
_desist_file() { _files }
_desist_folder() { _files -/ }
# `scrapy desist ...`: the same; whatever else `scrapy` is followed by is left to what completed it before
_desist_scrapy() {
    if ((CURRENT > 2)) && [[ $words[2] == desist ]]; then
        shift words
        ((CURRENT--))
        _desist
        return
    fi
    local given=1
    ((CURRENT == 2)) && [[ -n $PREFIX && desist == $PREFIX* ]] && compadd -- desist && given=0
    $_desist_before "$@" && given=0
    return given
}
if [[ $_comps[scrapy] != _desist_scrapy ]]; then
    typeset -g _desist_before=${_comps[scrapy]:-_default}
    compdef _desist_scrapy scrapy
fi
if [[ $funcstack[1] == _desist ]]; then _desist "$@"; else compdef _desist desist; fi
"""


def script(verbs: Sequence[Words]) -> str:
    """The script for these verbs."""
    families = "|".join(words.typed[0] for words in verbs if words.verbs and words.typed)
    values = [line for words in verbs for option in words.options for line in _value(words, option)]
    head = _HEAD.replace("FAMILIES", families)
    return "\n".join([head + "\n".join(values), _MIDDLE + "\n".join(map(_verb, verbs)), _TAIL])


def _value(words: Words, option: Option) -> Iterator[str]:
    """What follows an option that takes a value."""
    if not option.names or option.kind == "flag":
        return
    places = "|".join(shlex.quote(f"{' '.join(words.typed)} {name}") for name in option.names)
    action = f"compadd -- {shlex.join(option.choices)}" if option.kind == "choice" else f"_desist_{option.kind}"
    yield f"        ({places}) {action}; return ;;"


def _verb(words: Words) -> str:
    """What may follow a verb, or the beginning of one."""
    options = shlex.join(_described(name, option.about) for option in words.options for name in option.names)
    placed = [option for option in words.options if not option.names]
    offered = [_described(name, about) for name, about in words.verbs]
    offered = offered or [choice for option in placed for choice in option.choices]
    kind = next((option.kind for option in placed if option.kind in ("file", "folder")), "text")
    place = shlex.quote(" ".join(words.typed))
    return f"        ({place}) options=({options}) offered=({shlex.join(offered)}) kind={kind} ;;"


def _described(word: str, about: str) -> str:
    """As `_describe` reads it: a colon parts the word from what it means."""
    return f"{word}:{about}".rstrip(":")
