"""The ASGI application below `/v1`."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from seqapps.serving import examples
from seqapps.serving.errors import Refused, invalid
from seqapps.serving.limits import Limits
from seqapps.serving.models import Models
from seqapps.serving.rest import address, reading, telling, writing
from seqapps.serving.rest import examples as written
from seqapps.serving.rest.address import Address
from seqapps.serving.rest.document import parse
from seqapps.serving.rest.responses import error_response, json_response
from seqapps.serving.running import Answer
from seqapps.serving.texts import check_texts
from seqapps.serving.versions import Version

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

Document = dict[str, Any]
Result = TypeVar("Result")
SMALL = 20_000  # bytes or values that are read or written faster than a thread is woken


class TooLarge(Refused):
    """A body over the limit, which HTTP has a status of its own for."""

    http_status = 413


class Rest:
    """TF Serving's REST interface to `models`."""

    def __init__(self, models: Models, *, limits: Limits | None = None) -> None:
        self._models = models
        self._limits = limits or Limits()
        self._verbs = {
            "predict": self._predict,
            "classify": self._classify,
            "regress": self._regress,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            response = await self._answer(Request(scope, receive))
        except Refused as refused:
            response = error_response(refused)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        where = address.read(request.method, request.scope["path"])
        if where.verb == "status":
            told = self._models.status(where.name, version=where.version, label=where.label)
            return json_response(writing.dump(telling.status(told)))
        if where.verb == "metadata":
            with self._lease(where) as version:
                return json_response(writing.dump(telling.metadata(version)))
        body = await body_of(request, self._limits)
        document = await _aside(len(body), lambda: parse(body))
        name = reading.signature_name(document)
        with self._lease(where) as version:
            return json_response(await self._verbs[where.verb](version, name, document, len(body)))

    def _lease(self, where: Address) -> AbstractContextManager[Version]:
        return self._models.lease(where.name, version=where.version, label=where.label)

    async def _predict(self, version: Version, name: str, document: Document, size: int) -> bytes:
        signature = version.signature(name)
        inputs, by_row = await _aside(
            size, lambda: reading.arrays_of(document, signature, limits=self._limits)
        )
        check_texts(inputs, version.texts(name), self._limits)  # also those that came in base64
        outputs = await self._run(version, name, inputs)
        values = sum(array.size for array in outputs.values())
        return await _aside(values, lambda: writing.answer(outputs, by_row=by_row))

    async def _classify(self, version: Version, name: str, document: Document, size: int) -> bytes:
        examples.classifier(version.loaded, name)
        given = await _aside(size, lambda: written.serialized(document, limits=self._limits))
        outputs = await self._run(version, name, examples.tensor(given))
        return written.classification(examples.classes_of(outputs, len(given)))

    async def _regress(self, version: Version, name: str, document: Document, size: int) -> bytes:
        examples.regressor(version.loaded, name)
        given = await _aside(size, lambda: written.serialized(document, limits=self._limits))
        outputs = await self._run(version, name, examples.tensor(given))
        return written.regression(examples.values_of(outputs, len(given)))

    async def _run(self, version: Version, name: str, inputs: reading.Arrays) -> Answer:
        future = version.submit(name, inputs)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self._limits.seconds)
        except TimeoutError:
            raise Refused(
                "DEADLINE_EXCEEDED", f"No answer within {self._limits.seconds:g} seconds."
            ) from None


async def body_of(request: Request, limits: Limits) -> bytes:
    """The body, unpacked. Raises Refused where it is larger than allowed, before it is all read."""
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > limits.body:
        raise _too_large(limits)
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > limits.body:
            raise _too_large(limits)
    if request.headers.get("content-encoding", "").lower() != "gzip":
        return bytes(body)
    try:
        unpacker = zlib.decompressobj(wbits=31)
        unpacked = unpacker.decompress(bytes(body), limits.body + 1)
    except zlib.error:
        raise invalid("Failed to uncompress the body: not gzip.") from None
    if len(unpacked) > limits.body:
        raise _too_large(limits)
    return unpacked


def _too_large(limits: Limits) -> Refused:
    return TooLarge("RESOURCE_EXHAUSTED", f"The body is larger than {limits.body} bytes.")


async def _aside(size: int, function: Callable[[], Result]) -> Result:
    """What is quick is done at once; what may take long must not stop all other requests."""
    if size <= SMALL:
        return function()
    return await run_in_threadpool(function)
