"""REST, without TensorFlow: the standard library's connections, kept open between requests."""

from __future__ import annotations

import base64
import http.client
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from threading import Lock
from typing import Any
from urllib.parse import quote, urlsplit

import numpy as np

from seqapps.serving.client import answers
from seqapps.serving.client.failed import ServingError
from seqapps.serving.client.transport import Arrays, Asked, Types
from seqapps.serving.client.until import Until, left

CODES = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
    409: "ABORTED", 413: "RESOURCE_EXHAUSTED", 429: "RESOURCE_EXHAUSTED", 499: "CANCELLED",
    500: "INTERNAL", 501: "UNIMPLEMENTED", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
}  # fmt: skip
PASSING = (429, 503)
LONGEST = 1000  # characters of a message


class Rest:
    """A server at an `http://` or `https://` address, which may end in a path."""

    def __init__(self, url: str, *, token: str | None) -> None:
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else (
            http.client.HTTPConnection
        )  # fmt: skip
        host, port = parts.hostname or "", parts.port
        self._open: Callable[[], http.client.HTTPConnection] = lambda: kind(host, port)
        self._base = parts.path.rstrip("/")
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = Lock()

    def signatures(self, asked: Asked, *, seconds: float) -> dict[str, Types]:
        told = self._ask("GET", f"{_path(asked)}/metadata", seconds=seconds)
        with _read():
            found = told["metadata"]["signature_def"]["signature_def"]
            return {
                name: Types(_types(each.get("inputs", {})), _types(each.get("outputs", {})))
                for name, each in found.items()
            }

    def predict(
        self, asked: Asked, signature: str, inputs: Arrays, types: Types, *, seconds: float
    ) -> dict[str, np.ndarray]:
        columns = {name: _plain(array) for name, array in inputs.items()}
        body = json.dumps({"signature_name": signature, "inputs": columns}).encode()
        told = self._ask("POST", f"{_path(asked)}:predict", body, seconds=seconds)
        with _read():
            return answers.arrays_of(told["outputs"], types)

    def status(self, asked: Asked, *, seconds: float) -> list[dict[str, Any]]:
        told = self._ask("GET", _path(asked), seconds=seconds)
        with _read():
            return [
                {"version": int(each["version"]), "state": each["state"],
                 "code": each["status"]["error_code"], "message": each["status"]["error_message"]}
                for each in told["model_version_status"]
            ]  # fmt: skip

    def close(self) -> None:
        with self._lock:
            while self._idle:
                self._idle.pop().close()

    def _ask(self, method: str, path: str, body: bytes | None = None, *, seconds: float) -> Any:
        status, content, wait = self._exchange(method, self._base + path, body, seconds=seconds)
        if status != 200:
            code = CODES.get(status, "UNKNOWN")
            raise ServingError(code, _reason(content), passing=status in PASSING, wait=wait)
        try:
            return json.loads(content)
        except ValueError:
            raise _unreadable("no JSON") from None

    def _exchange(
        self, method: str, path: str, body: bytes | None, *, seconds: float
    ) -> tuple[int, bytes, float]:
        """(status, content, seconds that the server asks to wait)."""
        end = time.monotonic() + seconds
        connection = self._connection()
        used = connection.sock is not None
        try:
            try:
                response = self._send(connection, method, path, body, end=end)
            except ConnectionError:  # http.client's RemoteDisconnected is one
                if not used:
                    raise
                connection.close()  # the server let it go meanwhile: that says nothing of it
                response = self._send(connection, method, path, body, end=end)
            content = response.read()
        except TimeoutError:
            connection.close()
            raise ServingError(
                "DEADLINE_EXCEEDED", f"No answer within {seconds:.3g} seconds."
            ) from None
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            told = str(error) or type(error).__name__
            raise ServingError("UNAVAILABLE", f"No connection: {told}.", passing=True) from None
        with self._lock:
            self._idle.append(connection)
        return response.status, content, _seconds(response.getheader("Retry-After"))

    def _send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: bytes | None,
        *,
        end: float,
    ) -> http.client.HTTPResponse:
        connection.timeout = left(end)
        if connection.sock is None:
            connection.connect()
        connection.sock.settimeout(left(end))
        connection.response_class = partial(Until, end=end)  # type: ignore[assignment]
        connection.request(method, path, body, self._headers)
        return connection.getresponse()

    def _connection(self) -> http.client.HTTPConnection:
        with self._lock:
            return self._idle.pop() if self._idle else self._open()


@contextmanager
def _read() -> Iterator[None]:
    """Inside, JSON of another form than TF Serving's is told as such."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError):
        raise _unreadable("JSON of another form") from None


def _unreadable(what: str) -> ServingError:
    return ServingError("UNKNOWN", f"The answer is {what}; is this TF Serving's REST port?")


def _path(asked: Asked) -> str:
    path = f"/v1/models/{quote(asked.model, safe='')}"
    if asked.version is not None:
        path += f"/versions/{asked.version}"
    if asked.label is not None:
        path += f"/labels/{quote(asked.label, safe='')}"
    return path


def _types(told: dict[str, Any]) -> dict[str, str]:
    return {name: each["dtype"] for name, each in sorted(told.items())}


def _plain(array: np.ndarray) -> Any:
    """An array as JSON has it; bytes as base64."""
    if array.dtype != object:
        return array.tolist()
    found = np.empty(array.shape, object)
    for place, value in np.ndenumerate(array):
        found[place] = (
            {"b64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
        )
    return found.tolist()


def _reason(content: bytes) -> str:
    text = content[:LONGEST].decode("utf-8", errors="replace").strip()
    with suppress(ValueError, KeyError, TypeError):
        text = str(json.loads(content)["error"])[:LONGEST]
    return text


def _seconds(header: str | None) -> float:
    try:
        return max(0.0, float(header or 0))
    except ValueError:  # a date
        return 0.0
