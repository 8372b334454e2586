"""Answers that must be whole at a point in time, however slowly a server sends them.

A socket's own timeout begins anew with every byte that comes.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from typing import Any


def left(end: float) -> float:
    """Seconds until `end`, as time.monotonic tells it. Raises TimeoutError where there are none."""
    seconds = end - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


class Until(http.client.HTTPResponse):
    """A response of which nothing is read after `end`; reading raises TimeoutError then."""

    def __init__(self, sock: socket.socket, *arguments: Any, end: float, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_Reading(raw, sock, end))


class _Reading(io.RawIOBase):
    """A socket's file whose every read has the time that is left for all."""

    def __init__(self, raw: Any, sock: socket.socket, end: float) -> None:
        self._raw = raw
        self._sock = sock
        self._end = end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(left(self._end))
        found: int | None = self._raw.readinto(buffer)
        return found

    def close(self) -> None:
        self._raw.close()  # which the socket counts
        super().close()
