"""Probes see the gradients of training and leave no trace; their log survives an interruption."""

import json
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqapps.data.batching import batch_of
from seqapps.task import Column
from seqapps.training.gradients import GradientLog, Probes, name_of

BATCH, TIME, INPUTS, UNITS = 5, 7, 2, 3
CASES = [
    {"values": np.random.default_rng(i).normal(size=[TIME * INPUTS]).astype("float32")}
    for i in range(2 * BATCH)
]
BATCHES = [np.arange(BATCH), np.arange(BATCH, 2 * BATCH)]
TASK = SimpleNamespace(columns={"values": Column("series", "a series", (TIME * INPUTS,))})


def pair(batch):
    values = tf.reshape(batch["values"], [-1, TIME, INPUTS])
    return values, values[:, -1]


def model_of(dropout: float = 0.0, layer=None):
    keras.utils.set_random_seed(11)
    inputs = keras.Input([TIME, INPUTS])
    layer = layer or keras.layers.LSTM(UNITS, name="reader")
    states = keras.layers.Dropout(dropout)(layer(inputs))
    normal = keras.layers.BatchNormalization(name="normal")(states)
    model = keras.Model(inputs, keras.layers.Dense(INPUTS, name="out")(normal))
    model.compile(keras.optimizers.Adam(0.1), "mse")
    return model


def probes_of(model, *, batches=1, of=BATCHES):
    settings = SimpleNamespace(gradient_batches=batches)
    feed = SimpleNamespace(
        rounds=SimpleNamespace(batches=lambda number: of),
        pair=lambda batch: pair(batch_of([CASES[case] for case in batch], TASK.columns)),
    )
    return Probes(settings, model, feed)


def everything(model) -> list[np.ndarray]:
    variables = [*model.variables, *model.optimizer.variables, *model.metrics_variables]
    return [np.asarray(variable).copy() for variable in variables]


def test_the_model_is_left_as_it_was_bit_for_bit():
    """Dropout draws and statistics are gathered on the way, and put back."""
    model = model_of(dropout=0.5)
    model.optimizer.build(model.trainable_variables)
    before = everything(model)
    first = probes_of(model).take()
    for now, then in zip(everything(model), before, strict=True):
        np.testing.assert_array_equal(now, then)
    assert probes_of(model).take() == first


def test_the_norms_by_layer_are_those_of_the_gradient():
    model = model_of()
    inputs, targets = pair({"values": tf.stack([case["values"] for case in CASES[:BATCH]])})
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(inputs, training=True) - targets))
    gradients = tape.gradient(loss, model.trainable_variables)
    squares = {"reader": 0.0, "normal": 0.0, "out": 0.0}
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        squares[variable.path.split("/")[0]] += float(tf.reduce_sum(gradient**2))
    received = probes_of(model_of()).take()["layers"]
    assert received == pytest.approx({n: s**0.5 for n, s in squares.items()}, rel=1e-4)


def test_the_norms_by_lag_are_of_a_cases_own_loss():
    """A loss of the last state's sum has a gradient of length sqrt(units) there, in every case."""
    keras.utils.set_random_seed(11)
    inputs = keras.Input([TIME, INPUTS])
    model = keras.Model(inputs, keras.layers.SimpleRNN(UNITS, name="reader")(inputs))
    model.compile("adam", lambda true, told: tf.reduce_sum(told, axis=-1))
    received = probes_of(model).take()["lags"]["reader"]
    assert received["lag"] == list(range(TIME))
    assert received["norm"][0] == pytest.approx(UNITS**0.5)


def test_both_directions_have_a_line_each():
    both = keras.layers.Bidirectional(keras.layers.GRU(UNITS, name="gru"), name="both")
    received = probes_of(model_of(layer=both)).take()
    assert set(received["lags"]) == {"both/forward_gru", "both/backward_gru"}
    assert set(received["lags"]) < set(received["layers"])


def test_a_layer_that_is_not_trained_is_left_out():
    layer = keras.layers.GRU(UNITS, trainable=False)
    assert probes_of(model_of(layer=layer)).take()["lags"] == {}


@pytest.mark.parametrize(
    ("wanted", "steps", "taken"), [(3, 151, 3), (3, 12, 1), (3, 51, 2), (1, 151, 1), (0, 151, 0)]
)
def test_few_batches_of_few_steps_are_looked_at(wanted, steps, taken):
    probes = probes_of(model_of(), batches=wanted, of=[np.arange(BATCH)] * steps)
    assert len(probes._batches) == taken


def test_no_batches_are_no_findings():
    assert probes_of(model_of(), batches=0).take() == {"layers": {}, "lags": {}}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("bidirectional/forward_lstm/lstm_cell/kernel", "bidirectional/forward_lstm"),
        ("lstm_4/lstm_cell_4/recurrent_kernel", "lstm_4"),
        ("reader/gru_cell/bias", "reader"),
        ("text_logits/kernel", "text_logits"),
        ("block/attention/query/kernel", "block/attention/query"),
    ],
)
def test_a_layers_name_is_its_path(path, name):
    assert name_of(SimpleNamespace(path=path)) == name


def test_the_log_goes_on_where_the_checkpoint_is(tmp_path):
    """Round 3 was noted, but a kill came before its checkpoint."""
    file = tmp_path / "gradients.json"
    log = GradientLog(file, rounds_done=0)
    for number in (1, 2, 3):
        log.add(number, {"layers": {"out": float(number)}, "lags": {}})
    again = GradientLog(file, rounds_done=2)
    again.add(3, {"layers": {"out": 33.0}, "lags": {}})
    rounds = json.loads(file.read_text())["rounds"]
    assert [(found["round"], found["layers"]["out"]) for found in rounds] == [
        (1, 1),
        (2, 2),
        (3, 33),
    ]


def test_a_training_from_the_start_forgets_what_another_left(tmp_path):
    file = tmp_path / "gradients.json"
    GradientLog(file, rounds_done=0).add(1, {"layers": {}, "lags": {}})
    assert GradientLog(file, rounds_done=0).rounds == []
