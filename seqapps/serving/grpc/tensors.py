"""Tensors of gRPC requests to arrays, and arrays of answers to tensors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seqapps.serving.errors import Refused, invalid
from seqapps.serving.limits import Limits
from seqapps.serving.loaded import Arrays, Signature
from seqapps.serving.rest.reading import check_rows
from seqapps.serving.texts import check_features

NONE: frozenset[str] = frozenset()


def arrays_of(tensors: Mapping[str, Any], *, limits: Limits) -> dict[str, np.ndarray]:
    """Inputs by name; text is bytes in arrays of dtype object. Raises Refused.

    A tensor may give one value for all of its places, so a few bytes may mean a great deal: what
    it unpacks to is limited as a body is.
    """
    import tensorflow as tf

    found = {}
    for name, tensor in tensors.items():
        sizes = [dim.size for dim in tensor.tensor_shape.dim]
        if tensor.tensor_shape.unknown_rank or any(size < 0 for size in sizes):
            raise invalid(f"tensor parsing error: {name}")
        if sizes:
            check_rows(sizes[0], limits)
        if math.prod(sizes) > limits.body:
            raise Refused(
                "RESOURCE_EXHAUSTED", f"Input {name!r} is larger than {limits.body} values."
            )
        try:
            found[name] = tf.make_ndarray(tensor)
        except (TypeError, ValueError, KeyError):  # an unknown type, or not so many values
            raise invalid(f"tensor parsing error: {name}") from None
    return found


def examples_of(given: Any, *, limits: Limits, texts: frozenset[str] = NONE) -> list[bytes]:
    """The serialized examples of an `Input`; their features of the names `texts` are text.

    Raises Refused where there are too many, or a text is too long.
    """
    kind = given.WhichOneof("kind")
    if kind is None:
        raise invalid("Input is empty.")
    listed = getattr(given, kind)
    check_rows(len(listed.examples), limits)
    for example in [*listed.examples, *([listed.context] if kind.endswith("context") else [])]:
        check_features(example.features.feature, texts, limits)
    context = listed.context.SerializeToString() if kind.endswith("context") else b""
    # Messages that stand one after the other are read as one: the example overrides the context.
    return [context + example.SerializeToString() for example in listed.examples]


def wanted(signature: Signature, chosen: Sequence[str]) -> list[str]:
    """The outputs that a request filters for; all without a filter. Raises Refused."""
    for place, name in enumerate(chosen):
        if name not in signature.outputs:
            known = ",".join(sorted(signature.outputs))
            raise invalid(
                f"output tensor alias not found in signature: {name} Outputs expected to be in the "
                f"set {{{known}}}."
            )
        if name in chosen[:place]:
            raise invalid(f"duplicate output tensor alias: {name}")
    return list(chosen or signature.outputs)


def write(outputs: Arrays, names: Sequence[str], into: Any) -> None:
    """Put these outputs into the map of a response."""
    import tensorflow as tf

    for name in names:
        into[name].CopyFrom(tf.make_tensor_proto(outputs[name]))
