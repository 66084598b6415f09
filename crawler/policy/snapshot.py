"""Folders to an image."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ..errors import PolicyError
from . import publicsuffix
from .policyset import Image, make_image

__all__ = ["compile_folders", "open_image"]


def open_image(folders: Sequence[Path]) -> Image:
    """The image of these folders; PolicyError carries every error of every file."""
    return compile_folders(folders)


def compile_folders(folders: Sequence[Path], *, lenient: bool = False) -> Image:
    """Read, check and compile; `lenient` keeps what prohibits from folders that hold errors."""
    from .compile import compile_documents  # noqa: PLC0415 - YAML and pydantic, which a snapshot spares
    from .diagnostic import summary  # noqa: PLC0415
    from .lint import lint  # noqa: PLC0415
    from .load import load_documents  # noqa: PLC0415

    loaded = load_documents(folders)
    errors = [finding for finding in lint(loaded) if finding.severity == "error"]
    if errors and not lenient:
        first = errors[0]
        raise PolicyError(
            f"{summary(errors)}, the first at {first.place}: {first.message}",
            diagnostics=errors,
            help="see them all: desist policy lint",
        )
    image = make_image(
        compile_documents(loaded),
        revision_of(loaded.files),
        documents=len(loaded.documents),
        broken={},
    )
    return msgspec.msgpack.decode(msgspec.msgpack.encode(image), type=Image)


def revision_of(files: dict[str, bytes]) -> str:
    """SHA-256 over every file's bytes in reading order, and the version of the Public Suffix List."""
    digest = hashlib.sha256(publicsuffix.version().encode())
    for content in files.values():
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()
