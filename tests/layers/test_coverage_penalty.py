"""What uneven looks cost, by hand."""

import numpy as np
import pytest

from seqapps.layers.coverage_penalty import CoveragePenalty

# [batch 2, time 3, source 4]: the second text is one of padding alone.
WEIGHTS = np.array([
    [[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25, 0.25, 0.25, 0.25]],
    [[1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]],
], "float32")  # fmt: skip
REAL = np.array([[True, True, False], [False, False, False]])
STATES = np.ones([2, 3, 5], "float32")


def test_a_hand_made_case():
    """Of two real tokens each of four cells would have 1/2; they have 3/2, 1/2, 0, 0."""
    layer = CoveragePenalty(0.3)
    np.testing.assert_array_equal(layer(STATES, WEIGHTS, REAL, training=True), STATES)
    (loss,) = layer.losses
    assert float(loss) == pytest.approx(0.3 * (4 + 0 + 1 + 1) / 4)


def test_looks_at_all_alike_cost_nothing():
    layer = CoveragePenalty(0.3)
    layer(STATES, np.full_like(WEIGHTS, 0.25), REAL, training=True)
    assert float(layer.losses[0]) == pytest.approx(0, abs=1e-6)


def test_an_answer_costs_nothing_by_coverage():
    layer = CoveragePenalty(0.3)
    layer(STATES, WEIGHTS, REAL)
    assert layer.losses == []


def test_it_is_made_anew_with_its_weight():
    assert CoveragePenalty.from_config(CoveragePenalty(0.3).get_config()).weight == 0.3
