"""Scores of forecasts: by hand, from papers, and blind to truths that are not known."""

import math

import numpy as np
import pytest

from seqapps.metrics import forecasts
from seqapps.metrics.judge import judge, values_of

METRICS = {
    "mae": forecasts.mae(),
    "rmse": forecasts.rmse(),
    "smape": forecasts.smape(),
    "mase": forecasts.mase(),
    "mse_standardised": forecasts.mse_standardised(),
    "mae_standardised": forecasts.mae_standardised(),
    "pinball": forecasts.pinball(),
    "coverage_80": forecasts.coverage_80(),
    "coverage_95": forecasts.coverage_95(),
    "direction": forecasts.direction(),
    "direction_of_change": forecasts.direction("change"),
}
HORIZON, TARGETS, LOOKBACK = 5, 3, 7


def made(count, *, seed=3, gaps=0.0):
    """Random cases of five steps and three targets, with a truth that is NaN now and then."""
    random = np.random.default_rng(seed)
    cases, responses = [], []
    for _ in range(count):
        truth = random.normal(5, 2, [HORIZON, TARGETS])
        truth[random.random(truth.shape) < gaps] = np.nan
        mean = random.normal(5, 2, [HORIZON, TARGETS])
        cases.append({
            "values": random.normal(5, 2, [LOOKBACK, TARGETS + 1]), "truth": truth,
            "scale": [1.5, 2.5, 0.5], "deviation": [2.0, 3.0, 0.25],
        })  # fmt: skip
        responses.append({
            "mean": mean.tolist(), "lower": (mean - 2).tolist(), "upper": (mean + 2.5).tolist(),
            "lower_80": (mean - 1).tolist(), "upper_80": (mean + 1.25).tolist(),
        })  # fmt: skip
    return cases, responses


def score(name, cases, responses):
    return values_of({name: METRICS[name]}, cases, responses)[name]


def one(truth, mean, **beside):
    """A case of one target with its answer; the interval is the mean itself."""
    told = [[each] for each in mean]
    names = ("mean", "lower", "upper", "lower_80", "upper_80")
    return [{"truth": [[each] for each in truth], **beside}], [dict.fromkeys(names, told)]


@pytest.mark.parametrize("name", METRICS)
def test_a_score_of_forecasts_gives_its_example_the_value_worked_out_by_hand(name):
    example = METRICS[name].example
    assert score(name, example.cases, example.responses) == pytest.approx(example.value, rel=1e-12)


@pytest.mark.parametrize("name", METRICS)
def test_a_truth_that_is_not_known_counts_nowhere(name):
    """Whatever was told for it: neither in the sum nor in the number."""
    cases, responses = made(11, gaps=0.3)
    before = METRICS[name].statistics(cases, responses)
    for case, told in zip(cases, responses, strict=True):
        for kind in told:
            told[kind] = np.where(np.isnan(case["truth"]), 1e6, told[kind]).tolist()
    np.testing.assert_array_equal(METRICS[name].statistics(cases, responses), before)
    known = sum(np.isfinite(case["truth"]).sum() for case in cases)
    assert before[:, 1].sum() == known < 11 * HORIZON * TARGETS


@pytest.mark.parametrize("name", METRICS)
def test_nothing_known_is_not_a_number(name):
    cases, responses = made(2, gaps=1.0)
    assert math.isnan(score(name, cases, responses))


def test_smape_of_the_m4_definition():
    """200 |y - f| / (|y| + |f|): 100 told for 50 is 66.7 %, opposite signs 200 %, nothing 0 %."""
    assert score("smape", *one([50.0], [100.0])) == pytest.approx(200 / 3)
    assert score("smape", *one([50.0], [-50.0])) == 200
    assert score("smape", *one([0.0, 10.0], [0.0, 10.0])) == 0


def test_the_seasonal_naive_forecast_of_the_training_part_has_a_mase_of_one():
    """Hyndman and Koehler 2006: in training, the scaled errors of that forecast average 1."""
    values = np.random.default_rng(3).normal(size=101).cumsum()
    scale = abs(values[7:] - values[:-7]).mean()
    assert score("mase", *one(values[7:], values[:-7], scale=[scale])) == pytest.approx(1)


def test_a_target_that_was_constant_in_training_counts_nowhere_in_scaled_scores():
    cases, responses = made(5)
    for name, field in [("mase", "scale"), ("mse_standardised", "deviation")]:
        changed = [{**case, field: [1.5, 0.0, 0.5]} for case in cases]
        rest = [{**case, field: [1.5, 0.5], "truth": case["truth"][:, [0, 2]]} for case in cases]
        told = [{"mean": np.array(each["mean"])[:, [0, 2]]} for each in responses]
        assert score(name, changed, responses) == pytest.approx(score(name, rest, told))


def test_errors_agree_with_scikit_learn():
    from sklearn.metrics import mean_absolute_error, mean_pinball_loss, root_mean_squared_error

    cases, responses = made(13)
    truth = np.ravel([case["truth"] for case in cases])
    told = {name: np.ravel([each[name] for each in responses]) for name in responses[0]}
    assert score("mae", cases, responses) == pytest.approx(mean_absolute_error(truth, told["mean"]))
    assert score("rmse", cases, responses) == pytest.approx(
        root_mean_squared_error(truth, told["mean"])
    )
    losses = [
        mean_pinball_loss(truth, told[name], alpha=quantile)
        for name, quantile in forecasts.QUANTILES.items()
    ]
    assert score("pinball", cases, responses) == pytest.approx(np.mean(losses))


def test_standardised_scores_are_those_of_standardised_series():
    """The convention of papers on ETT: scale truth and forecast by the training part, then err."""
    cases, responses = made(13)
    scaler = np.array(cases[0]["deviation"])
    errors = [
        (case["truth"] - 5) / scaler - (np.array(told["mean"]) - 5) / scaler
        for case, told in zip(cases, responses, strict=True)
    ]
    assert score("mse_standardised", cases, responses) == pytest.approx(np.square(errors).mean())
    assert score("mae_standardised", cases, responses) == pytest.approx(np.abs(errors).mean())


def test_normal_intervals_of_the_right_width_are_as_often_right_as_they_say():
    random = np.random.default_rng(3)
    cases = [{"truth": random.normal(size=[HORIZON, TARGETS])} for _ in range(2003)]
    full = {"mean": 0.0, "lower": -1.96, "upper": 1.96, "lower_80": -1.2816, "upper_80": 1.2816}
    told = {name: np.full([HORIZON, TARGETS], value) for name, value in full.items()}
    for name, share in [("coverage_95", 0.95), ("coverage_80", 0.8)]:
        assert score(name, cases, [told] * 2003) == pytest.approx(share, abs=0.01)
        assert METRICS[name].aim == share


def test_direction_is_of_the_change_since_the_last_value_that_was_observed():
    """From 4: truths rise, fall, stay; told to rise, to rise, to fall. One of two is right."""
    cases, responses = one([5.0, 3.0, 4.0], [6.0, 4.5, 3.0], values=[[4.0], [math.nan]])
    assert score("direction", cases, responses) == 0.5
    assert METRICS["direction"].statistics(cases, responses).tolist() == [[1.0, 2.0]]


def test_direction_of_changes_is_their_own_sign_and_no_change_told_is_half_right():
    cases, responses = one([0.5, -0.1, 0.2, 0.0], [0.3, 0.1, 0.0, 0.7])
    assert METRICS["direction_of_change"].statistics(cases, responses).tolist() == [[1.5, 3.0]]


@pytest.mark.parametrize("name", METRICS)
def test_by_horizon_is_the_score_of_each_step_alone(name):
    cases, responses = made(11, gaps=0.2)
    found = forecasts.by_horizon(METRICS[name], cases, responses)
    expected = [
        score(
            name,
            [{**case, "truth": case["truth"][step : step + 1]} for case in cases],
            [{kind: told[kind][step : step + 1] for kind in told} for told in responses],
        )
        for step in range(HORIZON)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_forecast_that_is_not_a_number_is_not_left_out():
    cases, responses = one([1.0, 2.0], [1.0, math.nan])
    assert math.isnan(score("mae", cases, responses))


def test_scores_of_forecasts_can_be_resampled_in_blocks():
    cases, responses = made(53, gaps=0.1)
    scores, _ = judge(METRICS, cases, {"a": responses}, block=7, resamples=97)
    for name, found in scores["a"].items():
        assert found["low"] <= found["value"] <= found["high"], name
        assert found["low"] < found["high"], name
