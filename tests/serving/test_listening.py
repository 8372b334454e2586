"""Where a server listens."""

import socket

import pytest

from seqapps.errors import UserError
from seqapps.serving.server import bound


def test_the_socket_says_that_it_is_tcp():
    """asyncio turns Nagle's algorithm off only then; without, an answer waits for 40 ms."""
    with bound("127.0.0.1", 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP


def test_a_port_that_is_taken_is_told():
    with bound("127.0.0.1", 0) as listening:
        listening.listen()
        port = listening.getsockname()[1]
        with pytest.raises(UserError, match=f"--port {port}: 127.0.0.1 cannot be listened at"):
            bound("127.0.0.1", port)
