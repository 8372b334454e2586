"""Errors that resemble their neighbours in time: blocks make the interval as wide as it must be."""

import logging
import math
from types import SimpleNamespace

import numpy as np
import pytest

from seqapps.evaluate import units_of
from seqapps.metrics import judge as judging
from seqapps.metrics.judge import better, judge, usable
from seqapps.metrics.mean import mean_of
from seqapps.task import Blocks, Example, Metric

MEAN = mean_of(lambda case, _: case["error"], example=Example([], [], 0.0))


def errors(count, *, seed, likeness=0.7):
    """A first-order autoregression of mean 0: the square root of 17/3 = 2.38 times as unsure."""
    random = np.random.default_rng(seed)
    found = [random.normal() / math.sqrt(1 - likeness**2)]
    for noise in random.normal(size=count - 1):
        found.append(likeness * found[-1] + noise)
    return found


def interval(values, **options):
    cases = [{"error": value} for value in values]
    return judge({"mean": MEAN}, cases, {"a": cases}, **options)[0]["a"]["mean"]


def width(score):
    return score["high"] - score["low"]


def test_blocks_widen_the_interval_of_errors_that_resemble_their_neighbours():
    """Künsch 1989: towards the long-run deviation, sqrt((1 + 0.7) / (1 - 0.7)) = 2.38 times.

    The mean of seven series; blocks of a finite length are a little too narrow.
    """
    series = [errors(2003, seed=seed) for seed in range(7)]
    ratios = [width(interval(each, block=67)) / width(interval(each)) for each in series]
    assert 2.38 * 0.88 < np.mean(ratios) < 2.38 * 1.1


def test_blocks_leave_the_interval_of_independent_errors_as_it_is():
    values = errors(2003, seed=3, likeness=0.0)
    assert width(interval(values, block=11)) == pytest.approx(width(interval(values)), rel=0.15)


def test_intervals_of_blocks_hold_the_true_mean_about_as_often_as_they_say():
    """Of 150 series; 1.96 standard errors of a share of 0.95 there are 0.035, and blocks of a
    finite length are known to be somewhat too narrow."""
    held = {1: 0, 29: 0}
    for seed in range(150):
        values = errors(701, seed=seed)
        for block in held:
            score = interval(values, block=block, resamples=199)
            held[block] += score["low"] <= 0 <= score["high"]
    assert held[29] / 150 > 0.87
    assert held[1] / 150 < 0.75  # 0.59 is expected: P(|z| < 1.96 / 2.38)


def test_blocks_of_one_are_single_cases():
    values = errors(101, seed=3)
    assert interval(values, block=1) == interval(values)


def test_a_block_is_of_neighbours_round_the_circle():
    draw = judging._draw(np.random.default_rng(3), 13, 5)
    assert len(draw) == 13
    assert all((draw[1:5] - draw[:4]) % 13 == 1) and all((draw[6:10] - draw[5:9]) % 13 == 1)
    draws = [judging._draw(np.random.default_rng(seed), 13, 5) for seed in range(50)]
    assert set(np.concatenate(draws)) == set(range(13))


def test_cases_of_the_same_time_stay_together_and_blocks_are_of_times():
    """Three series with the same errors are no more evidence than one of them."""
    values = errors(997, seed=3)
    names = [f"{number:09}" for number in range(997)]
    alone = interval(values, block=31)
    together = interval(values * 3, groups=names * 3, block=31)
    assert together["low"] == pytest.approx(alone["low"])
    assert together["high"] == pytest.approx(alone["high"])


def test_a_block_is_at_most_a_fifth_of_the_cases_and_that_is_said(caplog):
    with caplog.at_level(logging.WARNING):
        assert usable(7, 35) == 7
        assert not caplog.records
        assert usable(8, 35) == 7
    assert "the intervals are too narrow" in caplog.text
    assert usable(2, 3) == 1


NO_GROUP = SimpleNamespace(group=None)


def test_a_task_declares_its_blocks_by_settings_and_cases():
    task = SimpleNamespace(blocks=lambda settings, cases: Blocks(length=settings.horizon))
    units = units_of(task, SimpleNamespace(horizon=7), NO_GROUP, [{}] * 101)
    assert (units.kind, units.groups, units.block) == ("block", None, 7)


def test_times_become_groups_whose_names_are_in_the_order_of_time():
    times = [100, 9, 9, -5] * 5
    task = SimpleNamespace(blocks=lambda settings, cases: Blocks(length=1, times=times))
    units = units_of(task, None, NO_GROUP, [{}] * 20)
    assert units.groups[:4] == ["000000002", "000000001", "000000001", "000000000"]


def test_groups_of_the_data_go_before_blocks():
    task = SimpleNamespace(blocks=lambda settings, cases: Blocks(length=7))
    units = units_of(task, None, SimpleNamespace(group="film"), [{"film": "a"}, {"film": "b"}])
    assert (units.kind, units.groups, units.block) == ("group", ["a", "b"], 1)


def test_a_task_without_blocks_is_resampled_by_case():
    assert units_of(SimpleNamespace(blocks=None), None, NO_GROUP, [{}]).kind == "case"


AIMED = Metric(
    statistics=MEAN.statistics, reduce=MEAN.reduce, example=MEAN.example,
    higher_is_better=False, aim=0.5,
)  # fmt: skip


def test_of_a_metric_with_an_aim_the_nearer_score_is_better():
    assert better(AIMED, 0.6, 0.3) and better(AIMED, 0.4, 0.7)
    assert not better(AIMED, 0.7, 0.4) and not better(AIMED, 0.6, 0.4)  # equally near


def test_differences_of_a_metric_with_an_aim_are_of_distances_to_it():
    cases = [{}] * 7
    answers = {"near": [0.6] * 7, "far": [0.1] * 7}
    metric = Metric(
        statistics=lambda cases, told: np.stack([told, np.ones(len(told))], axis=1),
        reduce=lambda sums: float(sums[0] / sums[1]),
        example=AIMED.example, higher_is_better=False, aim=0.5,
    )  # fmt: skip
    scores, gains = judge({"share": metric}, cases, answers, against=("near", ["far"]))
    assert scores["near"]["share"]["value"] == pytest.approx(0.6)
    assert gains["far"]["share"]["value"] == pytest.approx(0.1 - 0.4)
