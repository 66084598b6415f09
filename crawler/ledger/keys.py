"""Where counsel's key comes from: DESIST_COUNSEL_KEY, or a pair made once, at a terminal, in the user's configuration.

Never beside the ledger: a thief of the one must not have the other. In a container or a job nobody would ever see
the private key again, so none is made there, and without a configured key details are not kept at all.
"""

from __future__ import annotations

import base64
import contextlib
import os
import pwd
import sys
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ..errors import LedgerUnusable, UsageError
from . import files, mounts
from .checkpoint import Signer
from .opener import Opener
from .seal import CounselKey

__all__ = [
    "Found",
    "config_folder",
    "counsel_key",
    "log_signer",
    "make_log_key",
    "make_pair",
    "private_keys",
    "user_name",
]

_FLEETING: Final = frozenset({"tmpfs", "ramfs", "overlay", "aufs", "rootfs", "devtmpfs"})
_PRIVATE: Final = "counsel-{kid}.key"
_CURRENT: Final = "counsel.pub"
_LOG: Final = "log.key"
_LOG_NAME: Final = "desist-ledger"


class Found(NamedTuple):
    """The key in use, and where it came from, in words for reports and `doctor`."""

    key: CounselKey | None
    source: str


def config_folder() -> Path:
    """`$XDG_CONFIG_HOME/desist`, else `~/.config/desist` (XDG base directory specification)."""
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    return Path(base) / "desist"


def counsel_key(configured: str | None, *, make: bool = True, named: str = "DESIST_COUNSEL_KEY") -> Found:
    """The key to which details are sealed. `configured` is the text of a public key, or the path of a file with it;
    `named` says where it was configured.

    Raises UsageError for a configured key that cannot be read: details are never dropped by a slip of the pen.
    """
    if configured:
        return Found(_read(configured, named), named)
    current = config_folder() / _CURRENT
    if os.path.lexists(current):
        return Found(_read(str(current), str(current)), str(current))
    if not make:
        return Found(None, "no key is configured: details are not kept")
    why_not = _why_no_pair()
    if why_not:
        return Found(None, f"no key is configured, and none is made here ({why_not}): details are not kept")
    return Found(make_pair().counsel, f"{current} (made just now)")


def _read(text: str, named: str) -> CounselKey:
    path = Path(text)
    if not text.startswith("desist-"):
        try:
            text = path.read_text(encoding="ascii")
        except (OSError, ValueError) as error:
            help_line = "give the text `desist-x25519:...`, or the path of a file that holds it"
            raise UsageError(f"counsel's key cannot be read: {error}", place=named, help=help_line) from error
    try:
        return CounselKey.parse(text)
    except UsageError as error:
        raise UsageError(error.message, place=named, help=error.help) from None


def _why_no_pair() -> str:
    """Why a private key made here might be lost or never be seen by a person; empty where neither is likely."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return "not at a terminal"
    home = Path(os.path.expanduser("~"))
    if not home.is_dir() or home.stat().st_uid != os.geteuid():
        return "no home folder"
    kind = mounts.file_system(home)
    return f"the home folder does not last ({kind})" if kind in _FLEETING else ""


def make_pair(folder: Path | None = None) -> Opener:
    """Make a pair and let its public half be the one in use; earlier private keys stay, for what they sealed."""
    folder = folder or config_folder()
    opener = Opener.generate()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(folder / _PRIVATE.format(kid=opener.counsel.kid), opener.private_text())
        draft = folder / f".{_CURRENT}.{opener.counsel.kid}"
        _write(draft, str(opener.counsel))
        os.replace(draft, folder / _CURRENT)
        files.sync_folder(folder)
    except OSError as error:
        message = f"counsel's key pair cannot be kept: {error.strerror}"
        raise LedgerUnusable(message, place=str(folder), help="set DESIST_COUNSEL_KEY to a public key") from error
    return opener


def _write(path: Path, text: str) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "w", encoding="ascii") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())


def log_signer(configured: str = "", *, make: bool = True) -> Signer | None:
    """The key that signs checkpoints: the file in DESIST_LOG_KEY, else one made once where counsel's pair would be.

    None where there is none. Its public half, `log.vkey`, is to be pinned where the crawl host cannot write: a forger's
    own key must not verify. Raises LedgerUnusable for a file that holds no such key.
    """
    path = Path(configured).expanduser() if configured else config_folder() / _LOG
    if configured or os.path.lexists(path):
        try:
            raw = base64.b64decode(path.read_text(encoding="ascii").strip(), validate=True)
            return Signer(_LOG_NAME, Ed25519PrivateKey.from_private_bytes(raw))
        except (OSError, ValueError) as error:
            raise _no_log_key(path, error) from error
    return make_log_key(path) if make and not _why_no_pair() else None


def make_log_key(path: Path) -> Signer:
    """Make the key that signs checkpoints, and `.vkey` beside it; LedgerUnusable where something is there already."""
    private = Ed25519PrivateKey.generate()
    signer = Signer(_LOG_NAME, private)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path.with_suffix(".vkey"), str(signer.verifier))
        _write(path, base64.b64encode(private.private_bytes_raw()).decode())
    except OSError as error:
        raise _no_log_key(path, error) from error
    return signer


def _no_log_key(path: Path, error: Exception) -> LedgerUnusable:
    why = (error.strerror if isinstance(error, OSError) else None) or error
    return LedgerUnusable(f"the key that signs checkpoints: {why}", place=str(path), help="mend or move it")


def private_keys(paths: list[str]) -> list[Opener]:
    """The private keys in these files; where none is named, those in the configuration folder."""
    chosen = [Path(path) for path in paths] or sorted(config_folder().glob(_PRIVATE.format(kid="*")))
    result = []
    for path in chosen:
        try:
            result.append(Opener.parse(path.read_text(encoding="ascii")))
        except UsageError as error:
            raise UsageError(error.message, place=str(path), help=error.help) from None
        except (OSError, ValueError) as error:
            raise UsageError(
                f"counsel's private key cannot be read: {error}", place=str(path), help="--key FILE"
            ) from error
    return result


def user_name() -> str:
    """Who runs this process, for entries about reads; the number where the name is not known."""
    with contextlib.suppress(KeyError):
        return pwd.getpwuid(os.geteuid()).pw_name
    return str(os.geteuid())
