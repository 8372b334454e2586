"""Good and malformed requests for a long time, while versions come and go."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from served_models import Asking

from seqapps.serving.app import application
from seqapps.serving.models import Models

PATH = "/v1/models/half:predict"
GOOD = (
    b'{"instances": [1.0]}',
    b'{"inputs": {"x": [1.0]}}',
    b'{"signature_name": "serving_default", "instances": [{"x": 1}]}',
)
ANSWERS = {2.5, 3.5}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just({"b64": "aGk="}),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=7,
)
KEYS = st.sampled_from(["instances", "inputs", "signature_name", "examples", "context", "x"])
SIGNATURES = st.sampled_from(["serving_default", "text", "grid", "whole", "yes", "classify", "raw"])
DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=3)


@given(DOCUMENTS, SIGNATURES, st.sampled_from(["predict", "classify", "regress"]))
@settings(
    max_examples=211, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
def test_whatever_is_asked_is_answered_or_refused(client, document, signature, verb):
    """No document makes the server fail; what is refused says why."""
    body = json.dumps({"signature_name": signature, **document})
    response = client.post(f"/v1/models/zoo:{verb}", content=body)
    assert response.status_code in (200, 400)
    assert (response.status_code == 400) == (json.loads(response.text).keys() == {"error"})


class Load:
    """Threads that ask, each on its own: two of three requests good, the others damaged."""

    def __init__(self, client_of, threads):
        self._client_of = client_of
        self._threads = threads
        self.good = self.refused = 0
        self.failures = []
        self._lock = threading.Lock()

    def run(self, seconds, meanwhile):
        """Ask for so long; `meanwhile` is called again and again until then."""
        until = time.monotonic() + seconds
        with ThreadPoolExecutor(self._threads) as threads:
            futures = [threads.submit(self._ask, seed, until) for seed in range(self._threads)]
            while time.monotonic() < until:
                meanwhile()
            for future in futures:
                future.result()
        return self

    def _ask(self, seed, until):
        drawn = random.Random(seed)
        with self._client_of() as client:
            while time.monotonic() < until:
                body = drawn.choice(GOOD)
                good = drawn.random() < 2 / 3
                response = client.post(PATH, content=body if good else damaged(body, drawn))
                self._note(good, response)

    def _note(self, good, response):
        wrong = response.status_code >= 500
        if good:
            answer = next(iter(response.json().values()))
            wrong = response.status_code != 200 or answer[0] not in ANSWERS
        with self._lock:
            self.good += good
            self.refused += response.status_code == 400
            if wrong:
                self.failures.append((response.status_code, response.text[:200]))


def damaged(body, drawn):
    """The same bytes but for a piece that is gone, changed or repeated."""
    start = drawn.randrange(len(body))
    end = min(len(body), start + drawn.randrange(1, 7))
    middle = drawn.choice([b"", bytes([drawn.randrange(256)]), body[start:end] * 3, b"null", b"]"])
    return body[:start] + middle + body[end:]


class Versions:
    """Publishes half-plus-two and half-plus-three in turn, and deletes what is old."""

    def __init__(self, place, half_plus_models):
        self._place = place / "half"
        self._models = half_plus_models
        self.newest = 0

    def publish(self):
        self.newest += 1
        incoming = self._place / f".incoming-{self.newest}"
        shutil.copytree(self._models / str(2 + self.newest % 2), incoming)
        incoming.rename(self._place / str(self.newest))
        shutil.rmtree(self._place / str(self.newest - 3), ignore_errors=True)


@pytest.fixture
def versions(tmp_path, half_plus_models):
    found = Versions(tmp_path / "published", half_plus_models)
    found.publish()
    return found


def test_no_good_request_fails_while_versions_come_and_go(versions, tmp_path):
    """The soak in small: seconds, in this process."""
    models = Models(tmp_path / "published")
    models.refresh()

    def swap():
        versions.publish()
        models.refresh()

    try:
        app = application(models)
        load = Load(lambda: Asking(app), threads=3).run(3, swap)
        assert versions.newest > 1 and models.available() == [("half", versions.newest)]
    finally:
        models.close()
    assert load.good and load.refused
    assert load.failures == []


@pytest.mark.long
@pytest.mark.parametrize("options", [[], ["--enable-batching"]], ids=["plain", "batching"])
def test_ten_minutes_of_load_with_a_new_version_each_minute(versions, tmp_path, options):
    """No failed good request, no 5xx, and memory that does not grow.

    SEQAPPS_SOAK_SECONDS is half of it for each way of serving, 300 by default.
    """
    seconds = float(os.environ.get("SEQAPPS_SOAK_SECONDS", "300"))
    command = [Path(sys.executable).with_name("seqapps"), "serve", tmp_path / "published"]
    log = (tmp_path / "log").open("w+")
    with log, subprocess.Popen(
        [*command, "--port", "0", "--engine", "twin", *options],
        stdout=subprocess.PIPE, stderr=log, text=True,
    ) as process:  # fmt: skip
        try:
            lines = iter(process.stdout.readline, "Ctrl-C ends it.\n")
            words = [word for line in lines for word in line.split()]
            address = next(word for word in words if word.startswith("http")).partition("/v1")[0]
            memory, server = [], psutil.Process(process.pid)

            def swap():
                time.sleep(seconds / 5)
                versions.publish()
                memory.append(server.memory_info().rss)

            load = Load(lambda: httpx.Client(base_url=address, timeout=60), threads=7)
            load.run(seconds, swap)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=60) == 0
        finally:
            process.kill()
        log.seek(0)
        assert "Traceback" not in log.read()
    sizes = ", ".join(f"{size / 1e6:.0f}" for size in memory)
    print(f"{load.good:,} good, {load.refused:,} refused, memory after each version {sizes} MB")
    assert load.good and load.refused and versions.newest == 6
    assert load.failures == []
    assert memory[-1] < 1.1 * memory[1]
