"""Who may ask, and a line for each request: what stands around the application."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqapps.errors import UserError
from seqapps.serving.errors import Refused
from seqapps.serving.rest import address
from seqapps.serving.rest.responses import error_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

VARIABLE = "SEQAPPS_TOKEN"
LONGEST = 500  # characters of a path in the log
Told = Callable[[dict[str, Any]], None]


def token_from(file: Path | None) -> str | None:
    """The token that clients must bring: of the file, else of the environment; None: none.

    Raises UserError where the file cannot be read or holds none.
    """
    if file is None:
        return os.environ.get(VARIABLE, "").strip() or None
    try:
        token = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--token-file {file}: cannot be read ({error}).") from None
    if not token:
        raise UserError(f"--token-file {file}: the file is empty; put a long random text there.")
    return token


class Guarded:
    """Answers only requests that bring the token; the others get 401.

    As `Authorization: Bearer TOKEN`, or as the password of `Basic`, which browsers ask for.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        asks = scope["type"] in ("http", "websocket")
        allowed = not asks or self.allows(_header(scope, b"authorization"))
        if not allowed and scope["type"] == "websocket":  # no page has any so far
            await send({"type": "websocket.close", "code": 1008})
            return
        if not allowed:
            refused = Refused("UNAUTHENTICATED", "This server wants a token; see seqapps serve.")
            response = error_response(refused)
            response.headers["www-authenticate"] = 'Bearer, Basic realm="seqapps"'
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def allows(self, authorization: bytes) -> bool:
        """Whether this header holds the token; takes as long whatever it holds."""
        return brings(authorization, self._token)


def brings(authorization: bytes, token: bytes) -> bool:
    """Whether a header, or gRPC metadata, holds the token; takes as long whatever it holds."""
    scheme, _, given = authorization.partition(b" ")
    if scheme.lower() == b"basic":
        try:
            given = base64.b64decode(given).partition(b":")[2]
        except binascii.Error:
            given = b""
    elif scheme.lower() != b"bearer":
        given = b""
    return hmac.compare_digest(given.strip(), token)


class Observed:
    """Tells of each request, once it is answered, what was asked and how it went."""

    def __init__(self, app: ASGIApp, tell: Told) -> None:
        self._app = app
        self._tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and tell."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, sent, start = 500, 0, time.perf_counter()

        async def noting(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                sent += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            self._tell(
                {
                    "client": (scope.get("client") or ("",))[0],
                    "method": scope["method"],
                    "path": scope["path"][:LONGEST],
                    "status": status,
                    "bytes": sent,
                    "seconds": time.perf_counter() - start,
                }
            )


class AccessLog:
    """A JSON object on a line for each request, without what was asked and answered."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write

    def __call__(self, told: dict[str, Any]) -> None:
        """Write one line."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"time": now, **told, "seconds": round(told["seconds"], 6)}
        self._write(json.dumps(line) + "\n")


def model_and_api(method: str, path: str) -> tuple[str, str] | None:
    """What a request asked which model for; None where it asked no model."""
    try:
        where = address.read(method, path)
    except Refused:
        return None
    api = {"predict": "Predict", "classify": "Classify", "regress": "Regress"}
    return (where.name, api[where.verb]) if where.verb in api else None


def _header(scope: Scope, name: bytes) -> bytes:
    return next((value for key, value in scope["headers"] if key == name), b"")
