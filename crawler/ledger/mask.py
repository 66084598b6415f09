"""Secrets are struck from details before they are sealed: what is not kept can neither be stolen nor demanded.

A URL keeps its scheme, host, path and parameter names. Struck are userinfo, the values of parameters whose name
says that they are secret, e-mail addresses, credentials, JSON Web Tokens (RFC 7519), and values that look random. Where
only a percent-decoded reading shows a secret, that reading is what is kept.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
from collections import Counter
from typing import Any, Final
from urllib.parse import unquote

__all__ = ["STRUCK", "mask", "mask_details"]

STRUCK: Final = "[struck]"
"""Stands where a secret stood."""

_USERINFO: Final = re.compile(
    r"(?P<head>\b(?:https?|wss?|ftps?):[/\\]*|(?::|%3A)(?:[/\\]|%2F|%5C)+|//)[^/?#\s@]*(?:@[^/?#\s@]*)*@", re.I
)
"""Of two slashes, backslashes, one or none: what some reader takes for an authority."""
_HOST: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#;\s]*")
_PARAMETER: Final = re.compile(
    r"(?P<head>(?:^|[?&;#,\s]|%3F|%26)(?P<name>[^=&;?#%,\s]+)(?:=|%3D))(?P<value>[^&;?#\s]+)", re.I
)
_NAME: Final = re.compile(
    r"token|secret|passw|pwd|passphrase|credential|signature|session|sess_?id|api_?key|access_?key|auth|jwt|otp|nonce"
    r"|csrf|xsrf|ticket|mail|phone|^x-(?:amz|goog)-|(?:^|\W)(?:sid|sig|key|code|state|hash|hmac|pass|pw|psw|pin|user|login|cftoken)(?:\W|$)"
    r"|sessid|cookie",
    re.I,
)
_EMAIL: Final = re.compile(r"[\w.!#$%&'*+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}", re.I)
_JWT: Final = re.compile(r"eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*")
_BEARER: Final = re.compile(r"(?P<head>\b(?:bearer|basic)\s+)(?P<value>[\w.~+/=-]{6,})", re.I)
_WORD: Final = re.compile(r"[A-Za-z0-9_+-]{20,}={0,2}")
_SUSPECT: Final = re.compile(r"[@=%\s]|eyJ")
_ESCAPE: Final = re.compile(r"%[2-7][0-9A-Fa-f]")
"""An escape of printable ASCII, of which all that marks a secret is made; other scripts need no second look."""
_LAYERS: Final = 8
"""Layers of percent-encoding that are looked below; what has more is struck whole."""
_NOTHING: Final[frozenset[str]] = frozenset()
_HEX: Final = re.compile(r"[0-9a-fA-F-]{20,}")


def mask(text: str) -> tuple[str, frozenset[str]]:
    """`text` with its secrets struck, and the kinds struck: userinfo, parameter, bearer, e-mail, token, random."""
    if len(text) < 20 and not _SUSPECT.search(text):
        return text, _NOTHING
    struck: set[str] = set()
    kept = current = _masked(text, struck)
    for _ in range(_LAYERS):
        plain = unquote(current) if _ESCAPE.search(current) else current
        if plain == current:
            return kept, frozenset(struck)
        current = _masked(plain, struck)
        if current != plain:
            kept = current
    return STRUCK, frozenset(struck | {"parameter"})


def _masked(text: str, struck: set[str]) -> str:
    """`text` as it is written with its secrets struck; adds their kinds to `struck`."""
    if "@" in text:
        text = _strike("userinfo", _USERINFO, rf"\g<head>{STRUCK}@", text, struck)
    host = _HOST.match(text)
    head, rest = (text[: host.end()], text[host.end() :]) if host else ("", text)
    if "=" in rest or "%3" in rest:
        rest = _strike("parameter", _PARAMETER, _without_value, rest, struck)
    if " " in rest:
        rest = _strike("bearer", _BEARER, rf"\g<head>{STRUCK}", rest, struck)
    if "eyJ" in rest:
        rest = _strike("token", _JWT, STRUCK, rest, struck)
    if "@" in rest:
        rest = _strike("e-mail", _EMAIL, STRUCK, rest, struck)
    if len(rest) >= 20:
        rest = _strike("random", _WORD, _without_random, rest, struck)
    return head + rest


def _strike(
    kind: str, pattern: re.Pattern[str], put: Any, text: str, struck: set[str]
) -> str:  # a template or a function
    result: str = pattern.sub(put, text)
    if result != text:
        struck.add(kind)
    return result


@functools.lru_cache(maxsize=4096)
def _is_secret(name: str) -> bool:
    return bool(_NAME.search(name))


def _without_value(found: re.Match[str]) -> str:
    return found["head"] + STRUCK if _is_secret(found["name"]) else found[0]


def _without_random(found: re.Match[str]) -> str:
    return STRUCK if _looks_random(found[0]) else found[0]


def _looks_random(word: str) -> bool:
    """Hexadecimal with digits, or 16 with digits or shuffled case and over 3.2 bits a character: slugs stay."""
    if _HEX.fullmatch(word) and any(c.isdigit() for c in word):
        return True
    piece = max(re.split(r"[-_+]", word), key=len)
    if len(piece) < 16 or not (any(c.isdigit() for c in piece) or _shuffles_case(piece)):
        return False
    return -sum(n / len(word) * math.log2(n / len(word)) for n in Counter(word).values()) > 3.2


def _shuffles_case(word: str) -> bool:
    return sum(a.isupper() != b.isupper() for a, b in itertools.pairwise(word)) > len(word) / 3


def mask_details(value: Any, struck: set[str], name: str = "") -> Any:
    """`value` (JSON of any shape) with every string masked; adds the kinds struck to `struck`.

    Where the name of a mapping's value says that it is secret, all of it goes.
    """
    if isinstance(value, str):
        if name and name not in _OURS and _is_secret(name):
            struck.add("parameter")
            return STRUCK
        masked, kinds = mask(value)
        struck |= kinds
        return masked
    if isinstance(value, dict):
        return {key: mask_details(item, struck, key) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [mask_details(item, struck, name) for item in value]
    return value


_OURS: Final = frozenset({"user", "code"})
