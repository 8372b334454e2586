"""The web application: TF Serving's REST interface, metrics, and pages that others add."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from seqapps.serving.access import AccessLog, Guarded, Observed, model_and_api
from seqapps.serving.errors import Refused
from seqapps.serving.limits import Limits
from seqapps.serving.metrics import CONTENT_TYPE, Metrics, code_of
from seqapps.serving.models import Models
from seqapps.serving.rest.api import Rest
from seqapps.serving.rest.responses import error_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp

METRICS = "/monitoring/prometheus/metrics"  # TF Serving's, where its configuration turns it on


def application(
    models: Models,
    *,
    limits: Limits | None = None,
    pages: Sequence[BaseRoute] = (),
    token: str | None = None,
    access_log: Callable[[str], object] | None = None,
    metrics: Metrics | None = None,
) -> ASGIApp:
    """An ASGI application; `pages` are further routes, such as those of a playground.

    `access_log` is given a line for each request.
    """
    counted = metrics or Metrics()

    def told(request: Request) -> Response:
        return Response(counted.text(), media_type=CONTENT_TYPE)

    rest = Route("/{path:path}", Rest(models, limits=limits))
    app: ASGIApp = Starlette(
        routes=[*pages, Route(METRICS, told), rest], exception_handlers={500: _failed}
    )
    if token:
        app = Guarded(app, token)
    if access_log:
        app = Observed(app, AccessLog(access_log))
    return Observed(app, _counting(models, counted))


def _counting(models: Models, metrics: Metrics) -> Callable[[dict[str, Any]], None]:
    def count(told: dict[str, Any]) -> None:
        asked = model_and_api(told["method"], told["path"])
        if asked is None:
            return
        name, api = asked
        known = name if models.knows(name) else ""  # else a stranger could make any number of them
        code = "OK" if told["status"] == 200 else code_of(told["status"])
        metrics.request(known, api, "REST", code=code, seconds=told["seconds"])

    return count


async def _failed(request: Request, error: Exception) -> Response:
    return error_response(Refused("INTERNAL", "The server failed; its log says why."))
