"""ModelService.GetModelStatus, and gRPC's health service."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tensorflow_serving.apis import get_model_status_pb2, model_service_pb2_grpc

from seqapps.serving.errors import NUMBERS, Refused
from seqapps.serving.grpc.calls import Core
from seqapps.serving.grpc.prediction import meant

SERVICE = "/tensorflow.serving.ModelService"
HEALTH = "/grpc.health.v1.Health"
SERVICES = ("", "tensorflow.serving.PredictionService", "tensorflow.serving.ModelService")
STATES = health_pb2.HealthCheckResponse
WATCHES = 16  # at a time; each holds a thread for as long as its client likes
LOOK = 1.0  # seconds between two looks of a watch, as between two of the folder


class Status(model_service_pb2_grpc.ModelServiceServicer):
    """Tells of the versions of a model; what is served is the folder's, so no configuration."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def GetModelStatus(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """State of each version, the newest first."""
        return self._core.call(context, f"{SERVICE}/GetModelStatus", lambda: self._status(request))

    def _status(self, request: Any) -> Any:
        name, version, label = meant(request)
        response = get_model_status_pb2.GetModelStatusResponse()
        states = get_model_status_pb2.ModelVersionStatus.State
        numbers = {code: number for number, code in NUMBERS.items()}
        for status in self._core.models.status(name, version=version, label=label):
            told = response.model_version_status.add()
            told.version, told.state = status.version, states.Value(status.state)
            told.status.error_code = numbers[status.code]
            told.status.error_message = status.message
        return response


class Health(health_pb2_grpc.HealthServicer):
    """Whether anything is served, or a model, if its name is asked for as a service."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._over = threading.Event()
        self._watches = threading.Semaphore(WATCHES)

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Now."""
        return self._core.call(context, f"{HEALTH}/Check", lambda: self._check(request.service))

    def Watch(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:  # noqa: N802
        """Now, and whenever it changes."""
        self._core.call(context, f"{HEALTH}/Watch", self._admit_watch)
        try:
            yield from self._changes(request.service, context)
        finally:
            self._watches.release()

    def _admit_watch(self) -> None:
        if not self._watches.acquire(blocking=False):
            raise Refused(
                "RESOURCE_EXHAUSTED", f"{WATCHES} clients are watching already; ask with Check."
            )

    def _changes(self, service: str, context: grpc.ServicerContext) -> Iterator[Any]:
        before = None
        while context.is_active():
            now = self._state(service)
            if now != before:
                yield health_pb2.HealthCheckResponse(status=now)
            before = now
            if self._over.wait(LOOK):
                return

    def close(self) -> None:
        """End all watches."""
        self._over.set()

    def _check(self, service: str) -> Any:
        state = self._state(service)
        if state == STATES.SERVICE_UNKNOWN:
            raise Refused("NOT_FOUND", f"No service and no model {service!r}.")
        return health_pb2.HealthCheckResponse(status=state)

    def _state(self, service: str) -> Any:
        names = {name for name, _ in self._core.models.available()}
        if service in SERVICES:
            return STATES.SERVING if names else STATES.NOT_SERVING
        if not self._core.models.knows(service):
            return STATES.SERVICE_UNKNOWN
        return STATES.SERVING if service in names else STATES.NOT_SERVING
