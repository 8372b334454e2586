"""What is drawn and written of a series."""

import numpy as np
import pytest

from seqapps.report.described import described_figures
from seqapps.report.described_lines import described_lines
from seqapps.report.svg import svg_of
from seqapps.report.timeline import envelope, moment, span
from seqapps.series.describe import describe

DAY = 86_400


def seasonal(time=499):
    steps = np.arange(time)
    noise = np.random.default_rng(0).normal(scale=0.3, size=time)
    return 2 * np.sin(2 * np.pi * steps / 7) + noise


def with_a_gap_and_an_outlier():
    values = seasonal()
    values[100:117] = np.nan
    values[307] = 30
    return values


def titles(values, times=None):
    return [each.title for each in described_figures(values, times, describe(values), name="x")]


def test_every_part_has_its_figure():
    assert titles(with_a_gap_and_an_outlier()) == [
        "x over time", "x: trend, season and rest", "x: periods", "x: correlation by lag",
        "x: outliers",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "count"),
    [(np.full(31, np.nan), 0), (np.full(31, 2.0), 1), (np.arange(5.0), 1), (seasonal(13), 3)],
    ids=["all missing", "constant", "very short", "short"],
)
def test_what_cannot_be_told_is_not_drawn(values, count):
    assert len(titles(values)) == count


@pytest.mark.parametrize("dated", [False, True])
def test_the_figures_become_pictures_of_a_page(dated):
    values = with_a_gap_and_an_outlier()
    times = DAY * np.arange(len(values)) if dated else None
    for number, figure in enumerate(
        described_figures(values, times, describe(values), name="x & <y>")
    ):
        svg = svg_of(figure, number=number)
        assert svg.startswith("<svg") and svg.rstrip().endswith("</svg>")
        over_time = not {"periods", "lag"} & set(figure.title.split())
        assert ("1970" in svg) == (dated and over_time)


def test_the_picture_of_a_long_series_stays_small():
    values = np.random.default_rng(0).normal(size=50_021)
    figure = described_figures(values, None, describe(values), name="x")[0]
    assert len(svg_of(figure, number=0)) < 100_000


def test_fewer_points_keep_the_least_and_the_most_in_their_order():
    values = np.random.default_rng(0).normal(size=10_007)
    values[4003], values[8009] = 99, -99
    places, kept = envelope(values)
    assert len(places) <= 1200
    assert {4003, 8009} <= set(places)
    assert (np.diff(places) > 0).all()
    np.testing.assert_array_equal(kept, values[places])


def test_a_gap_of_a_long_series_stays_a_gap():
    values = np.zeros(10_007)
    values[3001:5003] = np.nan
    places, kept = envelope(values, first=11)
    hidden = places[np.isnan(kept)] - 11
    assert len(hidden) > 100
    assert ((hidden >= 3001) & (hidden < 5003)).all()


def test_lines_tell_what_is_missing_and_when_the_outlier_was():
    values = with_a_gap_and_an_outlier()
    lines = list(described_lines(describe(values), name="x", times=DAY * np.arange(499)))
    assert lines[0] == "x: 499 steps, 1970-01-01 to 1971-05-14"
    assert lines[1].startswith("missing: 17 (3.4%); 17 between observed ones, the longest gap 17")
    assert any("7 steps = 1 week" in line for line in lines)
    assert "1970-11-04: 30 for " in lines[-1]


def test_lines_of_a_series_without_values_say_so_and_end():
    lines = list(described_lines(describe(np.full(11, np.nan)), name="x"))
    assert lines[-1] == "no more can be told: nothing was observed"
    assert len(lines) == 3


@pytest.mark.parametrize(
    ("steps", "step", "told"),
    [(52.18, 7 * DAY, " = 1 year"), (24, 3600, " = 1 day"), (365, DAY, " = 1 year"),
     (132, 30.4375 * DAY, " = 11 years"), (5, 60, " = 5 minutes"), (1.5, 3600, " = 1.5 hours")],
)  # fmt: skip
def test_a_period_is_told_in_the_units_of_a_clock(steps, step, told):
    assert span(steps, np.arange(101) * step) == told


def test_a_moment_is_a_date_where_steps_are_days_and_has_the_hour_where_they_are_not():
    assert moment(3, DAY * np.arange(7)) == "1970-01-04"
    assert moment(3, 3600 * np.arange(7)) == "1970-01-01 03:00"
    assert moment(3, None) == "step 3"
