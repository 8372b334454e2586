"""`seqapps data` on series: what they are like, on which grid, and what a run would say."""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

HOURS = 311
START = datetime(2023, 1, 2)


@pytest.fixture
def table(tmp_path, monkeypatch):
    """Write a csv of lines; its path."""
    monkeypatch.setenv("SEQAPPS_CACHE", str(tmp_path / "cache"))

    def write(head, lines, name="plant.csv"):
        file = tmp_path / name
        file.write_text("\n".join([head, *(",".join(map(str, line)) for line in lines)]) + "\n")
        return str(file)

    return write


@pytest.fixture
def hourly(table):
    """A day's wave over 311 hours, and a column that wanders; without the hours 101 to 103."""

    def write(*more, without=(101, 102, 103)):
        drawn = np.random.default_rng(7)
        wave = 20 + 5 * np.sin(np.arange(HOURS) * 2 * np.pi / 24) + drawn.normal(0, 0.5, HOURS)
        walk = np.cumsum(drawn.normal(0, 1, HOURS))
        lines = [
            (
                (START + timedelta(hours=hour)).isoformat(),
                round(wave[hour], 2),
                round(walk[hour], 2),
            )
            for hour in range(HOURS)
            if hour not in without
        ]
        return table("date,load,drift", [*lines, *more])

    return write


SMALL = ("--set", "horizon=7", "--set", "lookback=29", "--quiet")


@pytest.fixture
def data(call):
    """`seqapps data forecasting` with small windows; (exit code, stdout, stderr)."""
    return lambda file, *more: call("data", "forecasting", "--data", file, *SMALL, *more)


@pytest.fixture
def facts(data):
    """What it finds, from its JSON."""
    return lambda file, *more: json.loads(data(file, "--json", *more)[1])


def test_period_gaps_and_stationarity_are_told_of_each_channel(hourly, data):
    code, out, _ = data(hourly())
    assert code == 0
    assert "a step each 1h, found in the times of the longest series" in out
    assert "3 steps of this grid were not observed and are gaps" in out
    assert "plant, load: 249 steps, 2023-01-02 00:00 to 2023-01-12 08:00" in out
    assert re.search(r"periods: 24(\.\d+)? steps = 1 day", out)
    assert "plant, drift: 249 steps" in out
    assert "Difference-stationary" in out.split("plant, drift")[1]
    assert "Difference-stationary" not in out.split("plant, drift")[0]


def test_channels_and_steps_are_told_and_nothing_of_texts(hourly, data):
    _, out, _ = data(hourly())
    assert "columns read: times <- date\n  channels: load, drift\n" in out
    assert "series      1      1     1" in out
    assert "steps     246     31    31" in out
    assert "values, steps" in out
    for word in ("Words of", "characters", "duplicates", "columns left alone"):
        assert word not in out


def test_json_holds_the_plain_description(hourly, facts):
    found = facts(hourly())
    assert found["columns"]["channels"] == ["load", "drift"]
    assert found["splits"]["steps"] == {"train": 246, "valid": 31, "test": 31}
    series = found["series"]
    assert (series["frequency"], series["given"], series["gaps"]) == ("1h", False, 3)
    load, drift = series["described"]
    assert (load["series"], load["channel"], load["season"]) == ("plant", "load", 24)
    assert (load["steps"], load["missing"], load["longest_gap"]) == (249, 3, 3)
    assert load["stationarity"]["differences"] == 0
    assert drift["stationarity"]["differences"] == 1


def test_only_the_training_part_is_described(hourly, facts):
    """What lies after it must not decide how it is modelled."""
    plain = hourly()
    before = facts(plain)["series"]["described"]
    lines = Path(plain).read_text().splitlines()
    changed = [line.rsplit(",", 2)[0] + ",99,99" for line in lines[250:]]
    Path(plain).write_text("\n".join([*lines[:250], *changed]) + "\n")
    assert facts(plain)["series"]["described"] == before


def test_settings_decide_the_grid_the_season_and_the_order(hourly, facts):
    given = ("--set", "frequency=2h", "--set", "season=5", "--target", "drift")
    series = facts(hourly(), *given)["series"]
    assert (series["frequency"], series["given"]) == ("2h", True)
    assert series["moved"] == 122  # every second hour lies between two steps
    assert [each["channel"] for each in series["described"]] == ["drift", "load"]
    assert {each["season"] for each in series["described"]} == {5}


def test_a_target_that_is_not_there_stops_with_the_nearest_name(hourly, data):
    code, out, err = data(hourly(), "--target", "laod")
    assert code == 2
    assert "Verdict: a run stops" in out
    assert "no column of numbers 'laod'. Did you mean 'load'" in err


def test_series_that_are_too_short_stop_with_what_a_window_takes(hourly, call):
    code, out, err = call("data", "forecasting", "--data", hourly(), "--quiet", "--set",
                          "lookback=500")  # fmt: skip
    assert code == 2
    assert "plant, load" in out
    assert "a window takes 526" in err


def test_repeated_times_and_texts_are_told(hourly, data):
    file = hourly(((START + timedelta(hours=5)).isoformat(), 1, 2), ("2023-01-05T00:30:00", 3, 4))
    _, out, _ = data(file)
    assert "1 lines have the time of another line of their series; the last one counts" in out
    out = " ".join(out.split())
    assert "1 of 247 observations lie between two steps and count for the nearer one" in out
    assert "1 of 247 observations share a step with a later one, which counts" in out


def test_holes_in_the_times_of_sensors_are_told(hourly, call):
    """A monitor's windows run across them, as each line is a step unless a frequency is set."""
    code, out, _ = call("data", "monitoring", "--data", hourly(), "--quiet")
    assert code == 0
    assert "1 holes in the times, the longest of 4 hours: windows run across" in out
    assert "--set frequency=1h makes gaps of them" in " ".join(out.split())


def of_shops(table, *, weekly=()):
    """A long table of seven shops with a day's sales each, of some with a week's."""
    drawn = np.random.default_rng(3)
    lines = [
        (f"{START + timedelta(days=day * (7 if shop in weekly else 1)):%d/%m/%Y}", f"shop {shop}",
         round(drawn.normal(10, 1), 2))
        for shop in range(7)
        for day in range(101)
    ]  # fmt: skip
    file = table("sold on,shop,sales", lines, "shops.csv")
    return file, ("--time", "sold on", "--series", "shop", "--time-format", "%d/%m/%Y")


@pytest.fixture
def shops(table):
    return of_shops(table)


def test_of_many_series_the_first_are_described_and_the_others_counted(shops, data):
    file, options = shops
    code, out, _ = data(file, *options)
    assert code == 0
    assert "columns read: series <- shop, times <- sold on" in out
    assert "Training part of 7 series" in out
    assert [name in out for name in ("shop 0,", "shop 2,", "shop 3,")] == [True, True, False]
    assert "... and 4 channels more" in out


def test_series_of_another_frequency_are_told_and_stop_as_a_run_does(table, data):
    file, options = of_shops(table, weekly=[6])
    code, out, err = data(file, *options)
    assert code == 2
    assert "the series differ: 1d in 6, 7d in 1. --set frequency=... decides" in out
    assert "the steps of 'shop 0' are 1d, those of 'shop 6' 7d" in err


def test_the_splits_say_how_many_steps_they_were_given(shops, data):
    file, options = shops
    code, out, _ = data(file, *options, "--shares", "71,13,17")
    assert code == 0
    assert "every series is cut in the order of time, 71 : 13 : 17 steps" in out
    assert "steps     497     91   119" in out


def test_a_series_that_does_not_fit_the_grid_stops_by_name(shops, data):
    file, options = shops
    code, out, err = data(file, *options, "--set", "frequency=1h")
    assert code == 2
    assert "shop 0: frequency = '1h'" in " ".join(out.split())
    assert "only 81 were observed" in err


def test_a_page_shows_lines_and_figures_and_asks_nothing_of_others(hourly, data, tmp_path):
    page = tmp_path / "plant.html"
    code, out, _ = data(hourly(), "--page", str(page))
    assert code == 0
    assert f"drawn in {page}" in out.replace("\n    ", " ")
    text = page.read_text()
    assert "<h2>plant, load</h2>" in text
    assert "3 steps of this grid were not observed" in text
    assert text.count("<svg") == 2 * 4  # over time, its parts, periods, correlation
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", text)
    assert "<script" not in text


def test_a_page_is_refused_where_rows_are_no_series(call, tmp_path):
    code, _, err = call(
        "data", "sentiment", "--data", "sample:toy", "--page", str(tmp_path / "x.html")
    )
    assert code == 2
    assert "rows of sentiment are no series" in err


def test_fix_says_plainly_that_it_does_not_mend_series(hourly, data, tmp_path):
    code, out, err = data(hourly(), "--fix", str(tmp_path / "out.jsonl"))
    assert (code, out) == (2, "")
    assert "the rows of forecasting are series, which --fix does not mend" in err
    assert not (tmp_path / "out.jsonl").exists()


def test_a_series_that_is_constant_says_so_and_is_drawn(table, data, tmp_path):
    days = [((START + timedelta(days=day)).date(), 7) for day in range(101)]
    page = tmp_path / "page.html"
    _, out, _ = data(table("date,level", days), "--page", str(page))
    assert "no more can be told: all 81 observed values are 7" in out
    assert page.read_text().count("<svg") == 1


def test_lines_without_times_are_steps(table, data):
    drawn = np.random.default_rng(5)
    _, out, _ = data(table("level", [(round(v, 3),) for v in drawn.normal(size=103)]), "--time",
                     "none")  # fmt: skip
    assert "plant, level: 82 steps\n" in out
    assert "1970" not in out


def test_factors_of_another_table_are_channels(hourly, table, data):
    plant = hourly()
    days = [((START + timedelta(days=n)).date(), n) for n in range(13)]
    news = table("time,articles", days, "n.csv")
    _, out, _ = data(plant, "--factors", news)
    assert "channels: load, drift, articles" in out
    described = out.split("plant, articles")[1]
    assert "missing: 27" in described  # of the plant three hours, and the first day


def test_factors_are_refused_where_a_table_has_several_lines_for_a_time(hourly, table, data):
    lines = [("2023-01-02", who, 1) for who in ("north", "south")]
    file = table("time,series,articles", lines, "n.csv")
    code, _, err = data(hourly(), "--factors", file)
    assert code == 2
    assert "n.csv: 2 series by the column series ('north', 'south')" in err


def test_business_days_have_dates_without_hours_and_holidays_are_gaps(table, data):
    drawn = np.random.default_rng(13)
    days = [day for day in (START + timedelta(days=n) for n in range(301)) if day.weekday() < 5]
    lines = [(day.date(), round(drawn.normal(), 3)) for day in days if day.day != 4]
    _, out, _ = data(table("date,change", lines), "--set", "season=1")
    assert "a step each 1b, found in the times of the longest series" in out
    assert re.search(r"plant, change: \d+ steps, 2023-01-02 to 2023-\d\d-\d\d\n", out)
    assert "5 steps of this grid were not observed and are gaps" in out
    assert "season, as given: none" in out


def test_watched_machines_are_described_as_well(call, table):
    drawn = np.random.default_rng(11)
    lines = [
        ((START + timedelta(minutes=n)).isoformat(), *drawn.normal(size=2).round(3), 0)
        for n in range(701)
    ]
    file = table("time,bearing,flow,anomaly", lines)
    code, out, _ = call("data", "monitoring", "--data", file, "--quiet")
    assert code == 0
    assert "each observation is a step, as the settings say" in out
    assert "plant, bearing: 561 steps" in out
    assert "channels: bearing, flow\n" in out
