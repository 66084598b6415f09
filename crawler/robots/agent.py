"""The product token by which robots.txt knows this crawler (RFC 9309 2.2.1).

The token is matched, never the whole User-Agent header: a browser's header is full of other crawlers' names.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ..errors import UsageError
from .file import EVERY_GROUP

__all__ = ["Agent", "product_token", "stands_in"]

_TOKEN: Final = re.compile(r"[A-Za-z_-]+")
_BETWEEN: Final = re.compile(r"[\s();,]+")
"""What stands between the products of a User-Agent header, those in its comments too (RFC 9110 10.1.5)."""
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

    `UsageError` where the token has other characters than the RFC allows or is no product of the header sent, whole and
    by itself: a site sees `ExampleBot` and addresses it, and never `Bot`. `Mozilla` is what every browser says: no site
    means us by it, so all groups count.
    """
    token = configured.strip()
    if token:
        _check(token, "DESIST_AGENT")
        if not stands_in(token, user_agent):
            raise UsageError(f"`{token}` is no product of the User-Agent header `{user_agent}`", help=_HELP)
    else:
        found = _PRODUCT.match(user_agent)
        if not found:
            raise UsageError(f"the User-Agent header `{user_agent}` names no product", help=_HELP)
        token = found[1]
        _check(token, "USER_AGENT")
    if token.lower() == EVERY_GROUP:
        return Agent(token, f"`{token}` names no crawler: the strictest of all robots.txt groups holds; {_HELP}")
    return Agent(token)


def stands_in(token: str, user_agent: str) -> bool:
    """Whether a User-Agent header holds this token as a whole product, so that a site can address who sends it."""
    return token.lower() in {word.partition("/")[0].lower() for word in _BETWEEN.split(user_agent)}


def _check(token: str, setting: str) -> None:
    if not _TOKEN.fullmatch(token):
        raise UsageError(f"`{token}` of {setting} is no product token: letters, `-` and `_` only", help=_HELP)
