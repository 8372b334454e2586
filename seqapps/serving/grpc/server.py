"""A gRPC server beside that of REST."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
from grpc_health.v1 import health_pb2_grpc
from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

from seqapps.errors import UserError
from seqapps.serving.grpc.calls import Core
from seqapps.serving.grpc.prediction import Prediction
from seqapps.serving.grpc.status import Health, Status

CALLS = 128  # at a time; each waits in a thread of its own while the model computes
DRAIN = 30.0  # seconds at most for calls that were taken before the end


@contextmanager
def serving(core: Core, host: str, port: int) -> Iterator[int]:
    """Serve inside the block, at the port that is given; 0 takes a free one.

    Calls that were taken are answered at the end. Raises UserError where the place is taken.
    """
    server = grpc.server(
        ThreadPoolExecutor(CALLS, thread_name_prefix="grpc"),
        options=[
            ("grpc.max_receive_message_length", core.limits.body),
            ("grpc.max_send_message_length", -1),
            ("grpc.so_reuseport", 0),  # else two servers share a port, and each gets half
        ],
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
    try:
        yield taken
    finally:
        health.close()
        server.stop(DRAIN).wait()


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
