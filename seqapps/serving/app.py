"""The web application: TF Serving's REST interface, metrics, and pages that others add."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from seqapps.serving.errors import Refused
from seqapps.serving.limits import Limits
from seqapps.serving.models import Models
from seqapps.serving.rest.api import Rest, error_response


def application(
    models: Models, *, limits: Limits | None = None, pages: Sequence[BaseRoute] = ()
) -> Starlette:
    """An ASGI application; `pages` are further routes, such as those of a playground."""
    return Starlette(
        routes=[*pages, Route("/{path:path}", Rest(models, limits=limits))],
        exception_handlers={500: _failed},
    )


async def _failed(request: Request, error: Exception) -> Response:
    return error_response(Refused("INTERNAL", "The server failed; its log says why."))
