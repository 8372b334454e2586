"""Run the application until it is told to stop, and let it finish what it has begun."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import uvicorn

from seqapps.errors import UserError

SIGNALS = (signal.SIGINT, signal.SIGTERM)
DRAIN = 30  # seconds at most for requests that were taken before the end


class Server(uvicorn.Server):
    """uvicorn's server, which says when it takes requests, and when no more."""

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        ready: Callable[[], object],
        ending: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._ending = ending
        self.stopped_by = 0

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's, but the signal is not raised once more: there is work after it."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """See uvicorn; keeps which signal it was."""
        self.stopped_by = sig
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn; then tell."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell; then see uvicorn."""
        self._ending()
        await super().shutdown(sockets)


def bound(host: str, port: int) -> socket.socket:
    """A socket that others can already connect to. Raises UserError where the place is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Said to be TCP, or asyncio would leave Nagle's algorithm on: 40 ms for each answer.
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except (OSError, OverflowError) as error:
        found.close()
        raise UserError(
            f"--port {port}: {host} cannot be listened at ({error}). "
            "Give another port with --port, or stop what uses this one."
        ) from None
    return found


def serve(
    app: Any,
    listening: socket.socket,
    *,
    ready: Callable[[], object],
    ending: Callable[[], object] = lambda: None,
) -> int:
    """Serve until SIGTERM or Ctrl-C, and tell which; requests that were taken are answered.

    `ending` is called when no more are taken, so that what serves beside it ends at the same time.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=DRAIN,
    )
    server = Server(config, ready=ready, ending=ending)
    server.run([listening])
    return server.stopped_by
