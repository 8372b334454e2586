"""Filters of a window as matrices: Butterworth, Savitzky-Golay, moving average.

Cut-offs are periods in steps: a low pass at 24 of hourly values keeps what takes a day or longer.
What each does at the window's edges is said with it; causal filters never look ahead, and the last
step of a centred one knows nothing that the last step of a causal one does not know.
"""

from __future__ import annotations

import numpy as np

from seqapps.errors import UserError
from seqapps.series.transforms.matrix import matrix_of


def butterworth(
    lookback: int,
    *,
    shortest: float | None = None,
    longest: float | None = None,
    order: int = 2,
    zero_phase: bool = False,
) -> np.ndarray:
    """The matrix of a Butterworth filter that keeps periods of `shortest` to `longest` steps.

    float64 [lookback, lookback]. With `shortest` alone it is a low pass, with `longest` alone a
    high pass, with both a band pass; at a cut-off the amplitude is 0.71 (zero-phase: 0.5).

    Causal (default): SciPy's sosfilt, started as if the first value had held for ever, so that a
    constant has no transient; what is kept comes late. Zero-phase: sosfiltfilt, forwards and
    backwards, the window continued at both edges by its point reflection for 3 * (2 * sections + 1)
    steps or as many as there are. It looks ahead, and its last steps rest on the reflection.
    """
    from scipy import signal

    _check_periods(shortest, longest)
    if order < 1:
        raise UserError(f"Butterworth filter: order {order}; expected 1 or more")
    cuts = [1 / period for period in (longest, shortest) if period is not None]
    kind = "bandpass" if len(cuts) == 2 else "highpass" if shortest is None else "lowpass"
    # Second-order sections: long periods make the polynomials of one section ill-conditioned.
    sections = signal.butter(order, np.squeeze(cuts), kind, fs=1, output="sos")
    steady = signal.sosfilt_zi(sections)  # [sections, 2]
    reflected = min(3 * (2 * len(sections) + 1), lookback - 1)

    def filtered(columns: np.ndarray) -> np.ndarray:
        if zero_phase:
            return np.asarray(signal.sosfiltfilt(sections, columns, axis=0, padlen=reflected))
        start = steady[:, :, None] * columns[0]  # [sections, 2, columns]
        return np.asarray(signal.sosfilt(sections, columns, axis=0, zi=start)[0])

    return matrix_of(filtered, lookback)


def savitzky_golay(
    lookback: int, *, width: int, polynomial: int, derivative: int = 0, causal: bool = False
) -> np.ndarray:
    """The matrix that fits a polynomial around each step: float64 [lookback, lookback].

    Savitzky and Golay 1964. Each step gets the value, or the `derivative` per step, of the
    least-squares polynomial of that degree over `width` steps. Centred (default; odd width): looks
    ahead, and the first and last width // 2 steps get the polynomial of the first or last `width`
    steps. `causal`: over the last `width` steps; the first steps over those that there are, with a
    degree that these allow (the very first step is itself, its derivative 0).
    """
    from scipy import signal

    if not (0 <= derivative <= polynomial < width <= lookback) or not (causal or width % 2):
        raise UserError(
            f"Savitzky-Golay filter: received width {width}, polynomial {polynomial}, derivative "
            f"{derivative} on {lookback} steps; expected derivative <= polynomial < width <= "
            "look-back, and an odd width unless causal"
        )
    if not causal:
        return matrix_of(
            lambda columns: signal.savgol_filter(
                columns, width, polynomial, deriv=derivative, axis=0, mode="interp"
            ),
            lookback,
        )
    matrix = np.zeros([lookback, lookback])
    for step in range(lookback):
        taken = min(width, step + 1)
        degree = min(polynomial, taken - 1)
        if derivative <= degree:
            matrix[step, step + 1 - taken : step + 1] = signal.savgol_coeffs(
                taken, degree, deriv=derivative, pos=taken - 1, use="dot"
            )
    return matrix


def moving_average(lookback: int, width: int, *, centred: bool = False) -> np.ndarray:
    """The matrix of the mean over `width` steps: float64 [lookback, lookback].

    Causal (default): over the last `width` steps, at first over those that there are. Centred: over
    as many before as after, where `width` is even with half weight on the outermost two of
    width + 1 steps, as one does for a season of even length; at the edges over those of them that
    lie in the window, so that a trend is bent there. Centred looks ahead.
    """
    if not 1 <= width <= lookback:
        raise UserError(
            f"moving average over {width} steps of a look-back of {lookback}; "
            "expected 1 to the look-back"
        )
    ahead = np.arange(lookback) - np.arange(lookback)[:, None]  # [step, its summand]
    if centred:
        weight = np.clip((width + 1) / 2 - np.abs(ahead), 0, 1)
    else:
        weight = ((ahead <= 0) & (ahead > -width)).astype("float64")
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def _check_periods(shortest: float | None, longest: float | None) -> None:
    if shortest is None and longest is None:
        raise UserError("filter: expected the shortest or the longest period to keep, or both")
    for name, period in (("shortest", shortest), ("longest", longest)):
        if period is not None and not period > 2:
            raise UserError(
                f"filter: {name} period of {period} steps; expected more than 2: "
                "samples tell nothing of shorter ones (Nyquist)"
            )
    if shortest is not None and longest is not None and not shortest < longest:
        raise UserError(
            f"filter: keeps periods of {shortest} to {longest} steps, which are none; "
            "expected the shortest below the longest"
        )
