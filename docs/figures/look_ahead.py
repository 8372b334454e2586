"""What look-ahead does to a score, measured on random walks, where nothing can be foretold.

`docs/figures/time_series.py` draws what is found here and prints the numbers of the page,
docs/time-series.md.
Only made-up series, NumPy, SciPy and PyWavelets: nothing of seqapps is under test.
"""

from collections.abc import Callable

import numpy as np
import pywt
from numpy.lib.stride_tricks import sliding_window_view
from scipy.signal import butter, sosfiltfilt

STEPS, LOOKBACK, SEEDS = 2000, 32, 100
TRAINED = 0.7  # of the windows, the first ones
RIDGE = 0.01  # of the number of windows
LOW_PASS = butter(3, 0.1, output="sos")  # passes what takes longer than 20 steps
NEIGHBOURS, FAR = 5, 20  # windows that are alike; steps ahead in the test of shuffling

Denoise = Callable[[np.ndarray], np.ndarray]


def walk(seed: int) -> np.ndarray:
    """A price that nobody can foretell: the sum of independent normal returns, [STEPS]."""
    return np.cumsum(np.random.default_rng(seed).normal(size=STEPS))


def wavelet(values: np.ndarray) -> np.ndarray:
    """Denoised along the last axis: db4, universal soft threshold (Donoho and Johnstone 1994)."""
    time = values.shape[-1]
    level = min(3, pywt.dwt_max_level(time, "db4"))
    smooth, *details = pywt.wavedec(values, "db4", mode="symmetric", level=level, axis=-1)
    noise = np.median(np.abs(details[-1]), axis=-1, keepdims=True) / 0.6745
    limit = noise * np.sqrt(2 * np.log(time))
    kept = [np.sign(each) * np.maximum(np.abs(each) - limit, 0) for each in details]
    return pywt.waverec([smooth, *kept], "db4", mode="symmetric", axis=-1)[..., :time]


def centred(values: np.ndarray) -> np.ndarray:
    """Smoothed along the last axis by a filter that runs forwards and then backwards."""
    # Mirrored at its ends. By default SciPy turns the mirror image upside down, which ties the last
    # smoothed value to the last value, so that there nothing is smoothed.
    return sosfiltfilt(LOW_PASS, values, axis=-1, padtype="even")


def experiment(horizon: int) -> dict[str, np.ndarray]:
    """(direction accuracy, R2) of the next `horizon` steps, by way to prepare: [SEEDS, 2]."""
    found: dict[str, list[tuple[float, float]]] = {}
    for seed in range(SEEDS):
        price = walk(seed)
        windows = sliding_window_view(price, LOOKBACK)  # [windows, lookback]
        found.setdefault("raw prices", []).append(score(windows, price, horizon))
        for name, denoise in (("wavelet", wavelet), ("filter", centred)):
            whole = denoise(price)
            leaking = sliding_window_view(whole, LOOKBACK)
            for way, inputs, target in (
                ("whole series, judged on it", leaking, whole),
                ("whole series, judged on prices", leaking, price),
                ("inside each window", denoise(windows), price),
            ):
                found.setdefault(f"{name}, {way}", []).append(score(inputs, target, horizon))
    return {name: np.array(scores) for name, scores in found.items()}


def score(windows: np.ndarray, target: np.ndarray, horizon: int) -> tuple[float, float]:
    """(direction accuracy, R2) of ridge regression on the returns in windows [windows, lookback].

    The last 30 % of the windows are judged. Those whose target reaches into them are not learnt.
    """
    ends = np.arange(LOOKBACK - 1, len(target) - horizon)
    inputs, wanted = np.diff(windows, axis=-1)[: len(ends)], target[ends + horizon] - target[ends]
    cut = int(TRAINED * len(ends))
    mean, spread = inputs[:cut].mean(axis=0), inputs[:cut].std(axis=0) + 1e-12
    inputs = (inputs - mean) / spread
    known, told = inputs[: cut - horizon], wanted[: cut - horizon]
    square = known.T @ known + RIDGE * len(known) * np.eye(known.shape[1])
    weights = np.linalg.solve(square, known.T @ (told - told.mean()))
    forecast, truth = inputs[cut:] @ weights + told.mean(), wanted[cut:]
    right = np.mean(np.sign(forecast) == np.sign(truth))
    left = np.square(truth - forecast).sum() / np.square(truth - truth.mean()).sum()
    return float(right), float(1 - left)


def shuffling() -> dict[str, np.ndarray]:
    """Direction accuracy of the nearest windows, split by chance and by time: [SEEDS]."""
    found: dict[str, list[float]] = {"windows shuffled": [], "split in time": []}
    for seed in range(SEEDS):
        price = walk(seed)
        ends = np.arange(LOOKBACK - 1, STEPS - FAR)
        windows = sliding_window_view(price, LOOKBACK)[: len(ends)]
        shapes = windows - windows[:, -1:]
        wanted = price[ends + FAR] - price[ends]
        cut = int(TRAINED * len(ends))
        mixed = np.random.default_rng(seed).permutation(len(ends))
        for name, known, judged in (
            ("windows shuffled", mixed[:cut], mixed[cut:]),
            ("split in time", np.arange(cut - FAR), np.arange(cut, len(ends))),
        ):
            inner = shapes[judged] @ shapes[known].T
            distance = np.square(shapes[known]).sum(axis=1) - 2 * inner
            nearest = np.argpartition(distance, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
            forecast = wanted[known][nearest].mean(axis=1)
            found[name].append(float(np.mean(np.sign(forecast) == np.sign(wanted[judged]))))
    return {name: np.array(values) for name, values in found.items()}


def revisions() -> dict[str, np.ndarray]:
    """How the smoothed price over the price goes with the next 5 steps: correlations, [SEEDS].

    Once as the smoothed price looks when the whole series is known, once as it looks on the day.
    """
    found: dict[str, list[float]] = {"whole series known": [], "as known on the day": []}
    days = np.arange(100, 500, 3)
    for seed in range(SEEDS):
        price = walk(seed)
        then = np.array([centred(price[: day + 1])[-1] for day in days])
        ahead = price[days + 5] - price[days]
        for name, line in zip(found, (centred(price)[days], then), strict=True):
            found[name].append(float(np.corrcoef(line - price[days], ahead)[0, 1]))
    return {name: np.array(values) for name, values in found.items()}


def mean_and_reach(values: np.ndarray) -> tuple[float, float]:
    """(the mean over the seeds, half of its 95 % interval)."""
    return float(values.mean()), float(1.96 * values.std(ddof=1) / np.sqrt(len(values)))
