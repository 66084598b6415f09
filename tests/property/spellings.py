"""Other spellings of URLs: what browsers, servers and careless code take for the same address, and wrappings of it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from random import Random
from typing import Final
from urllib.parse import quote

from hypothesis import strategies as st

__all__ = ["FORBIDDEN", "misspell", "spellings", "wrap"]

FORBIDDEN: Final = ("pictogram.test", "pictures.example", "b\u00fccher.test")

_WIDE: Final = {chr(c): chr(c + 0xFEE0) for c in range(0x21, 0x7F)}
_CIRCLED: Final = {chr(0x61 + n): chr(0x24D0 + n) for n in range(26)}


def _some(random: Random, text: str, change: Callable[[str], str], share: float = 0.3) -> str:
    """Change some characters."""
    return "".join(change(c) if random.random() < share else c for c in text)


def _case(random: Random, host: str) -> str:
    return _some(random, host, str.upper, 0.5)


def _percent(random: Random, host: str) -> str:
    return _some(
        random, host, lambda c: quote(c, safe="") if not c.isalnum() else f"%{ord(c):02x}" if c.isascii() else c
    )


def _wide(random: Random, host: str) -> str:
    return _some(random, host, lambda c: _WIDE.get(c, c))


def _circled(random: Random, host: str) -> str:
    return _some(random, host, lambda c: _CIRCLED.get(c, c))


def _dots(random: Random, host: str) -> str:
    return host.replace(".", random.choice("\u3002\uff0e\uff61."))


def _final_dot(random: Random, host: str) -> str:
    return host + random.choice([".", "\u3002", "%2e"])


def _soft(random: Random, host: str) -> str:
    at = random.randrange(len(host))
    return host[:at] + random.choice(["\u00ad", "\u200b", "\u2060", "\ufeff"]) + host[at:]


def _puny(random: Random, host: str) -> str:
    return host if host.isascii() else host.encode("idna").decode("ascii")


def _sub(random: Random, host: str) -> str:
    return random.choice(["www.", "a.b.", "xn--bcher-kva.", "_x."]) + host


def _blank(random: Random, host: str) -> str:
    at = random.randrange(len(host))
    return host[:at] + random.choice("\t\n\r") + host[at:]


_HOST: Final = (_case, _percent, _wide, _circled, _dots, _final_dot, _soft, _puny, _sub, _blank)


def _userinfo(random: Random) -> str:
    return random.choice(
        ["", "", "user@", "user:pw@", "good.test@", "good.test:80@", "a@b@", "%40@", ":@", "good.test%2F@"]
    )


def _port(random: Random) -> str:
    return random.choice(["", "", ":80", ":443", ":8080", ":", ":080"])


def _slashes(random: Random) -> str:
    return random.choice(["//", "//", "//", "/", "", "\\\\", "/\\", "///", "\\/"])


def _scheme(random: Random) -> str:
    scheme = random.choice(["http", "https"])
    return random.choice(["", "", " ", "\t", "\x00", "\n"]) + _some(random, scheme, str.upper) + ":"


def _tail(random: Random) -> str:
    return random.choice(
        ["/", "", "/x", "/a/../b", "?q", "#f", "/%2e%2e/x", "//x", "/\u00fc", "\\x", "/x?y=z#w", "/@good.test/"]
    )


def misspell(url: str, random: Random) -> str:
    """Another spelling of a plain `https://host/path`."""
    host = url.split("/")[2]
    for change in random.sample(_HOST, random.randrange(4)):
        host = change(random, host)
    return _scheme(random) + _slashes(random) + _userinfo(random) + host + _port(random) + _tail(random)


def wrap(url: str, random: Random) -> str:
    """A URL that makes somebody else fetch a plain one."""
    text = url
    for _ in range(random.randrange(1, 5)):
        text = quote(text, safe=random.choice(["", ":/", "/"]))
    packed = base64.b64encode(url.encode()).decode().rstrip("=")
    name = random.choice(["url", "u", "URL", "src", "image", "proxy", "target", "image_url", "Img", "urls[]", "%75rl"])
    return random.choice(
        [
            f"https://web.archive.org/web/{random.randrange(1996, 2027)}/{url}",
            f"https://archive.ph/newest/{url}",
            f"https://r.jina.ai/{url}",
            f"https://translate.google.com/translate?tl=en&u={quote(url, safe='')}",
            f"https://good.test/?a=b&{name}={text}",
            f"https://good.test/?{name}={packed}",
            f"https://good.test/proxy/{url}",
            f"https://good.test/{quote(url, safe='')}",
            f"https://corsproxy.io/?{quote(url, safe='')}",
            f"https://camo.githubusercontent.com/ab/{url.encode().hex()}",
            f"https://good.test/?{name}={quote(f'https://hop.test/?url={quote(url)}', safe='')}",
        ]
    )


@st.composite
def spellings(draw: st.DrawFn) -> str:
    """Any spelling or wrapping of a forbidden URL."""
    random = draw(st.randoms(use_true_random=False))
    host = draw(st.sampled_from(FORBIDDEN))
    plain = f"https://{host}/page"
    if random.random() < 0.4:
        return wrap(plain if host.isascii() else f"https://{host.encode('idna').decode()}/page", random)
    return misspell(plain, random)
