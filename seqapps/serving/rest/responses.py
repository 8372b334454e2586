"""Responses of the REST interface."""

from __future__ import annotations

from starlette.responses import Response

from seqapps.serving.errors import Refused
from seqapps.serving.rest.writing import dump


def json_response(body: bytes, status: int = 200) -> Response:
    """A response as TF Serving sends it."""
    return Response(body, status, media_type="application/json")


def error_response(refused: Refused) -> Response:
    """`{"error": "..."}` with the status that belongs to the code."""
    return json_response(dump({"error": refused.message}), refused.http_status)
