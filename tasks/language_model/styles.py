"""Whether the style that is given steers what is written: side by side, and to a classifier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from seqapps.baselines.labels import tfidf_words
from seqapps.report.labels import wilson
from seqapps.task import Ask, Case, Predict, Surroundings

from .written import LENGTH, generated, whole_words

PROMPTS = 3
TEMPERATURE = 0.7
TEXTS = 200  # that are written in each style and told apart
CHARACTERS = 300  # of a text that is told apart
LEARNT, JUDGED = 3000, 500  # real texts of each style, at most
LOOKED_AT = 5000  # pieces of a split, in which they are found


def styles(ask: Ask, around: Surroundings) -> dict[str, Any] | None:
    """{"names", "samples": [{"prompt", "style", "text"}], "verdict"}; None without two styles."""
    column = around.settings.condition
    if not column:
        return None
    sizes: Counter[str] = Counter()
    train, test = _spread(around.train), _spread(around.test)
    for case in train:
        sizes[case[column]] += len(case["text"])
    # Styles that are held out too, where there are any: others can be compared with nothing real.
    held_out = {case[column] for case in test}
    names = sorted(sizes, key=lambda name: (name not in held_out, -sizes[name], name))[:2]
    if len(names) < 2:
        return None
    return {
        "column": column,
        "names": names,
        "samples": _side_by_side(ask, around, names),
        "verdict": _verdict(ask, around.settings, names, train=train, test=test),
    }


def _spread(cases: Sequence[Case]) -> list[Case]:
    """At most `LOOKED_AT` of the cases, in their order."""
    places = np.linspace(0, len(cases) - 1, min(LOOKED_AT, len(cases))).round().astype(int)
    return [cases[place] for place in places.tolist()]


def _side_by_side(ask: Ask, around: Surroundings, names: Sequence[str]) -> list[dict[str, Any]]:
    column = around.settings.condition
    first = sorted(around.test, key=lambda case: bool(case["context"]))[: PROMPTS - 1]
    prompts = [*(whole_words(case["prompt"]) for case in first), ""]
    asked = [
        {"prompt": prompt, column: name, "seed": 0, "temperature": TEMPERATURE}
        for prompt in prompts
        for name in names
    ]
    answers = generated(ask, around.settings, asked, LENGTH)
    return [
        {"prompt": case["prompt"], "style": case[column], "text": answer["continuation"]}
        for case, answer in zip(asked, answers, strict=True)
    ]


def _verdict(
    ask: Ask, settings: Any, names: Sequence[str], *, train: Sequence[Case], test: Sequence[Case]
) -> dict[str, Any] | None:
    """How often a classifier that learnt from real texts knows the style of real and written ones.

    Nothing is written from a prompt, which would tell of its author. No seed occurs twice, so
    that every text is a draw of its own.
    """
    column = settings.condition
    learnt = _real(train, column, names, LEARNT)
    real = _real(test, column, names, JUDGED)
    if len({case["label"] for case in learnt}) < 2:
        return None
    asked = [
        {"prompt": "", column: name, "seed": 1 + 2 * number + place, "temperature": TEMPERATURE}
        for number in range(TEXTS)
        for place, name in enumerate(names)
    ]
    answers = generated(ask, settings, asked, CHARACTERS)
    ours = [
        {"text": answer["continuation"][:CHARACTERS], "label": case[column]}
        for case, answer in zip(asked, answers, strict=True)
        if answer["continuation"].strip()
    ]
    predict = tfidf_words(learnt)
    return {
        "characters": CHARACTERS,
        "learnt": len(learnt),
        "real": _right(predict, real),
        "written": _right(predict, ours),
    }


def _real(
    cases: Sequence[Case], column: str, names: Sequence[str], most: int
) -> list[dict[str, str]]:
    """Stretches of real texts, equally many of both styles, evenly spread over them."""
    by: dict[str, list[str]] = {name: [] for name in names}
    for case in cases:
        text = case["text"]
        if case[column] in by:
            by[case[column]] += [
                text[start : start + CHARACTERS]
                for start in range(0, len(text) - CHARACTERS // 2, CHARACTERS)
            ]
    count = min(most, *map(len, by.values()))
    return [
        {"text": texts[int(place)], "label": name}
        for name, texts in by.items()
        for place in np.linspace(0, len(texts) - 1, count).round()
    ]


def _right(predict: Predict, cases: Sequence[Case]) -> dict[str, Any] | None:
    """{"right", "of", "low", "high"}, with the 95 % interval of the share."""
    if not cases:
        return None
    told = predict(cases)
    right = sum(case["label"] == answer["label"] for case, answer in zip(cases, told, strict=True))
    low, high = wilson(np.array([float(right)]), np.array([float(len(cases))]))
    return {
        "right": right,
        "of": len(cases),
        "low": round(float(low[0]), 4),
        "high": round(float(high[0]), 4),
    }
