"""gRPC as TF Serving's own stubs ask it: the same answers and refusals as REST, by its rules."""

import asyncio
import os
import shutil
import signal
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest
import tensorflow as tf
from grpc_health.v1 import health_pb2, health_pb2_grpc
from served_models import Asking
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
)

from seqapps import files
from seqapps.errors import UserError
from seqapps.serving.app import application
from seqapps.serving.errors import Refused
from seqapps.serving.grpc.calls import Core
from seqapps.serving.grpc.server import SPARE, serving
from seqapps.serving.grpc.status import WATCHES
from seqapps.serving.limits import Limits
from seqapps.serving.metrics import Metrics
from seqapps.serving.models import Models
from seqapps.serving.server import bound, serve

A = [1.0, 2.0, 3.0]


class Stubs:
    """TF Serving's stubs for one server."""

    def __init__(self, port):
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.prediction = prediction_service_pb2_grpc.PredictionServiceStub(self.channel)
        self.status = model_service_pb2_grpc.ModelServiceStub(self.channel)
        self.health = health_pb2_grpc.HealthStub(self.channel)

    def predict(self, model, inputs, *, timeout=60, metadata=None, **given):
        return self.prediction.Predict(
            request(model, inputs, **given), timeout=timeout, metadata=metadata
        )


def request(model, inputs, *, signature="", version=None, label=None, outputs=()):
    made = predict_pb2.PredictRequest(output_filter=outputs)
    made.model_spec.name, made.model_spec.signature_name = model, signature
    if version is not None:
        made.model_spec.version.value = version
    if label is not None:
        made.model_spec.version_label = label
    for name, value in inputs.items():
        tensor = value if isinstance(value, tf.make_tensor_proto(0).__class__) else None
        made.inputs[name].CopyFrom(tensor or tf.make_tensor_proto(value))
    return made


def floats(*values):
    return np.array(values, np.float32)


def answer(response):
    return {name: tf.make_ndarray(tensor).tolist() for name, tensor in response.outputs.items()}


def refusal(call):
    """(status, message) of a call that is refused."""
    with pytest.raises(grpc.RpcError) as raised:
        call()
    return raised.value.code().name, raised.value.details()


@pytest.fixture
def started():
    """Start a server with these options; its stubs."""
    ends = []

    def start(models, **options):
        options.setdefault("limits", Limits())
        most = options.pop("most", 1000)
        block = serving(Core(models=models, **options), "127.0.0.1", 0, most=most)
        stubs = Stubs(block.__enter__().port)
        ends.append((stubs, block))
        return stubs

    yield start
    for stubs, block in ends:
        stubs.channel.close()
        block.__exit__(None, None, None)


@pytest.fixture(scope="module")
def stubs(models):
    with serving(Core(models=models, limits=Limits()), "127.0.0.1", 0) as running:
        found = Stubs(running.port)
        yield found
        found.channel.close()


@pytest.mark.parametrize(
    ("model", "signature", "inputs", "outputs"),
    [
        ("half_plus_two", "", {"x": floats(1, 2, 5)}, {"y": [2.5, 3.0, 4.5]}),
        ("half_plus_three", "", {"x": floats(1)}, {"y": [3.5]}),
        ("zoo", "", {"a": floats(A, A), "b": np.array([5, 7], np.int32)},
         {"total": [11.0, 13.0], "twice": [10, 14]}),
        ("zoo", "text", {"text": np.array(["ä".encode(), b"\xff\x00"], object)},
         {"echo": ["ä".encode(), b"\xff\x00"], "echo_bytes": ["ä".encode(), b"\xff\x00"],
          "length": [2, 2]}),
        ("zoo", "grid", {"grid": floats([[1, 2, 3], [4, 5, 6]])}, {"sum": [[6.0, 15.0]]}),
        ("zoo", "whole", {"n": np.array([2**62], np.int64)}, {"n": [2**62 + 1]}),
        ("zoo", "yes", {"yes": [True, False]}, {"no": [False, True]}),
        ("zoo", "scalar", {"x": floats(1, 2)}, {"x": 3.0}),
        ("zoo", "half", {"x": floats(0.5)}, {"x": [0.5]}),
        ("zoo", "into_half", {"x": np.array([0.5], np.float16)}, {"x": [0.5]}),
    ],
)  # fmt: skip
def test_predict_answers(stubs, model, signature, inputs, outputs):
    assert answer(stubs.predict(model, inputs, signature=signature)) == outputs


def test_the_answer_says_which_version_and_signature_gave_it(stubs):
    spec = stubs.predict("half_plus_two", {"x": floats(1)}).model_spec
    assert (spec.name, spec.version.value, spec.signature_name) == (
        "half_plus_two", 123, "serving_default",
    )  # fmt: skip


def test_outputs_that_are_not_wanted_are_left_out(stubs):
    inputs = {"a": floats(A), "b": np.array([5], np.int32)}
    assert answer(stubs.predict("zoo", inputs, outputs=["twice"])) == {"twice": [10]}


def test_one_value_may_stand_for_all_places_of_a_tensor(stubs):
    tensor = tf.make_tensor_proto(floats(1))
    tensor.tensor_shape.dim[0].size = 3
    assert answer(stubs.predict("half_plus_two", {"x": tensor})) == {"y": [2.5] * 3}


def broken(**changes):
    tensor = tf.make_tensor_proto(floats(1, 2, 3))
    for name, value in changes.items():
        setattr(tensor, name, value)
    return tensor


def sized(size):
    tensor = tf.make_tensor_proto(floats(1))
    tensor.tensor_shape.dim[0].size = size
    return tensor


TWO_OF = {"x": floats(1)}


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (lambda: request("none", TWO_OF),
         ("NOT_FOUND", "Servable not found for request: Latest(none)")),
        (lambda: request("half_plus_two", TWO_OF, version=7),
         ("NOT_FOUND", "Servable not found for request: Specific(half_plus_two, 7)")),
        (lambda: request("half_plus_two", TWO_OF, label="stable"),
         ("INVALID_ARGUMENT", "Unrecognized servable version label: stable")),
        (predict_pb2.PredictRequest, ("INVALID_ARGUMENT", "Missing ModelSpec")),
        (lambda: request("half_plus_two", TWO_OF, signature="no"),
         ("INVALID_ARGUMENT", 'Serving signature name: "no" not found in signature def')),
        (lambda: request("half_plus_two", {}),
         ("INVALID_ARGUMENT",
          "input size does not match signature: 0!=1 len({}) != len({x}). Sent extra: {}. "
          "Missing but required: {x}.")),
        (lambda: request("half_plus_two", {"x": np.array([1.0])}),
         ("INVALID_ARGUMENT",
          "Input 'x' is of type float64, the signature takes DT_FLOAT.")),
        (lambda: request("zoo", {"a": floats([1, 2]), "b": np.array([1], np.int32)}),
         ("INVALID_ARGUMENT", "Input 'a' has the shape [1,2], the signature takes [?,3].")),
        (lambda: request("zoo", {"x": floats(-1)}, signature="strict"),
         ("INVALID_ARGUMENT", None)),
        (lambda: request("half_plus_two", TWO_OF, outputs=["z"]),
         ("INVALID_ARGUMENT",
          "output tensor alias not found in signature: z Outputs expected to be in the set {y}.")),
        (lambda: request("half_plus_two", TWO_OF, outputs=["y", "y"]),
         ("INVALID_ARGUMENT", "duplicate output tensor alias: y")),
        (lambda: request("half_plus_two", {"x": broken(tensor_content=b"123")}),
         ("INVALID_ARGUMENT", "tensor parsing error: x")),
        (lambda: request("half_plus_two", {"x": broken(dtype=20)}),
         ("INVALID_ARGUMENT", "tensor parsing error: x")),
        (lambda: request("half_plus_two", {"x": sized(-1)}),
         ("INVALID_ARGUMENT", "tensor parsing error: x")),
    ],
)  # fmt: skip
def test_predict_refuses(stubs, asked, told):
    made = asked()
    code, message = refusal(lambda: stubs.prediction.Predict(made, timeout=60))
    assert code == told[0]
    assert told[1] in (None, message)


def test_metadata_are_the_signatures_as_they_were_exported(stubs, models):
    asked = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    asked.model_spec.name = "half_plus_two"
    response = stubs.prediction.GetModelMetadata(asked, timeout=60)
    told = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(told)
    assert response.model_spec.version.value == 123
    with models.lease("half_plus_two") as version:
        assert dict(told.signature_def) == dict(version.loaded.definitions)


def test_metadata_that_are_not_there_are_refused(stubs):
    asked = get_model_metadata_pb2.GetModelMetadataRequest()
    asked.model_spec.name = "half_plus_two"
    assert refusal(lambda: stubs.prediction.GetModelMetadata(asked)) == (
        "INVALID_ARGUMENT", "GetModelMetadataRequest must specify at least one metadata_field",
    )  # fmt: skip
    asked.metadata_field.append("weights")
    assert refusal(lambda: stubs.prediction.GetModelMetadata(asked)) == (
        "INVALID_ARGUMENT", "Metadata field weights is not supported",
    )  # fmt: skip


def test_status_tells_versions_with_their_states(stubs):
    asked = get_model_status_pb2.GetModelStatusRequest()
    asked.model_spec.name = "half_plus_two"
    [told] = stubs.status.GetModelStatus(asked, timeout=60).model_version_status
    assert (told.version, told.State.Name(told.state)) == (123, "AVAILABLE")
    assert (told.status.error_code, told.status.error_message) == (0, "")
    asked.model_spec.name = "none"
    assert refusal(lambda: stubs.status.GetModelStatus(asked)) == (
        "NOT_FOUND", "Could not find any versions of model none",
    )  # fmt: skip


def test_health_tells_of_the_server_and_of_each_model(stubs):
    def health(service):
        asked = health_pb2.HealthCheckRequest(service=service)
        return stubs.health.Check(asked, timeout=60).status

    serving_ = health_pb2.HealthCheckResponse.SERVING
    for service in ("", "tensorflow.serving.PredictionService", "half_plus_two"):
        assert health(service) == serving_
    assert refusal(lambda: health("none"))[0] == "NOT_FOUND"
    watch = stubs.health.Watch(health_pb2.HealthCheckRequest(service="zoo"), timeout=60)
    assert next(watch).status == serving_
    watch.cancel()


def test_a_server_without_a_model_is_not_well(started, tmp_path):
    empty = Models(tmp_path)
    stubs = started(empty)
    told = stubs.health.Check(health_pb2.HealthCheckRequest(), timeout=60)
    assert told.status == health_pb2.HealthCheckResponse.NOT_SERVING
    empty.close()


def examples(made, model, signature, rows, *, context=None):
    """A request to classify or to regress rows, each a dict of a number or text by name."""
    made.model_spec.name, made.model_spec.signature_name = model, signature
    listed = made.input.example_list if context is None else made.input.example_list_with_context
    for row in rows:
        fill(listed.examples.add(), row)
    if context is not None:
        fill(listed.context, context)
    return made


def fill(example, row):
    for name, value in row.items():
        feature = example.features.feature[name]
        kind = {bytes: feature.bytes_list, int: feature.int64_list, float: feature.float_list}
        kind[type(value)].value.append(value)


def test_regress_answers_with_a_number_for_each_example(stubs):
    made = examples(
        regression_pb2.RegressionRequest(), "half_plus_two", "regress_x_to_y",
        [{"x": 1.0}, {}], context={"x": 2.0},
    )  # fmt: skip
    response = stubs.prediction.Regress(made, timeout=60)
    assert [each.value for each in response.result.regressions] == [2.5, 3.0]
    assert response.model_spec.version.value == 123


def test_classify_answers_with_labels_and_scores_for_each_example(stubs):
    made = examples(
        classification_pb2.ClassificationRequest(), "zoo", "classify",
        [{"word": b"a", "count": 3}, {"word": "ä".encode()}],
    )  # fmt: skip
    result = stubs.prediction.Classify(made, timeout=60).result
    told = [[(each.label, each.score) for each in row.classes] for row in result.classifications]
    assert told == [[("a", 3.0), ("A", 0.0)], [("ä", 0.0), ("ä", 0.0)]]


def test_a_signature_that_does_not_classify_and_no_examples_are_refused(stubs):
    made = examples(classification_pb2.ClassificationRequest(), "half_plus_two", "", [{"x": 1.0}])
    assert refusal(lambda: stubs.prediction.Classify(made, timeout=60)) == (
        "FAILED_PRECONDITION", "No classification inputs found in SignatureDef.",
    )  # fmt: skip
    made = examples(regression_pb2.RegressionRequest(), "half_plus_two", "regress_x_to_y", [])
    assert refusal(lambda: stubs.prediction.Regress(made, timeout=60)) == (
        "INVALID_ARGUMENT", "Input is empty.",
    )  # fmt: skip


def test_what_is_not_offered_is_unimplemented(stubs):
    asked = inference_pb2.MultiInferenceRequest()
    assert refusal(lambda: stubs.prediction.MultiInference(asked, timeout=60))[0] == "UNIMPLEMENTED"


def test_more_than_one_request_may_bring_is_refused(started, models):
    stubs = started(models, limits=Limits(body=10_007, instances=3))
    assert answer(stubs.predict("half_plus_two", {"x": floats(1, 2, 3)}))["y"][2] == 3.5
    assert refusal(lambda: stubs.predict("half_plus_two", {"x": floats(*range(5))})) == (
        "INVALID_ARGUMENT", "5 rows in one request; this server takes 3.",
    )  # fmt: skip
    large = np.zeros([2, 2, 5003], np.float32)
    code, _ = refusal(lambda: stubs.predict("zoo", {"grid": large}, signature="grid"))
    assert code == "RESOURCE_EXHAUSTED"
    one_for_all = tf.make_tensor_proto(floats([[1.0]]))
    one_for_all.tensor_shape.dim[1].size = 10**12
    assert refusal(lambda: stubs.predict("half_plus_two", {"x": one_for_all})) == (
        "RESOURCE_EXHAUSTED", "Input 'x' is larger than 10007 values.",
    )  # fmt: skip


@pytest.fixture
def declaring(published, tmp_path):
    """A copy of zoo whose bundle.json declares the input of `text` as text, that of `raw` not."""
    shutil.copytree(published / "zoo", tmp_path / "zoo")
    column = {"kind": "text", "meaning": "", "shape": [], "default": None}
    kinds = {
        "text": {"text": column},
        "raw": {"text": {**column, "kind": "image"}},
        "serving_default": {"word": column},
        "classify": {"inputs": column},
    }
    signatures = {name: {"inputs": inputs} for name, inputs in kinds.items()}
    files.write_json(
        tmp_path / "zoo" / "7" / "assets.extra" / "bundle.json", {"signatures": signatures}
    )
    found = Models(tmp_path)
    found.refresh()
    yield found
    found.close()


def test_texts_are_as_long_as_by_rest_where_the_bundle_declares_them(started, declaring):
    stubs = started(declaring, limits=Limits(text=5))
    just, over = np.array(["äöü中😀".encode()], object), np.array([b"123456"], object)
    told = ("INVALID_ARGUMENT", "A text of 6 characters; this server takes 5.")
    assert answer(stubs.predict("zoo", {"text": just}, signature="text"))["length"] == [13]
    assert refusal(lambda: stubs.predict("zoo", {"text": over}, signature="text")) == told
    for signature in ("raw", "echo"):  # a picture, and what is not declared
        assert answer(stubs.predict("zoo", {"text": over}, signature=signature))

    def classify(**given):
        made = classification_pb2.ClassificationRequest()
        return stubs.prediction.Classify(examples(made, "zoo", "classify", **given), timeout=60)

    assert classify(rows=[{"word": b"12345", "other": b"1234567"}])
    assert refusal(lambda: classify(rows=[{"word": b"1"}, {"word": b"123456"}])) == told
    assert refusal(lambda: classify(rows=[{}], context={"word": b"123456"})) == told


def test_a_text_in_base64_is_as_long_as_another_where_the_bundle_declares_it(declaring):
    with Asking(application(declaring, limits=Limits(text=5))) as client:
        for signature, status in (("text", 400), ("raw", 200)):
            body = {"signature_name": signature, "instances": [{"b64": "MTIzNDU2"}]}
            assert client.post("/v1/models/zoo:predict", json=body).status_code == status


def test_a_token_is_wanted_for_everything(started, models):
    stubs = started(models, token="secret")

    def predict(value):
        metadata = [("authorization", value)] if value else None
        return stubs.predict("half_plus_two", {"x": floats(1)}, metadata=metadata)

    assert answer(predict("Bearer secret")) == {"y": [2.5]}
    for value in ("Bearer other", "secret", None):
        assert refusal(lambda value=value: predict(value))[0] == "UNAUTHENTICATED"
    asked = health_pb2.HealthCheckRequest()
    assert refusal(lambda: stubs.health.Check(asked, timeout=60))[0] == "UNAUTHENTICATED"


def test_calls_are_counted_and_logged_without_their_content(started, models):
    metrics, lines = Metrics(), []
    stubs = started(models, metrics=metrics, access_log=lines.append)
    stubs.predict("zoo", {"text": ["confidential"]}, signature="echo")
    refusal(lambda: stubs.predict("stranger", {"x": floats(1)}))
    told = metrics.text().decode()
    assert ':tensorflow:serving:request_count{model_name="zoo",status="OK"} 1.0' in told
    assert 'status="NOT_FOUND"} 1.0' in told and "stranger" not in told
    assert 'API="Predict",entrypoint="GRPC",model_name="zoo"' in told
    assert len(lines) == 2 and "confidential" not in "".join(lines)
    assert '"path": "/tensorflow.serving.PredictionService/Predict", "status": "OK"' in lines[0]


class Held:
    """A runner that answers when it is let."""

    def __init__(self, loaded):
        self.loaded, self.futures = loaded, []
        self.asked = threading.Event()

    def submit(self, signature, inputs):
        from concurrent.futures import Future

        self.futures.append(Future())
        self.asked.set()
        return self.futures[-1]

    def close(self):
        pass


class Full(Held):
    def submit(self, signature, inputs):
        raise Refused("RESOURCE_EXHAUSTED", "the queue is full")


@pytest.fixture
def held(published):
    made = []

    def models_of(kind):
        found = Models(published, names=["half_plus_two"],
                       runner_of=lambda loaded: made.append(kind(loaded)) or made[-1])  # fmt: skip
        found.refresh()
        return found, made[-1]

    return models_of


def test_an_answer_that_takes_too_long_is_given_up(started, held):
    models, runner = held(Held)
    stubs = started(models, limits=Limits(seconds=0.05))
    assert refusal(lambda: stubs.predict("half_plus_two", {"x": floats(1)})) == (
        "DEADLINE_EXCEEDED", "No answer within 0.05 seconds.",
    )  # fmt: skip
    assert runner.futures[0].cancelled()
    models.close()


def test_what_waits_for_a_client_that_gave_up_is_not_computed(started, held):
    models, runner = held(Held)
    stubs = started(models)
    call = stubs.prediction.Predict.future(request("half_plus_two", {"x": floats(1)}), timeout=60)
    assert runner.asked.wait(60)
    call.cancel()
    with pytest.raises(grpc.FutureCancelledError):
        call.result()
    done = threading.Event()
    runner.futures[0].add_done_callback(lambda _: done.set())
    assert done.wait(60) and runner.futures[0].cancelled()
    models.close()


def test_a_full_queue_is_told_as_such(started, held):
    models, _ = held(Full)
    stubs = started(models)
    assert refusal(lambda: stubs.predict("half_plus_two", {"x": floats(1)})) == (
        "RESOURCE_EXHAUSTED", "the queue is full",
    )  # fmt: skip
    models.close()


def test_calls_beyond_the_queue_are_refused_at_once(started, held):
    models, runner = held(Held)
    stubs = started(models, most=3)
    made = request("half_plus_two", {"x": floats(1)})
    room = 3 + WATCHES + SPARE
    calls = [stubs.prediction.Predict.future(made, timeout=60) for _ in range(room)]
    end = time.monotonic() + 60
    while len(runner.futures) < room and time.monotonic() < end:
        time.sleep(0.01)
    assert refusal(lambda: stubs.prediction.Predict(made, timeout=60))[0] == "RESOURCE_EXHAUSTED"
    for future in runner.futures:
        future.set_result({"y": floats(2.5)})
    assert all(answer(call.result(60)) == {"y": [2.5]} for call in calls)
    models.close()


def test_watches_leave_room_for_calls(started, models):
    stubs = started(models, most=1)
    asked = health_pb2.HealthCheckRequest()
    watches = [stubs.health.Watch(asked, timeout=60) for _ in range(WATCHES)]
    assert {next(watch).status for watch in watches} == {health_pb2.HealthCheckResponse.SERVING}
    code, told = refusal(lambda: next(stubs.health.Watch(asked, timeout=60)))
    assert (code, told) == (
        "RESOURCE_EXHAUSTED", "16 clients are watching already; ask with Check.",
    )  # fmt: skip
    assert answer(stubs.predict("half_plus_two", {"x": floats(1)})) == {"y": [2.5]}
    for watch in watches:
        watch.cancel()


def test_rest_and_grpc_take_no_more_requests_at_the_same_time(models):
    """A request by REST is still under way when gRPC refuses: neither waits for the other's end."""
    codes, taken, enough = [], threading.Event(), threading.Event()

    async def app(scope, receive, send):
        taken.set()
        while not enough.is_set():
            await asyncio.sleep(0.01)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    def ask(url, stubs):
        with ThreadPoolExecutor(1) as threads:
            slow = threads.submit(lambda: urllib.request.urlopen(url, timeout=60).read())
            assert taken.wait(60)
            os.kill(os.getpid(), signal.SIGTERM)
            end = time.monotonic() + 20
            while codes[-1:] != ["UNAVAILABLE"] and time.monotonic() < end:
                codes.append(health_code(stubs))
            enough.set()
            codes.append(slow.result(60))

    core = Core(models=models, limits=Limits())
    with bound("127.0.0.1", 0) as listening, serving(core, "127.0.0.1", 0) as running:
        stubs = Stubs(running.port)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        asking = threading.Thread(target=ask, args=(url, stubs))
        assert serve(app, listening, ready=asking.start, ending=running.stop) == signal.SIGTERM
        asking.join(60)
        stubs.channel.close()
    assert codes[-2:] == ["UNAVAILABLE", b"done"]


def health_code(stubs):
    try:
        stubs.health.Check(health_pb2.HealthCheckRequest(), timeout=5)
    except grpc.RpcError as error:
        return error.code().name
    return "OK"


def test_a_call_that_was_taken_is_answered_before_the_end(held):
    models, runner = held(Held)
    block = serving(Core(models=models, limits=Limits()), "127.0.0.1", 0)
    stubs = Stubs(block.__enter__().port)
    call = stubs.prediction.Predict.future(request("half_plus_two", {"x": floats(1)}), timeout=60)
    assert runner.asked.wait(60)
    ending = threading.Thread(target=block.__exit__, args=(None, None, None))
    ending.start()
    runner.futures[0].set_result({"y": floats(2.5)})
    assert answer(call.result(60)) == {"y": [2.5]}
    ending.join(60)
    assert not ending.is_alive()
    stubs.channel.close()
    models.close()


def test_a_port_that_is_taken_is_told_with_what_to_do(models):
    core = Core(models=models, limits=Limits())
    with (
        serving(core, "127.0.0.1", 0) as running,
        pytest.raises(UserError, match=f"{running.port}: 127.0.0.1 cannot be listened at"),
        serving(core, "127.0.0.1", running.port),
    ):
        pass
