"""IBM Model 1: which word of one language stands for which of another, in NumPy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Ids = np.ndarray[Any, Any]
NULL = 0  # the source word that words without a counterpart come from
MOST = 10_000_000  # words that stand together, about 500 MB while they are counted


@dataclass(frozen=True)
class IbmModel1:
    """The probability of a target word given a source word (Brown et al. 1993, section 4.1).

    A target sentence is made word by word: a source word or NULL is taken, all with the same
    probability, and a target word is drawn by what was taken. Only words that stood together in
    some pair of sentences have a probability.
    """

    sources: Ids  # int [pairs of words], ascending; NULL is 0
    targets: Ids  # int [pairs of words]
    probabilities: Ids  # float64 [pairs of words]: of the target given the source
    likelihoods: Sequence[float] = field(repr=False)  # nats of the target words before each step

    @classmethod
    def fit(cls, pairs: Iterable[tuple[Ids, Ids]], *, steps: int) -> IbmModel1:
        """Steps of EM from equal probabilities, on pairs of sentences, int [source], int [target].

        Ids count from 1 in the source, as 0 is NULL. 29,000 sentences of 13 words, 5 million words
        that stand together, take some seconds. Pairs after the first 10 million are not read, nor
        those of which either sentence is empty.
        """
        together, widths, size = _together(pairs)
        keys, which = np.unique(together, return_inverse=True)
        source, target = keys // size, keys % size
        starts = np.cumsum(widths) - widths
        probabilities = np.full(len(keys), 1 / size)
        likelihoods = []
        for _ in range(steps):
            share = probabilities[which]  # [words that stand together]
            total = np.add.reduceat(share, starts) if len(starts) else share
            likelihoods.append(float(np.log(total / widths).sum()))
            share /= np.repeat(total, widths)  # E: which source word each target word comes from
            counts = np.bincount(which, share, minlength=len(keys))
            probabilities = counts / np.bincount(source, counts)[source]  # M
        return cls(source, target, probabilities, likelihoods)

    def given(self, source: int) -> dict[int, float]:
        """Target word -> its probability given the source word."""
        first, last = np.searchsorted(self.sources, [source, source + 1])
        part = slice(int(first), int(last))
        return dict(
            zip(self.targets[part].tolist(), self.probabilities[part].tolist(), strict=True)
        )

    def likeliest(self) -> dict[int, tuple[int, float]]:
        """Source word -> (its likeliest target word, the first of equal ones; its probability)."""
        order = np.lexsort((self.targets, -self.probabilities, self.sources))
        sources, first = np.unique(self.sources[order], return_index=True)
        targets, probabilities = self.targets[order][first], self.probabilities[order][first]
        found = zip(targets.tolist(), probabilities.tolist(), strict=True)
        return dict(zip(sources.tolist(), found, strict=True))


def _together(pairs: Iterable[tuple[Ids, Ids]]) -> tuple[Ids, Ids, int]:
    """(source * size + target of words that stand together, how many with each target, size).

    What stands with a target word of a sentence lies together.
    """
    sources: list[Ids] = [np.zeros(0, "int32")]
    targets: list[Ids] = [np.zeros(0, "int32")]
    widths: list[Ids] = [np.zeros(0, "int64")]
    held = 0
    for source, target in pairs:
        if not len(source) or not len(target):
            continue
        with_null = np.concatenate([[NULL], source]).astype("int32")
        sources.append(np.tile(with_null, len(target)))
        targets.append(np.repeat(target.astype("int32"), len(with_null)))
        widths.append(np.full(len(target), len(with_null)))
        held += len(sources[-1])
        if held >= MOST:
            break
    target = np.concatenate(targets)
    size = int(target.max(initial=0)) + 1
    return np.concatenate(sources).astype("int64") * size + target, np.concatenate(widths), size
