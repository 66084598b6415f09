"""The one place where a URL is read.

Two readers look at every URL: the WHATWG parser (`can_ada`), which browsers and Scrapy's newer parts agree with, and
the standard library's `urlsplit`, which follows RFC 3986 and is what many HTTP clients dial by. Where they see other
hosts, ports or schemes nobody can say where a request would go, and the URL is `ambiguous`: it refuses.

What a reader may differ in without being ambiguous is spelling only: letter case, one final dot, IDN against punycode
where IDNA 2003 and UTS 46 agree, the notation of an IPv6 address.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

import can_ada
import msgspec

from .model import Basis

__all__ = ["MAX_HOST", "PLAIN_HOST", "Target", "canonical_host", "is_address", "read"]

MAX_HOST: Final = 253
"""Octets of a host name, RFC 1035 2.3.4, without the final dot."""

PLAIN_HOST: Final = re.compile(r"(?:[a-z0-9_-]{1,63}+\.)++[a-z][a-z0-9-]{0,62}+")
"""A host that all readers read alike, unless a label begins with `xn--`: small ASCII letters, no number at the end."""

_PORTS: Final = {"http": 80, "https": 443}
_NAME: Final = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_CONTROL: Final = re.compile(r"[\x00-\x20\x7f]")
_BLANKS: Final = "".join(map(chr, range(33)))
"""What both readers strip from the ends of a URL (WHATWG URL 4.4, 'C0 control or space')."""
_AUTHORITY_END: Final = re.compile(r"[/?#]")


class Target(msgspec.Struct, frozen=True):
    """A URL read once. `trouble` is empty for a URL that a gate may go on judging."""

    url: str
    scheme: str = ""
    host: str = ""
    """Canonical: lower case, punycode, no final dot; an IPv6 address without brackets, IPv4-mapped ones as IPv4."""
    port: int = 0
    """As it would be dialled, the scheme's own filled in; 0 where there is none."""
    path: str = ""
    """Path and query as the WHATWG reader resolves them: what a client sends."""
    raw_path: str = ""
    """Path and query as written: dot segments and letter case of escapes kept."""
    hosts: tuple[str, ...] = ()
    """Every host that some reader sees, `host` first; more than one only where `trouble` is AMBIGUOUS."""
    trouble: Basis | None = None
    """INVALID_URL, SCHEME or AMBIGUOUS."""
    why: str = ""


class _Reading(msgspec.Struct, frozen=True):
    """What one reader makes of a URL."""

    scheme: str
    host: str
    port: int
    path: str


def read(url: str) -> Target:
    """Read `url` with both readers; never raises, whatever the text."""
    whatwg, refusal = _whatwg(url)
    rfc, complaint = _rfc(url)
    if whatwg is None:
        hosts = (rfc.host,) if rfc and rfc.host else ()
        return Target(url, hosts=hosts, trouble=Basis.INVALID_URL, why=refusal)
    hosts = (whatwg.host,) if whatwg.host else ()
    if rfc and rfc.host and rfc.host != whatwg.host:
        hosts = (*hosts, rfc.host)
    trouble, why = _trouble(url, whatwg, rfc, complaint)
    raw_path = rfc.path if rfc else whatwg.path
    return Target(url, whatwg.scheme, whatwg.host, whatwg.port, whatwg.path, raw_path, hosts, trouble, why)


def _trouble(url: str, whatwg: _Reading, rfc: _Reading | None, complaint: str) -> tuple[Basis | None, str]:
    """What keeps a URL from being judged further, the first of: its scheme, its host, its readers' disagreement."""
    if whatwg.scheme not in _PORTS:
        return Basis.SCHEME, f"`{whatwg.scheme}` is neither http nor https"
    if fault := _host_fault(whatwg.host):
        return Basis.INVALID_URL, fault
    if rfc is None:
        return Basis.AMBIGUOUS, f"one reader sees `{whatwg.host}`, another cannot read it: {complaint}"
    if (whatwg.scheme, whatwg.host, whatwg.port) != (rfc.scheme, rfc.host, rfc.port):
        return Basis.AMBIGUOUS, f"readers differ: `{_dial(whatwg)}` or `{_dial(rfc)}`"
    if _CONTROL.search(_authority(url)):
        return Basis.AMBIGUOUS, "a control character or blank stands within the host, which readers treat differently"
    return None, ""


def _dial(reading: _Reading) -> str:
    """`scheme://host:port`, for a message."""
    return f"{reading.scheme}://{reading.host}:{reading.port}"


def _authority(url: str) -> str:
    """The text up to the end of the authority, surrounding blanks left out."""
    text = url.strip(_BLANKS)
    start = text.find("//") + 2
    end = _AUTHORITY_END.search(text, start)
    return text[: end.start()] if end else text


def _whatwg(url: str) -> tuple[_Reading | None, str]:
    """The WHATWG reading, or why there is none."""
    try:
        parsed = can_ada.parse(url)
    except (ValueError, TypeError, UnicodeError):
        return None, "not a URL by the WHATWG standard" if "://" in url else "not an absolute URL"
    scheme = parsed.protocol[:-1]
    host = _settle(parsed.hostname)
    port = int(parsed.port) if parsed.port else _PORTS.get(scheme, 0)
    return _Reading(scheme, host, port, parsed.pathname + parsed.search), ""


def _rfc(url: str) -> tuple[_Reading | None, str]:
    """The reading of the standard library, its host brought to canonical spelling, or why there is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = _spell(parts.hostname or "")
    except (ValueError, UnicodeError) as error:
        return None, str(error).split("`")[0][:80]
    scheme = parts.scheme
    path = parts.path + ("?" + parts.query if parts.query else "")
    rooted = path if path.startswith("/") else "/" + path
    return _Reading(scheme, host, port if port is not None else _PORTS.get(scheme, 0), rooted), ""


def _spell(host: str) -> str:
    """Canonical spelling of urllib's host: IDNA 2003 for names (as Scrapy encodes them), IPv6 compressed."""
    if ":" in host:
        return _settle(f"[{host}]")
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    return _settle(host.lower())


def _settle(host: str) -> str:
    """One final dot off, brackets off, IPv6 compressed and IPv4-mapped addresses as IPv4."""
    if not host.startswith("["):
        return host[:-1] if host.endswith(".") else host
    return _address(host[1:-1])


@lru_cache(maxsize=1024)
def _address(text: str) -> str:
    """Canonical text of an IPv6 address."""
    from ipaddress import IPv6Address  # noqa: PLC0415 - 3 ms that most start-ups need not pay

    address = IPv6Address(text)
    return str(address.ipv4_mapped or address)


def _host_fault(host: str) -> str:
    """Why DNS could not carry `host`; empty where it could, or where it is an address."""
    if not host:
        return "it names no host"
    if ":" in host:
        return ""
    if len(host) > MAX_HOST:
        return f"the host has {len(host)} octets, a name has at most {MAX_HOST}"
    if not _NAME.fullmatch(host):
        return f"`{host[:80]}` is not a host name"
    return ""


def is_address(host: str) -> bool:
    """Whether a canonical host is an IP address."""
    return ":" in host or host.rpartition(".")[2].isdigit()


def canonical_host(text: str) -> str:
    """The canonical spelling of a bare host name or address; `ValueError` where it is none, or where readers differ."""
    bracketed = f"[{text}]" if text.count(":") > 1 and not text.startswith("[") else text
    target = read(f"http://{bracketed}/")
    if target.trouble or target.path != "/" or target.port != 80 or "@" in text or text.endswith(":80"):
        raise ValueError(target.why or "it holds more than a host")
    return target.host
