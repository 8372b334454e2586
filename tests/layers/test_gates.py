"""The gates are those that make Keras's states; the equations by hand are a second witness."""

import keras
import numpy as np
import pytest

from seqapps.layers.gates import gates, has_gates

BATCH, TIME, INPUTS, UNITS = 5, 7, 3, 11
INPUT = np.random.default_rng(0).normal(size=[BATCH, TIME, INPUTS]).astype("float32")
MASKS = {
    "none": None,
    "right padding": np.arange(TIME) < np.array([7, 3, 1, 5, 0])[:, None],
    "holes": np.random.default_rng(1).random([BATCH, TIME]) < 0.6,
}
LAYERS = {
    "LSTM": (keras.layers.LSTM, {}),
    "LSTM without bias": (keras.layers.LSTM, {"use_bias": False}),
    "LSTM of other activations": (
        keras.layers.LSTM,
        {"activation": "softsign", "recurrent_activation": "hard_sigmoid"},
    ),
    "GRU": (keras.layers.GRU, {}),
    "GRU reset before": (keras.layers.GRU, {"reset_after": False}),
    "GRU without bias": (keras.layers.GRU, {"use_bias": False}),
}
LSTM_GATES = {"input_gate", "forget_gate", "output_gate", "candidate", "cell", "hidden"}
GRU_GATES = {"update_gate", "reset_gate", "candidate", "hidden"}


def built(kind, **options):
    """A layer with random weights, biases too, that gives its states and the last ones."""
    layer = kind(UNITS, return_sequences=True, return_state=True, **options)
    layer.build([None, None, INPUTS])
    random = np.random.default_rng(2)
    layer.set_weights([random.normal(scale=0.7, size=weight.shape) for weight in layer.weights])
    return layer


def sigmoid(value):
    return 1 / (1 + np.exp(-value))


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("name", LAYERS)
def test_hidden_and_cell_are_those_of_keras(name, go_backwards, mask):
    kind, options = LAYERS[name]
    layer = built(kind, go_backwards=go_backwards, **options)
    states, *last = map(np.asarray, layer(INPUT, mask=MASKS[mask]))
    found = gates(layer, INPUT, MASKS[mask])
    assert list(found) == ["backward" if go_backwards else "forward"]
    found = next(iter(found.values()))
    assert found.keys() == (LSTM_GATES if kind is keras.layers.LSTM else GRU_GATES)
    assert {value.shape for value in found.values()} == {(BATCH, TIME, UNITS)}
    if go_backwards:
        states = states[:, ::-1]  # Keras gives them in the order of reading
    np.testing.assert_allclose(found["hidden"], states, atol=1e-5)
    end = 0 if go_backwards else TIME - 1
    np.testing.assert_allclose(found["hidden"][:, end], last[0], atol=1e-5)
    if kind is keras.layers.LSTM:
        np.testing.assert_allclose(found["cell"][:, end], last[1], atol=1e-5)


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("kind", [keras.layers.LSTM, keras.layers.GRU])
def test_both_directions_stand_at_the_step_that_they_read(kind, mask):
    layer = keras.layers.Bidirectional(kind(UNITS, return_sequences=True))
    states = np.asarray(layer(INPUT, mask=MASKS[mask]))  # [batch, time, 2 units]
    found = gates(layer, INPUT, MASKS[mask])
    assert list(found) == ["forward", "backward"]
    # Keras's Bidirectional gives out zeros at masked steps; what is carried on is the state before.
    real = np.ones([BATCH, TIME]) if MASKS[mask] is None else MASKS[mask]
    both = np.concatenate([found["forward"]["hidden"], found["backward"]["hidden"]], axis=-1)
    np.testing.assert_allclose(both * real[:, :, None], states, atol=1e-5)


def test_every_lstm_gate_by_hand():
    """One row, one unit at a time, in double precision: the equations as the papers have them."""
    layer = built(keras.layers.LSTM)
    found = gates(layer, INPUT)["forward"]
    kernel, recurrent, bias = (np.asarray(weight, "float64") for weight in layer.get_weights())
    row, hidden, cell = 3, np.zeros(UNITS), np.zeros(UNITS)
    for t in range(TIME):
        new_hidden, new_cell = np.zeros(UNITS), np.zeros(UNITS)
        for u in range(UNITS):
            columns = [u + gate * UNITS for gate in range(4)]  # input, forget, candidate, output
            i, f, g, o = (
                INPUT[row, t] @ kernel[:, k] + hidden @ recurrent[:, k] + bias[k] for k in columns
            )
            new_cell[u] = sigmoid(f) * cell[u] + sigmoid(i) * np.tanh(g)
            new_hidden[u] = sigmoid(o) * np.tanh(new_cell[u])
            expected = {
                "input_gate": sigmoid(i), "forget_gate": sigmoid(f), "output_gate": sigmoid(o),
                "candidate": np.tanh(g), "cell": new_cell[u], "hidden": new_hidden[u],
            }  # fmt: skip
            told = {name: found[name][row, t, u] for name in expected}
            assert told == pytest.approx(expected, abs=1e-5)
        hidden, cell = new_hidden, new_cell


def test_the_gru_gates_by_hand():
    layer = built(keras.layers.GRU)
    found = gates(layer, INPUT)["forward"]
    kernel, recurrent, (own, theirs) = (np.asarray(w, "float64") for w in layer.get_weights())
    hidden = np.zeros([BATCH, UNITS])
    for t in range(TIME):
        given, said = INPUT[:, t] @ kernel + own, hidden @ recurrent + theirs
        update = sigmoid(given[:, :UNITS] + said[:, :UNITS])
        reset = sigmoid(given[:, UNITS : 2 * UNITS] + said[:, UNITS : 2 * UNITS])
        new = np.tanh(given[:, 2 * UNITS :] + reset * said[:, 2 * UNITS :])
        hidden = update * hidden + (1 - update) * new
        np.testing.assert_allclose(found["update_gate"][:, t], update, atol=1e-5)
        np.testing.assert_allclose(found["reset_gate"][:, t], reset, atol=1e-5)
        np.testing.assert_allclose(found["candidate"][:, t], new, atol=1e-5)


@pytest.mark.parametrize("go_backwards", [False, True])
def test_a_masked_step_has_no_gate_and_keeps_the_cell(go_backwards):
    layer = built(keras.layers.LSTM, go_backwards=go_backwards)
    mask = np.ones([BATCH, TIME], bool)
    mask[:, 3] = False
    found = next(iter(gates(layer, INPUT, mask).values()))
    for name in ("input_gate", "forget_gate", "output_gate", "candidate"):
        assert np.isnan(found[name][:, 3]).all()
        assert np.isfinite(found[name][:, [0, 1, 2, 4, 5, 6]]).all()
    read_before = 4 if go_backwards else 2
    np.testing.assert_array_equal(found["cell"][:, 3], found["cell"][:, read_before])


def test_only_an_lstm_or_gru_has_gates():
    lstm = keras.layers.LSTM(UNITS)
    assert has_gates(lstm)
    assert has_gates(keras.layers.Bidirectional(keras.layers.GRU(UNITS)))
    assert not has_gates(keras.layers.SimpleRNN(UNITS))
    assert not has_gates(keras.layers.Bidirectional(keras.layers.SimpleRNN(UNITS)))
    assert not has_gates(keras.layers.Dense(UNITS))
