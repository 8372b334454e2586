"""All that is told of a series, whatever the series."""

import json

import numpy as np
import pytest

from seqapps.series.describe import describe

NAN = np.nan


def seasonal(time=499, season=12, seed=0):
    steps = np.arange(time)
    noise = np.random.default_rng(seed).normal(scale=0.3, size=time)
    return 0.02 * steps + 2 * np.sin(2 * np.pi * steps / season) + noise


def test_the_parts_agree_on_the_season():
    found = describe(seasonal())
    assert found.season == found.decomposition.season == 12
    assert not found.given_season
    assert found.stationarity.seasonal_differences == 1


def test_a_season_that_is_given_is_taken():
    found = describe(seasonal(), season=24)
    assert found.season == found.decomposition.season == 24
    assert found.given_season
    assert round(found.periods[0].steps) == 12


def test_a_gap_in_the_middle_is_counted_and_the_rest_is_told():
    values = seasonal()
    values[200:231] = NAN
    values[7] = np.inf
    found = describe(values)
    numbers = found.numbers
    assert (numbers.missing, numbers.infinite, numbers.interpolated) == (32, 1, 32)
    assert (numbers.longest_gap, numbers.observed) == (31, 467)
    assert found.season == 12
    assert numbers.mean == pytest.approx(np.mean(values[np.isfinite(values)]))


HARD = {
    "empty": (np.array([]), "nothing was observed"),
    "all missing": (np.full(53, NAN), "nothing was observed"),
    "all infinite": (np.full(53, -np.inf), "nothing was observed"),
    "one": (np.array([NAN, 3.0]), "all 1 observed values are 3"),
    "constant": (np.full(53, 2.5), "all 53 observed values are 2.5"),
    "very short": (np.arange(7.0) ** 2, "7 observed steps are too few"),
}


@pytest.mark.parametrize(("values", "why"), HARD.values(), ids=HARD)
def test_a_series_of_which_little_can_be_told_says_why(values, why):
    found = describe(values)
    assert found.why_not_more.startswith(why)
    assert found.season == 1
    assert found.decomposition is found.stationarity is found.spectrum is None
    assert found.outliers.found == ()


@pytest.mark.parametrize("time", [10, 11, 13, 16, 17, 19, 23, 29])
def test_a_short_series_is_described_as_far_as_that_goes(time):
    assert describe(np.random.default_rng(time).normal(size=time)).why_not_more == ""


@pytest.mark.parametrize(
    "values",
    [
        np.arange(97.0),
        np.arange(97) % 2,
        (np.arange(97) > 50) * 1.0,
        np.eye(97)[31],
        1e100 * seasonal(97),
        1e-100 * seasonal(97),
        1e9 + 1e-9 * seasonal(97),
    ],
    ids=["line", "alternating", "step", "spike", "huge", "tiny", "rounding"],
)
def test_strange_series_are_described_without_a_warning(values):
    json.dumps(describe(values).plain(), allow_nan=False)


@pytest.mark.parametrize("values", [seasonal(), HARD["all missing"][0]], ids=["whole", "nothing"])
def test_the_plain_values_survive_json(values):
    plain = describe(values).plain()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain


def test_the_plain_values_are_those_of_the_parts():
    values = seasonal()
    values[100] = 40
    found = describe(values)
    plain = found.plain()
    assert plain["season"] == 12
    assert plain["outliers"]["largest"][0]["place"] == 100
    assert plain["stationarity"]["kind"] == found.stationarity.kind
    assert plain["seasonal_strength"] == found.decomposition.seasonal_strength
