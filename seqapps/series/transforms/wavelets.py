"""Wavelets of a window: bands that add up to it, energies of packets, denoising.

Every wavelet coefficient spans steps on both sides, so each step of a band, and of a denoised
window, looks ahead within the window. That is fine for a forecast made at the window's end, not
for a score of each step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from seqapps.errors import UserError, nearest
from seqapps.series.transforms.matrix import apply, matrix_of


@dataclass(frozen=True)
class Wavelets:
    """The discrete wavelet transform of a window and its inverse (Mallat 1989).

    The coefficients stand in the order of pywt.wavedec: the approximation, then the details from
    the coarsest to the finest.
    """

    analysis: np.ndarray  # float64 [coefficients, lookback]
    synthesis: np.ndarray  # float64 [lookback, coefficients]
    sizes: tuple[int, ...]  # how many coefficients: approximation, coarsest .. finest detail


def transform(
    lookback: int, wavelet: str = "db4", *, levels: int | None = None, mode: str = "symmetric"
) -> Wavelets:
    """The matrices of PyWavelets' wavedec and waverec; by default as many levels as it advises.

    `mode` continues the window beyond its edges: "symmetric" mirrors it, "periodization" joins its
    ends and needs the fewest coefficients.
    """
    import pywt

    levels = _checked_levels(lookback, wavelet, levels, mode)

    def coefficients(columns: np.ndarray) -> list[np.ndarray]:
        return list(pywt.wavedec(columns, wavelet, mode=mode, level=levels, axis=0))

    analysis = matrix_of(lambda columns: np.concatenate(coefficients(columns)), lookback)
    sizes = tuple(len(band) for band in coefficients(np.eye(lookback)))
    ends = np.cumsum(sizes)[:-1]
    synthesis = matrix_of(
        lambda columns: pywt.waverec(np.split(columns, ends), wavelet, mode=mode, axis=0)[
            :lookback  # an odd look-back comes back one step longer
        ],
        len(analysis),
    )
    return Wavelets(analysis, synthesis, sizes)


def shortest(wavelet: str = "db4") -> int:
    """The steps that a window needs so that PyWavelets advises a level."""
    import pywt

    return 2 * (int(pywt.Wavelet(wavelet).dec_len) - 1)


def bands(wavelets: Wavelets) -> np.ndarray:
    """One matrix for each band; what they give adds up to the window: float64 [bands * lookback,
    lookback].

    Rows band by band, in each step by step: the approximation, then the details from the coarsest
    to the finest. Level k holds periods of about 2^k to 2^(k + 1) steps.
    """
    ends = np.cumsum(wavelets.sizes)[:-1]
    parts = zip(
        np.split(wavelets.synthesis, ends, axis=1), np.split(wavelets.analysis, ends), strict=True
    )
    return np.concatenate([synthesis @ analysis for synthesis, analysis in parts])


def denoise(
    values: Any,
    wavelets: Wavelets,
    *,
    kind: Literal["soft", "hard"] = "soft",
    factor: float = 1.0,
) -> Any:
    """The windows without what looks like white noise: float [batch, lookback, channels].

    Donoho and Johnstone 1994: details below sigma * sqrt(2 ln lookback) become 0; "soft" moves the
    others towards 0 by as much. sigma is the median size of the finest details / 0.6745, of each
    window and channel by itself. `factor` scales the threshold. TensorFlow graph code.
    """
    import tensorflow as tf

    if kind not in ("soft", "hard"):
        raise UserError(f"denoising: kind {kind!r}. {nearest(kind, ('soft', 'hard'))}")
    coefficients = apply(wavelets.analysis, values)  # [batch, coefficients, channels]
    size = tf.abs(coefficients)
    sigma = _median(size[:, -wavelets.sizes[-1] :]) / 0.6745  # [batch, 1, channels]
    lookback = wavelets.analysis.shape[1]
    threshold = factor * np.sqrt(2 * np.log(lookback)) * sigma
    if kind == "soft":
        kept = tf.sign(coefficients) * tf.maximum(size - threshold, 0)
    else:
        kept = tf.where(size < threshold, tf.zeros_like(coefficients), coefficients)
    first = wavelets.sizes[0]
    kept = tf.concat([coefficients[:, :first], kept[:, first:]], 1)
    return apply(wavelets.synthesis, kept)


def packets(
    lookback: int, wavelet: str = "db4", *, levels: int = 3, mode: str = "periodization"
) -> np.ndarray:
    """The matrix of the wavelet packets of the last level, by rising frequency.

    float64 [2^levels * coefficients of each, lookback] (Coifman and Wickerhauser 1992). Packet k
    holds k to k + 1 times 1 / 2^levels of the frequencies up to half the sampling rate. With
    an orthogonal wavelet, "periodization" and a look-back that 2^levels divides, the squares add up
    to the window's.
    """
    import pywt

    levels = _checked_levels(lookback, wavelet, levels, mode)

    def coefficients(columns: np.ndarray) -> np.ndarray:
        tree = pywt.WaveletPacket(columns, wavelet, mode=mode, maxlevel=levels, axis=0)
        return np.concatenate([node.data for node in tree.get_level(levels, "freq")])

    return matrix_of(coefficients, lookback)


def packet_energies(matrix: np.ndarray, values: Any, *, levels: int = 3) -> Any:
    """The mean square that each packet holds: [batch, 2^levels, channels], in squared units.

    It is the sum of squares over the look-back. `matrix` is that of `packets` with these levels;
    TensorFlow graph code.
    """
    import tensorflow as tf

    squares = apply(matrix, values) ** 2  # [batch, packets * each, channels]
    each, lookback = len(matrix) // 2**levels, matrix.shape[1]
    shape = [-1, 2**levels, each, squares.shape[2]]
    return tf.reduce_sum(tf.reshape(squares, shape), axis=2) / lookback


def _median(values: Any) -> Any:
    """The median over the steps: [batch, steps, channels] -> [batch, 1, channels]."""
    import tensorflow as tf

    steps = values.shape[1]
    # [batch, channels, steps // 2 + 1], falling: with an even number of steps the middle two are
    # the last two of them.
    half = tf.math.top_k(tf.transpose(values, [0, 2, 1]), steps // 2 + 1).values
    middle = half[:, :, -1:] if steps % 2 else (half[:, :, -1:] + half[:, :, -2:-1]) / 2
    return tf.transpose(middle, [0, 2, 1])


def _checked_levels(lookback: int, wavelet: str, levels: int | None, mode: str) -> int:
    import pywt

    known = pywt.wavelist(kind="discrete")
    if wavelet not in known:
        raise UserError(f"wavelet {wavelet!r} is not a discrete one. {nearest(wavelet, known)}")
    if mode not in pywt.Modes.modes:
        raise UserError(f"wavelet mode {mode!r}. {nearest(mode, pywt.Modes.modes)}")
    most = pywt.dwt_max_level(lookback, wavelet)
    if most < 1 or (levels is not None and not 1 <= levels <= most):
        raise UserError(
            f"wavelet {wavelet} with {levels or 'any'} levels on {lookback} steps: expected 1 to "
            f"{most} levels; beyond that every coefficient is made of what lies over the edges. "
            "Take fewer levels, a shorter wavelet (haar, db2) or a longer look-back"
        )
    return most if levels is None else levels
