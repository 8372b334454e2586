"""Our LSTM and GRU say what Keras's say, and so do their gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqapps.layers import recurrent
from seqapps.layers.gates import gates
from seqapps.layers.recurrent import GRU, LSTM
from seqapps.layers.steps import Layout

BATCH, TIME, INPUTS, UNITS = 5, 7, 3, 11
STOCK = {LSTM: keras.layers.LSTM, GRU: keras.layers.GRU}
STATES = {LSTM: 2, GRU: 1}
CLOSE = {"rtol": 1e-4, "atol": 1e-4}

MASKS = {
    "no mask": None,
    "right padding, a row fully masked": np.arange(TIME) < np.array([[7], [0], [3], [1], [5]]),
    "holes": np.arange(TIME * BATCH).reshape(BATCH, TIME) % 3 > 0,
}
OPTIONS = {
    "last output": {},
    "all outputs": {"return_sequences": True},
    "states": {"return_state": True},
    "all outputs and states, backwards": {
        "return_sequences": True, "return_state": True, "go_backwards": True,
    },
    "no bias, zeros at masked steps": {
        "return_sequences": True, "use_bias": False, "zero_output_for_mask": True,
    },
    "last output, zeros at masked steps": {"zero_output_for_mask": True},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _compiled(monkeypatch):
    """Whatever trainings of other tests in this process have left it at."""
    monkeypatch.setattr(recurrent, "_compiled", True)


def pair(kind, **options):
    """(Keras's layer, ours) with the same weights, drawn at random, biases too."""
    layers = STOCK[kind](UNITS, **options), kind(UNITS, **options)
    random = np.random.default_rng(0)
    for layer in layers:
        layer.build([BATCH, TIME, INPUTS])
    weights = [random.normal(size=weight.shape, scale=0.5) for weight in layers[0].get_weights()]
    for layer in layers:
        layer.set_weights(weights)
    return layers


def given(kind):
    """(inputs [batch, time, inputs], initial states)."""
    random = np.random.default_rng(1)
    inputs = tf.constant(random.normal(size=[BATCH, TIME, INPUTS]), "float32")
    states = [
        tf.constant(random.normal(size=[BATCH, UNITS]), "float32") for _ in range(STATES[kind])
    ]
    return inputs, states


def told(layer, inputs, states, mask, *, training=True):
    """All outputs of the layer, and the gradients of an uneven sum of them."""

    @tf.function(autograph=False)
    def run():
        sources = [inputs, *states, *[weight.value for weight in layer.trainable_variables]]
        with tf.GradientTape() as tape:
            tape.watch(sources)
            outputs = keras.tree.flatten(
                layer(inputs, initial_state=states or None, mask=mask, training=training)
            )
            total = tf.add_n([tf.reduce_sum(tf.sin(value) * ramp(value)) for value in outputs])
        return outputs + tape.gradient(total, sources, unconnected_gradients="zero")

    return [np.asarray(value) for value in run()]


def ramp(value):
    """1, 2, 3, ..., so that no two units count the same."""
    return tf.range(1.0, 1.0 + value.shape[-1])


def assert_alike(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, **CLOSE)


@pytest.mark.parametrize("kind", [LSTM, GRU])
@pytest.mark.parametrize(
    ("options", "mask"),  # other tests here have the other masks in every run
    [
        pytest.param(options, mask, marks=() if "padding" in mask else pytest.mark.long)
        for options in OPTIONS
        for mask in MASKS
    ],
)
def test_outputs_states_and_gradients_are_those_of_keras(kind, options, mask):
    stock, ours = pair(kind, **OPTIONS[options])
    case = (*given(kind), MASKS[mask])
    assert_alike(told(ours, *case), told(stock, *case))


@pytest.mark.parametrize("kind", [LSTM, GRU])
@pytest.mark.parametrize("mask", MASKS)
def test_a_loop_taken_op_by_op_says_the_same(kind, mask, monkeypatch):
    monkeypatch.setattr(recurrent, "_compiled", False)
    stock, ours = pair(kind, **OPTIONS["all outputs and states, backwards"])
    case = (*given(kind), MASKS[mask])
    assert_alike(told(ours, *case), told(stock, *case))


@pytest.mark.parametrize("kind", [LSTM, GRU])
@pytest.mark.parametrize("mask", [None, np.arange(BATCH)[:, None] % 2 > 0], ids=["all", "some"])
@pytest.mark.parametrize("training", [True, False])
def test_one_step_alone_says_what_keras_says(kind, mask, training):
    stock, ours = pair(kind, **OPTIONS["all outputs and states, backwards"])
    inputs, states = given(kind)
    case = (inputs[:, :1], states, mask)
    assert_alike(told(ours, *case, training=training), told(stock, *case, training=training))


@pytest.mark.parametrize("kind", [LSTM, GRU])
@pytest.mark.parametrize(("time", "loops"), [(1, False), (2, True)])
def test_one_step_alone_needs_no_loop(kind, time, loops, monkeypatch):
    _, ours = pair(kind)

    def graph(*, compiled):
        monkeypatch.setattr(recurrent, "_compiled", compiled)
        run = tf.function(lambda values: ours(values, training=True), autograph=False)
        return run.get_concrete_function(tf.TensorSpec([None, time, INPUTS])).graph

    operations = graph(compiled=False).get_operations()
    assert any("While" in operation.type for operation in operations) == loops
    functions = graph(compiled=True).as_graph_def().library.function
    assert any(function.attr["_XlaMustCompile"].b for function in functions) == loops


@pytest.mark.parametrize("kind", [LSTM, GRU])
@pytest.mark.parametrize("mask", MASKS)
def test_answers_are_those_of_training(kind, mask):
    _, ours = pair(kind, return_sequences=True, return_state=True)
    case = (*given(kind), MASKS[mask])
    assert_alike(told(ours, *case, training=False), told(ours, *case))


@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_hidden_states_are_those_of_the_equations(kind):
    _, ours = pair(kind, return_sequences=True)
    inputs, _ = given(kind)
    mask = MASKS["right padding, a row fully masked"]
    hidden = gates(ours, inputs, mask)["forward"]["hidden"]
    np.testing.assert_allclose(ours(inputs, mask=mask, training=True), hidden, **CLOSE)


@pytest.mark.parametrize(
    "kind",  # one question for both, so that one is asked it in every run
    [LSTM, pytest.param(GRU, marks=pytest.mark.long)],
)
@pytest.mark.parametrize(
    "options",
    [
        {"activation": "relu"},
        {"recurrent_activation": "hard_sigmoid"},
        {"recurrent_dropout": 0.3, "seed": 3},
        {"unroll": True},
        {"dropout": 0.4, "seed": 3},
        {"kernel_regularizer": "l2", "recurrent_constraint": "max_norm"},
    ],
    ids=str,
)
def test_what_our_loop_does_not_know_is_left_to_keras(kind, options):
    stock, ours = pair(kind, return_sequences=True, **options)
    case = (*given(kind), MASKS["holes"])
    assert_alike(told(ours, *case), told(stock, *case))


def test_a_gru_that_resets_before_is_left_to_keras():
    stock, ours = pair(GRU, return_sequences=True, reset_after=False)
    case = (*given(GRU), None)
    assert_alike(told(ours, *case), told(stock, *case))


@pytest.mark.parametrize("kind", [LSTM, GRU])
@pytest.mark.parametrize("mask", MASKS)
def test_both_directions(kind, mask):
    readers = [
        keras.layers.Bidirectional(layer(UNITS, return_sequences=True, return_state=True))
        for layer in (STOCK[kind], kind)
    ]
    inputs, _ = given(kind)
    for reader in readers:
        reader.build(inputs.shape)
    readers[1].set_weights(readers[0].get_weights())
    stock, ours = (told(reader, inputs, [], MASKS[mask]) for reader in readers)
    assert_alike(ours, stock)


@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_a_stateful_layer_goes_on_where_it_was(kind):
    layer = kind(UNITS, stateful=True, return_sequences=True)
    whole = kind(UNITS, return_sequences=True)
    inputs, _ = given(kind)
    layer.build(inputs.shape)
    whole.build(inputs.shape)
    whole.set_weights(layer.get_weights()[: len(whole.get_weights())])
    first, second = layer(inputs[:, :4], training=True), layer(inputs[:, 4:], training=True)
    together = np.concatenate([first, second], axis=1)
    np.testing.assert_allclose(together, whole(inputs, training=True), **CLOSE)


@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_half_precision_is_left_to_keras(kind):
    layer = kind(UNITS, dtype="mixed_bfloat16")
    output = layer(given(kind)[0], training=True)
    assert output.dtype == tf.bfloat16
    assert all(weight.dtype == "float32" for weight in layer.trainable_variables)


# Keras's own writing of weights, with NumPy 2.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_a_saved_model_is_read_again_and_takes_weights_of_keras(kind, tmp_path):
    def model_of(layer):
        inputs = keras.Input([None, INPUTS])
        return keras.Model(inputs, layer(UNITS, name="reader", dropout=0.2)(inputs))

    model, stock = model_of(kind), model_of(STOCK[kind])
    model.save(tmp_path / "model.keras")
    read = keras.models.load_model(tmp_path / "model.keras")
    assert isinstance(read.get_layer("reader"), kind)
    assert [w.path for w in model.weights] == [w.path for w in stock.weights]
    stock.save_weights(tmp_path / "stock.weights.h5")
    read.load_weights(tmp_path / "stock.weights.h5")
    inputs = given(kind)[0]
    np.testing.assert_allclose(read(inputs), stock(inputs), **CLOSE)


@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_an_export_holds_plain_operations(kind, tmp_path):
    inputs = keras.Input([None, INPUTS])
    model = keras.Model(inputs, kind(UNITS)(inputs))
    model.compile("sgd", "mse")
    model.fit(np.ones([4, TIME, INPUTS]), np.ones([4, UNITS]), verbose=0)  # compiles the loop
    model.export(tmp_path, verbose=False)
    loaded = tf.saved_model.load(str(tmp_path))
    graph = loaded.signatures["serving_default"].graph.as_graph_def()
    assert not [f.signature.name for f in graph.library.function if f.attr["_XlaMustCompile"].b]
    values = given(kind)[0]
    np.testing.assert_allclose(loaded.serve(values), model(values), **CLOSE)


def test_training_is_the_same_again():
    def trained():
        keras.utils.set_random_seed(0)
        inputs = keras.Input([None, INPUTS])
        reader = keras.layers.Bidirectional(LSTM(UNITS, dropout=0.3))
        model = keras.Model(inputs, keras.layers.Dense(1)(reader(inputs)))
        model.compile("adam", "mse")
        values = np.random.default_rng(0).normal(size=[40, TIME, INPUTS])
        model.fit(values, values.sum(axis=(1, 2)), epochs=2, batch_size=13, verbose=0)
        return model.get_weights()

    for one, other in zip(trained(), trained(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("batch", "time"), [(1, 1), (1, 70), (16, 8), (37, 1), (37, 70)])
def test_blocks_are_cut_and_joined_without_loss(batch, time):
    values = tf.reshape(tf.range(1.0, 1 + 2 * batch * time), [batch, time, 2])
    layout = Layout(values, compiled=True)
    blocks = layout.cut(values, filler=-1.0)
    assert all(block.shape[0] % 8 == 0 and block.shape[1] % 8 == 0 for block in blocks)
    np.testing.assert_array_equal(layout.joined(blocks), values)
    np.testing.assert_array_equal(layout.joined_state(layout.cut_state(values[:, 0])), values[:, 0])


def test_few_shapes_are_compiled():
    lengths = {Layout(tf.zeros([1, time, 1]), compiled=True).cut(tf.zeros([1, time, 1]))[0].shape[0]
               for time in range(1, 257)}  # fmt: skip
    assert lengths == {8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256}
