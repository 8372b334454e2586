"""How wide bands must be to hold what they say, from errors on data that were not trained on."""

from __future__ import annotations

import numpy as np


def offsets_of(
    truth: np.ndarray, quantiles: np.ndarray, *, levels: tuple[float, ...]
) -> np.ndarray:
    """What to add to quantiles so that central bands hold their share: [horizon, targets, levels].

    `truth` [cases, horizon, targets] may have NaN, which tells nothing; `quantiles` are [cases,
    horizon, targets, levels] at ascending `levels`, symmetric about 0.5.

    Of each band the score of a case is how far the truth lies outside of it (below 0: inside), in
    units of the step's mean absolute error, so that steps and targets are pooled: cases whose
    horizons overlap are few (split conformal prediction, Vovk et al. 2005; Romano et al. 2019).
    """
    middle = len(levels) // 2
    error = np.abs(truth - quantiles[..., middle])  # [cases, horizon, targets]
    unit = _smooth(_mean(error))  # [horizon, targets]
    found = np.zeros([*truth.shape[1:], len(levels)])
    for low in range(middle):
        high = len(levels) - 1 - low
        outside = np.maximum(quantiles[..., low] - truth, truth - quantiles[..., high]) / unit
        for target in range(truth.shape[2]):
            scores = outside[..., target]
            width = _upper(scores[np.isfinite(scores)], levels[high] - levels[low])
            found[:, target, low] = -width * unit[:, target]
            found[:, target, high] = width * unit[:, target]
    return found


def _upper(scores: np.ndarray, share: float) -> float:
    """The score that at least this share of new ones will not exceed."""
    if not len(scores):
        return 0.0
    # Rounded, because 20 * (0.975 - 0.025) may be a trifle over 19.
    place = min(len(scores), int(np.ceil(round((len(scores) + 1) * share, 6))))
    return float(np.sort(scores)[place - 1])


def _mean(values: np.ndarray) -> np.ndarray:
    """The mean over the first axis of what is no NaN; NaN where all is."""
    seen = np.isfinite(values)
    count = seen.sum(axis=0)
    total = np.where(seen, values, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _smooth(unit: np.ndarray) -> np.ndarray:
    """Mean absolute errors [horizon, targets], each step's beside its neighbours'; never 0."""
    whole = _mean(unit)  # [targets]
    unit = np.where(np.isfinite(unit), unit, np.where(np.isfinite(whole), whole, 1.0))
    wide = max(1, len(unit) // 10)
    padded = np.pad(unit, [[wide, wide], [0, 0]], mode="edge")
    window = np.lib.stride_tricks.sliding_window_view(padded, 2 * wide + 1, axis=0)
    return np.asarray(np.maximum(window.mean(axis=-1), 1e-12))
