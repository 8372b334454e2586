"""Make the figures of docs/time-series.md anew: `python docs/figures/time_series.py`.

Series are made up here or those of statsmodels: weekly CO2 at Mauna Loa and yearly sunspots. It
prints the numbers that the page names. It takes a minute on 2 CPU cores that others use too.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pywt
from judging import BLOCKS, ORIGINS, by_origin, coverage
from look_ahead import LOW_PASS, centred, experiment, mean_and_reach, revisions, shuffling, walk
from matplotlib import rc_context
from matplotlib.figure import Figure
from scipy.signal import savgol_filter, sosfilt
from statsmodels.datasets import co2, sunspots

from seqapps.report.timeline import envelope
from seqapps.series.autocorrelation import autocorrelation
from seqapps.series.decomposition import decompose
from seqapps.series.gapless import without_gaps
from seqapps.series.periods import periods_of
from seqapps.series.spectrum import spectrum
from seqapps.series.stationarity import stationarity

HERE = Path(__file__).parent
LOOK = {
    "svg.hashsalt": "seqapps",
    "path.simplify_threshold": 0.5,
    "font.size": 10.0,
    "figure.facecolor": "white",
}
BLUE, ORANGE, GREY, GREEN, RED = "#2c6fbb", "#d9741a", "#666666", "#2b8a3e", "#c0392b"


def main() -> None:
    carbon = without_gaps(co2.load_pandas().data["co2"].to_numpy())
    print(f"co2: {len(carbon.values)} weeks, {carbon.interpolated} interpolated")
    spots = sunspots.load_pandas().data["SUNACTIVITY"].to_numpy()
    save(three_kinds(), "series-stationarity")
    save(differencing(carbon.values), "series-differencing")
    save(parts(carbon.values), "series-parts")
    save(periods(spots), "series-periods")
    save(filters(), "series-filters")
    save(matrices(), "series-matrices")
    save(wavelets(), "series-wavelets")
    save(revised(), "series-revised")
    save(false_scores(), "series-look-ahead")
    save(backtesting(carbon.values), "series-backtesting")
    save(blocks(), "series-blocks")


def three_kinds() -> Figure:
    random, steps = np.random.default_rng(0), np.arange(400)
    noise = random.normal(size=len(steps))
    made = {
        "noise about a mean": noise,
        "noise about a line": 0.02 * steps + noise,
        "random walk": np.cumsum(random.normal(size=len(steps))),
    }
    figure = Figure(figsize=(8.4, 2.5), layout="constrained")
    for axis, (name, values) in zip(figure.subplots(1, 3), made.items(), strict=True):
        found = stationarity(values)
        print(f"{name}: {found}")
        axis.plot(values, color=BLUE, lw=0.9)
        axis.set_title(f"{name}:\n{found.kind}", loc="left", fontsize=10)
        axis.set_xlabel(f"ADF p = {shown(found.adf)}, KPSS p = {shown(found.kpss)}", fontsize=9)
        finished(axis)
    return figure


def shown(p_value: float) -> str:
    return f"{p_value:.2g}" if p_value >= 0.001 else "0.001 or less"


def differencing(values: np.ndarray) -> Figure:
    made = {
        "CO2, ppm: a stock": values,
        "change from week to week": np.diff(values),
        "change from year to year (52 weeks)": values[52:] - values[:-52],
        "of that, the change from week to week": np.diff(values[52:] - values[:-52]),
    }
    figure = Figure(figsize=(8.4, 4.6), layout="constrained")
    for axis, (name, line) in zip(figure.subplots(2, 2).flat, made.items(), strict=True):
        found = stationarity(line, season=52)
        near = autocorrelation(line).acf[1]
        print(f"{name}: {found.kind}, ADF {found.adf:.2g}, KPSS {found.kpss:.2g}, "
              f"spread {line.std():.3g}, correlation with the step before {near:.2f}")  # fmt: skip
        drawn(axis, np.linspace(1958.24, 2001.99, len(values))[-len(line) :], line)
        axis.set_title(name, loc="left", fontsize=10)
        axis.text(0.98, 0.04, found.kind, transform=axis.transAxes, ha="right", color=ORANGE)
        finished(axis)
    noise = np.random.default_rng(0).normal(size=2000)
    print(f"differenced noise: correlation {autocorrelation(np.diff(noise)).acf[1]:.2f}, "
          f"spread {np.diff(noise).std() / noise.std():.2f} times")  # fmt: skip
    return figure


def parts(values: np.ndarray) -> Figure:
    found = decompose(values, season=52)
    print(f"strengths: {found.trend_strength:.3f}, {found.seasonal_strength:.3f}")
    figure = Figure(figsize=(7.2, 4.6), layout="constrained")
    lines = {"observed": found.values, "trend": found.trend, "season": found.seasonal,
             "remainder": found.remainder}  # fmt: skip
    for axis, (name, line) in zip(figure.subplots(4, 1, sharex=True), lines.items(), strict=True):
        drawn(axis, np.linspace(1958.24, 2001.99, len(line)), line)
        axis.set_title(name, loc="left", fontsize=9)
        finished(axis)
    return figure


def periods(values: np.ndarray) -> Figure:
    seen, lags = spectrum(values), autocorrelation(values)
    print("sunspots:", periods_of(values), stationarity(values))
    figure = Figure(figsize=(8.4, 3.0), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    left.plot(np.arange(1700, 1700 + len(values)), values, color=BLUE, lw=0.9)
    left.set_title("sunspots by year", loc="left", fontsize=10)
    middle.loglog(seen.time / seen.cycles, seen.power, color=GREY, lw=0.9, label="power")
    limit = seen.background * seen.threshold
    middle.loglog(seen.time / seen.cycles, limit, color=ORANGE, ls="--", label="noise reaches")
    middle.set_title("power by period, years", loc="left", fontsize=10)
    middle.legend(frameon=False, fontsize=8, loc="lower right")
    middle.set_xticks([2, 5, 10, 20, 50, 100, 300], ["2", "5", "10", "20", "50", "100", "300"])
    middle.minorticks_off()
    right.axhspan(-lags.bound, lags.bound, color=GREY, alpha=0.25, lw=0)
    right.vlines(range(1, len(lags.acf)), 0, lags.acf[1:], color=BLUE)
    right.set_title("autocorrelation by lag, years", loc="left", fontsize=10)
    for axis in (left, middle, right):
        finished(axis)
    return figure


def jump() -> tuple[np.ndarray, np.ndarray]:
    """(a slow wave with a jump at step 150, the same with noise), each [220]."""
    steps = np.arange(220)
    clean = np.sin(2 * np.pi * steps / 90) + 2.5 * (steps >= 150)
    return clean, clean + np.random.default_rng(2).normal(scale=0.3, size=len(steps))


def filters() -> Figure:
    clean, noisy = jump()
    made = {
        "mean of the last 21 (past only)": (trailing(noisy, 21), ORANGE),
        "Butterworth, forwards (past only)": (sosfilt(LOW_PASS, noisy), RED),
        "Butterworth, both ways (sees the future)": (centred(noisy), GREEN),
        "Savitzky-Golay, 21 steps, degree 2 (sees the future)": (savgol_filter(noisy, 21, 2), BLUE),
    }
    figure = Figure(figsize=(8.4, 4.4), layout="constrained")
    for axis, (name, (line, colour)) in zip(figure.subplots(2, 2).flat, made.items(), strict=True):
        late = max(range(-5, 30), key=lambda lag: np.corrcoef(
            clean[40:-40], line[40 + lag : len(line) - 40 + lag])[0, 1])  # fmt: skip
        error = np.sqrt(np.mean((line - clean)[40:-40] ** 2))
        print(f"{name}: late by {late} steps, error {error:.2f} (noisy: "
              f"{np.sqrt(np.mean((noisy - clean)[40:-40] ** 2)):.2f})")  # fmt: skip
        axis.plot(noisy, color=GREY, lw=0.5, alpha=0.7)
        axis.plot(clean, color="black", lw=0.8, ls=":")
        axis.plot(line, color=colour, lw=1.6)
        axis.set_title(name, loc="left", fontsize=9)
        finished(axis)
    return figure


def trailing(values: np.ndarray, width: int) -> np.ndarray:
    """The mean of the last `width` values [time]; of fewer at the beginning."""
    total = np.concatenate([np.zeros(1), np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - width, 0)
    return (total[ends] - total[starts]) / (ends - starts)


def matrices() -> Figure:
    """Each transform applied to the identity: row t tells what output t is made of."""
    size = 32
    identity = np.eye(size)
    made = {
        "difference": np.diff(identity, axis=0, prepend=0.0),
        "mean of the last 8": np.stack([trailing(row, 8) for row in identity.T], axis=1),
        "Savitzky-Golay, 9 steps": savgol_filter(identity, 9, 2, axis=0),
        "wavelet: slowest band of 3": slowest_band(identity),
    }
    figure = Figure(figsize=(8.4, 2.5), layout="constrained")
    for axis, (name, matrix) in zip(figure.subplots(1, 4), made.items(), strict=True):
        above = np.abs(np.triu(matrix, 1)).sum() / np.abs(matrix).sum()
        print(f"{name}: {above:.0%} of the weight above the diagonal")
        limit = np.abs(matrix).max()
        axis.imshow(matrix, cmap="RdBu", vmin=-limit, vmax=limit, interpolation="nearest")
        axis.plot([-0.5, size - 0.5], [-0.5, size - 0.5], color="black", lw=0.5)
        axis.set_title(name, loc="left", fontsize=9)
        axis.set_xlabel(f"above the diagonal: {above:.0%}", fontsize=9)
        axis.set_xticks([])
        axis.set_yticks([])
    figure.axes[0].set_ylabel("step that comes out", fontsize=9)
    return figure


def slowest_band(windows: np.ndarray) -> np.ndarray:
    """What is left of windows [time, ...] when the three finest wavelet bands are taken out."""
    smooth, *details = pywt.wavedec(windows, "db2", mode="periodization", level=3, axis=0)
    return pywt.waverec([smooth, *map(np.zeros_like, details)], "db2", "periodization", axis=0)


def wavelets() -> Figure:
    steps = np.arange(512)
    values = np.sin(2 * np.pi * steps / 128)
    values[300:340] += 0.8 * np.sin(2 * np.pi * steps[300:340] / 6)  # a short burst
    values = values + np.random.default_rng(0).normal(scale=0.15, size=len(values))
    found = pywt.wavedec(values, "db4", mode="periodization", level=5)
    figure = Figure(figsize=(7.2, 5.2), layout="constrained")
    axes = figure.subplots(7, 1, sharex=True)
    axes[0].plot(values, color="black", lw=0.8)
    axes[0].set_title("observed", loc="left", fontsize=8)
    for place, axis in enumerate(axes[1:]):
        alone = [each if number == len(found) - 1 - place else np.zeros_like(each)
                 for number, each in enumerate(found)]  # fmt: skip
        band = pywt.waverec(alone, "db4", mode="periodization")
        name = f"periods of {2 ** (place + 1)} to {2 ** (place + 2)} steps"
        name = name if place < 5 else f"slower than {2**6} steps"
        burst = np.square(band[300:340]).sum() / np.square(band).sum()
        print(f"{name}: {burst:.0%} of the energy in the burst's 40 of 512 steps")
        axis.plot(band, color=BLUE, lw=0.8)
        axis.set_title(name, loc="left", fontsize=8)
    for axis in axes:
        axis.set_ylim(-2, 2)
        axis.set_yticks([])
        finished(axis)
    return figure


def revised() -> Figure:
    """The smoothed price of a day as it looks on that day, and as it looks much later."""
    price = walk(0)[:300]
    whole, ends = centred(price), np.arange(60, 300)
    then = np.array([centred(price[: end + 1])[-1] for end in ends])
    for name, found in revisions().items():
        print(
            f"smoothed over price, {name}: correlation with the next 5 steps", mean_and_reach(found)
        )
    figure = Figure(figsize=(7.2, 3.0), layout="constrained")
    axis = figure.subplots()
    axis.plot(price, color=GREY, lw=0.7, label="price: a random walk")
    axis.plot(whole, color=RED, lw=1.5, label="smoothed, the whole series known")
    axis.plot(ends, then, color=BLUE, lw=1.2, label="smoothed, as known on the day")
    axis.set_xlim(60, 300)
    finished(axis)
    axis.legend(frameon=False, fontsize=9)
    return figure


def false_scores() -> Figure:
    found = {horizon: experiment(horizon) for horizon in (1, 5)}
    mixed = {name: mean_and_reach(values) for name, values in shuffling().items()}
    print("nearest windows:", mixed)
    figure = Figure(figsize=(8.4, 3.4), layout="constrained")
    for axis, (horizon, ways) in zip(
        figure.subplots(1, 2, sharey=True), found.items(), strict=True
    ):
        for row, (name, scores) in enumerate(ways.items()):
            mean, reach = mean_and_reach(scores[:, 0])
            fit = mean_and_reach(scores[:, 1])
            print(f"{horizon} ahead, {name}: direction {mean:.3f} +- {reach:.3f}, "
                  f"R2 {fit[0]:.3f} +- {fit[1]:.3f}")  # fmt: skip
            honest = "window" in name or "raw" in name
            axis.errorbar(mean, row, xerr=reach, fmt="o", color=BLUE if honest else RED, ms=5)
            axis.text(mean, row - 0.2, f"{mean:.2f}", ha="center", va="bottom", fontsize=8)
        axis.axvline(0.5, color=GREY, ls="--", lw=1)
        axis.set_yticks(range(len(ways)), list(ways), fontsize=9)
        axis.set_ylim(len(ways) - 0.5, -0.8)
        axis.set_xlim(0.45, 1.03)
        axis.set_xlabel("direction accuracy")
        axis.set_title(f"the next {horizon} steps" if horizon > 1 else "the next step",
                       loc="left", fontsize=10)  # fmt: skip
        finished(axis)
    return figure


def backtesting(values: np.ndarray) -> Figure:
    errors = by_origin(values)
    figure = Figure(figsize=(8.4, 3.0), layout="constrained")
    left, right = figure.subplots(1, 2)
    for row in range(6):
        origin = 10 + 2 * row
        left.barh(row, origin, color=BLUE, height=0.6, label=None if row else "known")
        left.barh(row, 4, left=origin, color=ORANGE, height=0.6, label=None if row else "judged")
    left.set_ylim(6.6, -0.6)
    left.set_yticks(range(6), [f"origin {row + 1}" for row in range(6)], fontsize=8)
    left.set_xticks([])
    left.set_xlabel("time")
    left.set_title("rolling origin", loc="left", fontsize=10)
    for (name, found), colour in zip(errors.items(), (GREY, BLUE), strict=True):
        print(f"{name}: mean absolute error {found.mean():.2f}, by origin {found.min():.2f} to "
              f"{found.max():.2f}")  # fmt: skip
        right.plot(range(1, ORIGINS + 1), found, ".-", color=colour, lw=0.8, label=name)
    wins = np.mean(errors["seasonal naive"] < errors["seasonal naive with drift"])
    print(f"the worse of the two wins at {wins:.0%} of the origins")
    right.set_xlabel("origin")
    right.set_title("CO2, a year ahead: mean absolute error, ppm", loc="left", fontsize=10)
    right.set_ylim(0, 3.7)
    for axis in (left, right):
        finished(axis)
        axis.legend(frameon=False, fontsize=8)
    return figure


def blocks() -> Figure:
    found = coverage()
    print("coverage:", dict(zip(BLOCKS, found.round(3), strict=True)))
    figure = Figure(figsize=(6.0, 2.8), layout="constrained")
    axis = figure.subplots()
    axis.semilogx(BLOCKS, found, "o-", color=BLUE)
    axis.axhline(0.95, color=GREY, ls="--", lw=1)
    axis.set_xticks(BLOCKS, [str(block) for block in BLOCKS])
    axis.minorticks_off()
    axis.set_ylim(0.3, 1)
    axis.set_xlabel("errors drawn together")
    axis.set_ylabel("holds the true mean")
    axis.set_title("95 % intervals of a mean error, errors correlated", loc="left", fontsize=10)
    finished(axis)
    return figure


def drawn(axis: Any, years: np.ndarray, values: np.ndarray) -> None:
    """A long line by the least and the most of 180 parts, which look the same in a small file."""
    places, kept = envelope(values, blocks=180)
    axis.plot(years[places], kept, color=BLUE, lw=0.8)


def finished(axis: Any) -> None:
    axis.grid(alpha=0.3)
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(labelsize=8)


def save(figure: Figure, name: str) -> None:
    with rc_context(LOOK):
        figure.savefig(HERE / f"{name}.svg", metadata={"Date": None}, bbox_inches="tight")


if __name__ == "__main__":
    with rc_context(LOOK):
        main()
