"""Run the application until it is told to stop, and let it finish what it has begun."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import uvicorn

from seqapps.errors import UserError

DRAIN = 30  # seconds at most for requests that were taken before the end


class Server(uvicorn.Server):
    """uvicorn's server, which says when it takes requests."""

    def __init__(self, config: uvicorn.Config, *, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn; then tell."""
        await super().startup(sockets)
        if self.started:
            self._ready()


def bound(host: str, port: int) -> socket.socket:
    """A socket that others can already connect to. Raises UserError where the place is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family)
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


def serve(app: Any, listening: socket.socket, *, ready: Callable[[], None]) -> None:
    """Serve until SIGTERM or Ctrl-C; requests that were taken are answered first."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=DRAIN,
    )
    Server(config, ready=ready).run([listening])
