"""What the report shows of a language model, asked of its export: plain values."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from seqapps.task import Ask, Case, Surroundings
from seqapps.text import codec
from seqapps.text.pieces import pieces
from seqapps.text.token_ids import SPECIAL, Codec, visible

from .baselines import ids_of
from .documents import documents
from .styles import styles
from .surprise import surprise
from .written import written

READ = 5_000_000  # characters of training that tokens, words and n-grams are counted in
TOKENS = 12  # whose neighbours are asked for
OFTEN = 20  # occurrences in training; the vector of a rarer token is hardly more than its start


class Training:
    """The training documents, or their first `READ` characters, with their tokens and words."""

    def __init__(self, cases: Sequence[Case], tokens: Codec) -> None:
        self.texts = list(documents(_first(READ, cases)))
        self.characters = sum(map(len, self.texts))
        self.whole = self.characters < READ
        self.ids = list(ids_of(iter(self.texts), tokens))
        self.counts = np.bincount(np.concatenate(self.ids), minlength=tokens.size)  # [vocab]
        self.word_ids: dict[str, int] = {}
        self.words = [self.words_of(text) for text in self.texts]
        self.word_counts = np.bincount(np.concatenate(self.words), minlength=len(self.word_ids))

    def words_of(self, text: str) -> np.ndarray:
        """A number for each word, written large or small: int [words]."""
        found = [self.word_ids.setdefault(piece.key, len(self.word_ids)) for piece in pieces(text)]
        return np.array(found, "int64")

    def count(self, word: str) -> int:
        """How often a word, casefolded, occurs."""
        number = self.word_ids.get(word, len(self.word_counts))
        return int(self.word_counts[number]) if number < len(self.word_counts) else 0


def observe(ask: Ask, around: Surroundings) -> Mapping[str, Any]:
    """What it writes, what surprises it, which tokens it takes for alike, how styles steer it."""
    tokens = codec.codec(around.state)
    training = Training(around.train, tokens)
    return {
        "trained_on": {"characters": training.characters, "whole": training.whole},
        "written": written(ask, around, training),
        "surprise": surprise(ask, around, training, tokens),
        "neighbours": _neighbours(ask, training, tokens),
        "styles": styles(ask, around),
    }


def _neighbours(ask: Ask, training: Training, tokens: Codec) -> list[dict[str, Any]]:
    """[{"token", "count", "alike": [[token, cosine], ...]}], of tokens frequent and less so."""
    names = np.array([piece.decode(errors="replace") for piece in tokens.pieces.numpy()], object)
    order = np.argsort(-training.counts, kind="stable")
    order = order[(order >= SPECIAL) & (training.counts[order] >= OFTEN)]
    # A part of a word that stands alone may be read as another token.
    read = tokens.encode(names[order].tolist()).to_list() if len(order) else []
    usual = [
        int(id_)
        for id_, ids in zip(order, read, strict=True)
        if ids == [id_] and names[id_].strip()
    ]
    if not usual:
        return []
    ranks = np.unique(np.geomspace(1, len(usual), min(TOKENS, len(usual))).round().astype(int))
    chosen = [usual[rank - 1] for rank in ranks]
    answers = ask("neighbours", [{"token": names[id_]} for id_ in chosen])
    return [
        {
            "token": visible(names[id_]),
            "count": int(training.counts[id_]),
            "alike": [
                [name, round(value, 3)]
                for name, value in zip(answer["tokens"], answer["similarities"], strict=True)
            ],
        }
        for id_, answer in zip(chosen, answers, strict=True)
    ]


def _first(characters: int, cases: Iterable[Case]) -> Iterator[Case]:
    """The cases up to so many characters: a document may be as long as a whole file."""
    for case in cases:
        text = case["text"][:characters]
        yield {**case, "text": text}
        characters -= len(text)
        if not characters:
            return
