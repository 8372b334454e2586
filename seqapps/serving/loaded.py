"""One loaded version of a model: its signatures, and their answers to named arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from seqapps.serving.errors import Refused, invalid, refusal_of
from seqapps.start import stderr_aside

Arrays = Mapping[str, np.ndarray]  # by name; text is bytes in arrays of dtype object
INIT_OP = "__saved_model_init_op"  # stands among the signatures of a TensorFlow 2 export


@dataclass(frozen=True)
class Spec:
    """A named input or output: what it is called in the graph, type and shape."""

    tensor: str
    dtype: np.dtype[Any]  # object for text
    type_name: str  # as TensorFlow writes it: DT_STRING
    shape: tuple[int | None, ...] | None  # None: any number of axes

    def takes(self, shape: tuple[int, ...]) -> bool:
        """Whether an array of this shape may be fed."""
        if self.shape is None:
            return True
        pairs = zip(shape, self.shape, strict=False)
        return len(shape) == len(self.shape) and all(size in (None, a) for a, size in pairs)


@dataclass(frozen=True)
class Signature:
    """What one signature takes and answers."""

    inputs: Mapping[str, Spec]
    outputs: Mapping[str, Spec]
    defaults: Arrays = field(default_factory=dict)  # of inputs that a request may leave out


class Loaded:
    """A SavedModel as TF Serving loads it: a graph, a session, the graph's own restore operation.

    `tf.saved_model.load` finds variables through Python objects, and so would also answer where
    TF Serving cannot. The session gives the interpreter lock free while it computes.
    """

    def __init__(self, folder: Path) -> None:
        """Load `folder`. Raises Refused with the reason where it does not load."""
        import tensorflow as tf

        self.folder = folder
        self._session = tf.compat.v1.Session(graph=tf.Graph())
        try:
            with stderr_aside():  # subwords tell that nothing is normalised
                meta = tf.compat.v1.saved_model.load(self._session, ["serve"], str(folder))
                self.definitions: Mapping[str, Any] = meta.signature_def  # for metadata
                self.signatures = _signatures_of(meta)
                self._calls = {name: self._call(name) for name in self.signatures}
        except Exception as error:  # a damaged file makes TensorFlow raise nearly anything
            self._session.close()
            raise refusal_of(error) from error

    def signature(self, name: str) -> Signature:
        """The signature of that name. Raises Refused where there is none."""
        if name not in self.signatures:
            raise invalid(f'Serving signature name: "{name}" not found in signature def')
        return self.signatures[name]

    def run(self, name: str, inputs: Arrays) -> dict[str, np.ndarray]:
        """Every output of a signature by name. Raises Refused where the inputs do not fit."""
        values = self.checked(name, inputs)
        try:
            answer: dict[str, np.ndarray] = self._calls[name](*values)
        except Exception as error:  # whatever an operation of the graph refuses
            raise refusal_of(error) from error
        return answer

    def checked(self, name: str, inputs: Arrays) -> list[np.ndarray]:
        """The inputs in the order of the signature. Raises Refused where they do not fit it."""
        signature = self.signature(name)
        given = {**signature.defaults, **inputs}
        if given.keys() != signature.inputs.keys():
            raise invalid(_other_names(inputs.keys(), signature.inputs.keys()))
        for key, spec in signature.inputs.items():
            array = given[key]
            if array.dtype != spec.dtype:
                raise invalid(
                    f"Input {key!r} is of type {array.dtype}, the signature takes {spec.type_name}."
                )
            if not spec.takes(array.shape):
                raise invalid(
                    f"Input {key!r} has the shape {shape_text(array.shape)}, the signature takes "
                    f"{shape_text(spec.shape)}."
                )
        return [given[key] for key in signature.inputs]

    def close(self) -> None:
        """Give the memory back; nothing can be asked afterwards."""
        self._calls = {}
        self._session.close()

    def _call(self, name: str) -> Callable[..., dict[str, np.ndarray]]:
        signature = self.signatures[name]
        fetches = {key: spec.tensor for key, spec in signature.outputs.items()}
        feeds = [spec.tensor for spec in signature.inputs.values()]
        # Far less work a call than Session.run, which reads names and shapes anew each time.
        call = self._session.make_callable(list(fetches.values()), feed_list=feeds)

        def answer(*values: np.ndarray) -> dict[str, np.ndarray]:
            return dict(zip(fetches, map(_array, call(*values)), strict=True))

        return answer


def _array(value: Any) -> np.ndarray:
    """An output as an array; NumPy would cut the zero bytes off a single text."""
    return np.array(value, object) if isinstance(value, bytes) else np.asarray(value)


def shape_text(shape: tuple[int | None, ...] | None) -> str:
    """A shape as TensorFlow writes it: [?,3]."""
    if shape is None:
        return "[...]"
    return f"[{','.join('?' if size is None else str(size) for size in shape)}]"


def _signatures_of(meta: Any) -> dict[str, Signature]:
    import tensorflow as tf

    return {
        name: Signature(
            {key: _spec(info) for key, info in definition.inputs.items()},
            {key: _spec(info) for key, info in sorted(definition.outputs.items())},
            {key: tf.make_ndarray(value) for key, value in definition.defaults.items()},
        )
        for name, definition in meta.signature_def.items()
        if name != INIT_OP
    }


def _spec(info: Any) -> Spec:
    import tensorflow as tf
    from tensorflow.core.framework import types_pb2

    if info.WhichOneof("encoding") != "name":
        raise Refused("UNIMPLEMENTED", "Sparse and composite tensors in a signature.")
    shape = info.tensor_shape
    sizes = None if shape.unknown_rank else tuple(_size(dim.size) for dim in shape.dim)
    dtype = np.dtype(tf.as_dtype(info.dtype).as_numpy_dtype)
    return Spec(info.name, dtype, types_pb2.DataType.Name(info.dtype), sizes)


def _size(size: int) -> int | None:
    return None if size < 0 else size


def _other_names(given: Any, wanted: Any) -> str:
    """As TF Serving writes it, so that whoever looks for the message finds it."""
    mine, theirs = sorted(given), sorted(wanted)
    extra = ",".join(name for name in mine if name not in theirs)
    missing = ",".join(name for name in theirs if name not in mine)
    return (
        f"input size does not match signature: {len(mine)}!={len(theirs)} "
        f"len({{{','.join(mine)}}}) != len({{{','.join(theirs)}}}). "
        f"Sent extra: {{{extra}}}. Missing but required: {{{missing}}}."
    )
