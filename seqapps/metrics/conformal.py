"""How wide bands must be to hold what they say, from errors on data that were not trained on."""

from __future__ import annotations

import numpy as np

LEAST = 0.1  # of the usual width, at least: a window without any change tells little
SHARES = (0.0, 0.5, 1.0)  # of the width that may follow the window's spread
GAIN = 0.01  # by how much it must be better than one width for all
FEWEST = 40  # cases, below which all have one width


def widths_of(
    truth: np.ndarray, quantiles: np.ndarray, spread: np.ndarray, *, levels: tuple[float, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """(what `offsets_of` gives, how its widths follow the spread: [2, targets]).

    `spread` [cases, targets] is how restless each case was before its forecast. With errors in
    units of `factor_of` it, bands are wider where more is going on (locally weighted split
    conformal prediction, Lei et al. 2018, section 5.2). How much the width follows is chosen for
    each target: what is set on one half of the cases is judged on the other by the pinball loss,
    and must be better by 1 %, else all cases have one width.
    """
    usual = np.where(spread.mean(axis=0) > 0, spread.mean(axis=0), 1.0)  # [targets]
    found = []
    for target in range(truth.shape[2]):
        own = slice(target, target + 1)
        found.append(
            _share(truth[..., own], quantiles[:, :, own], spread[:, own], usual[own], levels)
        )
    width = _width(np.array(found), usual)
    factor = factor_of(spread, width)
    return offsets_of(truth, quantiles, levels=levels, factor=factor), width


def factor_of(spread: np.ndarray, width: np.ndarray) -> np.ndarray:
    """What the offsets are multiplied with: spread [cases, targets], width [2, targets].

    >>> factor_of(np.array([[2.0], [8.0]]), width=np.array([[0.5], [0.5 / 4]])).ravel().tolist()
    [0.75, 1.5]
    """
    return np.asarray(np.maximum(1 - width[0] + width[1] * spread, LEAST))


def _width(share: np.ndarray, usual: np.ndarray) -> np.ndarray:
    return np.stack([share, share / usual])


def _share(
    truth: np.ndarray,
    quantiles: np.ndarray,
    spread: np.ndarray,
    usual: np.ndarray,
    levels: tuple[float, ...],
) -> float:
    """How much of one target's width follows the spread."""
    if len(truth) < FEWEST:
        return 0.0
    half = len(truth) // 2
    halves = slice(half), slice(half, None)

    def loss(share: float) -> float:
        factor = factor_of(spread, _width(np.array([share]), usual))
        total = 0.0
        for learn, judge in (halves, halves[::-1]):
            offsets = offsets_of(
                truth[learn], quantiles[learn], levels=levels, factor=factor[learn]
            )
            bands = quantiles[judge] + factor[judge][:, np.newaxis, :, np.newaxis] * offsets
            total += _pinball(truth[judge], bands, levels)
        return total

    losses = {share: loss(share) for share in SHARES}
    best = min(SHARES, key=lambda share: losses[share])
    return best if losses[best] < (1 - GAIN) * losses[0.0] else 0.0


def _pinball(truth: np.ndarray, quantiles: np.ndarray, levels: tuple[float, ...]) -> float:
    """The sum of the pinball losses of what is known (Koenker and Bassett 1978)."""
    error = (truth[..., np.newaxis] - quantiles)[np.isfinite(truth)]  # [known, levels]
    share = np.array(levels)
    return float(np.maximum(share * error, (share - 1) * error).sum())


def offsets_of(
    truth: np.ndarray,
    quantiles: np.ndarray,
    *,
    levels: tuple[float, ...],
    factor: np.ndarray | None = None,
) -> np.ndarray:
    """What to add to quantiles so that central bands hold their share: [horizon, targets, levels].

    `truth` [cases, horizon, targets] may have NaN, which tells nothing; `quantiles` are [cases,
    horizon, targets, levels] at ascending `levels`, symmetric about 0.5.

    Of each band the score of a case is how far the truth lies outside of it (below 0: inside), in
    units of the step's mean absolute error, so that steps and targets are pooled: cases whose
    horizons overlap are few (split conformal prediction, Vovk et al. 2005; Romano et al. 2019).
    Where a `factor` [cases, targets] is given, offsets are for a case whose factor is 1.
    """
    middle = len(levels) // 2
    times = np.ones([len(truth), 1, 1]) if factor is None else factor[:, np.newaxis]
    error = np.abs(truth - quantiles[..., middle]) / times  # [cases, horizon, targets]
    unit = _smooth(_mean(error))  # [horizon, targets]
    found = np.zeros([*truth.shape[1:], len(levels)])
    for low in range(middle):
        high = len(levels) - 1 - low
        outside = np.maximum(quantiles[..., low] - truth, truth - quantiles[..., high])
        outside = outside / (unit * times)
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
