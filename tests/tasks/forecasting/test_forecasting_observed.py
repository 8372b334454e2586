"""What the report shows beside scores: the series on its dates, errors in a row, shares inside."""

import numpy as np
import pytest
from hand_made_series import DAY, START, row_of, sine
from seqapps.tasks.forecasting.shown import shown
from seqapps.tasks.forecasting.task import TASK

from seqapps.task import Surroundings

HALF = {"lower": -5.0, "lower_80": -2.0, "mean": 0.0, "upper_80": 2.0, "upper": 5.0}


def seen(forecaster, test=None):
    """What is observed of a forecaster that always says the same: 50, give or take `HALF`."""
    answer = {name: np.full([5, 1], 50 + away).tolist() for name, away in HALF.items()}

    def ask(name, cases):
        return [answer for _ in cases]

    around = Surroundings(
        settings=forecaster.settings, state=forecaster.state,
        train=forecaster.cases, test=forecaster.cases if test is None else test,
    )  # fmt: skip
    return TASK.observe(ask, around)


def test_the_series_is_told_on_its_own_dates(made):
    values = sine(101)
    found = seen(made(row_of({"v": values})))["series"]
    assert found["name"] == "mill"
    assert found["times"] == (START + DAY * np.arange(101)).tolist()
    np.testing.assert_allclose(found["values"], values, rtol=1e-6)


def test_what_begins_before_the_first_window_does_not_move_the_dates(made):
    """Windows without any known truth are left out; what is shown begins with the first other."""
    values = sine(101)
    values[:43] = np.nan
    found = seen(made(row_of({"v": values})))["series"]
    place = found["values"].index(pytest.approx(values[43], rel=1e-6))
    assert found["times"][place] == START + 43 * DAY


def test_a_series_too_short_for_a_window_is_not_the_one_that_is_shown(made):
    short = row_of({"v": sine(31)}, series="short")
    assert seen(made(short, row_of({"v": sine(101)})))["series"]["name"] == "mill"


def test_errors_are_those_of_the_first_step_of_every_origin_of_one_series(made):
    values = sine(101)
    forecaster = made(row_of({"v": values}), row_of({"v": values + 9}, series="b"), origins=3)
    found = seen(forecaster)["residuals"]
    np.testing.assert_allclose(found, values[29:97] - 50, atol=1e-5)


def test_an_unknown_truth_is_an_unknown_error(made):
    values = sine(101)
    values[40] = np.nan
    assert seen(made(row_of({"v": values})))["residuals"][40 - 29] is None


def test_shares_inside_the_bands_are_counted_by_step(made):
    values = sine(101)
    values[40] = np.nan
    forecaster = made(row_of({"v": values}))
    found = seen(forecaster)["inside"]
    for level, half in (("80 %", 2), ("95 %", 5)):
        expected = []
        for step in range(5):
            truth = values[29 + step : 97 + step]
            expected.append((np.abs(truth[np.isfinite(truth)] - 50) <= half).mean())
        np.testing.assert_allclose(found[level], expected)


def test_all_of_it_becomes_sections_that_draw(made):
    from matplotlib.figure import Figure as Canvas

    sections = list(shown(seen(made(row_of({"v": sine(101)})))))
    assert [section.title for section in sections] == [
        "Can it be trusted?", "What the series is like",
    ]  # fmt: skip
    assert len(sections[0].parts) == 3
    for part in sections[0].parts:
        axes = Canvas().add_subplot()
        part.draw(axes)
        assert axes.has_data()
