"""How good translations are: BLEU and chrF as sacrebleu has them, exact match, tokens, length.

A case holds its `target` and a response its `translation`. sacrebleu and NumPy are imported where
they are used: tasks import this module, and listing tasks must be instant.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from seqapps.metrics.mean import mean_of
from seqapps.task import Case, Example, Metric, Response
from seqapps.text.tokens import tokens

if TYPE_CHECKING:
    import numpy as np

_CASES = [{"target": "a b c d e"}, {"target": "f g"}]
_RESPONSES = [{"translation": "a b c d x y"}, {"translation": "f g"}]


def bleu() -> Metric:
    """Corpus BLEU, 0 to 100 (Papineni et al. 2002; Post 2018): tokens of 13a, with their case.

    The geometric mean of the precision of 1 to 4 tokens, so it is 0 where no translation has four:
    of single words take `chrf` or `exact_match`. One sentence alone is smoothed, and says little.
    """
    # 6/8 tokens, 4/6 pairs, 2/4 triples, 1/3 fours are right; the translation is not too short
    value = 100 * (6 / 8 * 4 / 6 * 2 / 4 * 1 / 3) ** (1 / 4)
    return _by_sacrebleu("bleu", value)


def chrf() -> Metric:
    """Corpus chrF2, 0 to 100 (Popović 2015): F-score of 1 to 6 characters, spaces left out.

    Recall counts twice as much as precision. It gives parts of words their due, and needs no
    tokens: for short answers, rich inflection and scripts without spaces.
    """
    # "abcdxy" for "abcde" and "fg" for "fg": right are 6, 4, 2, 1, 0 n-grams of 8, 6, 4, 3, 2, 1
    # in the translations and of 7, 5, 3, 2, 1, 0 in the references, where no six are judged
    precision = (6 / 8 + 4 / 6 + 2 / 4 + 1 / 3 + 0) / 5
    recall = (6 / 7 + 4 / 5 + 2 / 3 + 1 / 2 + 0) / 5
    return _by_sacrebleu("chrf", 100 * 5 * precision * recall / (4 * precision + recall))


def exact_match() -> Metric:
    """Share of translations that are the reference to the letter."""
    return mean_of(
        lambda case, response: float(case["target"] == response["translation"]),
        example=Example(_CASES, _RESPONSES, 1 / 2),
    )


def token_accuracy() -> Metric:
    """Share of tokens that agree where translation and reference are laid side by side, 0 to 1.

    1 - edit distance / tokens of the longer of both, over all cases: the normalised distance of
    Levenshtein (1966), with the fewest tokens replaced, added or taken out. Tokens are words,
    numbers and marks, so that a date has five. (Word accuracy of speech recognition divides by the
    reference, and falls far below 0 where too much is said.)
    """

    def counts(case: Case, response: Response) -> tuple[float, float]:
        reference, translation = tokens(case["target"]), tokens(response["translation"])
        longer = max(len(reference), len(translation))
        return longer - distance(reference, translation), longer

    # x for e, and y too many: 6 - 2 of 6 agree, and 2 of 2
    return _ratio(counts, value=6 / 8)


def length_ratio() -> Metric:
    """Tokens of the translations for each token of the references: 1 is right.

    Below 1 what is said is too short, above too long. Neither more nor less is better, so nothing
    should be chosen by it.
    """

    def counts(case: Case, response: Response) -> tuple[float, float]:
        return len(tokens(response["translation"])), len(tokens(case["target"]))

    return _ratio(counts, value=8 / 7, unit="1 is right")


def distance(reference: Sequence[str], translation: Sequence[str]) -> int:
    """The fewest tokens to replace, add or take out to make one of the other.

    >>> distance("a b c d e".split(), "a b c d x y".split())
    2
    """
    import numpy as np

    ids = {token: number for number, token in enumerate(dict.fromkeys([*reference, *translation]))}
    across = np.array([ids[token] for token in translation], "int64")
    steps = np.arange(len(across) + 1)
    row = steps  # of the distances from the reference so far to each start of the translation
    for token in reference:
        replaced = row[:-1] + (across != ids[token])
        row = np.concatenate([row[:1] + 1, np.minimum(row[1:] + 1, replaced)])
        row = np.minimum.accumulate(row - steps) + steps  # one token more of the translation
    return int(row[-1])


@cache
def _scorer(name: str) -> Any:
    from sacrebleu.metrics import BLEU, CHRF

    return {"bleu": BLEU, "chrf": CHRF}[name]()


def _signature(name: str) -> str:
    """What sacrebleu calls how it counts, "nrefs:1|case:mixed|eff:no|tok:13a|...|version:2.6.0"."""
    scorer = _scorer(name)
    scorer.corpus_score(["a"], [["a"]])  # it has none before it has scored
    return str(scorer.get_signature())


def _by_sacrebleu(name: str, value: float) -> Metric:
    """A score of sacrebleu, which is itself made of sums over sentences."""

    def statistics(cases: Sequence[Case], responses: Sequence[Response]) -> np.ndarray:
        import numpy as np

        pairs = list(zip(cases, responses, strict=True))
        references = [case["target"] for case, _ in pairs]
        translations = [response["translation"] for _, response in pairs]
        found = _scorer(name)._extract_corpus_statistics(translations, [references])
        return np.array(found, "float64")  # [cases, k]

    def reduce(sums: np.ndarray) -> float:
        whole = sums.astype("int64").tolist()
        return float(_scorer(name)._compute_score_from_stats(whole).score)

    return Metric(
        statistics=statistics,
        reduce=reduce,
        example=Example(_CASES, _RESPONSES, value),
        unit="of 100",
        signature=lambda: _signature(name),
    )


def _ratio(
    counts: Callable[[Case, Response], tuple[float, float]], *, value: float, unit: str = ""
) -> Metric:
    """The sum over cases of the first count, divided by that of the second."""

    def statistics(cases: Sequence[Case], responses: Sequence[Response]) -> np.ndarray:
        import numpy as np

        pairs = zip(cases, responses, strict=True)
        return np.array([counts(*pair) for pair in pairs], "float64")  # [cases, 2]

    def reduce(sums: np.ndarray) -> float:
        return float(sums[0] / sums[1]) if sums[1] else math.nan  # a resample without any token

    return Metric(
        statistics=statistics,
        reduce=reduce,
        example=Example(_CASES, _RESPONSES, value),
        unit=unit,
    )
