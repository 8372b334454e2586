"""The calendar in the graph is that of Python, far back and far ahead."""

import datetime as dt

import numpy as np
import pytest
import tensorflow as tf

from seqapps.errors import UserError
from seqapps.series import calendar
from seqapps.series.grid import steps_from

DAYS = np.array([-100_000, -800, -1, 0, 58, 59, 60, 789, 11_016, 11_017, 19_782, 60_000])


def test_days_have_their_year_month_and_day():
    found = np.stack([each.numpy() for each in calendar.civil(tf.constant(DAYS))], axis=1)
    wanted = [(day.year, day.month, day.day) for day in
              (dt.date(1970, 1, 1) + dt.timedelta(days=int(days)) for days in DAYS)]  # fmt: skip
    assert found.tolist() == [list(each) for each in wanted]


def test_months_begin_on_their_day():
    years, months = np.array([1700, 1970, 2000, 2023, 2100]), np.array([3, 1, 2, 12, 3])
    found = calendar.days_of(tf.constant(years), tf.constant(months)).numpy()
    wanted = [(dt.date(year, month, 1) - dt.date(1970, 1, 1)).days
              for year, month in zip(years.tolist(), months.tolist(), strict=True)]  # fmt: skip
    assert found.tolist() == wanted


@pytest.mark.parametrize("frequency", ["1h", "15min", "7d", "2b", "1b", "1mo", "3mo"])
def test_steps_in_the_graph_are_those_outside(frequency):
    starts = np.array([1_500_000_000, -9_000_000_000, 1_609_459_200]) // 86400 * 86400
    if frequency.endswith("b"):
        starts = starts - (starts // 86400 + 3) % 7 * 86400  # Mondays
        starts += np.array([0, 1, 4]) * 86400
    found = calendar.steps(tf.constant(starts), 31, frequency).numpy()
    for start, row in zip(starts.tolist(), found, strict=True):
        np.testing.assert_array_equal(row, steps_from(start, 31, frequency))


def test_features_go_round_with_the_day_the_week_and_the_year():
    monday = int(dt.datetime(2023, 1, 2, tzinfo=dt.UTC).timestamp())
    start = tf.constant([monday], tf.int64)
    found = calendar.features(start, 24 * 7 + 1, "1h").numpy()[0]
    assert found.shape == (169, 6) == (169, calendar.size("1h"))
    np.testing.assert_allclose(found[0, :4], [0, 1, 0, 1], atol=1e-6)
    np.testing.assert_allclose(found[6, :2], [1, 0], atol=1e-6)  # a quarter of the day
    np.testing.assert_allclose(found[24, :2], found[0, :2], atol=1e-5)
    np.testing.assert_allclose(found[168, 2:4], found[0, 2:4], atol=1e-5)
    np.testing.assert_allclose((found**2).sum(axis=1), 3, atol=1e-5)


def test_yearly_steps_have_no_cycle_and_rows_no_calendar():
    assert calendar.size("12mo") == 0
    assert calendar.size("1mo") == 2
    with pytest.raises(UserError, match="calendar = true"):
        calendar.size("rows")


def test_the_31st_of_a_short_month_is_its_last_day():
    start = dt.datetime(2023, 10, 31, 7, tzinfo=dt.UTC)
    found = calendar.steps(tf.constant([int(start.timestamp())], tf.int64), 5, "1mo").numpy()[0]
    days = [dt.datetime.fromtimestamp(int(each), dt.UTC) for each in found]
    assert [(day.month, day.day, day.hour) for day in days] == [
        (10, 31, 7), (11, 30, 7), (12, 31, 7), (1, 31, 7), (2, 29, 7),
    ]  # fmt: skip
    np.testing.assert_array_equal(found, steps_from(int(start.timestamp()), 5, "1mo"))
