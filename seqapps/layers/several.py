"""Several texts of one memory, beside each other as an axis of their own."""

from __future__ import annotations

from typing import Any

from keras import ops


class Texts:
    """How the texts of vectors [batch, time, n] or [batch, several, time, n] lie beside a memory.

    With several texts of each memory a recurrent layer takes each as a row, and all of their steps
    are queries of the one memory, whose keys are so made once. One text of each memory is as it is.
    """

    def __init__(self, vectors: Any) -> None:
        self._lead = ops.shape(vectors)[:-1] if len(vectors.shape) == 4 else ()

    def as_rows(self, values: Any) -> Any:
        """[batch * several, time, n], of either of the other two."""
        if not self._lead:
            return values
        batch, several, time = self._lead
        return ops.reshape(values, [batch * several, time, values.shape[-1]])

    def as_queries(self, rows: Any) -> Any:
        """[batch, several * time, n], of rows."""
        if not self._lead:
            return rows
        batch, several, time = self._lead
        return ops.reshape(rows, [batch, several * time, rows.shape[-1]])

    def as_given(self, values: Any) -> Any:
        """[batch, several, time, n], of either of the other two."""
        return ops.reshape(values, [*self._lead, values.shape[-1]]) if self._lead else values

    def for_each(self, state: Any) -> Any:
        """A state of the memory, [batch, n], for each text: [batch * several, n]."""
        if not self._lead:
            return state
        batch, several, _ = self._lead
        beside = ops.broadcast_to(state[:, None], [batch, several, state.shape[-1]])
        return ops.reshape(beside, [batch * several, state.shape[-1]])
