"""N-grams of the model's own tokens: what counting alone can do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
import tensorflow as tf

from seqapps.baselines.kneser_ney import KneserNey
from seqapps.task import Case, Predict, Response
from seqapps.text import codec
from seqapps.text.token_ids import UNKNOWN, Codec

from .documents import documents

# Of the orders up to 8 the best or near it, see README.
ORDERS = {"characters": 7, "words": 4, "subwords": 5}
MOST = 5_000_000  # tokens that are counted, about 500 MB
AT_ONCE = 64  # texts


def n_grams(cases: Sequence[Case], settings: Any, *, unigram: bool) -> Predict:
    """Interpolated modified Kneser-Ney of the training documents, or single tokens."""
    tokens = codec.codec(
        codec.fit(
            documents(cases),
            tokens=settings.tokens,
            vocabulary=settings.vocabulary,
            punctuation=settings.punctuation,
        )
    )
    order = 1 if unigram else ORDERS[settings.tokens]
    model = KneserNey.fit(_up_to(MOST, _ids(documents(cases), tokens)), order=order,
                          size=tokens.size)  # fmt: skip

    def predict(cases: Sequence[Case]) -> list[Response]:
        before = _ids((case["context"] for case in cases), tokens)
        pairs = zip(before, _ids((case["text"] for case in cases), tokens), strict=True)
        return [_response(model, context, ids) for context, ids in pairs]

    return predict


def _response(model: KneserNey, context: np.ndarray, ids: np.ndarray) -> Response:
    gains = model.log_probabilities(np.concatenate([context, ids]))[len(context) :]
    total = float(gains.sum())
    return {
        "nats_per_token": -total / max(1, len(ids)),
        "tokens": len(ids),
        "unknown": int((ids == UNKNOWN).sum()),
        "log_probability": total,
    }


def _ids(texts: Iterator[str], tokens: Codec) -> Iterator[np.ndarray]:
    """Ids of each text, int [time]."""
    while chunk := list(islice(texts, AT_ONCE)):
        found = tokens.encode(tf.constant(chunk))
        yield from np.split(found.flat_values.numpy(), found.row_splits.numpy()[1:-1])


def _up_to(most: int, streams: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """The streams that have `most` tokens together."""
    seen = 0
    for ids in streams:
        yield ids[: most - seen]
        seen += len(ids)
        if seen >= most:
            return
