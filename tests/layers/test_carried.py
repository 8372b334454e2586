"""States go on from batch to batch in training, where a row goes on, and nowhere else."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqapps.layers import recurrent
from seqapps.layers.carried import Carried
from seqapps.layers.recurrent import GRU, LSTM

ROWS, TIME, INPUTS, UNITS = 5, 7, 3, 11
STOCK = {LSTM: keras.layers.LSTM, GRU: keras.layers.GRU}
CLOSE = {"rtol": 1e-4, "atol": 1e-5}
GOES_ON, BEGINS = np.ones([ROWS, 1], "float32"), np.zeros([ROWS, 1], "float32")


@pytest.fixture(autouse=True)
def _compiled(monkeypatch):
    """Whatever trainings of other tests in this process have left it at."""
    monkeypatch.setattr(recurrent, "_compiled", False)


@pytest.fixture(params=[LSTM, GRU])
def kind(request):
    return request.param


@pytest.fixture
def pair(kind):
    """(our layer that carries, Keras's layer with the same weights), drawn at random."""
    layer = Carried(kind(UNITS, return_sequences=True, return_state=True), ROWS)
    layer.build([ROWS, TIME, INPUTS])
    stock = STOCK[kind](UNITS, return_sequences=True, return_state=True)
    stock.build([ROWS, TIME, INPUTS])
    random = np.random.default_rng(0)
    stock.set_weights(
        [random.normal(size=weight.shape, scale=0.5) for weight in stock.get_weights()]
    )
    layer.reader.set_weights(stock.get_weights())
    return layer, stock


@pytest.fixture
def inputs():
    """[rows, twice the time of a batch, inputs]."""
    return np.random.default_rng(1).normal(size=[ROWS, 2 * TIME, INPUTS]).astype("float32")


def test_two_batches_of_which_the_second_goes_on_are_one_long_batch(pair, inputs):
    layer, stock = pair
    outputs = stock(inputs)[0]
    parts = [
        layer(inputs[:, :TIME], BEGINS, training=True),
        layer(inputs[:, TIME:], GOES_ON, training=True),
    ]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), outputs, **CLOSE)


def test_the_states_carried_are_those_after_the_batch(pair, inputs):
    layer, stock = pair
    layer(inputs, BEGINS, training=True)
    _, *last = stock(inputs)
    for carried, state in zip(layer.carried, last, strict=True):
        np.testing.assert_allclose(carried, state, **CLOSE)


def test_a_row_that_begins_begins_from_zeros_beside_rows_that_go_on(pair, inputs):
    layer, stock = pair
    keep = np.array([[1], [0], [0], [1], [0]], "float32")
    layer(inputs[:, :TIME], BEGINS, training=True)
    found = layer(inputs[:, TIME:], keep, training=True)
    whole, anew = stock(inputs)[0][:, TIME:], stock(inputs[:, TIME:])[0]
    np.testing.assert_allclose(found, tf.where(keep[:, None] > 0, whole, anew), **CLOSE)
    assert np.abs(whole - anew).max() > 0.01  # it can be told apart


def test_no_gradient_flows_back_over_the_border(pair, inputs):
    """The gradient of the second batch is that of its steps, from states that are given."""
    layer, stock = pair
    first, second = (tf.constant(part) for part in np.split(inputs, 2, axis=1))
    with tf.GradientTape() as tape:
        tape.watch([first, second])
        layer(first, BEGINS, training=True)
        total = tf.reduce_sum(tf.sin(layer(second, GOES_ON, training=True)))
    before, own, kernels = tape.gradient(total, (first, second, trained_by(layer.reader)))
    assert before is None
    _, *states = stock(first)
    with tf.GradientTape() as tape:
        tape.watch(second)
        total = tf.reduce_sum(tf.sin(stock(second, initial_state=states)[0]))
    expected, others = tape.gradient(total, (second, trained_by(stock)))
    np.testing.assert_allclose(own, expected, **CLOSE)
    for one, other in zip(kernels, others, strict=True):
        np.testing.assert_allclose(one, other, **CLOSE)


def trained_by(layer):
    return [variable.value for variable in layer.trainable_variables]


@pytest.mark.parametrize("rows", [1, 2 * ROWS + 1])
def test_an_answer_knows_nothing_of_what_is_carried(pair, inputs, rows):
    layer, stock = pair
    layer(inputs, BEGINS, training=True)
    asked = np.resize(inputs[:, :TIME], [rows, TIME, INPUTS])
    before = [state.numpy() for state in layer.carried]
    found = layer(asked, np.ones([rows, 1], "float32"))
    np.testing.assert_allclose(found, stock(asked)[0], **CLOSE)
    for state, value in zip(layer.carried, before, strict=True):
        np.testing.assert_array_equal(state, value)


def test_a_model_holds_its_states_and_trains_none_of_them(pair):
    layer, stock = pair
    model = model_of(layer)
    known = {id(variable) for variable in model.variables}
    assert {id(state) for state in layer.carried} <= known
    assert len(model.trainable_variables) == len(stock.trainable_variables)
    assert [tuple(state.shape) for state in layer.carried] == [(ROWS, UNITS)] * len(layer.carried)
    assert len(layer.carried) == {LSTM: 2, GRU: 1}[type(layer.reader)]


def model_of(layer):
    steps, keep = keras.Input([None, INPUTS]), keras.Input([1])
    model = keras.Model([steps, keep], layer(steps, keep))
    model.compile("sgd", "mse")
    return model


def test_fit_carries_states_from_batch_to_batch(pair, inputs):
    """With steps of size 0, three batches end as one reading of all their steps does."""
    layer, stock = pair
    model = model_of(layer)
    model.optimizer.learning_rate = 0.0
    steps = np.concatenate([inputs, inputs[:, ::-1]], axis=1)[:, : 3 * TIME]
    batches = tf.data.Dataset.from_tensor_slices(
        (
            (np.stack(np.split(steps, 3, axis=1)), np.stack([BEGINS, GOES_ON, GOES_ON])),
            np.zeros([3, ROWS, TIME, UNITS]),
        )
    )
    model.fit(batches, shuffle=False, verbose=0)
    _, *last = stock(steps)
    for carried, state in zip(layer.carried, last, strict=True):
        np.testing.assert_allclose(carried, state, **CLOSE)


def test_reading_in_two_parts_is_reading_at_once(pair, inputs):
    layer, stock = pair
    first, between = layer.read(inputs[:, :TIME], layer.first(ROWS))
    second, last = layer.read(inputs[:, TIME:], between)
    outputs, *states = stock(inputs)
    np.testing.assert_allclose(np.concatenate([first, second], axis=1), outputs, **CLOSE)
    for one, other in zip(last, states, strict=True):
        np.testing.assert_allclose(one, other, **CLOSE)


def test_a_step_that_is_masked_changes_no_state(pair, inputs):
    layer, _ = pair
    counts = np.array([7, 1, 3, 0, 5])
    mask = np.arange(TIME) < counts[:, None]
    _, start = layer.read(inputs[:, TIME:], layer.first(ROWS))
    _, found = layer.read(inputs[:, :TIME], start, mask=mask)
    for row, count in enumerate(counts):
        alone = [state[row : row + 1] for state in start]
        if count:
            _, alone = layer.read(inputs[row : row + 1, :count], alone)
        for state, value in zip(found, alone, strict=True):
            np.testing.assert_allclose(state[row], value[0], **CLOSE)


def test_no_row_that_is_masked_whole_meets_the_reader(pair, inputs, monkeypatch):
    """cuDNN refuses such a row, as a short one in a window of longer ones is."""
    layer, _ = pair
    masks = []
    monkeypatch.setattr(
        layer, "reader", lambda inputs, mask, initial_state: masks.append(mask) or (inputs, 0.0)
    )
    mask = np.arange(TIME) < np.array([7, 0, 3, 0, 5])[:, None]
    _, (states,) = layer.read(inputs[:, :TIME], [np.ones([ROWS, UNITS])], mask=mask)
    assert np.sum(masks[0], axis=1).tolist() == [7, TIME, 3, TIME, 5]
    assert states[:, 0].numpy().tolist() == [0, 1, 0, 1, 0]


def test_a_step_is_one_step_of_reading(pair, inputs):
    layer, _ = pair
    _, states = layer.read(inputs[:, :TIME], layer.first(ROWS))
    outputs, after = layer.step(inputs[:, TIME], states)
    expected, others = layer.read(inputs[:, TIME : TIME + 1], states)
    np.testing.assert_allclose(outputs, expected[:, 0], **CLOSE)
    for one, other in zip(after, others, strict=True):
        np.testing.assert_allclose(one, other, **CLOSE)


def test_documents_begin_with_zeros(pair):
    layer, _ = pair
    for state in layer.first(13):
        assert state.shape == (13, UNITS)
        assert not np.any(state)


def test_a_reader_that_gives_no_states_is_refused():
    with pytest.raises(ValueError, match="return_sequences and return_state"):
        Carried(LSTM(UNITS, return_sequences=True), ROWS)


def test_half_precision_carries_float32(kind, inputs):
    reader = kind(UNITS, return_sequences=True, return_state=True, dtype="mixed_bfloat16")
    layer = Carried(reader, ROWS, dtype="mixed_bfloat16")
    layer.build([ROWS, TIME, INPUTS])
    outputs = layer(inputs, BEGINS, training=True)
    assert outputs.dtype == tf.bfloat16
    assert all(state.dtype == "float32" for state in layer.carried)
    assert np.any(layer.carried[0])


# Keras's own writing of weights, with NumPy 2.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_saved_model_is_read_again_with_its_states(pair, inputs, tmp_path):
    layer, _ = pair
    model = model_of(layer)
    layer(inputs, BEGINS, training=True)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    (read,) = (each for each in again.layers if isinstance(each, Carried))
    for one, other in zip(read.weights, layer.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    assert read.rows == ROWS
