"""Beam search as one would write it in Python, over lists; of one row."""

from dataclasses import dataclass

import numpy as np
from random_decoder import ends_in_a_repeat


@dataclass(frozen=True)
class Hypothesis:
    ids: list[int]
    log_probability: float
    paid: list[np.ndarray]  # attention at each step

    def score(self, alpha, beta):
        """Wu et al. 2016, equation 14; every step of the source is real."""
        score = self.log_probability / ((5 + len(self.ids)) / 6) ** alpha
        if beta:
            covered = np.sum(self.paid, axis=0)
            score += beta * np.log(np.minimum(covered, 1)).sum()
        return score


def plain_beam_search(
    after, *, first, beam, max_tokens, end, forbidden=(), alpha=0.0, beta=0.0, no_repeat=0
):
    """The hypotheses, best first; `after` gives log P of what follows ids, and attention."""
    alive, ended = [Hypothesis([], 0.0, [])], []
    for _ in range(max_tokens):
        found = []
        for one in alive:
            gains, paid = after([first, *one.ids])
            for id_, gain in enumerate(gains):
                ids = [*one.ids, id_]
                if id_ not in forbidden and not ends_in_a_repeat(ids, no_repeat):
                    found.append(Hypothesis(ids, one.log_probability + gain, paid))
        if not found:
            break
        found = sorted(found, key=lambda one: -one.log_probability)[: 2 * beam]
        ended += [one for one in found[:beam] if one.ids[-1] == end]
        alive = [one for one in found if one.ids[-1] != end][:beam]
        if len(ended) >= beam:
            break

    def ranked(hypotheses):
        return sorted(hypotheses, key=lambda one: -one.score(alpha, beta))

    best = ranked(ended)[:beam]
    return ranked(best + ranked(alive)[: beam - len(best)])
