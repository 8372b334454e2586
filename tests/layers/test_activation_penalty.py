"""What is added to the loss, by hand."""

import numpy as np
import pytest

from seqapps.layers.activation_penalty import ActivationPenalty

# [batch 1, time 3, units 2]
STATES = np.array([[[1, 2], [3, 2], [0, 1]]], "float32")
DROPPED = np.array([[[2, 0], [6, 0], [0, 2]]], "float32")


def test_a_hand_made_case():
    """Squares after dropout 4, 36, 4 of 6 values; squared changes 4, 0, 9, 1 of 4 values."""
    layer = ActivationPenalty(0.3, 0.5)
    np.testing.assert_array_equal(layer(STATES, DROPPED, training=True), DROPPED)
    (loss,) = layer.losses
    assert float(loss) == pytest.approx(0.3 * 44 / 6 + 0.5 * 14 / 4)


def test_an_answer_costs_nothing():
    layer = ActivationPenalty(0.3, 0.5)
    np.testing.assert_array_equal(layer(STATES, DROPPED), DROPPED)
    assert layer.losses == []


def test_a_single_step_has_no_change():
    layer = ActivationPenalty(0.3, 0.5)
    layer(STATES[:, :1], DROPPED[:, :1], training=True)
    assert float(layer.losses[0]) == pytest.approx(0.3 * 4 / 2)


def test_it_is_made_anew_from_its_configuration():
    again = ActivationPenalty.from_config(ActivationPenalty(0.3, 0.5).get_config())
    assert (again.size, again.change) == (0.3, 0.5)
