"""Control charts: standard scores by hand, gaps and still sensors, blame, nothing of the future."""

import numpy as np
import pytest
from scipy.stats import zscore
from sklearn.decomposition import PCA

from seqapps.baselines.ewma import Ewma
from seqapps.baselines.isolation_forest import IsolationForest
from seqapps.baselines.shewhart import Shewhart
from seqapps.baselines.standard import Standard
from seqapps.baselines.t_squared import TSquared
from seqapps.errors import UserError

CHARTS = {
    "shewhart": Shewhart.fit,
    "ewma": Ewma.fit,
    "t_squared": TSquared.fit,
    "isolation_forest": lambda normal: IsolationForest.fit(normal, trees=23),
}
STEPS, SENSORS = 211, 5


def machine(*, seed: int, steps: int = STEPS):
    """Sensors of very different scales; the third is twice the first, with a little noise."""
    random = np.random.default_rng(seed)
    values = random.normal(0, 1, [steps, SENSORS]) * [1, 10, 1, 0.01, 100] + [5, -3, 0, 1, 2000]
    values[:, 2] = 2 * values[:, 0] + random.normal(0, 0.1, steps)
    return values


@pytest.fixture(params=CHARTS)
def fit(request):
    return CHARTS[request.param]


def test_standardised_values_are_those_of_scipy():
    values = machine(seed=3)
    np.testing.assert_allclose(Standard.fit(values).deviations(values), zscore(values))


def test_gaps_have_no_part_in_mean_and_deviation():
    values = machine(seed=3)
    holes = np.concatenate([values, np.full([7, SENSORS], np.nan), np.full([2, SENSORS], np.inf)])
    found, expected = Standard.fit(holes), Standard.fit(values)
    np.testing.assert_allclose(found.mean, expected.mean)
    np.testing.assert_allclose(found.deviation, expected.deviation)


def test_scores_are_numbers_where_values_are_missing(fit):
    values = machine(seed=3)
    values[11:17], values[23, 1], values[29, 4] = np.nan, np.inf, -np.inf
    found = fit(values).score(values)
    assert np.isfinite(found.scores).all() and np.isfinite(found.contributions).all()


def test_a_step_without_a_value_is_no_more_unusual_than_most(fit):
    chart, values = fit(machine(seed=3)), machine(seed=5)
    usual = np.quantile(chart.score(values).scores, 0.95)
    values[100] = np.nan
    assert chart.score(values).scores[100] <= usual


def test_a_still_sensor_is_no_trouble_until_it_moves(fit):
    normal, values = machine(seed=3), machine(seed=5)
    normal[:, 1] = values[:, 1] = 0.1 + 0.2  # not the nearest number to 0.3
    chart = fit(normal)
    still = chart.score(values).scores
    values[150:, 1] += 0.1
    moved = chart.score(values).scores
    assert np.isfinite(still).all() and np.isfinite(moved).all()
    if fit is not CHARTS["isolation_forest"]:  # a forest cannot cut where nothing varies
        assert moved[160:].min() > still.max()


def test_the_rounding_of_a_still_sensor_is_nothing_unusual(fit):
    normal, values = machine(seed=3), machine(seed=5)
    normal[:, 1], values[:, 1] = 0.3, 0.3
    chart = fit(normal)
    before = chart.score(values).scores
    values[:, 1] *= 1 + 1e-7  # as float32 rounds
    np.testing.assert_allclose(chart.score(values).scores, before, rtol=0.01, atol=0.01)


def test_a_sensor_that_was_never_read_is_no_trouble(fit):
    normal, values = machine(seed=3), machine(seed=5)
    normal[:, 1] = np.nan
    found = fit(normal).score(values)
    assert np.isfinite(found.scores).all()
    assert found.contributions[:, 1].max() < 1e-20  # T-squared rounds


def test_values_of_no_sense_keep_scores_finite(fit):
    values = machine(seed=5)
    values[7] = 1e300
    assert np.isfinite(fit(machine(seed=3)).score(values).scores).all()


def test_the_sensor_that_is_off_has_the_largest_contribution(fit):
    values = machine(seed=5)
    values[100:, 4] += 900
    found = fit(machine(seed=3)).score(values)
    assert (found.contributions[120:].argmax(axis=1) == 4).mean() > 0.9
    assert np.median(found.scores[120:]) > np.quantile(found.scores[:100], 0.9)


def test_contributions_are_never_negative(fit):
    assert fit(machine(seed=3)).score(machine(seed=5)).contributions.min() >= 0


def test_no_score_knows_of_later_values(fit):
    chart, values = fit(machine(seed=3)), machine(seed=5)
    before = chart.score(values).scores
    values[101:] += 1e4
    assert chart.score(values).scores[:101].tolist() == before[:101].tolist()


def test_no_step_has_no_score(fit):
    found = fit(machine(seed=3)).score(np.zeros([0, SENSORS]))
    assert found.scores.shape == (0,) and found.contributions.shape == (0, SENSORS)


def test_another_number_of_sensors_is_refused(fit):
    chart = fit(machine(seed=3))
    with pytest.raises(UserError, match="5 sensors; received values of shape"):
        chart.score(np.zeros([7, 3]))


def test_normal_values_without_a_number_are_refused(fit):
    with pytest.raises(UserError, match="without a single number"):
        fit(np.full([7, 3], np.nan))


def test_shewhart_is_the_largest_deviation():
    normal, values = machine(seed=3), machine(seed=5)
    expected = np.abs((values - normal.mean(0)) / normal.std(0)).max(1)
    np.testing.assert_allclose(Shewhart.fit(normal).score(values).scores, expected)


def test_moving_averages_are_those_of_a_loop():
    normal, values = machine(seed=3), machine(seed=5)
    deviations = (values - normal.mean(0)) / normal.std(0)
    average, expected = np.zeros(SENSORS), []
    for step, deviation in enumerate(deviations, 1):
        average = 0.3 * deviation + 0.7 * average
        expected.append(np.abs(average).max() / np.sqrt(0.3 / 1.7 * (1 - 0.7 ** (2 * step))))
    found = Ewma.fit(normal, weight=0.3, independent=True).score(values)
    np.testing.assert_allclose(found.scores, expected)


def test_the_measured_spread_of_independent_values_is_that_of_the_textbook():
    normal = machine(seed=3, steps=100_003)
    measured, textbook = (Ewma.fit(normal, independent=kind).spread for kind in (False, True))
    np.testing.assert_allclose(measured, textbook, rtol=0.03)


def test_a_small_change_that_stays_is_seen_by_averages_alone():
    values = machine(seed=5)
    values[100:, 1] += 10  # one standard deviation
    for chart, seen in ((Ewma.fit(machine(seed=3)), True), (Shewhart.fit(machine(seed=3)), False)):
        scores = chart.score(values).scores
        assert (np.median(scores[150:]) > np.quantile(scores[:100], 0.99)) == seen


def test_t_squared_and_q_are_those_of_scikit_learns_components():
    normal, values = machine(seed=3), machine(seed=5)
    mean, deviation = normal.mean(0), normal.std(0)
    pca = PCA(0.9, svd_solver="full").fit((normal - mean) / deviation)

    def statistics(values):
        places = pca.transform((values - mean) / deviation)
        variances = pca.explained_variance_ * (len(normal) - 1) / len(normal)
        off = (values - mean) / deviation - pca.inverse_transform(places)
        return (places**2 / variances).sum(1), (off**2).sum(1)

    limits = [np.quantile(each, 0.99) for each in statistics(normal)]
    within, off = statistics(values)
    expected = np.maximum(within / limits[0], off / limits[1])
    np.testing.assert_allclose(TSquared.fit(normal).score(values).scores, expected)


def test_q_sees_sensors_that_no_longer_agree_where_each_is_usual():
    values = machine(seed=5)
    values[100:, 2] = np.roll(values[100:, 2], 13)  # still its own values, at other times
    normal = machine(seed=3)
    assert np.median(TSquared.fit(normal).score(values).scores[100:]) > 1
    assert np.median(Shewhart.fit(normal).score(values).scores[100:]) < 2


def test_the_same_seed_grows_the_same_forest():
    normal, values = machine(seed=3), machine(seed=5)
    first, again, other = (
        IsolationForest.fit(normal, trees=11, seed=seed).score(values, blame=False).scores
        for seed in (0, 0, 1)
    )
    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()
