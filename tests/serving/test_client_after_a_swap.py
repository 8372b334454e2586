"""The client when another version takes the place of the one whose signatures it remembers."""

import json
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from server_threads import SERVERS

from seqapps.errors import UserError
from seqapps.serving import Client, ServingError
from seqapps.serving.models import Models

FLOAT, INTEGER, TEXT = "DT_FLOAT", "DT_INT64", "DT_STRING"


class Swapping(ThreadingHTTPServer):
    """A server whose signature and answer are what the test says at the moment."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.told, self.answer, self.metadata_asked = {}, None, 0

    def swap(self, outputs, answer):
        """These outputs from now on, name -> type, and what is answered."""
        signature = {
            "inputs": {"x": {"dtype": FLOAT}},
            "outputs": {name: {"dtype": type_} for name, type_ in outputs.items()},
        }
        signatures = {"signature_def": {"serving_default": signature}}
        self.told, self.answer = {"metadata": {"signature_def": signatures}}, {"outputs": answer}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.metadata_asked += 1
        self._write(self.server.told)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self._write(self.server.answer)

    def _write(self, told):
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    made = Swapping()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture
def client(server):
    with Client(f"http://127.0.0.1:{server.server_port}") as made:
        yield made


ONE = ({"y": FLOAT}, [1.5])
OTHER_NAME = ({"z": TEXT}, ["a"])
TWO = ({"label": TEXT, "y": FLOAT}, {"label": ["a"], "y": [2.5]})
WHOLE = ({"y": INTEGER}, [3])
WORD = ({"y": TEXT}, ["4"])
BYTES = ({"y_bytes": TEXT}, [{"b64": "YQ=="}])


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (ONE, TWO, {"label": ["a"], "y": [2.5]}),
        (TWO, ONE, {"y": [1.5]}),
        (TWO, BYTES, {"y_bytes": [b"a"]}),
        (WHOLE, ONE, {"y": [1.5]}),  # not cut to 1
        (ONE, WORD, {"y": ["4"]}),  # no number 4.0
        (WORD, ONE, {"y": [1.5]}),
        (WHOLE, ({"y": "DT_UINT64"}, [2**64 - 1, 1]), {"y": [2**64 - 1, 1]}),
        (TWO, ({**TWO[0], "more": FLOAT}, {**TWO[1], "more": [7.0]}),
         {"label": ["a"], "y": [2.5], "more": [7.0]}),
    ],
)  # fmt: skip
def test_outputs_that_changed_are_answered_as_they_are_now(server, client, before, after, expected):
    server.swap(*before)
    client.predict("m", rows=[1.0])
    server.swap(*after)
    answer = client.predict("m", {"x": [1.0]})
    assert {name: array.tolist() for name, array in answer.items()} == expected


@pytest.mark.parametrize(
    ("outputs", "answer", "told"),
    [
        (ONE[0], TWO[1], "The answer has the outputs label, y; the signature has y."),
        (TWO[0], ONE[1], "The answer has one output; the signature has label, y."),
        (WHOLE[0], [0.5], "Output 'y' of the answer is no array of DT_INT64."),
        (ONE[0], [[1.0], [1.0, 2.0]], "Output 'y' of the answer is no array of DT_FLOAT."),
    ],
)
def test_an_answer_that_the_signature_does_not_have_is_told(server, client, outputs, answer, told):
    server.swap(outputs, answer)
    with pytest.raises(ServingError, match=told) as raised:
        client.predict("m", rows=[1.0])
    assert raised.value.code == "FAILED_PRECONDITION"
    assert server.metadata_asked == 2


@pytest.mark.parametrize("told", [{}, [], {"metadata": 1}, {"metadata": {"signature_def": {}}}])
def test_json_of_another_form_is_told(server, client, told):
    server.told = told
    for ask in (lambda: client.signatures("m"), lambda: client.status("m")):
        with pytest.raises(ServingError, match="JSON of another form; is this TF Serving's REST"):
            ask()


@pytest.mark.parametrize("address", ["http://host:port", "grpc://host:0", "http://[::1"])
def test_an_address_without_a_port_that_can_be_read_is_told(address):
    with pytest.raises(UserError, match="no address of a server"):
        Client(address)


@pytest.mark.parametrize("protocol", list(SERVERS))
def test_inputs_that_changed_are_sent_as_they_are_now(protocol, published, tmp_path):
    shutil.copytree(published / "half_plus_two" / "00000123", tmp_path / "m" / "1")
    models = Models(tmp_path)
    models.refresh()
    with SERVERS[protocol](models) as url, Client(url) as client:
        assert client.predict("m", rows=[1.0]) == [{"y": 2.5}]
        shutil.copytree(published / "zoo" / "7", tmp_path / "m" / "2")
        models.refresh()
        rows = [{"a": [1, 2, 3], "b": 5}]
        assert client.predict("m", rows=rows) == [{"total": 11.0, "twice": 10}]
        with pytest.raises(ServingError, match="Rows must be dicts with the inputs a, b"):
            client.predict("m", rows=[1.0])
    models.close()
