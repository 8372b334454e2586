"""Gaps of a window, filled in the graph, with a mask that tells what was observed.

| how | inside | at the end | at the start | looks ahead within the window |
|---|---|---|---|---|
| interpolate | on the line between its neighbours | last observation | first observation | yes |
| forward | last observation | last observation | first observation | in the first gap alone |
| causal | last observation | last observation | the fallback | never |
| mask | the fallback | the fallback | the fallback | never |

Looking ahead within the window is fine for a forecast that is made at its end. What scores each
step takes `causal` or `mask`: there no value after a step changes what is filled in at it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np

from seqapps.errors import UserError, nearest

How = Literal["interpolate", "forward", "causal", "mask"]


def fill(
    values: Any, how: How, *, fallback: Sequence[float] | np.ndarray | float = 0.0
) -> tuple[Any, Any]:
    """(the windows without gaps, a mask that is 1 where a value was observed).

    Both float [batch, lookback, channels], as `values`, in which NaN and infinity are gaps.
    `fallback`, one number or one for each channel in the values' units, stands in where nothing
    else can, as in a channel without any observation: the training mean is a good one, and 0 is
    it for values that are standardised. TensorFlow graph code; the look-back must be known.

    >>> import tensorflow as tf
    >>> window = tf.constant([[[float("nan")], [1.0], [float("inf")], [3.0]]])
    >>> fill(window, "interpolate")[0].numpy().ravel()
    array([1., 1., 2., 3.], dtype=float32)
    """
    import tensorflow as tf

    if how not in get_args(How):
        raise UserError(f"gaps filled by {how!r}. {nearest(how, get_args(How))}")
    values = tf.convert_to_tensor(values)
    seen = tf.math.is_finite(values)  # [batch, lookback, channels]
    instead = tf.zeros_like(values) + np.asarray(fallback, values.dtype.as_numpy_dtype)
    held = tf.where(seen, values, instead)
    if how == "forward":
        held, _ = _carried(*_first_at_start(held, seen))
    elif how == "causal":
        held, _ = _carried(held, seen)
    elif how == "interpolate":
        held = _interpolated(held, seen)
    return held, tf.cast(seen, values.dtype)


def _carried(held: Any, seen: Any) -> tuple[Any, Any]:
    """(the last seen value up to each step, whether there is one).

    In each turn a gap takes what the step 1, 2, 4, ... before it holds, so that log2(lookback)
    turns fill any gap.
    """
    import tensorflow as tf

    lookback, shift = _steps(held), 1
    while shift < lookback:
        before = tf.pad(held[:, :-shift], [[0, 0], [shift, 0], [0, 0]])
        known = tf.pad(seen[:, :-shift], [[0, 0], [shift, 0], [0, 0]])
        held = tf.where(seen | ~known, held, before)
        seen = seen | known
        shift *= 2
    return held, seen


def _first_at_start(held: Any, seen: Any) -> tuple[Any, Any]:
    """The same with the first seen value as the value of the first step, where there is one."""
    import tensorflow as tf

    before = tf.cumsum(tf.cast(seen, "int32"), axis=1, exclusive=True)  # seen before this step
    is_first = seen & (before == 0)
    first = tf.reduce_sum(tf.where(is_first, held, tf.zeros_like(held)), 1, keepdims=True)
    found = tf.reduce_any(seen, 1, keepdims=True)
    start = tf.where(found, first, held[:, :1])
    return tf.concat([start, held[:, 1:]], 1), tf.concat([found, seen[:, 1:]], 1)


def _interpolated(held: Any, seen: Any) -> Any:
    """Each gap on the line between what is seen around it; beyond that the nearest seen value."""
    import tensorflow as tf

    channels = held.shape[-1]
    step = tf.range(_steps(held), dtype=held.dtype)[:, None] + tf.zeros_like(held)
    pairs, twice = tf.concat([held, step], -1), tf.concat([seen, seen], -1)
    before, any_before = _carried(pairs, twice)
    after, any_after = (tf.reverse(each, [1]) for each in _carried(*_reversed(pairs, twice)))
    low, low_step = before[..., :channels], before[..., channels:]
    high, high_step = after[..., :channels], after[..., channels:]
    share = tf.math.divide_no_nan(step - low_step, high_step - low_step)
    between = low * (1 - share) + high * share  # not low + share * (high - low): no overflow
    any_before, any_after = any_before[..., :channels], any_after[..., :channels]
    filled = tf.where(any_before & any_after, between, tf.where(any_before, low, high))
    return tf.where(seen, held, filled)


def _reversed(*tensors: Any) -> tuple[Any, ...]:
    import tensorflow as tf

    return tuple(tf.reverse(each, [1]) for each in tensors)


def _steps(values: Any) -> int:
    steps = values.shape[1]
    if steps is None:
        raise ValueError("gaps: the windows' look-back is not known; expected a fixed one")
    return int(steps)
