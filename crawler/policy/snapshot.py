"""Folders to an image: compiled from YAML, or read from the snapshot of an earlier start.

A snapshot is trusted only where nothing can have changed since it was written: same folders, same files by name, size,
inode, mtime and ctime, same Public Suffix List, same compiler. It lies in the user's own cache folder (0700), is a
regular file of that user that nobody else may write (0600), and carries the SHA-256 of its content. What an attacker
with write access to that folder may achieve is what the user may achieve, no more: every other file is compiled anew.
A cache that cannot be used is passed over in silence; policies are never read wrongly, only more slowly.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from ..errors import PolicyError
from . import publicsuffix
from .folders import scan
from .policyset import IMAGE_FORMAT, Image, make_image

if TYPE_CHECKING:
    from .load import Loaded

__all__ = ["cache_folder", "compile_folders", "compile_loaded", "image_of", "open_image", "revision_of", "stamp_of"]

_MAGIC: Final = b"desist policy snapshot %d\n" % IMAGE_FORMAT
_HASH: Final = 32
_SETTLED: Final = 2_000_000_000
"""Nanoseconds that a file must have lain unchanged: within a clock tick two changes may show the same time."""
_CODE: Final = Path(__file__).parent
_IMAGE: Final = msgspec.msgpack.Decoder(Image)


def open_image(folders: Sequence[Path]) -> Image:
    """The image of these folders, from the snapshot where it is fresh; PolicyError carries all errors of all files."""
    file = _snapshot_file(folders)
    stamp, newest = stamp_of(folders)
    held = _read(file, stamp)
    if held is not None:
        return held
    started = time.time_ns()
    image = compile_folders(folders)
    if newest + _SETTLED < started and stamp_of(folders)[0] == stamp:
        _write(file, stamp, image)
    return image


def compile_folders(folders: Sequence[Path]) -> Image:
    """Read, check and compile YAML; PolicyError carries all errors of all files."""
    from .load import load_documents  # noqa: PLC0415 - YAML and pydantic, which a snapshot spares

    return compile_loaded(load_documents(folders))


def compile_loaded(loaded: Loaded) -> Image:
    """Check and compile what was read; PolicyError carries all errors of all files."""
    from .compile import compile_documents  # noqa: PLC0415
    from .diagnostic import summary  # noqa: PLC0415
    from .lint import lint  # noqa: PLC0415

    errors = [finding for finding in lint(loaded) if finding.severity == "error"]
    if errors:
        message = f"{summary(errors)}, the first at {errors[0].place}: {errors[0].message}"
        raise PolicyError(message, diagnostics=errors, help="mend them, then: desist policy lint DIR")
    return image_of(make_image(compile_documents(loaded), revision_of(loaded.files), documents=len(loaded.documents)))


def image_of(image: Image) -> Image:
    """The image as it comes back from its encoding, so that compiled and kept sets are the same thing."""
    return _IMAGE.decode(msgspec.msgpack.encode(image))


def revision_of(files: dict[str, bytes]) -> str:
    """SHA-256 over every file's bytes in reading order, and the version of the Public Suffix List."""
    digest = hashlib.sha256(publicsuffix.version().encode())
    for content in files.values():
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()


def stamp_of(folders: Iterable[Path]) -> tuple[bytes, int]:
    """What must be the same for a snapshot to be fresh, as a hash; and when the newest file changed (ns)."""
    lines, newest = [], 0
    for name, status in chain(*map(_entries, folders), sorted(_code_files())):
        mtime, ctime = status.st_mtime_ns, status.st_ctime_ns
        lines.append(f"{name}\0{status.st_size} {mtime} {ctime} {status.st_ino}\n")
        newest = max(newest, mtime, ctime)
    return hashlib.sha256(_MAGIC + "".join(lines).encode("utf-8", "surrogateescape")).digest(), newest


def _entries(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Every document file of a folder, by name; one that cannot be looked at leaves a mark of its own."""
    for entry in scan(str(folder)):
        try:
            yield entry.path, entry.stat()
        except OSError:
            yield entry.path, os.stat_result((0,) * 10)


def _code_files() -> Iterator[tuple[str, os.stat_result]]:
    """The compiler's own files and the Public Suffix List: another version of either compiles anew."""
    yield from _modules(_CODE)
    for path in (_CODE.parent / "urls.py", publicsuffix.list_path()):
        yield str(path), path.stat()


def _modules(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as listing:
        yield from ((entry.path, entry.stat()) for entry in listing if entry.name.endswith(".py"))


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/desist`, or `~/.cache/desist`."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path(os.path.expanduser("~/.cache"))) / "desist"


def _snapshot_file(folders: Iterable[Path]) -> Path:
    """The snapshot of these folders: a name for each sequence of them, as it is written and as it resolves."""
    named = "\0".join(f"{folder}\0{os.path.realpath(folder)}" for folder in folders)
    return cache_folder() / f"policies-{hashlib.sha256(named.encode('utf-8', 'surrogateescape')).hexdigest()[:24]}"


def _private(status: os.stat_result, kind: int) -> bool:
    """Whether something is ours alone."""
    return stat.S_IFMT(status.st_mode) == kind and status.st_uid == os.geteuid() and not status.st_mode & 0o077


def _read(file: Path, stamp: bytes) -> Image | None:
    """The image that a fresh, sound snapshot holds; None for every other."""
    try:
        if not _private(os.lstat(file.parent), stat.S_IFDIR):
            return None
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if not _private(os.fstat(descriptor), stat.S_IFREG):
            return None
        data = memoryview(mmap.mmap(descriptor, 0, prot=mmap.PROT_READ))
    except (OSError, ValueError):
        return None
    finally:
        os.close(descriptor)
    return _decode(data, stamp)


def _decode(data: memoryview, stamp: bytes) -> Image | None:
    """Check magic, stamp and hash before a byte of the body is believed."""
    start = len(_MAGIC) + 2 * _HASH
    head = bytes(data[:start])
    body = data[start:]
    if head[: len(_MAGIC) + _HASH] != _MAGIC + stamp or head[-_HASH:] != hashlib.sha256(body).digest():
        return None
    try:
        image = _IMAGE.decode(body)
    except msgspec.DecodeError:
        return None
    return image if image.format == IMAGE_FORMAT else None


def _write(file: Path, stamp: bytes, image: Image) -> None:
    """Put the snapshot where the next start finds it, whole or not at all; in silence where that is not possible."""
    body = msgspec.msgpack.encode(image)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _private(os.lstat(file.parent), stat.S_IFDIR):
            return
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(_MAGIC + stamp + hashlib.sha256(body).digest())
            stream.write(body)
        os.replace(draft, file)
    except OSError:
        draft.unlink(missing_ok=True) if draft.parent.is_dir() else None
