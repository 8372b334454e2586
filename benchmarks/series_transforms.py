"""Transforms of a batch of windows in the graph, beside SciPy and PyWavelets.

Both are called as one would without the graph: a call for each window and channel, and, where the
library can, one call for the whole batch. All take turns, see `turns`.

    .venv/bin/python benchmarks/series_transforms.py [--turns 5]
"""

import argparse
import os
import statistics
from dataclasses import dataclass

import numpy as np
from turns import measured, ratio


@dataclass(frozen=True)
class Shape:
    batch: int
    lookback: int
    channels: int

    def __str__(self):
        return f"{self.batch} x {self.lookback} x {self.channels}"


SHAPES = [Shape(64, 336, 7), Shape(64, 96, 1), Shape(16, 2048, 3)]
PERIOD, WIDTH, WAVELET, BANDS = 24, 25, "db4", 8


def windows(shape, *, gaps=False):
    """float32 [batch, lookback, channels]; with gaps a tenth of it is NaN."""
    random = np.random.default_rng(0)
    values = random.normal(size=[shape.batch, shape.lookback, shape.channels]).cumsum(axis=1)
    if gaps:
        values[random.random(values.shape) < 0.1] = np.nan
    return values.astype("float32")


def graph_step(kind, shape):
    """A function that transforms a batch in the graph."""
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    import tensorflow as tf

    from seqapps.series.transforms import filters, gaps, spectrum, wavelets
    from seqapps.series.transforms.matrix import apply

    lookback = shape.lookback
    if kind == "Butterworth, zero phase":
        matrix = filters.butterworth(lookback, shortest=PERIOD, zero_phase=True)
        transform = lambda values: apply(matrix, values)  # noqa: E731
    elif kind == "Savitzky-Golay":
        matrix = filters.savitzky_golay(lookback, width=WIDTH, polynomial=2)
        transform = lambda values: apply(matrix, values)  # noqa: E731
    elif kind == "wavelet bands":
        matrix = wavelets.bands(wavelets.transform(lookback, WAVELET))
        transform = lambda values: apply(matrix, values)  # noqa: E731
    elif kind == "wavelet denoising":
        matrices = wavelets.transform(lookback, WAVELET)
        transform = lambda values: wavelets.denoise(values, matrices)  # noqa: E731
    elif kind == "band energies":
        transform = spectrum.band_energies(lookback, 1, np.linspace(0, 0.5, BANDS + 1)).of
    else:
        transform = lambda values: gaps.fill(values, "interpolate")[0]  # noqa: E731
    values = tf.constant(windows(shape, gaps=kind == "interpolation"))
    graph = tf.function(transform, autograph=False)
    return lambda: graph(values).numpy()


def library_step(kind, shape, whole):
    """A function that transforms a batch by SciPy, PyWavelets or NumPy, whole or by windows."""
    from scipy import signal

    values = windows(shape, gaps=kind == "interpolation")
    sections = signal.butter(2, 1 / PERIOD, fs=1, output="sos")
    edges = np.linspace(0, 0.5, BANDS + 1)[:-1]

    def energies(part):
        frequency, power = signal.periodogram(part, window="hann", axis=0)
        return np.add.reduceat(power, np.searchsorted(frequency, edges), axis=0)

    calls = {
        "Butterworth, zero phase": lambda part: signal.sosfiltfilt(sections, part, axis=0),
        "Savitzky-Golay": lambda part: signal.savgol_filter(part, WIDTH, 2, axis=0),
        "wavelet bands": wavelet_bands,
        "wavelet denoising": wavelet_denoised,
        "band energies": energies,
        "interpolation": interpolated,
    }
    call = calls[kind]
    if whole:
        part = np.moveaxis(values, 1, 0)  # [lookback, batch, channels]
        return lambda: call(part)
    columns = np.ascontiguousarray(np.moveaxis(values, 1, 2)).reshape(-1, shape.lookback)
    return lambda: np.stack([call(column) for column in columns])


def wavelet_bands(part):
    import pywt

    coefficients = pywt.wavedec(part, WAVELET, axis=0)
    zeros = [np.zeros_like(each) for each in coefficients]
    return np.stack(
        [
            pywt.waverec([*zeros[:place], each, *zeros[place + 1 :]], WAVELET, axis=0)
            for place, each in enumerate(coefficients)
        ]
    )


def wavelet_denoised(part):
    import pywt

    first, *details = pywt.wavedec(part, WAVELET, axis=0)
    sigma = np.median(np.abs(details[-1]), axis=0) / 0.6745
    threshold = sigma * np.sqrt(2 * np.log(len(part)))
    kept = [np.sign(each) * np.maximum(np.abs(each) - threshold, 0) for each in details]
    return pywt.waverec([first, *kept], WAVELET, axis=0)


def interpolated(column):
    seen = np.flatnonzero(np.isfinite(column))
    return np.interp(np.arange(len(column)), seen, column[seen])


KINDS = (
    "Butterworth, zero phase", "Savitzky-Golay", "wavelet bands", "wavelet denoising",
    "band energies", "interpolation",
)  # fmt: skip


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--turns", type=int, default=5)
    arguments.add_argument("--only", choices=KINDS)
    chosen = arguments.parse_args()
    print("| transform | batch x look-back x channels | ms in the graph | windows/s | "
          "by windows | whole batch |\n|---|---|---|---|---|---|")  # fmt: skip
    for kind in [chosen.only] if chosen.only else KINDS:
        for shape in SHAPES:
            contenders = {"graph": (graph_step, (kind, shape))}
            for name, whole in (("windows", False), ("whole", True)):
                if not (whole and kind == "interpolation"):  # np.interp takes one series
                    contenders[name] = library_step, (kind, shape, whole)
            spent, _ = measured(contenders, chosen.turns)
            step = statistics.median(spent["graph"])
            ratios = [f"{ratio(spent, name, 'graph'):.1f}" for name in list(contenders)[1:]]
            print(
                f"| {kind} | {shape} | {step * 1e3:.2f} | {shape.batch / step:,.0f} "
                f"| {' | '.join([*ratios, ''][:2])} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
