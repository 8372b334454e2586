"""Requests that are computed together."""

import threading

import numpy as np
import pytest

from seqapps.serving import batching_parameters
from seqapps.serving.batching import Batching
from seqapps.serving.batching_parameters import Parameters
from seqapps.serving.errors import Refused
from seqapps.serving.loaded import Signature, Spec

FLOAT = np.dtype(np.float32)


class Halves:
    """Stands for a loaded model: y = x / 2; notes the arrays it is given, and may be held up."""

    def __init__(self, *shape):
        self.seen = []
        self.free = threading.Event()
        self.free.set()
        self.asked = threading.Semaphore(0)
        spec = Spec("x", FLOAT, "DT_FLOAT", (None, *shape))
        self.signatures = {"half": Signature({"x": spec}, {"y": spec})}

    def checked(self, name, inputs):
        if name not in self.signatures:
            raise Refused("INVALID_ARGUMENT", "no such signature")

    def run(self, name, inputs):
        self.seen.append(inputs["x"])
        self.asked.release()
        assert self.free.wait(60)
        if (inputs["x"] < 0).any():
            raise Refused("INVALID_ARGUMENT", "a negative number")
        return {"y": inputs["x"] / 2}


@pytest.fixture
def batcher():
    made = []

    def make(loaded, **given):
        made.append(Batching(loaded, Parameters(**given)))
        return made[-1]

    yield make
    for one in made:
        one.close()


def ask(batcher, *values):
    return batcher.submit("half", {"x": np.array(values, np.float32)})


def got(future):
    return future.result(timeout=60)["y"].tolist()


def busy(model, batcher, threads=1):
    """Keep all threads at one request each, so that what comes next must wait."""
    model.free.clear()
    found = [ask(batcher, 1000.0) for _ in range(threads)]
    for _ in range(threads):
        assert model.asked.acquire(timeout=60)
    return found


def test_what_waits_is_computed_together_and_answered_apart(batcher):
    model = Halves()
    one = batcher(model, threads=1, max_batch_size=7)
    busy(model, one)
    futures = [ask(one, 1.0), ask(one, 2.0, 3.0), ask(one, 5.0)]
    model.free.set()
    assert [got(future) for future in futures] == [[0.5], [1.0, 1.5], [2.5]]
    assert [array.tolist() for array in model.seen[1:]] == [[1.0, 2.0, 3.0, 5.0]]


def test_a_batch_is_padded_to_an_allowed_size(batcher):
    model = Halves()
    one = batcher(model, threads=1, max_batch_size=7, allowed=(1, 5, 7))
    busy(model, one)
    futures = [ask(one, 1.0), ask(one, 2.0, 3.0)]
    model.free.set()
    assert [got(future) for future in futures] == [[0.5], [1.0, 1.5]]
    assert [len(array) for array in model.seen] == [1, 5]


def test_no_request_is_cut_and_no_batch_larger_than_allowed(batcher):
    model = Halves()
    one = batcher(model, threads=1, max_batch_size=5)
    busy(model, one)
    futures = [ask(one, *range(rows)) for rows in (3, 3, 2, 5)]
    model.free.set()
    assert [len(got(future)) for future in futures] == [3, 3, 2, 5]
    assert [len(array) for array in model.seen] == [1, 3, 5, 5]


def test_a_request_larger_than_a_batch_is_refused(batcher):
    with pytest.raises(Refused, match="Task size 6 is larger than maximum input batch size 5"):
        ask(batcher(Halves(), max_batch_size=5), *range(6))


def test_a_full_queue_refuses_and_goes_on_afterwards(batcher):
    model = Halves()
    one = batcher(model, threads=1, max_batch_size=2, max_batches=3)
    busy(model, one)
    waiting = [ask(one, 1.0, 2.0) for _ in range(3)]
    with pytest.raises(Refused) as refused:
        ask(one, 1.0)
    assert (refused.value.code, refused.value.http_status) == ("RESOURCE_EXHAUSTED", 429)
    model.free.set()
    assert [got(future) for future in waiting] == [[0.5, 1.0]] * 3
    assert got(ask(one, 5.0)) == [2.5]


def test_one_request_that_is_refused_does_not_fail_the_others(batcher):
    model = Halves()
    one = batcher(model, threads=1)
    busy(model, one)
    good, bad, other = ask(one, 1.0), ask(one, -1.0), ask(one, 3.0)
    model.free.set()
    assert got(good) == [0.5] and got(other) == [1.5]
    with pytest.raises(Refused, match="a negative number"):
        got(bad)


def test_a_request_that_was_given_up_is_not_computed(batcher):
    model = Halves()
    one = batcher(model, threads=1)
    busy(model, one)
    given_up, kept = ask(one, 1.0), ask(one, 3.0)
    assert given_up.cancel()
    model.free.set()
    assert got(kept) == [1.5]
    assert [array.tolist() for array in model.seen[1:]] == [[3.0]]


def test_a_full_batch_does_not_wait_for_its_time(batcher):
    one = batcher(Halves(), max_batch_size=3, timeout=3600.0)
    futures = [ask(one, 1.0), ask(one, 2.0, 3.0)]
    assert [got(future) for future in futures] == [[0.5], [1.0, 1.5]]


def test_a_batch_that_is_not_full_goes_when_its_time_is_up(batcher):
    assert got(ask(batcher(Halves(), timeout=0.01), 1.0)) == [0.5]


def test_every_thread_takes_batches(batcher):
    model = Halves()
    one = batcher(model, threads=2, max_batch_size=1)
    futures = busy(model, one, threads=2)
    model.free.set()
    assert [got(future) for future in futures] == [[500.0], [500.0]]


def test_rows_of_different_length_are_padded_by_their_first_value_where_allowed(batcher):
    model = Halves(None)
    one = batcher(model, threads=1, pad_inputs=True, max_batch_size=3)
    busy_future = one.submit("half", {"x": np.zeros([1, 1], np.float32)})
    busy_future.result(timeout=60)
    model.free.clear()
    held = one.submit("half", {"x": np.zeros([1, 1], np.float32)})
    assert model.asked.acquire(timeout=60) and model.asked.acquire(timeout=60)
    short = one.submit("half", {"x": np.array([[5.0, 7.0]], np.float32)})
    long = one.submit("half", {"x": np.array([[1.0, 2.0, 3.0]], np.float32)})
    model.free.set()
    assert got(held) == [[0.0]]
    assert got(short) == [[2.5, 3.5, 2.5]] and got(long) == [[0.5, 1.0, 1.5]]


def test_rows_of_different_length_are_not_mixed_otherwise(batcher):
    model = Halves(None)
    one = batcher(model, threads=1)
    short = one.submit("half", {"x": np.array([[5.0, 7.0]], np.float32)})
    long = one.submit("half", {"x": np.array([[1.0, 2.0, 3.0]], np.float32)})
    assert got(short) == [[2.5, 3.5]] and got(long) == [[0.5, 1.0, 1.5]]


def test_requests_without_rows_are_refused(batcher):
    with pytest.raises(Refused, match="the same number of rows, at least one"):
        ask(batcher(Halves()))


def test_closing_answers_what_waits():
    one = Batching(Halves(), Parameters(timeout=3600.0))
    future = ask(one, 1.0)
    one.close()
    assert got(future) == [0.5]


def test_parameters_are_read_as_tf_serving_reads_them(tmp_path):
    from seqapps.export.serving_files import batching_parameters as exported

    assert batching_parameters.read(tmp_path) is None
    file = tmp_path / "batching_params.pbtxt"
    file.write_text(exported())
    assert batching_parameters.read(tmp_path) == Parameters(
        128, 0.001, 2, 100, (1, 8, 32, 128), True
    )
    file.write_text("max_batch_size { value: 3 }")
    assert batching_parameters.read(tmp_path) == Parameters(3, 0.0, 2, 10)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max_batch_size: 3", "batching_params.pbtxt: 1:17"),
        ("max_batch_size { value: 5 } allowed_batch_sizes: 3", r"are \[3\]; expected growing"),
        ("max_batch_size { value: 5 } allowed_batch_sizes: 7 allowed_batch_sizes: 5", r"\[7, 5\]"),
    ],
)
def test_wrong_parameters_are_refused(tmp_path, text, message):
    (tmp_path / "batching_params.pbtxt").write_text(text)
    with pytest.raises(Refused, match=message):
        batching_parameters.read(tmp_path)


@pytest.mark.long
def test_batched_answers_are_those_of_requests_on_their_own(bundle):
    """Sentiment in batches of several sizes, padded; each signature."""
    import json

    from seqapps.export.compare import compare
    from seqapps.export.golden import rows_of
    from seqapps.export.manifest import read, signature_of
    from seqapps.predict import plain
    from seqapps.serving.loaded import Loaded
    from seqapps.serving.rest.reading import tensor_of

    loaded = Loaded(bundle)
    one = Batching(loaded, Parameters(11, 0.05, 1, allowed=(1, 5, 11)))
    manifest = read(bundle)
    try:
        for record in json.loads((bundle / "assets.extra" / "golden.json").read_text("utf-8")):
            name = record["signature"]
            specs = loaded.signatures[name].inputs
            rows = rows_of(record["inputs"])
            inputs = [
                {key: tensor_of([value], specs[key]) for key, value in row.items()} for row in rows
            ]
            futures = [one.submit(name, given) for given in inputs]
            for given, future in zip(inputs, futures, strict=True):
                told = [
                    rows_of({key: plain(array) for key, array in answer.items()})
                    for answer in (future.result(timeout=60), loaded.run(name, given))
                ]
                found = compare(*told, signature_of(manifest, name).answer)
                assert found.rows == 1 and found.differences == []
    finally:
        one.close()
        loaded.close()
