"""What anyone would try first on pairs of texts: copy the source, look up the most similar one.

A case holds its `source` and `target`; a response is {"translation": ..., "score": ...}, of which
more is surer. NumPy and scikit-learn are imported where they are used: tasks import this module,
and listing tasks must be instant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seqapps.task import Case, Predict, Response
from seqapps.text.tokens import tokens

MOST = 200_000  # training cases that are searched, about 600 MB
FEATURES = 2**22  # n-grams that are told apart
CELLS = 2_000_000  # similarities at a time: 24 MB
LONGEST_GRAM = 4  # words


def copy_source(cases: Sequence[Case]) -> Predict:
    """The source as it is; the score says nothing, and is 0."""
    return lambda cases: [{"translation": case["source"], "score": 0.0} for case in cases]


def nearest_source(cases: Sequence[Case]) -> Predict:
    """The translation of the most similar source in training; the score is the similarity, 0 to 1.

    Cosine of TF-IDF of up to 4 words in a row and of 3 characters, whatever the case; the first of
    equally similar ones. Of ten kinds of n-grams words alone were a little better on Multi30k and
    useless where a text is one word; characters alone were worse. Of very many training cases,
    200,000 are searched that lie as far apart as can be.
    """
    import numpy as np
    from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

    places = np.linspace(0, len(cases) - 1, min(len(cases), MOST)).round().astype(int)
    known = [cases[place] for place in places.tolist()]
    counts = HashingVectorizer(
        analyzer=_grams, n_features=FEATURES, alternate_sign=False, norm=None, dtype=np.float32
    )
    weights = TfidfTransformer()
    table = weights.fit_transform(counts.transform([case["source"] for case in known]))
    by_feature = table.T.tocsr()  # [features, cases known]
    at_once = max(1, CELLS // len(known))

    def predict(cases: Sequence[Case]) -> list[Response]:
        found: list[Response] = []
        for start in range(0, len(cases), at_once):
            texts = [case["source"] for case in cases[start : start + at_once]]
            similar = weights.transform(counts.transform(texts)) @ by_feature  # [texts, known]
            best = np.asarray(similar.argmax(axis=1)).ravel()
            scores = similar.max(axis=1).toarray().ravel()
            found += [
                {"translation": known[place]["target"], "score": min(1.0, float(score))}
                for place, score in zip(best.tolist(), scores, strict=True)
            ]
        return found

    return predict


def _grams(text: str) -> Iterator[str]:
    """Up to four words in a row, and three characters, with a space at both ends."""
    words = [token for token in tokens(text.casefold()) if token[0].isalnum()]
    for length in range(1, LONGEST_GRAM + 1):
        yield from map(" ".join, zip(*(words[start:] for start in range(length)), strict=False))
    spaced = f" {text.casefold()} "
    yield from (f"#{spaced[start : start + 3]}" for start in range(len(spaced) - 2))
