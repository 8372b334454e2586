"""Limits, token, access log, metrics: what stands around the models."""

import base64
import json
import threading

import pytest
from served_models import Asking

from seqapps.serving.app import application
from seqapps.serving.limits import Limits
from seqapps.serving.metrics import Metrics, code_of
from seqapps.serving.models import Models
from seqapps.serving.running import Pool

TWO = "/v1/models/half_plus_two:predict"
METRICS = "/monitoring/prometheus/metrics"
ONE = b'{"instances": [1.0]}'


@pytest.fixture
def asking(models):
    """A client of an application of its own."""
    made = []

    def make(of=models, **given):
        made.append(Asking(application(of, **given)))
        return made[-1]

    yield make
    for one in made:
        one.__exit__()


def told(response):
    return response.status_code, response.json()["error"]


def test_a_body_that_is_too_large_is_not_read(asking):
    client = asking(limits=Limits(body=53))
    assert client.post(TWO, content=ONE).status_code == 200
    assert told(client.post(TWO, content=b" " * 59)) == (413, "The body is larger than 53 bytes.")


def test_a_body_without_a_length_is_read_up_to_the_limit(asking):
    async def parts():
        for _ in range(7):
            yield b" " * 11

    response = asking(limits=Limits(body=53)).post(TWO, content=parts())
    assert told(response) == (413, "The body is larger than 53 bytes.")


def test_a_packed_body_is_unpacked_up_to_the_limit(asking):
    import gzip

    client = asking(limits=Limits(body=10_007))
    response = client.post(
        TWO, content=gzip.compress(b" " * 10**7), headers={"content-encoding": "gzip"}
    )
    assert told(response) == (413, "The body is larger than 10007 bytes.")


@pytest.mark.parametrize("key", ["instances", "inputs"])
def test_too_many_rows_are_refused(asking, key):
    client = asking(limits=Limits(instances=3))
    assert client.post(TWO, json={key: [1.0] * 3}).status_code == 200
    assert told(client.post(TWO, json={key: [1.0] * 5})) == (
        400, "5 rows in one request; this server takes 3.",
    )  # fmt: skip


def test_too_many_examples_are_refused(asking):
    client = asking(limits=Limits(instances=1))
    body = {"signature_name": "classify", "examples": [{}, {}]}
    assert client.post("/v1/models/zoo:classify", json=body).status_code == 400


def test_a_text_that_is_too_long_is_refused(asking):
    client = asking(limits=Limits(text=5))
    body = {"signature_name": "echo", "instances": ["12345", "1234567"]}
    status, message = told(client.post("/v1/models/zoo:predict", json=body))
    assert status == 400 and message.endswith("A text of 7 characters; this server takes 5.")
    body = {"signature_name": "classify", "examples": [{"word": "1234567"}]}
    assert client.post("/v1/models/zoo:classify", json=body).status_code == 400


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Bearer secret-ü", 200),
        ("bearer secret-ü", 200),
        ("Basic " + base64.b64encode("me:secret-ü".encode()).decode(), 200),
        ("Bearer secret", 401),
        ("Bearer ", 401),
        ("secret-ü", 401),
        ("Basic secret-ü", 401),
        ("Basic !", 401),
        (None, 401),
    ],
)
@pytest.mark.parametrize("path", [TWO, METRICS, "/"])
def test_a_token_is_wanted_for_everything(asking, header, status, path):
    client = asking(token="secret-ü")
    headers = {"authorization": header.encode()} if header else {}
    response = client.post(path, content=ONE, headers=headers)
    if status == 401:
        assert told(response)[0] == 401
        assert response.headers["www-authenticate"].startswith("Bearer")
    else:
        assert response.status_code != 401


def test_the_access_log_tells_what_was_asked_but_not_its_content(asking):
    lines = []
    client = asking(access_log=lines.append)
    client.post(TWO, json={"instances": ["a secret"]})
    client.get("/v1/models/a%0Ab")
    first, second = map(json.loads, lines)
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)
    assert "secret" not in "".join(lines)
    assert (first["method"], first["path"], first["status"]) == ("POST", TWO, 400)
    assert first["bytes"] > 0 and first["seconds"] > 0 and first["time"].endswith("+00:00")
    assert second["status"] == 404


def test_metrics_count_requests_by_model_and_status(asking, models):
    client = asking(metrics=Metrics(models.available))
    client.post(TWO, content=ONE)
    client.post(TWO, content=b"{")
    client.post("/v1/models/half_plus_two:regress", content=b"{}")
    client.post("/v1/models/stranger:predict", content=ONE)
    lines = client.get(METRICS).text.splitlines()
    count = ':tensorflow:serving:request_count{model_name="%s",status="%s"} %s'
    assert count % ("half_plus_two", "OK", "1.0") in lines
    assert count % ("half_plus_two", "INVALID_ARGUMENT", "2.0") in lines
    assert count % ("", "NOT_FOUND", "1.0") in lines
    latency = (
        ':tensorflow:serving:request_latency_count{API="%s",entrypoint="REST",model_name="%s"}'
    )
    assert f"{latency % ('Predict', 'half_plus_two')} 2.0" in lines
    assert f"{latency % ('Regress', 'half_plus_two')} 1.0" in lines
    assert 'seqapps_version_available{model="zoo",version="7"} 1.0' in lines
    assert not any("stranger" in line for line in lines)


def test_every_status_has_a_name_in_the_metrics():
    assert [code_of(status) for status in (400, 404, 413, 429, 500, 503, 504)] == [
        "INVALID_ARGUMENT", "NOT_FOUND", "RESOURCE_EXHAUSTED", "RESOURCE_EXHAUSTED", "INTERNAL",
        "UNAVAILABLE", "DEADLINE_EXCEEDED",
    ]  # fmt: skip


class Slow:
    """Answers when it is let."""

    def __init__(self):
        self.begun, self.free = threading.Semaphore(0), threading.Event()

    def runner_of(self, pool):
        def of(loaded):
            run = loaded.run

            def slow(*given):
                self.begun.release()
                assert self.free.wait(60)
                return run(*given)

            loaded.run = slow
            return pool.direct(loaded)

        return of


@pytest.fixture
def held(published):
    """A thread, a place to wait, and models that answer when `free` is set."""
    slow, pool = Slow(), Pool(1, waiting=1)
    found = Models(
        published, names=["half_plus_two"], runner_of=slow.runner_of(pool), load=_without_proof
    )
    found.refresh()
    yield found, slow
    slow.free.set()
    found.close()
    pool.close()


def _without_proof(folder):
    from seqapps.serving.loaded import Loaded

    return Loaded(folder)


def test_more_requests_than_may_wait_get_429(held, asking):
    import numpy as np

    models, slow = held
    x = {"x": np.array([1.0], np.float32)}
    with models.lease("half_plus_two") as version:
        futures = [version.submit("serving_default", x)]
        assert slow.begun.acquire(timeout=60)
        futures.append(version.submit("serving_default", x))
    status, message = told(asking(of=models).post(TWO, content=ONE))
    assert status == 429 and message == "2 requests are waiting already; try again later."
    slow.free.set()
    assert [future.result(timeout=60)["y"].tolist() for future in futures] == [[2.5], [2.5]]
    assert asking(of=models).post(TWO, content=ONE).json() == {"predictions": [2.5]}


def test_a_request_that_takes_too_long_gets_504(held, asking):
    models, _ = held
    client = asking(of=models, limits=Limits(seconds=0.05))
    assert told(client.post(TWO, content=ONE)) == (504, "No answer within 0.05 seconds.")


def test_a_fault_of_the_server_is_told_without_a_traceback(models, asking, monkeypatch):
    from seqapps.serving.rest import reading

    def fail(*_, **__):
        raise RuntimeError("a secret in /srv/secret/place.py")

    monkeypatch.setattr(reading, "arrays_of", fail)
    response = asking().post(TWO, content=ONE)
    assert told(response) == (500, "The server failed; its log says why.")
    assert response.headers["content-type"] == "application/json"


def test_pages_are_added_to_the_application(asking):
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def page(request):
        return PlainTextResponse("a page")

    client = asking(pages=[Route("/", page), Route("/models/{name}", page)])
    assert client.get("/").text == client.get("/models/zoo").text == "a page"
    assert client.post(TWO, content=ONE).status_code == 200


def test_no_pages_without_pages(asking):
    assert told(asking().get("/")) == (404, "Not found: /")
