"""What Python code meets where the process is shut: errors of the kinds that it expects of an absent network."""

from __future__ import annotations

import socket

__all__ = ["AttemptRefused", "LibraryRefused", "LookupShut", "SpawnRefused"]


class AttemptRefused(ConnectionRefusedError):
    """A connection or datagram that nothing covers."""


class LookupShut(socket.gaierror):
    """A lookup that nothing covers."""


class SpawnRefused(PermissionError):
    """A child process that nothing declares."""


class LibraryRefused(ImportError):
    """A module that opens sockets unseen."""
