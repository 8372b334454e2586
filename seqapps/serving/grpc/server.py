"""A gRPC server beside that of REST."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
from grpc_health.v1 import health_pb2_grpc
from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

from seqapps.errors import UserError
from seqapps.serving.grpc.calls import Core
from seqapps.serving.grpc.prediction import Prediction
from seqapps.serving.grpc.status import WATCHES, Health, Status

CALLS = 128  # at a time; each waits in a thread of its own while the model computes
SPARE = 8  # threads beside those of calls and watches, for health and status
DRAIN = 30.0  # seconds at most for calls that were taken before the end


class Running:
    """A server that takes calls at `port` until it is told to stop."""

    def __init__(self, server: grpc.Server, health: Health, port: int) -> None:
        self.port = port
        self._server = server
        self._health = health
        self._ended: threading.Event | None = None

    def stop(self) -> threading.Event:
        """Take no more calls; set when those that were taken are answered, or DRAIN is over."""
        if self._ended is None:
            self._health.close()
            self._ended = self._server.stop(DRAIN)
        return self._ended


@contextmanager
def serving(core: Core, host: str, port: int, *, most: int = 1000) -> Iterator[Running]:
    """Serve inside the block, at the port that is given; 0 takes a free one.

    Where `most` calls, and a few for health and status, are computed or wait, others are refused
    with RESOURCE_EXHAUSTED. Calls that were taken are answered at the end. Raises UserError where
    the place is taken.
    """
    beside = WATCHES + SPARE
    server = grpc.server(
        ThreadPoolExecutor(min(CALLS, most) + beside, thread_name_prefix="grpc"),
        options=[
            ("grpc.max_receive_message_length", core.limits.body),
            ("grpc.max_send_message_length", -1),
            ("grpc.so_reuseport", 0),  # else two servers share a port, and each gets half
        ],
        maximum_concurrent_rpcs=most + beside,  # else they would wait for a thread without end
    )
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Prediction(core), server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(Status(core), server)
    health = Health(core)
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    try:
        taken = server.add_insecure_port(_address(host, port))
    except RuntimeError:
        raise UserError(
            f"--grpc-port {port}: {host} cannot be listened at. Give another port, take "
            "--no-grpc, or stop what uses this one."
        ) from None
    server.start()
    running = Running(server, health, taken)
    try:
        yield running
    finally:
        running.stop().wait()


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
