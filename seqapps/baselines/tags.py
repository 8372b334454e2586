"""What anyone would try first on tagged sentences: the most frequent tag, of all or of the word."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence

from seqapps.task import Case, Predict, Response
from seqapps.text.tokens import spaced

RARE = 10  # as rare words are in TnT (Brants 2000), whose endings tell of unknown ones
LONGEST = 10  # letters of an ending, there as well
FEWEST = 2  # words that an ending is seen at, so that it is one

Tag = Callable[[str], str]  # of a word, as it is written
UNSEEN, SEEN = 1, 2  # `ids` of an answer


def most_frequent_tag(cases: Sequence[Case]) -> Predict:
    """Always the tag that is most frequent in training."""
    counts = Counter(tag for _, tag in _words(cases))
    best = _best(counts)
    return _by_word(cases, lambda word: best)


def tag_of_word(cases: Sequence[Case]) -> Predict:
    """The tag that a word has most often in training; of unknown words that of words seen once."""
    by_word = _tags_by(_words(cases), folded)
    once = Counter(tag for tags in by_word.values() if tags.total() == 1 for tag in tags)
    rare = _best(once or Counter(tag for _, tag in _words(cases)))
    known = {word: _best(tags) for word, tags in by_word.items()}
    return _by_word(cases, lambda word: known.get(folded(word), rare))


def tag_of_word_or_ending(cases: Sequence[Case]) -> Predict:
    """The same, and of unknown words the tag of the rare words that look and end alike.

    Endings are learnt of words that occur at most 10 times, apart for capitals and digits; the
    longest one that was seen twice counts.
    """
    by_word = _tags_by(_words(cases), folded)
    rare = ((w, t) for w, t in _words(cases) if by_word[folded(w)].total() <= RARE)
    endings: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for word, tag in rare:
        for ending in _endings(word):
            endings[ending][tag] += 1
    known = {word: _best(tags) for word, tags in by_word.items()}
    told = {end: _best(tags) for end, tags in endings.items() if tags.total() >= FEWEST}
    anything = _best(Counter(tag for _, tag in _words(cases)))

    def tag_of(word: str) -> str:
        return known.get(folded(word)) or next(
            (told[ending] for ending in _endings(word) if ending in told), anything
        )

    return _by_word(cases, tag_of)


def folded(word: str) -> str:
    """The word as words are told apart: Unicode normalised (NFKC), without capitals."""
    return unicodedata.normalize("NFKC", word).casefold()


def _endings(word: str) -> Iterator[str]:
    """The shape of a word with its endings, the longest one first, the last one empty."""
    shape = f"{word[:1].isupper():d}{any(map(str.isdigit, word)):d}{word.isalpha():d} "
    low = folded(word)
    for start in range(max(0, len(low) - LONGEST), len(low) + 1):
        yield shape + low[start:]


def _words(cases: Sequence[Case]) -> Iterator[tuple[str, str]]:
    for case in cases:
        yield from zip(spaced(case["text"]), spaced(case["tags"]), strict=True)


def _tags_by(
    words: Iterator[tuple[str, str]], key: Callable[[str], str]
) -> dict[str, Counter[str]]:
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for word, tag in words:
        found[key(word)][tag] += 1
    return found


def _best(counts: Counter[str]) -> str:
    """The most frequent; of several the first in alphabetical order."""
    return min(counts, key=lambda tag: (-counts[tag], tag))


def _by_word(cases: Sequence[Case], tag: Tag) -> Predict:
    seen = {folded(word) for word, _ in _words(cases)}

    def predict(cases: Sequence[Case]) -> list[Response]:
        sentences = [spaced(case["text"]) for case in cases]
        return [
            {
                "tokens": words,
                "tags": [tag(word) for word in words],
                "ids": [SEEN if folded(word) in seen else UNSEEN for word in words],
            }
            for words in sentences
        ]

    return predict
