"""Hidden tokens: how many, and which never."""

import numpy as np

from seqapps.layers.word_dropout import WordDropout
from seqapps.text.token_ids import UNKNOWN

IDS = np.tile(np.array([[1, 5, 6, 7, 0, 0]], "int32"), (1009, 1))


def test_some_tokens_are_hidden_but_the_first_and_padding_never():
    found = np.asarray(WordDropout(0.3)(IDS, training=True))
    hidden = found != IDS
    assert np.all(found[hidden] == UNKNOWN)
    shares = hidden.mean(axis=0)
    np.testing.assert_allclose(shares, [0, 0.3, 0.3, 0.3, 0, 0], atol=0.06)
    assert len({tuple(row) for row in found}) == 8


def test_answers_are_told_every_token():
    np.testing.assert_array_equal(WordDropout(0.3)(IDS), IDS)


def test_its_rate_is_kept():
    assert WordDropout.from_config(WordDropout(0.3).get_config()).rate == 0.3
