"""What surprises a model: by how often it saw a token, by place in the document, by word."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from seqapps.task import Ask, Case, Surroundings
from seqapps.text.pieces import pieces
from seqapps.text.token_ids import UNKNOWN, Codec

from .baselines import counted, gains, ids_of

if TYPE_CHECKING:
    from .observed import Training

PIECES = 100  # of the test documents
NGRAMS = 2_000_000  # characters of training; counting n-grams of more takes too long for a report
FIRST = 16  # characters of a document that are the first part of it; the parts double
FEWEST = 20  # tokens of a part; fewer say nothing
TIMES = 3  # that a word occurs in those pieces, at least
WORDS = 12  # hardest ones, and easiest
LONG = 4  # letters of an easy word, at least; the easiest of all are single letters
SHADED = 600  # characters
LEAD = 90


@dataclass(frozen=True)
class Read:
    """A piece as it was read: its tokens' texts, ids, places in the document and surprise."""

    case: Case
    tokens: list[str]
    ids: np.ndarray  # int [time]
    places: np.ndarray  # characters of the document before each token, int [time]
    model: np.ndarray  # nats, float [time]
    ngrams: np.ndarray | None  # nats, float [time]


def surprise(ask: Ask, around: Surroundings, training: Training, tokens: Codec) -> dict[str, Any]:
    """{"pieces", "frequency", "position", "hardest", "easiest", "passage"}."""
    read = list(_read(ask, around, training, tokens))
    hardest, easiest = _words(read, training)
    return {
        "pieces": len(read),
        "frequency": _by_frequency(read, training),
        "position": _by_position(read),
        "hardest": hardest,
        "easiest": easiest,
        "passage": _passage(read, tokens),
    }


def _read(ask: Ask, around: Surroundings, training: Training, tokens: Codec) -> Iterator[Read]:
    places = np.linspace(0, len(around.test) - 1, min(PIECES, len(around.test)))
    chosen = np.unique(places.round().astype(int)).tolist()
    starts = _starts(around.test)
    cases = [around.test[place] for place in chosen]
    names = [piece.decode(errors="replace") for piece in tokens.pieces.numpy()]
    names[UNKNOWN] = "\ufffd"  # is part of no word
    few = training.whole and training.characters <= NGRAMS
    model = counted(training.ids, around.settings, tokens) if few else None
    contexts = ids_of((case["context"] for case in cases), tokens)
    texts = ids_of((case["text"] for case in cases), tokens)
    answers = ask("surprisal", cases)
    for place, case, context, ids, answer in zip(
        chosen, cases, contexts, texts, answers, strict=True
    ):
        own = [names[id_] for id_ in ids]
        before = np.cumsum([0, *map(len, own)])[:-1]
        yield Read(
            case=case,
            tokens=own,
            ids=ids,
            places=starts[place] + before,
            model=np.array(answer["weights"][: len(ids)]),
            ngrams=-gains(model, context, ids) if model else None,
        )


def _starts(cases: Sequence[Case]) -> list[int]:
    """Characters of the document before each piece."""
    starts, end = [], 0
    for case in cases:
        start = end if case["context"] else 0
        starts.append(start)
        end = start + len(case["text"])
    return starts


def _by_frequency(read: Sequence[Read], training: Training) -> list[dict[str, Any]]:
    """By how often a token occurs in training, in half decades: 0, 1 to 2, 3 to 9, 10 to 29, ..."""
    counts = np.concatenate([training.counts[each.ids] for each in read])
    edges = [0, *(base * 10**power for power in range(9) for base in (1, 3))]
    return _parts(read, counts, edges)


def _by_position(read: Sequence[Read]) -> list[dict[str, Any]]:
    """By characters of the document before a token, in parts that double."""
    places = np.concatenate([each.places for each in read])
    return _parts(read, places, [0, *(FIRST * 2**power for power in range(40))])


def _parts(read: Sequence[Read], values: np.ndarray, edges: Sequence[int]) -> list[dict[str, Any]]:
    """[{"from", "to", "tokens", "model", "ngrams"}], nats per token of parts with enough tokens."""
    model = np.concatenate([each.model for each in read])
    counted = [each.ngrams for each in read if each.ngrams is not None]
    ngrams = np.concatenate(counted) if counted else None
    member = np.searchsorted(np.array(edges), values, side="right") - 1
    found = []
    for number in np.unique(member):
        here = member == number
        if here.sum() >= FEWEST:
            found.append(
                {
                    "from": int(edges[number]),
                    "to": int(edges[number + 1]) - 1,
                    "tokens": int(here.sum()),
                    "model": round(float(model[here].mean()), 4),
                    "ngrams": None if ngrams is None else round(float(ngrams[here].mean()), 4),
                }
            )
    return found


def _words(
    read: Sequence[Read], training: Training
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(hardest, easiest): [{"word", "nats", "ngrams", "times", "training"}].

    The surprise of a word is that of all its tokens together, in the mean of its occurrences.
    """
    found: dict[str, list[list[float]]] = defaultdict(list)
    for each in read:
        for word, first, last in _spans(each.tokens):
            ngrams = 0.0 if each.ngrams is None else each.ngrams[first:last].sum()
            found[word].append([each.model[first:last].sum(), ngrams])
    means = {word: np.mean(rows, axis=0) for word, rows in found.items() if len(rows) >= TIMES}
    order = sorted(means, key=lambda word: (-means[word][0], word))
    counted = read and read[0].ngrams is not None

    def told(words: Sequence[str]) -> list[dict[str, Any]]:
        return [
            {
                "word": word,
                "nats": round(float(means[word][0]), 2),
                "ngrams": round(float(means[word][1]), 2) if counted else None,
                "times": len(found[word]),
                "training": training.count(word),
            }
            for word in words
        ]

    easy = [word for word in reversed(order) if len(word) >= LONG]
    return told(order[:WORDS]), told(easy[:WORDS])


def _spans(tokens: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """(word, its first token, the one after its last); a token belongs where it ends."""
    ends = np.cumsum([len(token) for token in tokens]) - 1
    for piece in pieces("".join(tokens)):
        first, last = np.searchsorted(ends, [piece.start, piece.end])
        if last > first:
            yield piece.key, int(first), int(last)


def _passage(read: Sequence[Read], tokens: Codec) -> dict[str, Any]:
    """The beginning of the piece that is in the middle of all, token by token."""
    order = np.argsort([each.model.mean() if len(each.model) else 0.0 for each in read])
    each = read[int(order[len(order) // 2])]
    unknown = tokens.pieces.numpy()[UNKNOWN].decode()
    ends = np.cumsum([len(token) for token in each.tokens])
    count = int(np.searchsorted(ends, SHADED)) + 1
    return {
        "lead": each.case["context"][-LEAD:],
        "tokens": [
            [unknown if id_ == UNKNOWN else token, round(float(nats), 3)]
            for token, id_, nats in zip(each.tokens[:count], each.ids, each.model, strict=False)
        ],
        "guess": round(float(np.log(tokens.size)), 3),
    }
