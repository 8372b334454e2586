"""`seqapps serve --check` of what is no server with TF Serving's REST interface: no TensorFlow."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from served_models import golden

from seqapps.cli import main

STATUS = {"model_version_status": [{"version": "1", "state": "AVAILABLE"}]}


class Handler(BaseHTTPRequestHandler):
    """Answers every request with the next of the server's `answers`, or with what is no HTTP."""

    def do_GET(self):
        told = self.server.answers.pop(0)
        if isinstance(told, bytes):
            self.wfile.write(told)
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(told).encode())

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *arguments):
        pass


@contextmanager
def answering(*answers):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.answers = list(answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def place(tmp_path):
    """A bundle with a golden request, without a model: nothing here loads one."""
    (tmp_path / "half" / "1" / "assets.extra").mkdir(parents=True)
    golden(2.5)(tmp_path / "half" / "1")
    return tmp_path


@pytest.fixture
def check(place, capsys, monkeypatch):
    """(exit code, stdout, stderr) of a check of `url`."""
    monkeypatch.delenv("SEQAPPS_TOKEN", raising=False)

    def call(url):
        with pytest.raises(SystemExit) as ended:
            main(["serve", str(place), "--check", url])
        return ended.value.code, *capsys.readouterr()

    return call


@pytest.mark.parametrize(
    "url", ["myhost", "myhost:8501", "http://localhost:abc", "grpc://localhost:8500", "http://"]
)
def test_what_is_no_address_is_told_as_a_mistake(check, url):
    code, out, err = check(url)
    assert (code, out) == (2, "")
    assert f"--check {url}: no address of a server's REST port; expected http://host:8501" in err


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ([{"hello": "world"}], "no answer of TF Serving's REST interface (KeyError"),
        ([["a", "list"]], "no answer of TF Serving's REST interface (TypeError"),
        ([b"\0\0\x06\4\0\0"], "no answer that can be read: "),
        ([STATUS, {"hello": "world"}], "1:predict: no answer of TF Serving's REST interface"),
        ([STATUS, {"outputs": 2.5}], "signature serving_default: the answer is of another form"),
        ([STATUS, {"outputs": [None]}], "signature serving_default: the answer is of another form"),
    ],
)
def test_what_does_not_answer_as_tf_serving_is_told_in_a_line(check, answers, told):
    with answering(*answers) as url:
        code, out, err = check(url)
    assert (code, out) == (1, "")
    assert err.startswith("half: ") and told in err and err.count("\n") == 1


def test_a_golden_file_that_is_damaged_is_told(check, place):
    file = place / "half" / "1" / "assets.extra" / "golden.json"
    file.write_text("[{}]")
    with answering(STATUS) as url:
        code, _, err = check(url)
    assert code == 1 and err == f"half: {file} is damaged (KeyError: 'signature').\n"
