"""How good captions are beside several references: BLEU, CIDEr-D, chrF and length.

A case holds its `captions`, one on a line, and a response its `caption`. sacrebleu, regex and NumPy
are imported where they are used: tasks import this module, and listing tasks must be instant.

The share of distinct captions is not here: in a resample, cases that are drawn twice would count
as repetition, so it is no sum over cases.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import fmean
from typing import TYPE_CHECKING, Any

from seqapps.task import Case, Example, Metric, Response
from seqapps.text.tokens import UNSPACED

if TYPE_CHECKING:
    import numpy as np

Words = tuple[str, ...]

LONGEST = 4  # words in a row that BLEU and CIDEr-D look at
SIGMA = 6.0  # words that CIDEr-D lets lengths differ by before it counts for much

LETTER = rf"[\p{{L}}\p{{M}}\p{{N}}--{UNSPACED}]"
WORD = "|".join([
    rf"[{UNSPACED}]\p{{M}}*",
    rf"{LETTER}+?(?=n't\b)", r"n't\b", r"'(?:s|re|ve|ll|d|m)\b",  # is|n't, the man|'s
    rf"{LETTER}+(?:-{LETTER}+)*",
])  # fmt: skip

# "a" is in both; the second image has one caption, of which the last two words are missed
_CASES = [{"captions": "A dog runs fast!\na big dog"}, {"captions": "A cat sits here."}]
_RESPONSES = [{"caption": "a dog runs fast"}, {"caption": "a cat eats"}]


def words(caption: str) -> Words:
    """The words of a caption in lower case, without marks, as captions are judged by.

    They are those of the PTB tokens that coco-caption takes for all but 10 of 11,500 captions of
    Flickr8k: words with a hyphen are one, shortened verbs and the 's of possession are their own.

    >>> words("A man's T-shirt isn't red .")
    ('a', 'man', "'s", 't-shirt', 'is', "n't", 'red')
    """
    return tuple(_pattern().findall(caption.lower().replace("’", "'")))


def captions_of(case: Case) -> list[str]:
    """The captions of an image, at least one."""
    return str(case["captions"]).split("\n")


def bleu(longest: int) -> Metric:
    """Corpus BLEU of 1 to `longest` words in a row, 0 to 100 (Papineni et al. 2002).

    As the literature on captions has it (coco-caption, Chen et al. 2015, times 100): an n-gram is
    right as often as any one caption of the image has it, what is said is held to the length of
    the caption closest to it in length, the shorter of two, and nothing is smoothed. So it is 0
    where no n-gram of some length is right, as it mostly is for one image.
    """
    if not 1 <= longest <= LONGEST:
        raise ValueError(f"BLEU-{longest} is asked for; captions have BLEU-1 to BLEU-{LONGEST}.")

    def counts(said: Words, references: Sequence[Words]) -> list[int]:
        known: Counter[Words] = Counter()
        for reference in references:
            known |= _grams(reference, longest)  # the larger count of both
        right = [0] * longest
        for gram, count in (_grams(said, longest) & known).items():
            right[len(gram) - 1] += count
        made = [max(0, len(said) - length) for length in range(longest)]
        return [*right, *made, len(said), _closest(said, references)]

    def reduce(sums: np.ndarray) -> float:
        right, made = sums[:longest].tolist(), sums[longest:-2].tolist()
        said, wanted = sums[-2:].tolist()
        if not all(right):
            return 0.0
        precision = math.prod(r / m for r, m in zip(right, made, strict=True)) ** (1 / longest)
        return float(100 * precision * math.exp(min(0.0, 1 - wanted / said)))

    # of the n-grams 4 + 2 of 4 + 3, 3 + 1 of 3 + 2, 2 + 0 of 2 + 1, 1 of 1; 7 words where 8 are due
    expected = math.prod((6 / 7, 4 / 5, 2 / 3, 1)[:longest]) ** (1 / longest) * math.exp(1 - 8 / 7)
    return _by_case(counts, reduce, value=100 * expected, unit="of 100")


def cider_d() -> Metric:
    """CIDEr-D, 0 to 10 (Vedantam et al. 2015): how alike to the captions what is said is.

    The mean over images of the mean over captions of the cosine between TF-IDF of n-grams, from
    1 to 4 words, without credit for saying a word more often than a caption does, and less where
    lengths differ. It is that of the published code (coco-caption), which, other than the paper,
    takes words as they are, not their stems, and counts of n-grams, not shares of the caption.

    How rare an n-gram is, is told by the images that are judged together: scores of different
    test sets are not comparable, a single image has 0, and resamples hold these frequencies fixed.
    A caption under four words has no n-grams of four, and so at most 2.5 for each word.
    """

    def statistics(cases: Sequence[Case], responses: Sequence[Response]) -> np.ndarray:
        import numpy as np

        references = [_references(case) for case in cases]
        rarity = _rarity(references)
        scores = []
        for of_image, response in zip(references, responses, strict=True):
            said = _weighted(words(response["caption"]), rarity)
            scores.append(fmean(_alike(said, _weighted(known, rarity)) for known in of_image))
        return np.stack([scores, np.ones(len(scores))], axis=1)  # [cases, 2]: score, count

    # "a" weighs nothing and all other n-grams the same. The first is its first caption, and has
    # one of 3 words in common with 2 of the second; the second 1 of 2 words with 3, and 1 of 2
    # pairs with 3. Lengths differ by a word, but for the first's first.
    differ = math.exp(-1 / (2 * SIGMA**2))
    first, second = (4 + differ / math.sqrt(3 * 2)) / 2, differ * 2 / math.sqrt(2 * 3)
    return Metric(
        statistics=statistics,
        reduce=lambda sums: float(sums[0] / sums[1]),
        example=Example(_CASES, _RESPONSES, 10 * (first + second) / 4 / 2),
        unit="of 10",
    )


def chrf() -> Metric:
    """Corpus chrF2, 0 to 100 (Popović 2015): F-score of 1 to 6 characters, spaces left out.

    sacrebleu's, on the words that all scores of captions see: an image's caption that makes most
    of what is said is the one that counts, the first where nothing is right. It gives parts of
    words their due, as BLEU does not.
    """

    def counts(said: Words, references: Sequence[Words]) -> list[int]:
        known = _chrf()._extract_reference_info([" ".join(words) for words in references])
        return list(_chrf()._compute_segment_statistics(" ".join(said), known))

    def reduce(sums: np.ndarray) -> float:
        return float(_chrf()._compute_score_from_stats(sums.astype("int64").tolist()).score)

    # "adogrunsfast" twice; "acateats" for "acatsitshere" has 7, 4, 3, 1, 0, 0 n-grams right
    right, said, known = (19, 15, 13, 10, 8, 7), (20, 18, 16, 14, 12, 10), (24, 22, 20, 18, 16, 14)
    precision = fmean(r / s for r, s in zip(right, said, strict=True))
    recall = fmean(r / k for r, k in zip(right, known, strict=True))
    value = 100 * 5 * precision * recall / (4 * precision + recall)
    return _by_case(counts, reduce, value=value, unit="of 100")


def length_ratio() -> Metric:
    """Words that are said for each word of the captions closest to them in length: 1 is right.

    Below 1 what is said is too short, above too long. Neither more nor less is better, so nothing
    should be chosen by it.
    """

    def reduce(sums: np.ndarray) -> float:
        return float(sums[0] / sums[1]) if sums[1] else math.nan  # a resample without any word

    return _by_case(
        lambda said, references: [len(said), _closest(said, references)],
        reduce,
        value=7 / 8,
        unit="1 is right",
    )


def _by_case(
    counts: Callable[[Words, Sequence[Words]], Sequence[float]],
    reduce: Callable[[np.ndarray], float],
    *,
    value: float,
    unit: str,
) -> Metric:
    """A score of the sums of what is counted in the words said and those of the captions."""

    def statistics(cases: Sequence[Case], responses: Sequence[Response]) -> np.ndarray:
        import numpy as np

        pairs = zip(cases, responses, strict=True)
        found = [counts(words(told["caption"]), _references(case)) for case, told in pairs]
        return np.array(found, "float64")  # [cases, k]

    return Metric(
        statistics=statistics,
        reduce=reduce,
        example=Example(_CASES, _RESPONSES, value),
        unit=unit,
    )


def _references(case: Case) -> list[Words]:
    return [words(caption) for caption in captions_of(case)]


def _closest(said: Words, references: Sequence[Words]) -> int:
    """The length closest to that of what is said; of two such ones the shorter."""
    return min((len(words) for words in references), key=lambda size: (abs(size - len(said)), size))


def _grams(words: Words, longest: int) -> Counter[Words]:
    """How often each n-gram of 1 to `longest` words occurs."""
    return Counter(
        words[start : start + length]
        for length in range(1, longest + 1)
        for start in range(len(words) - length + 1)
    )


def _rarity(references: Sequence[Sequence[Words]]) -> Callable[[Words], float]:
    """What an n-gram weighs: log of images / images of which a caption has it, at least one."""
    having = Counter(
        gram
        for of_image in references
        for gram in {gram for words in of_image for gram in _grams(words, LONGEST)}
    )
    return lambda gram: math.log(len(references) / max(1, having[gram]))


@dataclass(frozen=True)
class _Weighted:
    """The n-grams of a caption by what they weigh."""

    weights: dict[Words, float]
    norms: list[float]  # [4], by the length of n-grams
    length: int  # words


def _weighted(words: Words, rarity: Callable[[Words], float]) -> _Weighted:
    weights = {gram: count * rarity(gram) for gram, count in _grams(words, LONGEST).items()}
    squares = [0.0] * LONGEST
    for gram, weight in weights.items():
        squares[len(gram) - 1] += weight**2
    return _Weighted(weights, [math.sqrt(square) for square in squares], len(words))


def _alike(said: _Weighted, known: _Weighted) -> float:
    """CIDEr-D of a caption beside one other, 0 to 10 (Vedantam et al. 2015, section 6)."""
    shared = [0.0] * LONGEST
    for gram, weight in said.weights.items():
        wanted = known.weights.get(gram, 0.0)
        shared[len(gram) - 1] += min(weight, wanted) * wanted
    norms = [mine * theirs for mine, theirs in zip(said.norms, known.norms, strict=True)]
    cosines = [part / norm if norm else 0.0 for part, norm in zip(shared, norms, strict=True)]
    differ = math.exp(-((said.length - known.length) ** 2) / (2 * SIGMA**2))
    return 10 * differ * fmean(cosines)


@cache
def _pattern() -> Any:
    import regex

    return regex.compile(f"(?V1){WORD}")


@cache
def _chrf() -> Any:
    from sacrebleu.metrics import CHRF

    return CHRF()
