"""N-gram language models over token ids: interpolated modified Kneser-Ney, in NumPy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

BOUNDARY = 1  # as in seqapps.text.token_ids, which imports tensorflow
USUAL = (0.5, 1.0, 1.5)  # discounts where the counts say nothing, as KenLM has them
Ids = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Level:
    """All n-grams of one length, as the contexts that they have and the tokens that follow.

    A context is a number: its place among the n-grams that are shorter by one. An n-gram's key is
    context * size + token. Keys ascend, so what follows a context lies together.
    """

    keys: Ids  # int64 [n-grams]
    discounted: Ids  # float64 [n-grams]: (count - discount) / count of the context
    rest: Ids  # float64 [contexts]: share of shorter contexts; 1 where nothing follows


@dataclass(frozen=True)
class KneserNey:
    """An interpolated modified Kneser-Ney model of some order (Chen and Goodman 1998, section 3).

    The probability of a token after a context is, with the counts and the three discounts of its
    length (eq. 26),

        (count - discount(count)) / count of context + rest * probability after a shorter context,

    where the shortest rests on the uniform distribution, so that no token has probability 0. The
    counts of the longest n-grams, and of those that begin with a boundary, are how often they
    occur; of all others, how many different tokens stand in front of them. Order 1 is the unigram
    model, smoothed in the same way.

    A boundary ends what a context can hold: nothing is known across documents. Contexts longer
    than any seen fall back to what was seen of them.
    """

    order: int
    size: int
    levels: tuple[Level, ...]  # by length, from 1
    discounts: Ids  # float64 [order, 3], of counts 1, 2 and more

    @classmethod
    def fit(cls, streams: Iterable[Ids], *, order: int, size: int) -> KneserNey:
        """Count streams of token ids, each int [time], that begin after a boundary.

        A million characters take half a second and 100 MB at order 6. All tokens are held while
        they are counted: of much larger texts, give a part. Raises ValueError where there are no
        tokens, an id is outside of 0 to size - 1, or order is under 1.
        """
        if order < 1:
            raise ValueError(f"order is {order}; an n-gram has at least 1 token.")
        tokens, reach = _joined(streams, size)
        order = min(order, int(reach.max()) + 1)  # of nothing longer is there any
        targets = reach > 0
        levels, discounts = [], []
        # The n-gram that ends at each place; of one token, the token itself, also before a text.
        grams, contexts = tokens, 1
        keys, counts = np.arange(size), np.bincount(tokens[targets], minlength=size)
        for length in range(2, order + 1):
            places = np.flatnonzero(reach >= length - 1)
            longer = grams[places - 1].astype("int64") * size + tokens[places]
            longer, first, inverse, often = np.unique(
                longer, return_index=True, return_inverse=True, return_counts=True
            )
            preceded = np.bincount(grams[places[first]], minlength=len(keys))
            if length > 2:  # those that begin with a boundary have nothing in front of them
                whole = grams[np.flatnonzero(reach == length - 2)]
                preceded[whole] = counts[whole]
            level, discount = _level(keys, preceded, contexts=contexts, size=size)
            levels.append(level)
            discounts.append(discount)
            contexts, keys, counts = len(keys), longer, often
            grams = np.full(len(tokens), -1, "int32")
            grams[places] = inverse
        level, discount = _level(keys, counts, contexts=contexts, size=size)
        return cls(order, size, (*levels, level), np.array([*discounts, discount]))

    def log_probabilities(self, ids: Ids) -> Ids:
        """Of each token given those before it, in nats: int [time] -> float64 [time].

        The stream begins after a boundary. Raises ValueError for ids outside of 0 to size - 1.
        """
        if not len(ids):
            return np.zeros(0)
        tokens, reach = _joined([ids], self.size)
        tokens, before, reach = tokens[1:], tokens[:-1], reach[1:]
        probability = np.full(len(tokens), 1 / self.size)
        contexts = np.zeros(len(tokens), "int64")  # -1 where it was not seen
        grams = tokens
        for length, level in enumerate(self.levels, 1):
            if length > 1:
                contexts = before if length == 2 else np.concatenate([[-1], grams[:-1]])
                contexts = np.where(reach >= length - 1, contexts, -1)
            known = contexts >= 0
            wanted = contexts * self.size + tokens
            grams = np.minimum(np.searchsorted(level.keys, wanted), len(level.keys) - 1)
            found = known & (level.keys[grams] == wanted)
            probability *= np.where(known, level.rest[contexts], 1)
            probability += np.where(found, level.discounted[grams], 0)
            grams = np.where(found, grams, -1)
        return np.asarray(np.log(probability))

    def distribution(self, context: Ids) -> Ids:
        """Probability of each token after a context: int [any length] -> float64 [size].

        `[1]` is the start of a document, and nothing at all is a place of which nothing is known.
        """
        known = [int(id_) for id_ in context]
        if BOUNDARY in known:
            known = known[len(known) - 1 - known[::-1].index(BOUNDARY) :]
        probability = np.full(self.size, 1 / self.size)
        for length in range(min(self.order - 1, len(known)) + 1):
            level = self.levels[length]
            number = self._number(known[len(known) - length :])
            if number is None:
                break
            first, last = np.searchsorted(level.keys, np.array([0, self.size]) + number * self.size)
            probability *= level.rest[number]
            tokens = level.keys[first:last] - number * self.size
            probability[tokens] += level.discounted[first:last]
        return probability

    def _number(self, gram: list[int]) -> int | None:
        """The place of an n-gram among those of its length, if it was seen."""
        if not gram:
            return 0
        number = gram[0]
        for level, token in zip(self.levels[1:], gram[1:], strict=False):
            key = number * self.size + token
            number = int(np.searchsorted(level.keys, key))
            if number == len(level.keys) or level.keys[number] != key:
                return None
        return number


def _joined(streams: Iterable[Ids], size: int) -> tuple[Ids, Ids]:
    """(tokens, with a boundary before each stream; how many tokens each follows), int64 [time].

    A token follows those back to the boundary before it; the boundaries put in follow none.
    """
    parts: list[Ids] = []
    for stream in streams:
        parts += [np.array([BOUNDARY]), np.asarray(stream, "int64")]
    tokens = np.concatenate([np.zeros(0, "int64"), *parts])
    if len(tokens) == len(parts) // 2:
        raise ValueError("There are no tokens to count.")
    if tokens.min() < 0 or tokens.max() >= size:
        raise ValueError(f"Ids are {tokens.min()} to {tokens.max()}, not 0 to {size - 1}.")
    places = np.arange(len(tokens))
    last = np.maximum.accumulate(np.where(tokens == BOUNDARY, places, 0))
    reach = places - np.concatenate([[0], last[:-1]])
    reach[np.cumsum([0, *map(len, parts[:-1])])[::2]] = 0
    return tokens, reach


def _level(keys: Ids, counts: Ids, *, contexts: int, size: int) -> tuple[Level, Ids]:
    """The shares of n-grams with these counts, and the discounts [3] that were taken."""
    discounts = _discounts(counts)
    context = keys // size
    total = np.bincount(context, counts, minlength=contexts)
    taken = np.concatenate([[0.0], discounts])[np.minimum(counts, 3)]
    left = np.bincount(context, taken, minlength=contexts)
    seen = np.maximum(total, 1)
    rest = np.where(total > 0, left / seen, 1.0)
    return Level(keys, (counts - taken) / seen[context], rest), discounts


def _discounts(counts: Ids) -> Ids:
    """Of counts 1, 2 and more, by how many n-grams have them (Chen and Goodman, eq. 26): [3].

    Where one of the numbers is 0, or makes no discount between 0 and the count, the usual ones:
    counts of few n-grams, or of single characters, which all occur often.
    """
    one, two, three, four = (np.count_nonzero(counts == count) for count in range(1, 5))
    if not one * two * three * four:
        return np.array(USUAL)
    share = one / (one + 2 * two)
    found = np.array([1, 2, 3]) - np.array([2, 3, 4]) * share * np.array(
        [two / one, three / two, four / three]
    )
    return found if (found > 0).all() and (found <= [1, 2, 3]).all() else np.array(USUAL)
