"""Which words move the score: a word is left out, and the export is asked again.

Leaving out is the plainest of explanations by occlusion (Zeiler and Fergus 2014; of words Li et
al. 2016, "Understanding neural networks through representation erasure"). It asks the exported
artefact only, so it holds for any model whose input is a text and whose answer has scores.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from seqapps.report.picks import Labels
from seqapps.report.svg import MODEL
from seqapps.task import Case, Figure, Predict, Response
from seqapps.text.pieces import Piece, pieces, without

TOKENS = 100_000  # words that the model reads for this, about as many as a test split holds
EACH = 4  # texts in which a word is left out
FEWEST = 3  # texts with the word; a word of one text tells about that text
SHRINK = 2.0  # imagined texts without any effect: one lucky text does not make the list
SHOWN = 12  # words of a label
LABELS = 4  # labels that are shown, the most frequent ones
SHADED = 60  # words of a picked text that are left out one by one
LEAST = 1e-6  # probability; the logarithm of 0 would say nothing

Effects = dict[str, list[list[Any]]]  # label -> [word, mean effect, texts]


def effects(
    labels: Labels, column: str, cases: Sequence[Case], responses: Sequence[Response], ask: Predict
) -> Effects:
    """Label -> its words with the largest mean effect on the label's log odds, best first.

    The effect of a word in a text is log odds with it less log odds without it, in nats.
    """
    where = _occurrences(column, cases)
    size = sum(map(len, where.values())) / max(1, len(cases))  # words of a text
    most = int(TOKENS / (EACH * max(1.0, size)))
    frequent = sorted(where, key=lambda word: (-len(where[word]), word))
    asked = [
        (word, place, piece)
        for word in [word for word in frequent if len(where[word]) >= FEWEST][:most]
        for place, piece in where[word][:EACH]
    ]
    if not asked:
        return {}
    variants = [
        {**cases[place], column: without(cases[place][column], piece)} for _, place, piece in asked
    ]
    sums: dict[str, list[np.ndarray]] = defaultdict(list)
    for (word, place, _), response in zip(asked, ask(variants), strict=True):
        sums[word].append(_log_odds(labels, responses[place]) - _log_odds(labels, response))
    names = responses[0][labels.labels]
    words = list(sums)
    means = np.array([np.sum(sums[word], axis=0) / (len(sums[word]) + SHRINK) for word in words])
    counts = [case[labels.target] for case in cases]
    shown = sorted(names, key=lambda name: -counts.count(name))[:LABELS]
    found = {}
    for name in sorted(shown):
        column_of = means[:, names.index(name)]
        order = np.argsort(-column_of, kind="stable")[:SHOWN]
        found[name] = [
            [words[i], round(float(column_of[i]), 4), len(where[words[i]])]
            for i in order
            if column_of[i] > 0
        ]
    return found


def shades(
    labels: Labels, column: str, case: Case, response: Response, ask: Predict
) -> list[list[Any]]:
    """[[stretch of the text, effect on the told label or None], ...]: together the whole text."""
    text = case[column]
    words = pieces(text)[:SHADED]
    if not words:
        return [[text, None]]
    told = response[labels.labels].index(response[labels.label])
    answers = ask([{**case, column: without(text, piece)} for piece in words])
    full = _log_odds(labels, response)[told]
    stretches: list[list[Any]] = []
    end = 0
    for piece, answer in zip(words, answers, strict=True):
        if piece.start > end:
            stretches.append([text[end : piece.start], None])
        stretches.append([piece.text, round(float(full - _log_odds(labels, answer)[told]), 4)])
        end = piece.end
    return [*stretches, [text[end:], None]] if end < len(text) else stretches


def figures(found: Effects) -> list[Figure]:
    """A bar chart for each label."""
    return [_bars(name, words) for name, words in found.items() if words]


def _bars(name: str, words: list[list[Any]]) -> Figure:
    def draw(axes: Any) -> None:
        rows = range(len(words))
        axes.barh(rows, [effect for _, effect, _ in words], color=MODEL, alpha=0.75)
        axes.set_yticks(rows, [word for word, _, _ in words])
        axes.set_ylim(len(words) - 0.4, -0.6)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("change of the log odds, nats")
        axes.set_title(f"Words that speak for {name}")

    return Figure(title=f"Words that speak for {name}", draw=draw)


def _occurrences(column: str, cases: Sequence[Case]) -> dict[str, list[tuple[int, Piece]]]:
    """Word -> (place of the case, where the word stands first in it)."""
    found: dict[str, list[tuple[int, Piece]]] = defaultdict(list)
    for place, case in enumerate(cases):
        first: dict[str, Piece] = {}
        for piece in pieces(case[column]):
            first.setdefault(piece.key, piece)
        for word, piece in first.items():
            found[word].append((place, piece))
    return found


def _log_odds(labels: Labels, response: Response) -> np.ndarray:
    """Of every label: [labels]."""
    scores = np.clip(np.array(response[labels.scores], "float64"), LEAST, 1 - LEAST)
    return np.asarray(np.log(scores / (1 - scores)))
