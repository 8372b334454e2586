"""The golden requests of bundles, asked of any server: does it answer as the trained model did?"""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from seqapps import files
from seqapps.errors import RunError, UserError
from seqapps.export import manifest
from seqapps.export.compare import Comparison, compare
from seqapps.serving.rest.writing import BYTES
from seqapps.task import Output

TIMEOUT = 60.0  # seconds


@dataclass(frozen=True)
class Outcome:
    """How one signature of one version answered its golden request."""

    model: str
    version: int
    signature: str
    found: Comparison


@dataclass(frozen=True)
class Golden:
    """A golden request of a bundle, with what it must be answered."""

    signature: str
    record: Mapping[str, Any]
    expected: list[dict[str, Any]]
    answer: Mapping[str, Output]


def check(server: Server, folder: Path, name: str) -> Iterator[Outcome]:
    """Each golden request of the version of a model that the server has, by REST.

    Raises RunError where the server is not there, refuses, or has a version that `folder` lacks.
    """
    version = server.version(name)
    bundle = folder / name / str(version)
    file = bundle / manifest.EXTRA / "golden.json"
    if not file.is_file():
        raise RunError(f"the server has version {version}, and {file} is not there.")
    for golden in _golden(bundle, file):
        answer = server.answer(name, version, golden.record)
        with _readable(f"signature {golden.signature}: the answer is of another form"):
            found = compare(rows_of(answer), golden.expected, golden.answer)
        yield Outcome(name, version, golden.signature, found)


def _golden(bundle: Path, file: Path) -> list[Golden]:
    told = manifest.read(bundle)
    with _readable(f"{file} is damaged"):
        return [
            Golden(
                record["signature"],
                record,
                rows_of(record["outputs"]),
                manifest.signature_of(told, record["signature"]).answer,
            )
            for record in files.read_json(file)
        ]


@contextmanager
def _readable(what: str) -> Iterator[None]:
    """Inside, what has another form than it should is told, beginning with `what`."""
    try:
        yield
    except (AttributeError, KeyError, StopIteration, TypeError, ValueError) as error:
        raise RunError(f"{what} ({type(error).__name__}: {error}).") from None


class Server:
    """A server with TF Serving's REST interface. Raises UserError where `url` is no address."""

    def __init__(self, url: str, token: str | None) -> None:
        if not _is_address(url):
            raise UserError(
                f"--check {url}: no address of a server's REST port; expected http://host:8501 or "
                "https://host."
            )
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def version(self, name: str) -> int:
        """The newest version that it serves. Raises RunError where there is none."""
        path = f"/v1/models/{name}"
        told = self._ask(path)
        with self._readable(path):
            versions = told["model_version_status"]
            found = [int(one["version"]) for one in versions if one["state"] == "AVAILABLE"]
        if not found:
            raise RunError("the server has no version of it that is available.")
        return max(found)

    def answer(self, name: str, version: int, record: Mapping[str, Any]) -> dict[str, Any]:
        """The outputs to a golden request, by column."""
        body = {"signature_name": record["signature"], "inputs": record["inputs"]}
        path = f"/v1/models/{name}/versions/{version}:predict"
        told, wanted = self._ask(path, body), record["outputs"]
        with self._readable(path):
            found = told["outputs"]
            if not isinstance(found, dict):  # the name of an only output is left out
                found = {next(iter(wanted)): found}
            return {
                key: _texts(value) if key.endswith(BYTES) else value for key, value in found.items()
            }

    def _readable(self, path: str) -> AbstractContextManager[None]:
        return _readable(f"{self._url}{path}: no answer of TF Serving's REST interface")

    def _ask(self, path: str, body: Any = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, content, self._headers)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                reason = error.read(2000).decode("utf-8", errors="replace").strip()
            raise RunError(f"{self._url}{path}: {error.code}: {reason}") from None
        except (OSError, ValueError, HTTPException) as error:
            reason = str(error).strip() or type(error).__name__
            raise RunError(
                f"{self._url}{path}: no answer that can be read: {reason}. Is this the REST port?"
            ) from None


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # a port that is no number, or brackets that do not close
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and port != 0


def rows_of(columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Outputs by name as one dict per row; that of the export would start TensorFlow for it."""
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _texts(value: Any) -> Any:
    if isinstance(value, list):
        return [_texts(item) for item in value]
    return base64.b64decode(value["b64"]).decode("utf-8", errors="replace")
