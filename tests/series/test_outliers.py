"""Values that stand apart are named, and nothing else is."""

import numpy as np
import pytest

from seqapps.series.decomposition import decompose
from seqapps.series.outliers import outliers, robust_scores


def noise(seed=3, time=499):
    return np.random.default_rng(seed).normal(size=time)


def flat_noise(time=499):
    """Noise that has no outlier by chance, [time]."""
    return np.random.default_rng(0).uniform(-1.7, 1.7, size=time)


def test_planted_outliers_are_found_the_furthest_first():
    values = flat_noise()
    values[101], values[307] = 12, -20
    found = outliers(values).found
    assert [each.place for each in found] == [307, 101]
    assert found[0].score < -9 < 5 < found[1].score
    assert (found[0].value, found[1].value) == (-20, 12)


def test_a_value_may_be_usual_elsewhere_in_the_season():
    season = 10 * np.sin(2 * np.pi * np.arange(499) / 24)
    values = season + 0.3 * flat_noise()
    place = int(np.argmin(season[240:264])) + 240
    values[place] = 10  # what it is half a season later
    parts = decompose(values, season=24)
    found = outliers(values, season=24, decomposition=parts)
    assert [each.place for each in found.found] == [place]
    assert found.found[0].expected == pytest.approx(-10, abs=1)
    assert found.basis == "trend and season"


def test_the_whole_of_a_long_series_is_looked_at():
    """Also what lies before the stretch that is taken apart."""
    values = 10 * np.sin(2 * np.pi * np.arange(7001) / 24) + noise(1, 7001)
    values[1003] += 15
    parts = decompose(values, season=24)
    assert parts.first > 1003
    found = outliers(values, season=24, decomposition=parts)
    assert found.found[0].place == 1003


def test_normal_noise_has_an_outlier_in_few_series_of_any_length():
    for time in (97, 4999):
        found = [bool(outliers(noise(seed, time)).found) for seed in range(60)]
        assert sum(found) <= 10


@pytest.mark.parametrize("seasons", [5, 11, 41])
def test_taking_out_a_season_makes_no_outliers(seasons):
    """Robust STL leaves heavy tails; without a higher threshold nearly every series had some."""
    wave = 10 * np.sin(2 * np.pi * np.arange(12 * seasons) / 12)
    found = 0
    for seed in range(30):
        values = wave + noise(seed, 12 * seasons)
        found += bool(outliers(values, decomposition=decompose(values, season=12)).found)
    assert found <= 7


def test_what_is_interpolated_is_no_outlier():
    values = flat_noise()
    values[200], values[201:205], values[205] = 50, np.nan, 50
    assert {each.place for each in outliers(values).found} == {200, 205}


def test_places_count_what_is_missing_at_the_beginning():
    values = np.concatenate([np.full(23, np.nan), flat_noise()])
    values[123] = 30
    assert outliers(values).found[0].place == 123


def test_a_score_is_the_distance_in_robust_standard_deviations():
    """Of 1 to 7 the median is 4 and the median distance 2."""
    scores = robust_scores(np.array([1.0, 2, 3, 4, 5, 6, 7]), np.ones(7, "bool"))
    np.testing.assert_allclose(scores, (np.arange(7) - 3) / (1.4826 * 2))


def test_where_most_values_are_equal_the_mean_distance_stands_for_the_median():
    values = np.zeros(101)
    values[53] = 1
    found = outliers(values).found
    assert [each.place for each in found] == [53]


def test_heavy_tails_are_told_from_a_few_errors():
    assert outliers(np.random.default_rng(0).standard_cauchy(size=997)).many
    values = noise()
    values[7] = 20
    assert not outliers(values).many


@pytest.mark.parametrize("values", [np.full(31, 5.0), np.full(31, np.nan), np.array([])])
def test_a_series_without_spread_has_none(values):
    assert outliers(values).found == ()
