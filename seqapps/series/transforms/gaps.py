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
    it for values that are standardised. TensorFlow graph code.

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
    if how != "mask":
        held = _from_neighbours(held, seen, how)
    return held, tf.cast(seen, values.dtype)


def _from_neighbours(held: Any, seen: Any, how: str) -> Any:
    """Each gap from what is seen before and after it; where neither helps, what is held there.

    Linear in time and with no loop over steps, done for the gaps alone.
    """
    import tensorflow as tf

    held, seen = (tf.transpose(each, [0, 2, 1]) for each in (held, seen))
    shape, flat = tf.shape(held), tf.reshape(held, [-1])  # [batch, channels, lookback]
    gap, before, after = _neighbours(tf.reshape(seen, [-1]))
    lookback = tf.cast(shape[2], gap.dtype)
    start = gap - gap % lookback  # of the window's channel that the gap lies in
    has_before, has_after = before >= start, after < start + lookback
    last = tf.gather(flat, tf.where(has_before, before, gap))
    following = tf.gather(flat, tf.where(has_after, after, gap))
    filled = last if how == "causal" else tf.where(has_before, last, following)
    if how == "interpolate":
        share = tf.cast(gap - before, held.dtype) / tf.cast(after - before, held.dtype)
        # Not last + share * (following - last), which overflows.
        line = last * (1 - share) + following * share
        filled = tf.where(has_before & has_after, line, filled)
    flat = tf.tensor_scatter_nd_update(flat, gap[:, None], filled)
    return tf.transpose(tf.reshape(flat, shape), [0, 2, 1])


def _neighbours(seen: Any) -> tuple[Any, Any, Any]:
    """(places of the gaps, of what is seen last before each, and first after each), int64 [gaps].

    `seen` is bool [places]. -1 and the number of places stand for none. A gap at place p with i
    gaps before it has p - i seen places before it, which says which of them are its neighbours.
    """
    import tensorflow as tf

    gap, places = tf.where(~seen)[:, 0], tf.where(seen)[:, 0]
    ends = tf.constant([-1], "int64"), tf.size(seen, tf.int64)[None]
    places = tf.concat([ends[0], places, ends[1]], 0)
    rank = gap - tf.range(tf.size(gap, tf.int64))
    return gap, tf.gather(places, rank), tf.gather(places, rank + 1)
