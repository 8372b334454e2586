"""The next token: against the same rules written in NumPy, by hand, and where values are odd."""

import math

import numpy as np
import pytest
import tensorflow as tf

from seqapps.decoding.choice import FEW, bounded, choose

SIZES = [7, 67, FEW + 497]  # the last is summed in blocks
GRID = (np.arange(499) + 0.5) / 499


def choice_of(temperature, top_k, top_p, *, rows=1):
    values = bounded(tf.constant([temperature]), tf.constant([top_k]), tf.constant([top_p]))
    return type(values)(*(tf.repeat(value, rows) for value in values))


def weights_of(logits, temperature, top_k, top_p):
    """The distribution that is drawn from, float64 [vocab], by sorting and loops."""
    weights = np.exp((logits - logits.max()).astype("float64") / temperature)
    order = np.argsort(-weights, kind="stable")
    kept = order[: top_k or None]
    shares = weights[kept] / weights[kept].sum()
    needed, reached = 0, 0.0
    while needed < len(kept) and reached < top_p:
        reached += shares[needed]
        needed += 1
    weights[weights < weights[kept[max(needed, 1) - 1]]] = 0
    return weights / weights.sum()


def drawn(logits, *choice, uniforms=GRID, **options):
    """The tokens at each of the uniforms: [uniforms]."""
    rows = tf.tile(tf.constant(logits, tf.float32)[None], [len(uniforms), 1])
    made = choice_of(*choice, rows=len(uniforms))
    return choose(rows, tf.constant(uniforms, tf.float32), made, **options).numpy()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "choice",
    [
        (1.0, 0, 1.0),
        (0.7, 0, 1.0),
        (1.3, 5, 1.0),
        (1.0, 41, 1.0),
        (1.0, 0, 0.9),
        (0.8, 0, 0.5),
        (2.0, 0, 0.995),
        (1.1, 31, 0.8),
        (1.0, 3, 0.3),
        (1.0, 2003, 0.6),
        (1.0, 1, 1.0),
        (1.0, 0, 0.0),
    ],
)
def test_tokens_are_those_of_the_truncated_distribution(size, choice):
    for seed in range(3):
        logits = np.random.default_rng(seed).normal(0, 3, size).astype("float32")
        until = np.cumsum(weights_of(logits, *choice))
        expected = np.searchsorted(until, GRID * until[-1], side="right")
        np.testing.assert_array_equal(drawn(logits, *choice), expected)


@pytest.mark.parametrize("size", SIZES)
def test_a_flat_distribution_and_a_certain_one_are_drawn_from_too(size):
    flat = np.zeros(size)
    assert len(set(drawn(flat, 1.0, 0, 0.9))) == min(size, 499)  # equal ones are all kept
    assert set(drawn(np.eye(size)[3] * 1000, 1.0, 0, 0.9)) == {3}
    assert set(drawn(np.eye(size)[3] * 1000, 1.0, 5, 0.999)) == {3}


def test_top_k_and_top_p_by_hand():
    """Shares 0.4, 0.3, 0.2, 0.1 at ids 2, 0, 3, 1."""
    logits = np.log([0.3, 0.1, 0.4, 0.2])

    def shares(*choice):
        found = np.bincount(drawn(logits, *choice, uniforms=(np.arange(840) + 0.5) / 840))
        return {id_: count for id_, count in enumerate(found) if count}

    assert shares(1.0, 0, 1.0) == {0: 252, 1: 84, 2: 336, 3: 168}
    assert shares(1.0, 2, 1.0) == {0: 360, 2: 480}  # 3/7, 4/7
    assert shares(1.0, 0, 0.6) == {0: 360, 2: 480}  # 0.4 is under 0.6, 0.4 + 0.3 is not
    assert shares(1.0, 0, 0.39) == {2: 840}
    assert shares(1.0, 0, 0.75).keys() == {0, 2, 3}  # 0.4 + 0.3 is not enough
    assert shares(1.0, 2, 0.5) == {2: 840}  # 0.4 of the 0.7 that top_k leaves is over 0.5
    assert shares(0.5, 3, 1.0).keys() == {0, 2, 3}


def test_the_logarithm_of_a_temperature_of_one_half_is_doubled():
    """Shares 0.8 and 0.2 become 16/17 and 1/17."""
    found = drawn(np.log([0.8, 0.2]), 0.5, 0, 1.0, uniforms=(np.arange(1700) + 0.5) / 1700)
    assert np.bincount(found).tolist() == [1600, 100]


def test_temperature_zero_takes_the_most_probable_one():
    logits = np.random.default_rng(5).normal(size=67)
    assert set(drawn(logits, 0.0, 0, 1.0)) == {logits.argmax()}
    assert set(drawn(logits, 0.0, 7, 0.5)) == {logits.argmax()}


@pytest.mark.parametrize("size", SIZES)
def test_rows_draw_each_in_its_own_way(size):
    """The same in a batch as alone, whatever their neighbours need to be sorted."""
    random = np.random.default_rng(11)
    logits = tf.constant(random.normal(0, 3, [53, size]), tf.float32)
    uniform = tf.constant(random.random(53), tf.float32)
    every = bounded(
        tf.constant(random.choice([0.0, 0.5, 1.0, 2.0], 53), tf.float32),
        tf.constant(random.choice([0, 1, 5, 2003], 53), tf.int32),
        tf.constant(random.choice([0.1, 0.9, 1.0], 53), tf.float32),
    )
    together = choose(logits, uniform, every)
    for row in range(53):
        of_row = type(every)(*(value[row : row + 1] for value in every))
        alone = choose(logits[row : row + 1], uniform[row : row + 1], of_row)
        assert alone.numpy().tolist() == [together[row]]


@pytest.mark.parametrize("choice", [(0.0, 0, 1.0), (1.0, 0, 1.0), (1.0, 3, 1.0), (9.0, 0, 0.9)])
def test_forbidden_tokens_are_never_drawn(choice):
    logits = np.array([9.0, 8.0, 1.0, 7.0, 2.0])
    assert set(drawn(logits, *choice, forbidden=(0, 1, 3))) <= {2, 4}


@pytest.mark.parametrize("uniform", [0.0, 1 - 2.0**-24])
@pytest.mark.parametrize("size", SIZES)
def test_the_first_and_the_last_number_draw_tokens_that_have_a_share(size, uniform):
    logits = np.full(size, -1000.0)
    logits[[2, size - 3]] = 0.0
    (found,) = drawn(logits, 1.0, 0, 1.0, uniforms=[uniform])
    assert found == (2 if uniform == 0 else size - 3)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ((-1.0, 0, 1.0), (0.0, 0, 1.0)),
        ((math.nan, 0, 1.0), (0.0, 0, 1.0)),
        ((1e-9, 0, 1.0), (0.0, 0, 1.0)),
        ((math.inf, 0, 1.0), (1e6, 0, 1.0)),
        ((1.0, -5, 1.0), (1.0, 0, 1.0)),
        ((1.0, 0, 1.5), (1.0, 0, 1.0)),
        ((1.0, 0, math.nan), (1.0, 0, 1.0)),
        ((1.0, 0, -0.5), (1.0, 0, 0.0)),
        ((0.8, 40, 0.9), (0.8, 40, 0.9)),
    ],
)
def test_values_without_a_meaning_are_the_nearest_that_have_one(given, taken):
    assert [value.numpy()[0] for value in choice_of(*given)] == pytest.approx(taken)


@pytest.mark.parametrize("temperature", [1e-6, 1e6])
def test_extreme_temperatures_draw_tokens(temperature):
    logits = np.array([3.0, -np.inf, 88.0, -500.0])
    found = set(drawn(logits, temperature, 0, 1.0))
    assert found == ({2} if temperature < 1 else {0, 2, 3})
