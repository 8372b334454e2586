"""The learning rate of a step, against values worked out by hand."""

from dataclasses import dataclass
from itertools import pairwise
from types import SimpleNamespace

import pytest

from seqapps.settings import replace
from seqapps.training.checkpoint import Position
from seqapps.training.optimizer import Optimization
from seqapps.training.schedule import halvings, learning_rate, rate_callbacks

HIGHER = SimpleNamespace(higher_is_better=True, aim=None)
LOWER = SimpleNamespace(higher_is_better=False, aim=None)


@dataclass(frozen=True)
class OfTenEpochs(Optimization):
    epochs: int = 10


def rate(step: int, *, steps: int = 100, halved: int = 0, **changes) -> float:
    settings = replace(OfTenEpochs(), {"learning_rate": 0.8, **changes}, where="test")
    return learning_rate(settings, step, steps=steps, halvings=halved)


@pytest.mark.parametrize(
    ("schedule", "warm_up", "expected"),
    [
        ("constant", 0.0, {0: 0.8, 50: 0.8, 99: 0.8}),
        ("constant", 0.2, {0: 0.04, 9: 0.4, 19: 0.8, 20: 0.8, 99: 0.8}),
        ("linear", 0.0, {0: 0.8, 25: 0.6, 50: 0.4, 99: 0.008}),
        ("linear", 0.2, {19: 0.8, 20: 0.8, 60: 0.4}),
        ("cosine", 0.0, {0: 0.8, 25: 0.6828427, 50: 0.4, 75: 0.1171573}),
        ("cosine", 0.2, {9: 0.4, 20: 0.8, 60: 0.4}),
        ("inverse_square_root", 0.04, {0: 0.2, 3: 0.8, 15: 0.4, 63: 0.2}),
        ("halving", 0.0, {0: 0.8, 29: 0.8, 30: 0.4, 39: 0.4, 40: 0.2, 99: 0.00625}),
        ("plateau", 0.0, {0: 0.8, 99: 0.8}),
    ],
)
def test_the_rate_of_a_step(schedule, warm_up, expected):
    received = {step: rate(step, schedule=schedule, warm_up=warm_up) for step in expected}
    assert received == pytest.approx(expected, rel=1e-6)


def test_every_schedule_joins_its_warm_up_without_a_jump():
    for schedule in ("constant", "linear", "cosine", "inverse_square_root", "plateau"):
        rates = [rate(step, steps=1000, schedule=schedule, warm_up=0.1) for step in range(200)]
        assert max(abs(b - a) for a, b in pairwise(rates)) < 0.0081
        assert max(rates) == pytest.approx(0.8)


def test_plateau_halves_as_often_as_it_was_told():
    assert rate(70, schedule="plateau", halved=3) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("metric", "values", "patience", "expected"),
    [
        (LOWER, [], 1, 0),
        (LOWER, [0.9], 1, 0),
        (LOWER, [0.9, 0.8, 0.8], 1, 1),
        (HIGHER, [0.9, 0.8, 0.8], 1, 2),
        (LOWER, [0.9, 0.95, 0.8, 0.85, 0.86, 0.7], 1, 3),
        (LOWER, [0.9, 0.95, 0.8, 0.85, 0.86, 0.7], 2, 1),
        (LOWER, [0.9, 1.0, 1.0, 1.0, 1.0], 2, 2),  # counted anew after each halving
    ],
)
def test_a_plateau_is_patience_rounds_without_a_better_value(metric, values, patience, expected):
    assert halvings(metric, values, patience=patience) == expected


def test_a_rate_that_does_not_change_is_not_set():
    """Nor is that of a task with settings of its own, whatever they are called."""
    rounds = SimpleNamespace(per_epoch=1, steps_per_epoch=7, total=3)
    assert rate_callbacks(None, Optimization(), Position(), rounds) == []
    assert rate_callbacks(None, SimpleNamespace(schedule="mine"), Position(), rounds) == []
