"""How well words are tagged: by word, by word that training lacks, by sentence, by tag.

A case has `text` and, along it, `tags`; an answer has lists of `tags` and of `ids`, of which 1 is a
word that training lacks. What is behind the words of the case is padding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from seqapps.metrics.mean import mean_of
from seqapps.task import Case, Example, Metric, Response
from seqapps.text.tokens import spaced

if TYPE_CHECKING:
    import numpy as np

UNSEEN = 1  # among `ids`

_CASES = [{"text": "they watch it", "tags": "PRON VERB PRON"}, {"text": "go", "tags": "VERB"}]
_RESPONSES = [
    {"tags": ["PRON", "NOUN", "PRON"], "ids": [2, 1, 4]},
    {"tags": ["VERB", "", ""], "ids": [1, 0, 0]},
]


class Tagged(NamedTuple):
    """A word with its true tag and the one that was told."""

    word: str
    tag: str
    told: str
    seen: bool  # in training


def tagged(case: Case, response: Response) -> list[Tagged]:
    """The words of a case; where an answer has fewer, the tags told are empty."""
    words, tags = spaced(case["text"]), spaced(case["tags"])
    missing = len(words) - len(response["tags"])
    told = [*response["tags"], *[""] * missing]
    seen = [id_ != UNSEEN for id_ in response["ids"]] + [True] * missing
    return [Tagged(*one) for one in zip(words, tags, told, seen, strict=False)]


def token_accuracy() -> Metric:
    """Share of all words whose tag is right."""
    return _share(lambda word: True, example=Example(_CASES, _RESPONSES, 3 / 4))


def unseen_accuracy() -> Metric:
    """Share of the words that training lacks whose tag is right; not-a-number without any."""
    return _share(lambda word: not word.seen, example=Example(_CASES, _RESPONSES, 1 / 2))


def sentence_accuracy() -> Metric:
    """Share of sentences without any wrong tag."""
    return mean_of(
        lambda case, response: float(all(one.tag == one.told for one in tagged(case, response))),
        example=Example(_CASES, _RESPONSES, 1 / 2),
    )


def tag_macro_f1() -> Metric:
    """Mean over the tags of 2 tp / (2 tp + fp + fn); a rare tag counts as much as any."""

    def statistics(cases: Sequence[Case], responses: Sequence[Response]) -> np.ndarray:
        import numpy as np

        found = [tagged(*pair) for pair in zip(cases, responses, strict=True)]
        names = sorted({name for words in found for one in words for name in (one.tag, one.told)})
        place = {name: number for number, name in enumerate(names)}
        counts = np.zeros([len(cases), 3, len(names)])  # right, true, told
        for row, words in zip(counts, found, strict=True):
            for one in words:
                row[0, place[one.tag]] += one.tag == one.told
                row[1, place[one.tag]] += 1
                row[2, place[one.told]] += 1
        return counts.reshape([len(cases), -1])  # [cases, 3 * tags]

    def reduce(sums: np.ndarray) -> float:
        import numpy as np

        hits, true, told = np.split(sums, 3)  # each [tags]
        there = (true + told) > 0  # a tag that this resample lacks says nothing
        return float(np.mean(2 * hits[there] / (true + told)[there]))

    # PRON 2*2/(2+2), VERB 2*1/(2+1), NOUN 0
    return Metric(
        statistics=statistics,
        reduce=reduce,
        example=Example(_CASES, _RESPONSES, (1 + 2 / 3 + 0) / 3),
    )


def _share(counts: Callable[[Tagged], bool], *, example: Example) -> Metric:
    """Right tags of the words that count, over all sentences together."""

    def statistics(cases: Sequence[Case], responses: Sequence[Response]) -> np.ndarray:
        import numpy as np

        rows = []
        for pair in zip(cases, responses, strict=True):
            chosen = [one for one in tagged(*pair) if counts(one)]
            rows.append([sum(one.tag == one.told for one in chosen), len(chosen)])
        return np.array(rows, "float64").reshape([-1, 2])  # [cases, 2]

    return Metric(
        statistics=statistics,
        reduce=lambda sums: float(sums[0] / sums[1]) if sums[1] else float("nan"),
        example=example,
    )
