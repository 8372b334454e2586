"""Hidden words: how often, and which never."""

import numpy as np

from seqapps.layers.rare_words import HideRareWords

COUNTS = [0, 0, 1, 3, 1_000_000]  # padding, unknown, seen once, seen three times, frequent
IDS = np.tile(np.array([[2, 3, 4, 1, 0]]), (2003, 1))


def test_a_word_is_hidden_the_more_often_the_rarer_it_is():
    found = np.asarray(HideRareWords(COUNTS, rarity=1.0)(IDS, training=True))
    hidden = found != IDS
    assert np.all(found[hidden] == 1)
    np.testing.assert_allclose(hidden.mean(axis=0), [1 / 2, 1 / 4, 0, 0, 0], atol=0.04)


def test_answers_are_told_every_word():
    np.testing.assert_array_equal(HideRareWords(COUNTS, rarity=1.0)(IDS), IDS)


def test_without_rarity_nothing_is_hidden():
    np.testing.assert_array_equal(HideRareWords(COUNTS, rarity=0.0)(IDS, training=True), IDS)


def test_its_arguments_are_kept():
    again = HideRareWords.from_config(HideRareWords(COUNTS, rarity=0.3).get_config())
    assert (again.counts, again.rarity, again.unknown) == ([*map(float, COUNTS)], 0.3, 1)
