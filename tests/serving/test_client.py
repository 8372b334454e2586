"""The client, by REST and by gRPC, against real servers and against one that fails on purpose."""

import json
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from server_threads import SERVERS

from seqapps.errors import UserError
from seqapps.serving import Client, ServingError
from seqapps.serving.server import bound

A = [1.0, 2.0, 3.0]


@pytest.fixture(scope="module", params=list(SERVERS))
def server(request, models):
    with SERVERS[request.param](models) as url:
        yield url


@pytest.fixture
def client(server):
    with Client(server) as found:
        yield found


def test_columns_go_in_and_out_as_arrays(client):
    answer = client.predict("half_plus_two", {"x": np.array([1, 2, 5], np.float32)})
    assert list(answer) == ["y"]
    assert answer["y"].dtype == np.float32
    np.testing.assert_array_equal(answer["y"], [2.5, 3.0, 4.5])


def test_rows_go_in_and_out_one_by_one(client):
    rows = [{"a": A, "b": 5}, {"a": [0, 0, 1], "b": 7}]
    first, second = client.predict("zoo", rows=rows)
    assert (first["total"], first["twice"]) == (11.0, 10)
    assert (second["total"], second["twice"]) == (8.0, 14)
    assert second["twice"].dtype == np.int32


def test_rows_of_one_input_may_be_plain(client):
    assert [row["y"] for row in client.predict("half_plus_two", rows=[1, 2.0])] == [2.5, 3.0]


def test_text_comes_back_as_text_and_bytes_as_bytes(client):
    answer = client.predict("zoo", {"text": ["ä", "中文"]}, signature="text")
    assert answer["echo"].tolist() == ["ä", "中文"]
    assert answer["echo_bytes"].tolist() == ["ä".encode(), "中文".encode()]
    assert answer["length"].tolist() == [2, 6]


def test_bytes_that_are_no_text_go_there_and_back(client):
    answer = client.predict("zoo", {"text": [b"\xff\x00"]}, signature="raw")
    assert answer["raw_bytes"].tolist() == [b"\xff\x00"]


@pytest.mark.parametrize(
    ("signature", "inputs", "output"),
    [
        ("whole", {"n": [2**62]}, [2**62 + 1]),
        ("small", {"n": [255]}, [255]),
        ("yes", {"yes": [True, False]}, [False, True]),
        ("double", {"x": [0.1, 1e300]}, [0.1, 1e300]),
        ("grid", {"grid": [[[1, 2, 3], [4, 5, 6]]]}, [[6.0, 15.0]]),
        ("scalar", {"x": [1.0, 2.0]}, 3.0),
    ],
)
def test_every_type_keeps_its_values(client, signature, inputs, output):
    [answer] = client.predict("zoo", inputs, signature=signature).values()
    assert answer.tolist() == output


def test_a_version_can_be_asked_for(client):
    assert client.predict("half_plus_two", {"x": [1]}, version=123)["y"] == [2.5]
    with pytest.raises(ServingError) as raised:
        client.predict("half_plus_two", {"x": [1]}, version=7)
    assert raised.value.code == "NOT_FOUND"


def test_status_tells_what_is_served(client):
    assert client.status("half_plus_two") == [
        {"version": 123, "state": "AVAILABLE", "code": "OK", "message": ""}
    ]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"inputs": {"z": [1]}}, "The signature takes x; received z"),
        ({"inputs": {"x": ["one"]}}, "Input 'x' takes float32; received <U3"),
        ({"rows": []}, "No rows were given"),
        ({}, "Give either inputs or rows"),
        ({"inputs": {"x": [1]}, "rows": [1]}, "Give either inputs or rows"),
        ({"inputs": [{"x": 1}]}, r"received a list; .* predict\(model, rows=\[\.\.\.\]\)"),
        ({"inputs": {"x": [1]}, "signature": "no"}, "has no signature 'no'; it has classify"),
        ({"inputs": {"x": [[1], [1, 2]]}}, "rows of different lengths"),
    ],
)
def test_a_request_that_cannot_be_right_is_not_sent(client, given, told):
    with pytest.raises(ServingError, match=told) as raised:
        client.predict("half_plus_two", **given)
    assert raised.value.code == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    ("signature", "inputs", "told"),
    [
        ("small", {"n": [256]}, "takes uint8; a number is too large"),
        ("whole", {"n": [1.5]}, "takes int64; received float64"),
        ("echo", {"text": ["a", 1]}, "takes text or bytes; received 1"),
    ],
)
def test_a_value_that_a_type_cannot_hold_is_not_sent(client, signature, inputs, told):
    with pytest.raises(ServingError, match=told):
        client.predict("zoo", inputs, signature=signature)


def test_rows_with_other_inputs_are_told_by_their_place(client):
    with pytest.raises(ServingError, match="Row 1 must be a dict with the inputs a, b"):
        client.predict("zoo", rows=[{"a": A, "b": 1}, {"a": A}])
    with pytest.raises(ServingError, match="Rows must be dicts with the inputs a, b"):
        client.predict("zoo", rows=[1])


def test_what_the_server_refuses_has_its_code_and_its_words(client):
    with pytest.raises(ServingError, match="x must be positive") as raised:
        client.predict("zoo", {"x": [-1.0]}, signature="strict")
    assert raised.value.code == "INVALID_ARGUMENT"


@pytest.mark.parametrize("protocol", list(SERVERS))
def test_the_token_is_brought(models, protocol):
    with SERVERS[protocol](models, token="secret") as url:
        with Client(url, token="secret") as client:
            assert client.predict("half_plus_two", {"x": [1]})["y"] == [2.5]
        with Client(url) as stranger, pytest.raises(ServingError) as raised:
            stranger.status("half_plus_two")
    assert raised.value.code == "UNAUTHENTICATED"


def test_many_threads_may_share_a_client(client):
    answers = {}

    def ask(number):
        answers[number] = client.predict("half_plus_two", {"x": [number]})["y"].item()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(23)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: number / 2 + 2 for number in range(23)}


class Failing(ThreadingHTTPServer):
    """Answers with the next of `answers`: a status, or None to hang up; then as asked to."""

    def __init__(self, *answers):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.asked = list(answers), 0
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def close(self):
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked += 1
        status = self.server.answers.pop(0) if self.server.answers else 200
        if status is None:
            self.close_connection = True
            return
        told = {"model_version_status": []} if status == 200 else {"error": f"told {status}"}
        body = json.dumps(told).encode()
        self.send_response(status)
        if status == 503:
            self.send_header("Retry-After", "3")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def asked(server, **options):
    """(status or error, waits, requests) of a client that asks this server once."""
    waits = []
    with Client(server.url, sleep=waits.append, **options) as client:
        try:
            return client.status("m"), waits, server.asked
        except ServingError as error:
            return error, waits, server.asked


def test_a_server_that_is_busy_or_hangs_up_is_asked_again():
    with closing(Failing(None, 429, 429)) as server:
        answer, waits, requests = asked(server)
    assert (answer, requests) == ([], 4)
    assert len(waits) == 3
    assert all(0 <= wait <= 0.1 * 2**place for place, wait in enumerate(waits))


def test_a_connection_that_was_let_go_meanwhile_is_no_failure():
    with closing(Failing(200, None)) as server, Client(server.url, retries=0) as client:
        assert client.status("m") == client.status("m") == []
        assert server.asked == 3


def test_a_server_is_not_asked_sooner_than_it_says():
    with closing(Failing(503)) as server:
        answer, waits, _ = asked(server)
    assert answer == [] and waits == [3.0]


def test_the_last_refusal_is_told_when_the_tries_are_used_up():
    with closing(Failing(*[429] * 9)) as server:
        error, waits, requests = asked(server, retries=2)
    assert (error.code, error.message, error.passing) == ("RESOURCE_EXHAUSTED", "told 429", True)
    assert (len(waits), requests) == (2, 3)


@pytest.mark.parametrize("status", [400, 401, 404, 413, 500, 504])
def test_what_will_not_be_better_later_is_asked_once(status):
    with closing(Failing(status)) as server:
        error, waits, requests = asked(server)
    assert (error.message, waits, requests) == (f"told {status}", [], 1)


def test_no_wait_goes_beyond_the_time_that_a_call_has():
    with closing(Failing(503)) as server:
        error, waits, _ = asked(server, timeout=2.0)
    assert error.code == "UNAVAILABLE" and waits == []


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_a_server_that_is_not_there_is_unavailable(scheme):
    with closing(bound("127.0.0.1", 0)) as socket:  # taken, and nobody answers
        url = f"{scheme}://127.0.0.1:{socket.getsockname()[1]}"
        with Client(url, retries=1, timeout=5) as client, pytest.raises(ServingError) as raised:
            client.status("m")
    assert raised.value.code == "UNAVAILABLE"


def test_a_server_that_does_not_answer_is_given_up():
    with closing(bound("127.0.0.1", 0)) as socket:
        socket.listen()  # takes connections, and says nothing
        url = f"http://127.0.0.1:{socket.getsockname()[1]}"
        with Client(url, timeout=0.2) as client, pytest.raises(ServingError) as raised:
            client.status("m")
    assert raised.value.code == "DEADLINE_EXCEEDED"


@contextmanager
def dripping(start):
    """A server that answers with `start`, and then with a space every 20 ms."""
    over = threading.Event()

    def drip(listening):
        connection, _ = listening.accept()
        with connection, suppress(OSError):  # the client has gone
            connection.recv(10_000)
            connection.sendall(start)
            while not over.wait(0.02):
                connection.sendall(b" ")

    with closing(bound("127.0.0.1", 0)) as socket:
        socket.listen()
        thread = threading.Thread(target=drip, args=(socket,))
        thread.start()
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"
        over.set()
        thread.join()


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", b"HTTP/1.1"])
def test_a_server_that_drips_is_given_up_in_time(start):
    with dripping(start) as url, Client(url, timeout=0.3) as client:
        began = time.monotonic()
        with pytest.raises(ServingError) as raised:
            client.status("m")
        assert 0.3 <= time.monotonic() - began < 5  # 999 spaces take 20 s
    assert raised.value.code == "DEADLINE_EXCEEDED"


@pytest.mark.parametrize("url", ["localhost:8501", "ftp://host", "http://", ""])
def test_an_address_that_is_none_is_told(url):
    with pytest.raises(UserError, match="no address of a server; expected http://"):
        Client(url)


def test_the_rest_client_needs_no_tensorflow():
    code = (
        "import sys; from seqapps.serving import Client; Client('http://localhost:8501'); "
        "print([name for name in ('tensorflow', 'keras', 'grpc') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
