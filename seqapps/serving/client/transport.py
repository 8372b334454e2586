"""What a protocol does for the client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Who is asked: a model, and a version or a label of it; without either the newest."""

    model: str
    version: int | None = None
    label: str | None = None


@dataclass(frozen=True)
class Types:
    """What a signature takes and answers: name -> type, as DT_FLOAT."""

    inputs: Mapping[str, str]
    outputs: Mapping[str, str]


class Transport(Protocol):
    """REST or gRPC. Every method raises ServingError where it is not answered in `seconds`."""

    def signatures(self, asked: Asked, *, seconds: float) -> dict[str, Types]:
        """The signatures by name."""

    def predict(
        self, asked: Asked, signature: str, inputs: Arrays, types: Types, *, seconds: float
    ) -> dict[str, np.ndarray]:
        """The outputs to inputs that have the types of the signature."""

    def status(self, asked: Asked, *, seconds: float) -> list[dict[str, Any]]:
        """[{"version", "state", "code", "message"}], as the server orders them."""

    def close(self) -> None:
        """Let connections go."""
