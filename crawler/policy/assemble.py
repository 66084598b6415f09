"""Policy sets of documents at hand: drafts, one notice among platforms, the readable part of folders with errors."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from .compile import compile_documents
from .load import Loaded, load_documents
from .policyset import PolicySet, make_image
from .snapshot import image_of, revision_of

__all__ = ["only", "set_of", "set_of_folders"]


def set_of(loaded: Loaded) -> PolicySet:
    """What was loaded as a set; documents with an error of their own are not among it. Nothing is linted."""
    count = len(loaded.documents)
    return PolicySet(image_of(make_image(compile_documents(loaded), revision_of(loaded.files), documents=count)))


def set_of_folders(folders: Iterable[Path]) -> PolicySet:
    """What can be read of these folders: for showing what a new document does, never for judging a crawl."""
    return set_of(load_documents(list(folders)))


def only(loaded: Loaded, identity: str) -> Loaded:
    """All platforms, and of everything else the one document of that id."""
    kept = Loaded(loaded.folders, files=loaded.files)
    kept.platforms = loaded.platforms
    kept.notices = [entry for entry in loaded.notices if entry.doc.key == identity]
    kept.terms = [entry for entry in loaded.terms if entry.doc.key == identity]
    return kept
