"""The pages as Starlette routes: an index, a page for each model, what the pages load."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from seqapps.errors import UserError
from seqapps.playground.described import Described, describe, examples

# Nothing comes from elsewhere, nothing goes elsewhere, and no text of a page can become script.
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
TYPES = {".js": "text/javascript", ".css": "text/css"}


class Models(Protocol):
    """What is served now, looked at anew for every page: (name, version folder).

    Of versions of one name, the newest comes last.
    """

    def __iter__(self) -> Iterator[tuple[str, Path]]: ...


def routes(models: Models) -> list[Route]:
    """`/`, `/models/NAME` and what these load below `/playground/`."""

    async def index(request: Request) -> Response:
        served = dict(models)
        if len(served) == 1:
            return await _page(request, *next(iter(served.items())))
        return await run_in_threadpool(_index, request, served)

    async def page(request: Request) -> Response:
        name, served = request.path_params["name"], dict(models)
        if name not in served:
            problem = f"There is no model {name}."
            return await run_in_threadpool(_index, request, served, problem=problem)
        return await _page(request, name, served[name])

    async def golden(request: Request) -> Response:
        name, served = request.path_params["name"], dict(models)
        try:
            text = await run_in_threadpool(examples, name, served[name])
        except (KeyError, UserError):
            text = "[]"
        return Response(text, media_type="application/json", headers=HEADERS)

    async def file(request: Request) -> Response:
        return _file(request.path_params["path"])

    return [
        Route("/", index),
        Route("/models/{name}", page),
        Route("/models/{name}/examples.json", golden),
        Route("/playground/{path:path}", file),
    ]


async def _page(request: Request, name: str, folder: Path) -> Response:
    return await run_in_threadpool(_page_of, request, name, folder)


def _page_of(request: Request, name: str, folder: Path) -> Response:
    try:
        model = describe(name, folder)
    except UserError as error:
        return _html(request, "index.jinja", models=[], problem=f"{name}: {error}", status=404)
    return _html(request, "page.jinja", model=model)


def _index(request: Request, served: dict[str, Path], *, problem: str = "") -> Response:
    known: list[tuple[str, Described | None]] = []
    for name, folder in sorted(served.items()):
        try:
            known.append((name, describe(name, folder)))
        except UserError:
            known.append((name, None))  # served, but by nobody that says what it is
    status = 404 if problem else 200
    return _html(request, "index.jinja", models=known, problem=problem, status=status)


def _html(request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
    text = render(template, root=request.scope.get("root_path", "").rstrip("/"), **values)
    return Response(text, status, media_type="text/html", headers=HEADERS)


def render(template: str, **values: Any) -> str:
    """A template of this folder, filled in; every value is escaped."""
    return str(_environment().get_template(template).render(**values))


@cache
def _environment() -> Any:
    import jinja2

    folder = resources.files("seqapps.playground")
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: folder.joinpath(name).read_text("utf-8")),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def _file(path: str) -> Response:
    """A file of static/, or the style that reports have too."""
    text = _files().get(path)
    if text is None:
        return Response("There is no such file.", 404, media_type="text/plain", headers=HEADERS)
    kind = TYPES[path[path.rindex(".") :]]
    return Response(text, media_type=kind, headers=HEADERS)


@cache
def _files() -> dict[str, str]:
    static = resources.files("seqapps.playground").joinpath("static")
    found = {"report.css": resources.files("seqapps.report").joinpath("style.css")}
    for folder, prefix in ((static, ""), (static.joinpath("views"), "views/")):
        found |= {f"{prefix}{each.name}": each for each in folder.iterdir() if each.is_file()}
    return {name: each.read_text("utf-8") for name, each in found.items()}
