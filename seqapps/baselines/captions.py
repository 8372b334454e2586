"""What anyone would try first on images: the most frequent caption, that of the nearest image.

A case holds its `image_bytes` and `captions`, one on a line; a response is {"caption": ...,
"score": ...}, of which more is surer. NumPy is imported where it is used: tasks import this module,
and listing tasks must be instant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from seqapps.metrics.captions import bleu, captions_of
from seqapps.task import Case, Predict, Response

if TYPE_CHECKING:
    import numpy as np

    Vectors = np.ndarray[Any, Any]

MOST = 50_000  # training images that are searched: 256 MB of 1,280 numbers each, twice at first
AT_ONCE = 64  # images that are held at a time; 13 MB of similarities


def most_frequent_caption(cases: Sequence[Case]) -> Predict:
    """Always the most frequent training caption, the first of such; the score is its share."""
    counts = Counter(caption for case in cases for caption in captions_of(case))
    ((caption, count),) = counts.most_common(1)
    answer = {"caption": caption, "score": count / counts.total()}
    return lambda cases: [answer for _ in cases]


def nearest_image(
    vectors: Callable[[Sequence[bytes]], Vectors],
) -> Callable[[Sequence[Case]], Predict]:
    """A baseline that answers with a caption of the most similar image in training.

    `vectors` tells what encoded images are compared by: float [images, size]; it is given at most
    64 at a time. Similarity, which is the score, is their cosine, -1 to 1; of equally similar
    images the first counts. Of the nearest image's captions that one is taken which is the most
    like the others. Of very many training images, 50,000 are searched that lie as far apart as can
    be.
    """

    def baseline(cases: Sequence[Case]) -> Predict:
        captions, known = _known(cases, vectors)

        def predict(cases: Sequence[Case]) -> list[Response]:
            found: list[Response] = []
            for start in range(0, len(cases), AT_ONCE):
                asked = _directions(cases[start : start + AT_ONCE], vectors)
                similar = asked @ known.T  # [images, known]
                best = similar.argmax(axis=1)  # [images]
                scores = similar.max(axis=1).clip(-1, 1)  # rounding can make them 1.0000001
                found += [
                    {"caption": most_typical(captions[place]), "score": score}
                    for place, score in zip(best.tolist(), scores.tolist(), strict=True)
                ]
            return found

        return predict

    return baseline


def most_typical(captions: Sequence[str]) -> str:
    """The caption that is the most like the others, the first of such.

    >>> most_typical(["a dog", "a brown dog runs", "it is a nice day", "a dog runs"])
    'a dog runs'
    """
    # After Devlin et al. 2015, by BLEU-1 against all others together, as captions are judged. On
    # Flickr8k (2,000 images, each with the caption of the nearest other one) it makes a BLEU-4 of
    # 8.1; the mean BLEU-1, BLEU-2, BLEU-4 and CIDEr-D with each other one 7.8, 7.5, 7.0 and 7.7,
    # the first caption 6.8. That four words agree is too rare to choose by.
    metric = bleu(1)

    def agreement(place: int) -> float:
        others = "\n".join([*captions[:place], *captions[place + 1 :]])
        rows = metric.statistics([{"captions": others}], [{"caption": captions[place]}])
        return metric.reduce(rows[0])

    return captions[max(range(len(captions)), key=agreement)]


def _known(
    cases: Sequence[Case], vectors: Callable[[Sequence[bytes]], Vectors]
) -> tuple[list[list[str]], Vectors]:
    """The captions of the images that are searched, and their directions [images, size]."""
    import numpy as np

    places = np.linspace(0, len(cases) - 1, min(len(cases), MOST)).round().astype(int).tolist()
    captions, parts = [], []
    for start in range(0, len(places), AT_ONCE):
        some = [cases[place] for place in places[start : start + AT_ONCE]]
        captions += [captions_of(case) for case in some]
        parts.append(_directions(some, vectors))
    return captions, np.concatenate(parts)


def _directions(cases: Sequence[Case], vectors: Callable[[Sequence[bytes]], Vectors]) -> Vectors:
    """Vectors of the images, each of length 1, or 0 where it is 0: float32 [images, size]."""
    import numpy as np

    found = np.asarray(vectors([case["image_bytes"] for case in cases]), "float32")
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    return found / np.where(lengths > 0, lengths, 1)
