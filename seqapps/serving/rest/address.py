"""What an address and a method ask for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from seqapps.serving.errors import Refused, invalid

_WHICH = r"(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?"
_ASK = re.compile(rf"/v1/models/(?P<name>[^/:]+){_WHICH}:(?P<verb>classify|regress|predict)", re.I)
_LOOK = re.compile(rf"/v1/models(?:/(?P<name>[^/:]+))?{_WHICH}(?:/(?P<verb>metadata))?", re.I)
LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Address:
    """A model, perhaps which version of it, and what is wanted of it."""

    name: str
    verb: str  # predict, classify, regress; status, metadata
    version: int | None = None
    label: str | None = None


def read(method: str, path: str) -> Address:
    """What is asked for. Raises Refused as TF Serving does, with 400; 404 outside of `/v1`."""
    if not path.lower().startswith("/v1/"):
        raise Refused("NOT_FOUND", f"Not found: {path[:200]}")
    found = None
    if method == "POST":
        found = _ASK.fullmatch(path)
    elif method == "GET":
        found = _LOOK.fullmatch(path)
    if not found:
        raise invalid(f"Malformed request: {method} {path[:200]}")
    if not found["name"]:
        raise invalid("Missing model name in request.")
    version = int(found["version"]) if found["version"] else None
    if version is not None and version > LARGEST:
        raise invalid(f"Failed to convert version: {found['version'][:40]} to numeric.")
    return Address(found["name"], (found["verb"] or "status").lower(), version, found["label"])
