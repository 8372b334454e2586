"""Tokens that are noise: how many, which never, and what stands in their place."""

import numpy as np

from seqapps.layers.word_noise import WordNoise

# After 1 comes 5 or 6, after 5 comes 7 or 8, after 6 comes 9 alone.
IDS = np.tile(np.array([[1, 5, 7, 0], [1, 5, 8, 0], [1, 6, 9, 0]], "int32"), (1009, 1))


def test_so_many_tokens_are_noise_but_the_first_and_padding_never():
    found = np.asarray(WordNoise(0.3)(IDS, training=True))
    changed = (found != IDS).reshape(-1, 3, 4).mean(axis=0)
    # Of those that follow 1, two in three are 5; of those that follow 5, every other is 7.
    np.testing.assert_allclose(changed[:, 1], [0.1, 0.1, 0.2], atol=0.04)
    np.testing.assert_allclose(changed[:2, 2], [0.15, 0.15], atol=0.05)
    assert not changed[:, [0, 3]].any()


def test_what_follows_the_same_token_stands_in_its_place():
    found = np.asarray(WordNoise(0.9)(IDS, training=True))
    assert set(found[:, 1]) == {5, 6}
    assert set(found[IDS[:, 1] == 5, 2]) == {7, 8}
    np.testing.assert_array_equal(found[IDS[:, 1] == 6, 2], 9)


def test_answers_are_told_every_token():
    np.testing.assert_array_equal(WordNoise(0.3)(IDS), IDS)


def test_its_rate_is_kept():
    assert WordNoise.from_config(WordNoise(0.3).get_config()).rate == 0.3
