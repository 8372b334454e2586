"""N-grams of the model's own tokens: what counting alone can do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from seqapps.baselines.kneser_ney import KneserNey
from seqapps.task import Case, Predict, Response
from seqapps.text import codec
from seqapps.text.token_ids import UNKNOWN, Codec
from seqapps.text.words import chunks

from .documents import documents

# Of the orders up to 8 the best or near it, see README.
ORDERS = {"characters": 7, "words": 4, "subwords": 5}
MOST = 5_000_000  # tokens that are counted, about 500 MB


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
    model = counted(ids_of(documents(cases), tokens), settings, tokens, unigram=unigram)

    def predict(cases: Sequence[Case]) -> list[Response]:
        before = ids_of((case["context"] for case in cases), tokens)
        pairs = zip(before, ids_of((case["text"] for case in cases), tokens), strict=True)
        return [_response(model, context, ids) for context, ids in pairs]

    return predict


def counted(
    streams: Iterable[np.ndarray], settings: Any, tokens: Codec, *, unigram: bool = False
) -> KneserNey:
    """The n-grams of documents' ids, of the order that suits such tokens."""
    order = 1 if unigram else ORDERS[settings.tokens]
    return KneserNey.fit(_up_to(MOST, iter(streams)), order=order, size=tokens.size)


def gains(model: KneserNey, context: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Log probability of each of the ids after a context: [time]."""
    return model.log_probabilities(np.concatenate([context, ids]))[len(context) :]


def _response(model: KneserNey, context: np.ndarray, ids: np.ndarray) -> Response:
    total = float(gains(model, context, ids).sum())
    return {
        "nats_per_token": -total / max(1, len(ids)),
        "tokens": len(ids),
        "unknown": int((ids == UNKNOWN).sum()),
        "log_probability": total,
    }


def ids_of(texts: Iterator[str], tokens: Codec) -> Iterator[np.ndarray]:
    """Ids of each text, int [time]."""
    for chunk in chunks(texts, characters=len):
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
