"""What the report shows of a tagger, asked of its export: plain values."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seqapps.metrics.tagging import Tagged, tagged
from seqapps.task import Ask, Case, Surroundings

LOOKED_AT = 2000  # test sentences, evenly spread
HARDEST = 20  # words
PAIRS = 12  # of tags that are taken for each other
EXAMPLES = 3  # words of a pair
WRITTEN = 5  # sentences that are shown whole


def observe(ask: Ask, around: Surroundings) -> Mapping[str, Any]:
    """Where it errs: by tag, by pair of tags, by word, in whole sentences."""
    cases = _spread(around.test, LOOKED_AT)
    answers = ask("serving_default", [{"text": case["text"]} for case in cases])
    sentences = [tagged(*pair) for pair in zip(cases, answers, strict=True)]
    words = [one for sentence in sentences for one in sentence]
    return {
        "sentences": len(sentences),
        "words": len(words),
        "tags": _by_tag(words),
        "pairs": _pairs(words),
        "hardest": _hardest(words),
        "written": _written(sentences, [case["text"] for case in cases], ask),
    }


def _spread(cases: Sequence[Case], most: int) -> list[Case]:
    places = np.linspace(0, len(cases) - 1, min(most, len(cases))).round().astype(int)
    return [cases[place] for place in places]


def _by_tag(words: Sequence[Tagged]) -> list[dict[str, Any]]:
    """[{"tag", "true", "told", "right", "unseen", "unseen_right"}], the most frequent first."""
    counts = Counter(one.tag for one in words)
    found = []
    for tag, true in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        own = [one for one in words if one.tag == tag]
        found.append({
            "tag": tag,
            "true": true,
            "told": sum(one.told == tag for one in words),
            "right": sum(one.told == tag for one in own),
            "unseen": sum(not one.seen for one in own),
            "unseen_right": sum(one.told == tag and not one.seen for one in own),
        })  # fmt: skip
    return found


def _pairs(words: Sequence[Tagged]) -> list[dict[str, Any]]:
    """[{"tag", "told", "times", "words": [...]}], the most frequent first."""
    wrong = [one for one in words if one.tag != one.told]
    found = []
    for (tag, told), times in Counter((one.tag, one.told) for one in wrong).most_common(PAIRS):
        own = Counter(one.word for one in wrong if (one.tag, one.told) == (tag, told))
        examples = [word for word, _ in own.most_common(EXAMPLES)]
        found.append({"tag": tag, "told": told, "times": times, "words": examples})
    return found


def _hardest(words: Sequence[Tagged]) -> list[dict[str, Any]]:
    """[{"word", "times", "wrong", "tags", "told"}]: what is most often wrong, capitals aside."""
    wrong = Counter(one.word.casefold() for one in words if one.tag != one.told)
    found = []
    for word, times in wrong.most_common(HARDEST):
        own = [one for one in words if one.word.casefold() == word]
        missed = Counter(f"{one.tag} as {one.told}" for one in own if one.tag != one.told)
        found.append({
            "word": word,
            "times": len(own),
            "wrong": times,
            "tags": dict(Counter(one.tag for one in own).most_common()),
            "told": dict(missed.most_common()),
        })  # fmt: skip
    return found


def _written(
    sentences: Sequence[Sequence[Tagged]], texts: Sequence[str], ask: Ask
) -> list[dict[str, Any]]:
    """Sentences with errors whole, the scores of their words, and a few without."""
    places = [
        place for place, words in enumerate(sentences) if any(one.tag != one.told for one in words)
    ] or list(range(len(sentences)))
    chosen = [
        places[round(at)] for at in np.linspace(0, len(places) - 1, min(WRITTEN, len(places)))
    ]
    answers = ask("serving_default", [{"text": texts[place]} for place in chosen])
    return [
        {"words": [[*one[:3], float(score)] for one, score in
                   zip(sentences[place], told["scores"], strict=False)]}
        for place, told in zip(dict.fromkeys(chosen), answers, strict=False)
    ]  # fmt: skip
