"""The product token by which robots.txt knows this crawler (RFC 9309 2.2.1).

The token is matched, never the whole User-Agent header: a browser's header is full of other crawlers' names.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ..errors import UsageError
from .file import EVERY_GROUP

__all__ = ["Agent", "product_token"]

_TOKEN: Final = re.compile(r"[A-Za-z_-]+")
_PRODUCT: Final = re.compile(r"\s*([^\s/()<>@,;:\\\"\[\]?={}]+)")
_HELP: Final = (
    "set DESIST_AGENT to one name of letters, `-` and `_` that also stands in USER_AGENT, such as `ExampleBot`"
)


class Agent(NamedTuple):
    """The token, and what the user should know about it."""

    token: str
    warning: str = ""


def product_token(configured: str, user_agent: str) -> Agent:
    """The token of DESIST_AGENT, or where that is empty the first product of USER_AGENT.

    `UsageError` where the token has other characters than the RFC allows or is no part of the header sent: a site could
    not address this crawler. `Mozilla` is what every browser says: no site means us by it, so all groups count.
    """
    token = configured.strip()
    if token:
        _check(token, "DESIST_AGENT")
        if token.lower() not in user_agent.lower():
            raise UsageError(f"`{token}` is no part of the User-Agent header `{user_agent}`", help=_HELP)
    else:
        found = _PRODUCT.match(user_agent)
        if not found:
            raise UsageError(f"the User-Agent header `{user_agent}` names no product", help=_HELP)
        token = found[1]
        _check(token, "USER_AGENT")
    if token.lower() == EVERY_GROUP:
        return Agent(token, f"`{token}` names no crawler: the strictest of all robots.txt groups holds; {_HELP}")
    return Agent(token)


def _check(token: str, setting: str) -> None:
    if not _TOKEN.fullmatch(token):
        raise UsageError(f"`{token}` of {setting} is no product token: letters, `-` and `_` only", help=_HELP)
