"""The golden requests of bundles, asked of any server: does it answer as the trained model did?"""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqapps import files
from seqapps.errors import RunError
from seqapps.export import manifest
from seqapps.export.compare import Comparison, compare
from seqapps.serving.rest.writing import BYTES

TIMEOUT = 60.0  # seconds


@dataclass(frozen=True)
class Outcome:
    """How one signature of one version answered its golden request."""

    model: str
    version: int
    signature: str
    found: Comparison


def check(server: Server, folder: Path, name: str) -> Iterator[Outcome]:
    """Each golden request of the version of a model that the server has, by REST.

    Raises RunError where the server is not there, refuses, or has a version that `folder` lacks.
    """
    version = server.version(name)
    bundle = folder / name / str(version)
    file = bundle / manifest.EXTRA / "golden.json"
    if not file.is_file():
        raise RunError(f"the server has version {version}, and {file} is not there.")
    told = manifest.read(bundle)
    for record in files.read_json(file):
        answer = server.answer(name, version, record)
        declared = manifest.signature_of(told, record["signature"]).answer
        found = compare(rows_of(answer), rows_of(record["outputs"]), declared)
        yield Outcome(name, version, record["signature"], found)


class Server:
    """A server with TF Serving's REST interface."""

    def __init__(self, url: str, token: str | None) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def version(self, name: str) -> int:
        """The newest version that it serves. Raises RunError where there is none."""
        versions = self._ask(f"/v1/models/{name}")["model_version_status"]
        found = [int(one["version"]) for one in versions if one["state"] == "AVAILABLE"]
        if not found:
            raise RunError("the server has no version of it that is available.")
        return max(found)

    def answer(self, name: str, version: int, record: Mapping[str, Any]) -> dict[str, Any]:
        """The outputs to a golden request, by column."""
        body = {"signature_name": record["signature"], "inputs": record["inputs"]}
        told = self._ask(f"/v1/models/{name}/versions/{version}:predict", body)["outputs"]
        wanted = record["outputs"]
        if not isinstance(told, dict):  # the name of an only output is left out
            told = {next(iter(wanted)): told}
        return {key: _texts(value) if key.endswith(BYTES) else value for key, value in told.items()}

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
        except (OSError, ValueError) as error:
            raise RunError(f"{self._url}{path}: no answer that can be read: {error}") from None


def rows_of(columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Outputs by name as one dict per row; that of the export would start TensorFlow for it."""
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _texts(value: Any) -> Any:
    if isinstance(value, list):
        return [_texts(item) for item in value]
    return base64.b64decode(value["b64"]).decode("utf-8", errors="replace")
