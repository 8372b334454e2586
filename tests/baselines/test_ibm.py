"""IBM Model 1: steps of EM by hand, and against a second implementation in loops."""

from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest

from seqapps.baselines import ibm
from seqapps.baselines.ibm import NULL, IbmModel1


def of(*pairs):
    return [(np.array(source, int), np.array(target, int)) for source, target in pairs]


def table(model):
    return {
        (int(source), int(target)): probability
        for source, target, probability in zip(
            model.sources, model.targets, model.probabilities, strict=True
        )
    }


# "the house" - "das Haus", "the book" - "das Buch", with the = 1, house = 2, book = 3 and
# das = 1, Haus = 2, Buch = 3.
TWO = of(([1, 2], [1, 2]), ([1, 3], [1, 3]))


def test_the_first_step_by_hand():
    """At first each word comes from NULL, the and the noun with a third each, in both pairs.

    So NULL and `the` have 2/3 of das and 1/3 each of Haus and Buch: 1/2, 1/4, 1/4; `house` has 1/3
    each of das and Haus: 1/2 and 1/2.
    """
    found = table(IbmModel1.fit(TWO, steps=1))
    for source in (NULL, 1):
        assert found[source, 1] == pytest.approx(1 / 2)
        assert found[source, 2] == found[source, 3] == pytest.approx(1 / 4)
    assert found[2, 1] == found[2, 2] == pytest.approx(1 / 2)
    assert (2, 3) not in found  # house and Buch never stand together


def test_the_second_step_by_hand():
    """Now das comes with a third each from all three, and Haus from NULL, the and house with
    1/4, 1/4 and 1/2 of it. House: 1/3 of das, 1/2 of Haus, together 5/6: 2/5 and 3/5. The: 2/3 of
    das and 1/4 each of Haus and Buch, together 7/6: 4/7 and 3/14."""
    found = table(IbmModel1.fit(TWO, steps=2))
    assert [found[2, 1], found[2, 2]] == pytest.approx([2 / 5, 3 / 5])
    assert [found[1, 1], found[1, 2], found[1, 3]] == pytest.approx([4 / 7, 3 / 14, 3 / 14])
    assert [found[NULL, 1], found[NULL, 2]] == pytest.approx([4 / 7, 3 / 14])


def test_words_are_told_apart_in_the_end():
    model = IbmModel1.fit(TWO, steps=20)
    likeliest = model.likeliest()
    assert {source: target for source, (target, _) in likeliest.items()} == {0: 1, 1: 1, 2: 2, 3: 3}
    assert likeliest[2][1] == pytest.approx(table(model)[2, 2])
    assert model.given(3) == pytest.approx({1: table(model)[3, 1], 3: table(model)[3, 3]})
    assert model.given(7) == {}


def slow(pairs, steps):
    t = defaultdict(lambda: 1.0)
    for _ in range(steps):
        counts, total = defaultdict(float), defaultdict(float)
        for source, target in pairs:
            for f in target.tolist():
                norm = sum(t[e, f] for e in [NULL, *source.tolist()])
                for e in [NULL, *source.tolist()]:
                    counts[e, f] += t[e, f] / norm
                    total[e] += t[e, f] / norm
        t = defaultdict(float, {key: count / total[key[0]] for key, count in counts.items()})
    return dict(t)


def random_pairs(*, seed, count=41):
    random = np.random.default_rng(seed)
    return [
        (
            random.integers(1, 11, random.integers(0, 7)),
            random.integers(1, 13, random.integers(0, 5)),
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("steps", [1, 5])
def test_it_agrees_with_loops(seed, steps):
    """A word may stand twice in a sentence; pairs with an empty side say nothing."""
    pairs = random_pairs(seed=seed)
    usable = [pair for pair in pairs if len(pair[0]) and len(pair[1])]
    assert len(usable) < len(pairs)
    found, expected = table(IbmModel1.fit(pairs, steps=steps)), slow(usable, steps)
    assert found.keys() == expected.keys()
    for key, probability in expected.items():
        assert found[key] == pytest.approx(probability, abs=1e-12)


def test_every_step_makes_the_training_sentences_likelier():
    likelihoods = IbmModel1.fit(random_pairs(seed=2), steps=13).likelihoods
    assert len(likelihoods) == 13
    assert all(after > before for before, after in pairwise(likelihoods))


def test_the_likelihood_by_hand():
    """At first each of four words has a quarter, as ids 0 to 3 are known."""
    model = IbmModel1.fit(TWO, steps=1)
    assert model.likelihoods == pytest.approx([4 * np.log(1 / 4)])


def test_probabilities_of_each_source_word_sum_to_one():
    model = IbmModel1.fit(random_pairs(seed=3), steps=7)
    sums = np.bincount(model.sources, model.probabilities)
    np.testing.assert_allclose(sums[sums > 0], 1)
    assert (np.diff(model.sources) >= 0).all()


def test_reading_ends_at_the_most(monkeypatch):
    monkeypatch.setattr(ibm, "MOST", 7)  # a pair has 6
    read = []

    def pairs():
        for pair in TWO * 5:
            read.append(pair)
            yield pair

    model = IbmModel1.fit(pairs(), steps=1)
    assert len(read) == 2
    assert table(model) == table(IbmModel1.fit(TWO, steps=1))


@pytest.mark.parametrize("pairs", [[], of(([], [1])), of(([1], []))])
def test_no_pairs_teach_nothing(pairs):
    model = IbmModel1.fit(pairs, steps=3)
    assert model.likeliest() == {}
    assert model.given(NULL) == {}
