"""How much one request may bring."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What is more is refused before the model is asked."""

    body: int = 32 * 10**6  # bytes of a request, also once it is unpacked
    instances: int = 1000  # rows of a request
    text: int = 10**6  # characters of a text; bytes in base64 are limited by the body alone
    seconds: float = 30.0  # until an answer is given up, as TF Serving's rest_api_timeout
