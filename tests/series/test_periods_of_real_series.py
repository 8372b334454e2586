"""The periods that everybody knows are found in real series."""

import numpy as np
import pandas as pd
import pytest
from statsmodels import datasets

from seqapps.series.periods import periods_of, season_of


def test_weekly_carbon_dioxide_has_a_year_of_52_weeks():
    values = datasets.co2.load_pandas().data["co2"].to_numpy()
    assert np.isnan(values).sum() == 59
    assert season_of(values) == 52
    assert periods_of(values)[0].steps == pytest.approx(365.25 / 7, abs=0.1)


def test_yearly_sunspots_have_a_cycle_of_about_11_years():
    values = datasets.sunspots.load_pandas().data["SUNACTIVITY"].to_numpy()
    assert season_of(values) == 11


def test_the_flow_of_the_nile_has_none():
    assert season_of(datasets.nile.load_pandas().data["volume"].to_numpy()) == 1


def test_the_sea_off_peru_has_a_year_of_12_months():
    values = datasets.elnino.load_pandas().data.to_numpy()[:, 1:].ravel()
    assert season_of(values) == 12


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("file", "column", "season"),
    [
        ("air_passengers.csv", "passengers", range(12, 13)),
        ("daily_min_temperatures.csv", "temperature", range(364, 367)),
        ("monthly_sunspots.csv", "sunspots", range(125, 137)),  # 11 years, never strictly
        *(("ETTh1.csv", name, range(24, 25)) for name in ("HUFL", "HULL", "MUFL", "MULL")),
        *(("ETTh1.csv", name, range(24, 25)) for name in ("LUFL", "LULL", "OT")),
        ("pm25.csv", "pm25", range(24, 25)),
    ],
)
def test_files_have_the_season_of_their_clock(shared_data, file, column, season):
    values = pd.read_csv(shared_data / "forecasting" / file)[column].to_numpy("float64")
    assert season_of(values) in season


@pytest.mark.shared_data
def test_prices_of_stocks_mostly_have_none(shared_data):
    table = pd.read_csv(shared_data / "forecasting" / "stocks.csv")
    seasons = [season_of(rows["close"].to_numpy()) for _, rows in table.groupby("symbol")]
    assert len(seasons) == 20
    assert np.mean([season == 1 for season in seasons]) >= 0.9
