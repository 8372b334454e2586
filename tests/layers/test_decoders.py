"""Encoders and decoders: step by step is all at once; what the papers' formulas say."""

import numpy as np
import pytest
import tensorflow as tf

from seqapps.layers.attention_decoder import AttentionDecoder
from seqapps.layers.cross_attention import KINDS
from seqapps.layers.encoder import RecurrentEncoder
from seqapps.layers.recurrent_decoder import RecurrentDecoder
from seqapps.layers.soft_attention_decoder import SoftAttentionDecoder

BATCH, TIME, SOURCE, SIZE, UNITS = 3, 5, 7, 11, 26
LENGTHS = [7, 4, 1]
MASK = tf.sequence_mask(LENGTHS, SOURCE)


def values(*shape, seed=0):
    return tf.constant(np.random.default_rng(seed).normal(size=shape), tf.float32)


@pytest.mark.parametrize("kind", ["lstm", "gru"])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_an_encoder_reads_each_row_as_if_it_were_alone(kind, bidirectional):
    encoder = RecurrentEncoder(kind, UNITS, layers=2, bidirectional=bidirectional)
    vectors = values(BATCH, SOURCE, SIZE)
    memory, *states = encoder(vectors, MASK)
    assert memory.shape == (BATCH, SOURCE, UNITS)
    assert len(states) == (4 if kind == "lstm" else 2)
    for row, length in enumerate(LENGTHS):
        alone, *last = encoder(vectors[row : row + 1, :length], MASK[row : row + 1, :length])
        np.testing.assert_allclose(memory[row, :length], alone[0], atol=1e-5)
        for one, other in zip(states, last, strict=True):
            np.testing.assert_allclose(one[row], other[0], atol=1e-5)


def test_an_encoder_s_last_states_are_of_both_ends():
    encoder = RecurrentEncoder("gru", UNITS)
    memory, state = encoder(values(BATCH, SOURCE, SIZE), MASK)
    for row, length in enumerate(LENGTHS):
        half = UNITS // 2
        np.testing.assert_allclose(state[row, :half], memory[row, length - 1, :half], atol=1e-6)
        np.testing.assert_allclose(state[row, half:], memory[row, 0, half:], atol=1e-6)


def test_two_directions_share_an_even_number_of_units():
    with pytest.raises(ValueError, match="units=7"):
        RecurrentEncoder("lstm", 7)


def decoders():
    for kind in ("lstm", "gru"):
        for attention in ("none", *KINDS):
            for feeds in (False, True)[: 1 if attention == "none" else 2]:
                yield pytest.param(kind, attention, feeds, id=f"{kind}-{attention}-{feeds}")


@pytest.mark.parametrize(("kind", "attention", "feeds"), list(decoders()))
def test_step_by_step_a_recurrent_decoder_is_what_it_is_at_once(kind, attention, feeds):
    decoder = RecurrentDecoder(
        kind, UNITS, layers=2, attention=attention, heads=2, window=2, input_feeding=feeds
    )
    memory, states = (
        values(BATCH, SOURCE, UNITS),
        [values(BATCH, 13, seed=n) for n in range(4 if kind == "lstm" else 2)],
    )
    steps_are_the_whole(decoder, memory, states)


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_step_by_step_a_decoder_that_reads_what_it_saw_is_what_it_is_at_once(kind):
    decoder = RecurrentDecoder(kind, UNITS, layers=2, reads_on=True)
    states = [values(BATCH, 13, seed=n) for n in range(6 if kind == "lstm" else 3)]
    steps_are_the_whole(decoder, values(BATCH, SOURCE, UNITS), states)


def test_what_a_last_layer_reads_of_looks_is_added_to_them():
    decoder = RecurrentDecoder("gru", UNITS, reads_on=True)
    memory, states = values(BATCH, SOURCE, UNITS), [values(BATCH, 13, seed=n) for n in range(2)]
    vectors = values(BATCH, 1, SIZE)
    given, _ = decoder(vectors, memory, MASK, states)
    first, last = (
        tf.tanh(state @ bridge.kernel + bridge.bias)
        for state, bridge in zip(states, decoder.bridges, strict=True)
    )
    hidden, _ = decoder.readers[0].cell(vectors[:, 0], [first])
    context, _ = decoder.looker(hidden[:, None], memory, MASK)
    seen = decoder.combine(tf.concat([context[:, 0], hidden], axis=-1))
    read, _ = decoder.last.cell(seen, [last])
    np.testing.assert_allclose(given[:, 0], seen + read, atol=1e-5)


def test_what_was_seen_is_fed_back_or_read_on():
    with pytest.raises(ValueError, match="set one"):
        RecurrentDecoder("gru", UNITS, input_feeding=True, reads_on=True)


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_step_by_step_a_decoder_that_looks_first_is_what_it_is_at_once(kind):
    states = [values(BATCH, 13, seed=n) for n in range(2 if kind == "lstm" else 1)]
    steps_are_the_whole(SoftAttentionDecoder(kind, UNITS), values(BATCH, SOURCE, UNITS + 3), states)


@pytest.mark.parametrize("decoder", [
    RecurrentDecoder("gru", UNITS, reads_on=True, overview=True),
    RecurrentDecoder("gru", UNITS, input_feeding=True, overview=True),
    SoftAttentionDecoder("gru", UNITS, overview=True),
], ids=["reads_on", "input_feeding", "before"])  # fmt: skip
def test_with_an_overview_it_is_too_and_looks_at_the_steps_behind_it(decoder):
    memory = values(BATCH, SOURCE, UNITS)
    states = [values(BATCH, 13, seed=n) for n in range(1 + getattr(decoder, "reads_on", False))]
    steps_are_the_whole(decoder, memory, states)
    vectors = values(BATCH, TIME, SIZE)
    given, weights = decoder(vectors, memory, MASK, states)
    assert weights.shape == (BATCH, TIME, SOURCE - 1)
    told = decoder.compute_output_spec(vectors, memory, MASK, states)
    assert [each.shape for each in told] == [given.shape, weights.shape]
    other = tf.concat([memory[:, :1] + 1.0, memory[:, 1:]], axis=1)
    assert np.abs(decoder(vectors, other, MASK, states)[0] - given).max() > 1e-3


@pytest.mark.parametrize("layers", [1, 2])
def test_step_by_step_a_transformer_is_what_it_is_at_once(layers):
    decoder = AttentionDecoder(UNITS, layers=layers, heads=2)
    steps_are_the_whole(decoder, values(BATCH, SOURCE, UNITS), [])


def steps_are_the_whole(decoder, memory, states):
    vectors = values(BATCH, TIME, SIZE, seed=5)
    whole, where = decoder(vectors, memory, MASK, states)
    state, looked = decoder.first(states, BATCH), decoder.look(memory, MASK)
    # Two beams read the same tokens: what they share is not mixed up.
    state = [tf.repeat(part, 2, axis=1) for part in state]
    for time in range(TIME):
        vector = tf.repeat(vectors[:, time : time + 1], 2, axis=1)
        given, state, weights = decoder.step(vector, state, looked)
        for beam in range(2):
            np.testing.assert_allclose(given[:, beam], whole[:, time], atol=1e-5)
            if weights is None:  # without attention
                assert not np.any(where)
                continue
            np.testing.assert_allclose(weights[:, beam], where[:, time], atol=1e-5)


def test_no_step_sees_a_later_token():
    for decoder in (
        AttentionDecoder(UNITS, heads=2),
        RecurrentDecoder("gru", UNITS),
        SoftAttentionDecoder("gru", UNITS),
    ):
        memory, states = values(BATCH, SOURCE, UNITS), [values(BATCH, 13)]
        vectors = values(BATCH, TIME, SIZE)
        other = tf.concat([vectors[:, :3], vectors[:, 3:] + 1.0], axis=1)
        one, _ = decoder(vectors, memory, MASK, states)
        changed, _ = decoder(other, memory, MASK, states)
        np.testing.assert_allclose(one[:, :3], changed[:, :3], atol=1e-6)
        assert np.abs(one[:, 3:] - changed[:, 3:]).max() > 1e-3


def test_a_decoder_gives_tanh_of_context_and_state():
    """By hand: a GRU step of Keras, general attention, one layer of weights over both."""
    decoder = RecurrentDecoder("gru", UNITS, attention="general")
    memory, state = values(BATCH, SOURCE, UNITS), values(BATCH, 13)
    vectors = values(BATCH, 1, SIZE)
    given, _ = decoder(vectors, memory, MASK, [state])
    first = tf.tanh(state @ decoder.bridges[0].kernel + decoder.bridges[0].bias)
    hidden, _ = decoder.readers[0].cell(vectors[:, 0], [first])
    context, _ = decoder.looker(hidden[:, None], memory, MASK)
    both = tf.concat([context[:, 0], hidden], axis=-1)
    wanted = tf.tanh(both @ decoder.combine.kernel + decoder.combine.bias)
    np.testing.assert_allclose(given[:, 0], wanted, atol=1e-5)


def test_one_that_looks_first_reads_beside_the_vector_what_its_gate_lets_through():
    """Equations 5, 6, 13 of Xu et al. with a cell of Keras, and the gate of their section 4.2.1."""
    decoder = SoftAttentionDecoder("gru", UNITS)
    memory, state = values(BATCH, SOURCE, UNITS), values(BATCH, 13)
    vectors = values(BATCH, 1, SIZE)
    given, weights = decoder(vectors, memory, MASK, [state])
    before = tf.tanh(state @ decoder.bridges[0].kernel + decoder.bridges[0].bias)
    looker = decoder.looker
    scores = (
        tf.tanh(
            (before @ looker.from_query.kernel)[:, None]
            + memory @ looker.from_memory.kernel
            + looker.from_memory.bias
        )
        @ looker.scorer.kernel
    )
    shares = tf.nn.softmax(tf.where(MASK, scores[..., 0], -np.inf))
    np.testing.assert_allclose(weights[:, 0], shares, atol=1e-5)
    context = tf.reduce_sum(shares[..., None] * memory, axis=1)
    context *= tf.sigmoid(before @ decoder.gate.kernel + decoder.gate.bias)
    read = tf.concat([vectors[:, 0], context], axis=-1)
    hidden, _ = decoder.reader.cell(read, [before])
    both = tf.concat([read, hidden], axis=-1)
    wanted = tf.tanh(both @ decoder.combine.kernel + decoder.combine.bias)
    np.testing.assert_allclose(given[:, 0], wanted, atol=1e-5)


def test_input_feeding_reads_what_the_step_before_gave():
    fed = RecurrentDecoder("gru", UNITS, input_feeding=True)
    memory, states = values(BATCH, SOURCE, UNITS), [values(BATCH, 13)]
    fed(values(BATCH, TIME, SIZE), memory, MASK, states)
    kernel = fed.readers[0].cell.kernel
    assert kernel.shape[0] == SIZE + UNITS
    before, _ = fed(values(BATCH, TIME, SIZE), memory, MASK, states)
    kernel.assign(tf.concat([kernel[:SIZE], tf.zeros([UNITS, kernel.shape[1]])], axis=0))
    after, _ = fed(values(BATCH, TIME, SIZE), memory, MASK, states)
    np.testing.assert_allclose(before[:, 0], after[:, 0], atol=1e-6)  # nothing came before
    assert np.abs(before[:, 1:] - after[:, 1:]).max() > 1e-3


@pytest.mark.parametrize("layer", [
    RecurrentEncoder("lstm", UNITS, layers=2, bidirectional=False, dropout=0.1),
    RecurrentDecoder("gru", UNITS, attention="local", window=3, input_feeding=True),
    RecurrentDecoder("lstm", UNITS, reads_on=True, overview=True),
    AttentionDecoder(UNITS, layers=3, heads=2, dropout=0.2),
    SoftAttentionDecoder("lstm", UNITS, overview=True),
], ids=lambda layer: type(layer).__name__)  # fmt: skip
def test_it_is_made_anew_from_its_configuration(layer):
    config = layer.get_config()
    assert type(layer).from_config(config).get_config() == config
