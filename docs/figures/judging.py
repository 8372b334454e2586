"""How far one origin, and resampling single errors, mislead: measured for docs/time-series.md.

`docs/figures/time_series.py` draws what is found here and prints the numbers of the page.
"""

import numpy as np
from scipy.signal import lfilter

ORIGINS, HORIZON, SEASON = 50, 52, 52  # of the forecasts of co2, in weeks
ERRORS, PHI, REPEATS, RESAMPLES = 400, 0.8, 400, 500  # of the judged errors, and of the bootstrap
BLOCKS = (1, 2, 5, 10, 20, 40, 80)  # errors that are drawn together


def by_origin(values: np.ndarray) -> dict[str, np.ndarray]:
    """Mean absolute error over the horizon of two simple forecasts of values [time]: [ORIGINS].

    Both repeat the last season; the second adds what the season before has risen.
    """
    origins = np.linspace(len(values) // 2, len(values) - HORIZON, ORIGINS).round().astype(int)
    found: dict[str, list[float]] = {"seasonal naive": [], "seasonal naive with drift": []}
    for origin in origins:
        truth = values[origin : origin + HORIZON]
        last = values[origin - SEASON : origin]
        rise = (last - values[origin - 2 * SEASON : origin - SEASON]).mean()
        for name, forecast in zip(found, (last, last + rise), strict=True):
            found[name].append(float(np.abs(truth - forecast).mean()))
    return {name: np.array(values) for name, values in found.items()}


def coverage() -> np.ndarray:
    """How often the 95 % interval of a mean error holds the true one, by length of the block.

    The errors are an AR(1) process around 0, as errors of overlapping forecasts are correlated.
    """
    hits = np.zeros([len(BLOCKS), REPEATS], "bool")
    for repeat in range(REPEATS):
        random = np.random.default_rng(repeat)
        errors = lfilter([1], [1, -PHI], random.normal(size=ERRORS + 100))[100:]
        for place, block in enumerate(BLOCKS):
            starts = random.integers(ERRORS - block + 1, size=[RESAMPLES, ERRORS // block])
            drawn = errors[starts[..., None] + np.arange(block)]  # [resamples, blocks, block]
            low, high = np.quantile(drawn.mean(axis=(1, 2)), [0.025, 0.975])
            hits[place, repeat] = low <= 0 <= high
    return hits.mean(axis=1)
