"""Servers of REST and gRPC in threads of the test."""

import threading
from contextlib import contextmanager

from seqapps.serving.app import application
from seqapps.serving.grpc.calls import Core
from seqapps.serving.grpc.server import serving
from seqapps.serving.limits import Limits
from seqapps.serving.server import Server, bound


@contextmanager
def rest_server(models, **options):
    """A server in a thread; its address."""
    import uvicorn

    listening, ready = bound("127.0.0.1", 0), threading.Event()
    config = uvicorn.Config(application(models, **options), log_config=None, lifespan="off")
    server = Server(config, ready=ready.set)
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    assert ready.wait(60)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def grpc_server(models, **options):
    with serving(Core(models=models, limits=Limits(), **options), "127.0.0.1", 0) as running:
        yield f"grpc://127.0.0.1:{running.port}"


SERVERS = {"http": rest_server, "grpc": grpc_server}
