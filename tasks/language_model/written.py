"""What a model writes at several temperatures, and how much of it is copied or said again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from seqapps.metrics.copied import copied_share, distinct_share
from seqapps.task import Ask, Case, Surroundings

if TYPE_CHECKING:
    from .observed import Training

TEMPERATURES = (0.4, 0.7, 1.0)
PROMPTS = 8  # of test documents, where there are so many, and none
SHOWN = 3  # of them
TEXTS = 12  # of each temperature, all of which are counted
LENGTH = 400  # characters of a text, about
A_TOKEN = {"characters": 1, "words": 4, "subwords": 3}  # characters, rather too few than too many
COPIED = 8  # characters or words in a row


def written(ask: Ask, around: Surroundings, training: Training) -> dict[str, Any]:
    """{"samples": [{"prompt", "temperature", "text"}], "shares": {who: {what: share}}, ...}."""
    prompts = prompts_of(around.test, around.settings)
    asked = [
        {**prompts[number % len(prompts)], "seed": number // len(prompts), "temperature": each}
        for each in TEMPERATURES
        for number in range(TEXTS)
    ]
    texts = [answer["continuation"] for answer in generated(ask, around.settings, asked, LENGTH)]
    samples = [
        {"prompt": case["prompt"], "temperature": case["temperature"], "text": text}
        for number, (case, text) in enumerate(zip(asked, texts, strict=True))
        if number % TEXTS < SHOWN
    ]
    by = {
        f"temperature {each:.1f}": texts[number * TEXTS : (number + 1) * TEXTS]
        for number, each in enumerate(TEMPERATURES)
    }
    by["held-out text"] = held_out(around.test)
    size = min(sum(map(len, each)) for each in by.values())
    shares = {who: _shares(_cut(each, size), training) for who, each in by.items()}
    return {"samples": samples, "characters": size, "shares": shares}


def generated(ask: Ask, settings: Any, cases: Sequence[Case], length: int) -> list[dict[str, Any]]:
    """What `generate` answers to prompts with seed and temperature: about `length` characters."""
    count = min(settings.longest, length // A_TOKEN[settings.tokens])
    options = {"max_tokens": count, "top_k": 0, "top_p": 1.0}
    return ask("generate", [{**options, **case} for case in cases])


def prompts_of(test: Sequence[Case], settings: Any) -> list[Case]:
    """{"prompt": ...}, with a style where one is taken: documents' beginnings, and none at all.

    Where there are few documents, beginnings of other pieces go on after that.
    """
    first = [case for case in test if not case["context"]]
    others = [case for case in test if case["context"]]
    found = []
    for case in (first + others)[:PROMPTS]:
        style = {settings.condition: case[settings.condition]} if settings.condition else {}
        found.append({"prompt": whole_words(case["prompt"]), **style})
    nothing = {"prompt": "", **({settings.condition: ""} if settings.condition else {})}
    return [*found[: SHOWN - 1], nothing, *found[SHOWN - 1 :]]


def whole_words(text: str) -> str:
    """The text up to its last white space: half a word is a prompt that nobody gives.

    >>> whole_words("An assignment state")
    'An assignment'
    """
    cut = text.rstrip()
    parts = cut.rsplit(maxsplit=1)
    return cut[: cut.rindex(parts[1])].rstrip() if len(parts) > 1 else text


def held_out(test: Sequence[Case]) -> list[str]:
    """As many texts of the test documents, evenly spread."""
    places = np.unique(np.linspace(0, len(test) - 1, TEXTS).round().astype(int))
    return [test[int(place)]["text"][:LENGTH] for place in places]


def _cut(texts: Sequence[str], size: int) -> list[str]:
    """The texts up to `size` characters of all together: shares depend on how much there is."""
    found = []
    for text in texts:
        found.append(text[:size])
        size -= len(found[-1])
    return found


def _shares(texts: Sequence[str], training: Training) -> dict[str, float | None]:
    words = [training.words_of(text) for text in texts]
    shares = {
        "copied_characters": copied_share(texts, training.texts, length=COPIED),
        "copied_words": copied_share(words, training.words, length=COPIED),
        **{f"distinct_{n}": distinct_share(words, length=n) for n in (1, 2, 3)},
    }
    return {name: None if math.isnan(share) else share for name, share in shares.items()}
