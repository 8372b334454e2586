"""A word's vector: of its own characters alone, and as two plain LSTMs give it."""

import keras
import numpy as np
import pytest

from seqapps.layers.word_characters import WordCharacters


@pytest.fixture(scope="module")
def layer():
    found = WordCharacters(17, embedding=5, units=3)
    found(np.zeros([2, 3, 7], "int32"))
    return found


IDS = np.zeros([2, 3, 7], "int32")
IDS[0, 0, :4] = [3, 1, 4, 1]
IDS[0, 1, :7] = [5, 9, 2, 6, 5, 3, 5]
IDS[1, 0, :1] = [8]


def test_it_is_the_last_states_of_both_directions(layer):
    vectors = layer.vectors(np.array([[3, 1, 4, 1]]))
    onward, back = keras.layers.LSTM(3), keras.layers.LSTM(3, go_backwards=True)
    for plain, ours in ((onward, layer.onward), (back, layer.back)):
        plain.build(vectors.shape)
        plain.set_weights(ours.get_weights())
    expected = np.concatenate([onward(vectors), back(vectors)], axis=1)[0]
    np.testing.assert_allclose(np.asarray(layer(IDS))[0, 0], expected, atol=1e-6)


def test_more_padding_changes_nothing(layer):
    more = np.pad(IDS, [[0, 0], [0, 2], [0, 4]])
    np.testing.assert_allclose(np.asarray(layer(more))[:, :3], np.asarray(layer(IDS)), atol=1e-6)


def test_a_word_without_characters_is_zero(layer):
    assert not np.asarray(layer(IDS))[1, 1:].any()


def test_its_arguments_are_kept(layer):
    again = WordCharacters.from_config(layer.get_config())
    assert (again.size, again.embedding, again.units) == (17, 5, 3)
