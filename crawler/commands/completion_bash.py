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
# `scrapy desist ...`: the same; whatever else `scrapy` is followed by is left to what completed it before
_desist_scrapy() {
    if ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[1]} == desist ]]; then
        compopt +o default +o bashdefault 2>/dev/null
        COMP_WORDS=("${COMP_WORDS[@]:1}")
        ((COMP_CWORD--))
        _desist
        return
    fi
    COMPREPLY=()
    [[ $_desist_before == unknown ]] && _desist_find scrapy
    [[ -n $_desist_before ]] && "$_desist_before" "$@"
    local word=${COMP_WORDS[COMP_CWORD]}
    ((COMP_CWORD == 1)) && [[ -n $word && desist == "$word"* ]] && COMPREPLY+=(desist)
    return 0
}
# a package of completions reads its file for a command when that is completed for the first time
_desist_find() {
    _desist_before=
    if declare -F _comp_load >/dev/null; then
        _comp_load scrapy
    elif declare -F __load_completion >/dev/null; then
        __load_completion scrapy
    fi
    _desist_beside
}
# asks before whatever function is registered for scrapy; a command or a list of words is left alone
_desist_beside() {
    local -a spec
    read -ra spec <<< "$(complete -p scrapy 2>/dev/null)"
    if ((${#spec[@]} == 0)); then
        complete -o bashdefault -o default -F _desist_scrapy scrapy
        return
    fi
    local at
    for at in "${!spec[@]}"; do
        if [[ ${spec[at]} == -F && ${spec[at + 1]} != _desist_scrapy ]]; then
            _desist_before=${spec[at + 1]}
            spec[at + 1]=_desist_scrapy
            "${spec[@]}"
        fi
    done
}
[[ -n $_desist_before ]] || _desist_before=unknown
_desist_beside
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
