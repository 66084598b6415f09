"""Destinations that stand in Scrapy's own settings: feeds, stores of files and images, the mail relay.

A project that says where its feeds go has declared it: nobody should have to say so twice. Every use is judged.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from scrapy.settings import BaseSettings

__all__ = ["derived"]

_STORES: Final = ("FILES_STORE", "IMAGES_STORE")
_GOOGLE: Final = ("storage.googleapis.com:443", "oauth2.googleapis.com:443", "metadata.google.internal:80")
_HTTPS: Final = 443


def derived(settings: BaseSettings) -> list[str]:
    """`host:port` lines in the form of DESIST_INFRA, in no particular order; `host` alone where any port may follow."""
    uris = [str(uri) for uri in _keys(settings["FEEDS"])]
    uris += [str(settings[name]) for name in _STORES if settings[name]]
    lines = [line for uri in uris for line in _places(uri, settings)]
    if (settings.getpriority("MAIL_HOST") or 0) > 0 and settings["MAIL_HOST"]:
        lines.append(f"{settings['MAIL_HOST']}:{settings.getint('MAIL_PORT')}")
    return sorted(set(lines))


def _keys(feeds: Any) -> list[Any]:
    return list(feeds) if isinstance(feeds, Mapping) else []


def _places(uri: str, settings: BaseSettings) -> Iterator[str]:
    parts = urlsplit(uri)
    if parts.scheme == "s3":
        yield from _s3(parts.netloc, settings)
    elif parts.scheme == "gs":
        yield from _GOOGLE
    elif parts.scheme in {"ftp", "ftps"} and parts.hostname:
        yield parts.hostname  # the port of each file is the server's to choose (RFC 959 3.2)


def _s3(bucket: str, settings: BaseSettings) -> Iterator[str]:
    endpoint = settings["AWS_ENDPOINT_URL"] or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        parts = urlsplit(str(endpoint))
        host = parts.hostname or ""
        port = parts.port or (80 if parts.scheme == "http" else _HTTPS)
        yield from (f"{host}:{port}", f"{bucket}.{host}:{port}")
        return
    region = settings["AWS_REGION_NAME"] or os.environ.get("AWS_DEFAULT_REGION") or "*"
    for service in ("s3", f"s3.{region}"):
        yield from (f"{service}.amazonaws.com:{_HTTPS}", f"{bucket}.{service}.amazonaws.com:{_HTTPS}")
