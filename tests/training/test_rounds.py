"""A round is an epoch, or an equal part of a long one."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from seqapps.data.batching import buckets, shuffled
from seqapps.task import Fixed
from seqapps.training.rounds import LONGEST, Rounds

TASK = SimpleNamespace(batching=Fixed())


def rounds_of(steps: int, *, epochs: int = 3, seed: int = 0) -> Rounds:
    """Rounds whose epoch has this many steps, of two cases each."""
    settings = SimpleNamespace(batch_size=2, epochs=epochs)
    return Rounds(TASK, [{}] * (2 * steps), settings, seed=seed)


def flat(batches) -> list[int]:
    return np.concatenate(batches).tolist()


@pytest.mark.parametrize(
    ("steps", "parts"), [(1, 1), (499, 1), (500, 1), (501, 2), (1000, 2), (1001, 3), (1499, 3)]
)
def test_an_epoch_is_cut_into_as_few_rounds_as_500_steps_allow(steps, parts):
    rounds = rounds_of(steps)
    assert (rounds.steps_per_epoch, rounds.per_epoch, rounds.total) == (steps, parts, 3 * parts)


@pytest.mark.parametrize("steps", [1, 13, 499, 500, 501, 997, 1000, 1499, 1501, 2503])
def test_the_rounds_of_an_epoch_are_equal_and_at_most_500_steps(steps):
    rounds = rounds_of(steps)
    sizes = [len(rounds.batches(number)) for number in range(rounds.per_epoch)]
    assert sum(sizes) == steps
    assert max(sizes) <= LONGEST == 500
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("steps", [13, 501, 1499])
def test_the_rounds_of_an_epoch_cover_it_exactly_in_its_order(steps):
    rounds = rounds_of(steps, seed=7)
    settings = SimpleNamespace(batch_size=2)
    for epoch in (0, 1):
        first = epoch * rounds.per_epoch
        parts = [rounds.batches(first + part) for part in range(rounds.per_epoch)]
        whole = buckets([{}] * (2 * steps), Fixed(), settings)
        expected = shuffled(whole, seed=7, epoch=epoch)
        assert flat([batch for part in parts for batch in part]) == flat(expected)


def test_a_rounds_batches_depend_on_seed_and_number_only():
    asked_first, asked_last = rounds_of(13, seed=5), rounds_of(13, seed=5)
    for number in (0, 1):
        asked_last.batches(number)
    assert flat(asked_first.batches(2)) == flat(asked_last.batches(2))


def test_every_epoch_and_seed_has_an_order_of_its_own():
    orders = {
        tuple(flat(rounds_of(13, seed=seed).batches(number)))
        for seed in (0, 1)
        for number in (0, 1, 2)
    }
    assert len(orders) == 6


def test_long_trainings_compile_and_short_ones_do_not(sentiment):
    rows = [{"text": "a b c d e f g h", "label": "x"}] * 600
    settings = replace(sentiment.settings, batch_tokens=80)
    short = Rounds(sentiment, rows, settings, seed=0)
    long = Rounds(sentiment, rows, replace(settings, epochs=500), seed=0)
    assert not short.pays_to_compile  # 8 epochs of 60 batches of 8 time steps
    assert long.pays_to_compile
