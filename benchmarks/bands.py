"""Bands of one width beside bands whose width follows the window, on forecasts without a network.

Of the sample series of forecasting; bands are set on the validation part, judged on the test part.
"""

import numpy as np
from seqapps.tasks.forecasting.samples import co2, sunspots
from seqapps.tasks.forecasting.stocks import stocks

from seqapps.baselines.forecasts.exponential import weighted_means
from seqapps.metrics.conformal import factor_of, offsets_of, widths_of

LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)
PARTS = {"valid": (0.8, 0.9), "test": (0.9, 1.0)}


def exponential(values, origins, steps):
    return weighted_means(values, 0.94)[origins - 1][:, None] + 0 * steps


def nothing(values, origins, steps):
    return np.zeros([len(origins), len(steps)])


def last(values, origins, steps):
    return values[origins - 1][:, None] + 0 * steps


def last_year(values, origins, steps):
    """The weeks of a year ago, as much higher as the last one is."""
    return (
        values[origins[:, None] + steps - 52]
        + (values[origins - 1] - values[origins - 53])[:, None]
    )


def windows(series, forecast, *, part, lookback, horizon):
    """(truth, quantiles without width, spread) of all origins of a part, as `widths_of` takes."""
    steps, found = np.arange(horizon), []
    for values in series:
        first, end = (int(share * len(values)) for share in PARTS[part])
        origins = np.arange(max(first, lookback), end - horizon + 1)
        past = values[origins[:, None] - lookback + np.arange(lookback)]
        spread = np.nanmean(np.abs(np.diff(past, axis=1)), axis=1)
        told = forecast(values, origins, steps)
        found.append((values[origins[:, None] + steps], told, spread[:, None]))
    truth, told, spread = (np.concatenate(each) for each in zip(*found, strict=True))
    return truth[..., None], np.repeat(told[..., None, None], len(LEVELS), axis=-1), spread


def scores(truth, quantiles):
    """Pinball loss, shares inside the 80 % and the 95 % band."""
    error = (truth[..., None] - quantiles)[np.isfinite(truth)]  # [known, levels]
    share = np.array(LEVELS)
    loss = 2 * np.maximum(share * error, (share - 1) * error).mean()
    inside = [((error[:, low] >= 0) & (error[:, -1 - low] <= 0)).mean() for low in (1, 0)]
    return f"{loss:8.4f} {inside[0]:8.3f} {inside[1]:8.3f}"


def compare(name, series, forecast, **sizes):
    valid, test = (windows(series, forecast, part=part, **sizes) for part in PARTS)
    truth, quantiles, spread = test
    one = offsets_of(*valid[:2], levels=LEVELS)
    offsets, width = widths_of(*valid, levels=LEVELS)
    factor = factor_of(spread, width)[:, None, :, None]
    print(f"{name:10} one width {scores(truth, quantiles + one)}", flush=True)
    print(
        f"{'':10} follows {width[0, 0]:.1f} {scores(truth, quantiles + factor * offsets)}",
        flush=True,
    )


def main():
    print(f"{'':22} pinball   80 %     95 %")
    found = [row["values"].astype("float64") for row in stocks()]
    for channel, (name, forecast) in enumerate((("returns", nothing), ("sizes", exponential))):
        series = [values[:, channel] for values in found]
        compare(name, series, forecast, lookback=60, horizon=5)
    values = next(co2())["values"][:, 0].astype("float64")
    known = np.isfinite(values)
    values = np.interp(np.arange(len(values)), np.flatnonzero(known), values[known])
    compare("co2", [values], last_year, lookback=104, horizon=26)
    values = next(sunspots())["values"][:, 0].astype("float64")
    compare("sunspots", [values], last, lookback=33, horizon=5)


if __name__ == "__main__":
    main()
