"""The files beside the SavedModel are what TF Serving reads."""

import pytest
import tensorflow as tf
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from google.protobuf import wrappers_pb2 as wrappers
from tensorflow_serving.apis import prediction_log_pb2

from seqapps.export.compare import compare
from seqapps.export.golden import rows_of
from seqapps.export.signatures import declared
from seqapps.predict import split_batch

MOST_RECORDS = 1000  # TF Serving refuses to load a model with more warm-up records


@pytest.fixture(scope="module")
def requests(bundle):
    """The warm-up requests, parsed as the server parses them."""
    file = bundle / "assets.extra" / "tf_serving_warmup_requests"
    records = tf.data.TFRecordDataset(str(file)).as_numpy_iterator()
    logs = [prediction_log_pb2.PredictionLog.FromString(record) for record in records]
    assert {log.WhichOneof("log_type") for log in logs} == {"predict_log"}
    return [log.predict_log.request for log in logs]


@pytest.fixture(scope="module")
def batching(bundle):
    """`batching_params.pbtxt` as a protobuf message: an unknown field or type does not parse."""
    text = (bundle / "batching_params.pbtxt").read_text("utf-8")
    return text_format.Parse(text, batching_parameters()())


def batching_parameters():
    """The message class tensorflow.serving.BatchingParameters, which no Python package ships.

    Fields as in tensorflow_serving/servables/tensorflow/session_bundle_config.proto.
    """
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="batching_parameters_of_the_tests.proto",
        package="tensorflow.serving",
        syntax="proto3",
        dependency=[wrappers.DESCRIPTOR.name],
    )
    message = file.message_type.add(name="BatchingParameters")
    wrapped = {"type": field.TYPE_MESSAGE, "label": field.LABEL_OPTIONAL}
    whole = {**wrapped, "type_name": ".google.protobuf.Int64Value"}
    for number, name in enumerate(
        ("max_batch_size", "batch_timeout_micros", "max_enqueued_batches", "num_batch_threads"), 1
    ):
        message.field.add(name=name, number=number, **whole)
    message.field.add(
        name="thread_pool_name", number=5, **wrapped, type_name=".google.protobuf.StringValue"
    )
    message.field.add(
        name="allowed_batch_sizes", number=6, type=field.TYPE_INT64, label=field.LABEL_REPEATED
    )
    message.field.add(
        name="pad_variable_length_inputs",
        number=7,
        type=field.TYPE_BOOL,
        label=field.LABEL_OPTIONAL,
    )
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    descriptor = pool.FindMessageTypeByName("tensorflow.serving.BatchingParameters")
    return message_factory.GetMessageClass(descriptor)


def rows(request):
    """How many rows a request asks at once."""
    (count,) = {tensor.tensor_shape.dim[0].size for tensor in request.inputs.values()}
    return count


def test_every_signature_is_warmed_with_one_row_and_with_all(requests, golden):
    asked = [(request.model_spec.signature_name, rows(request)) for request in requests]
    assert asked == [
        (name, count)
        for name, record in golden.items()
        for count in (1, len(next(iter(record["inputs"].values()))))
    ]


def test_warm_up_requests_are_few_enough_to_load(requests):
    assert 0 < len(requests) <= MOST_RECORDS


def test_warm_up_inputs_are_named_and_typed_as_in_the_signature(requests, meta_graph):
    for request in requests:
        wanted = meta_graph.signature_def[request.model_spec.signature_name].inputs
        told = {name: tensor.dtype for name, tensor in request.inputs.items()}
        assert told == {name: tensor.dtype for name, tensor in wanted.items()}


def test_warm_up_inputs_are_shaped_as_in_the_signature(requests, meta_graph):
    for request in requests:
        wanted = meta_graph.signature_def[request.model_spec.signature_name].inputs
        for name, tensor in request.inputs.items():
            shape = tf.TensorShape(tensor.tensor_shape)
            assert shape.is_compatible_with(tf.TensorShape(wanted[name].tensor_shape))


def test_warm_up_requests_are_answered(requests, loaded, golden, sentiment, tiny):
    """One that fails would keep TF Serving from loading the model."""
    for request in requests:
        name = request.model_spec.signature_name
        inputs = {key: tf.constant(tf.make_ndarray(t)) for key, t in request.inputs.items()}
        answers = split_batch(loaded.signatures[name](**inputs))
        expected = rows_of(golden[name]["outputs"])[: rows(request)]
        answer = declared(sentiment, tiny)[name].answer
        assert compare(answers, expected, answer).differences == []


def test_the_largest_allowed_batch_is_the_maximum(batching):
    """TF Serving refuses to load a model where the two differ."""
    assert batching.allowed_batch_sizes[-1] == batching.max_batch_size.value


def test_the_allowed_batch_sizes_grow(batching):
    sizes = list(batching.allowed_batch_sizes)
    assert sizes == sorted(set(sizes))


def test_batches_are_made_by_a_thread_at_least(batching):
    assert batching.num_batch_threads.value >= 1
