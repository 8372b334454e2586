"""Kneser-Ney by hand, against a second implementation with dictionaries, and as a distribution."""

from collections import Counter

import numpy as np
import pytest

from seqapps.baselines.kneser_ney import USUAL, KneserNey, _discounts

SIZE = 17


def random_streams(*, seed, lengths=(211, 1, 97, 2, 30)):
    """Streams of ids 3 to 13 in which pairs recur, some with boundaries inside."""
    random = np.random.default_rng(seed)
    table = random.dirichlet(np.full(11, 0.3), 11)
    streams = []
    for length in lengths:
        ids = [int(random.integers(11))]
        while len(ids) < length:
            ids.append(int(random.choice(11, p=table[ids[-1]])))
        stream = np.array(ids) + 3
        stream[random.random(length) < 0.05] = 1
        streams.append(stream)
    return streams


class Slow:
    """The same model as its paper has it: n-grams are tuples, and probability calls itself."""

    def __init__(self, streams, order):
        self.raw = Counter()
        for stream in streams:
            document = [1]
            for token in stream.tolist():
                document.append(token)
                for length in range(1, min(order, len(document)) + 1):
                    self.raw[tuple(document[-length:])] += 1
                if token == 1:
                    document = [1]
        self.order = max(map(len, self.raw))
        self.counts = {gram: self.count(gram) for gram in self.raw}
        by_length = [
            np.array([n for gram, n in self.counts.items() if len(gram) == length])
            for length in range(1, self.order + 1)
        ]
        self.discounts = [_discounts(counts) for counts in by_length]

    def count(self, gram):
        if len(gram) == self.order or (len(gram) > 1 and gram[0] == 1):
            return self.raw[gram]
        return len({longer[0] for longer in self.raw if longer[1:] == gram})

    def probability(self, token, context):
        context = tuple(context)[max(0, len(context) - self.order + 1) :]
        shorter = self.probability(token, context[1:]) if context else 1 / SIZE
        discounts = self.discounts[len(context)]
        after = {
            gram[-1]: count
            for gram, count in self.counts.items()
            if len(gram) == len(context) + 1 and gram[:-1] == context
        }
        if not after:
            return shorter
        total = sum(after.values())
        rest = sum(discounts[min(count, 3) - 1] for count in after.values()) / total
        own = after.get(token, 0)
        return (own and (own - discounts[min(own, 3) - 1]) / total) + rest * shorter

    def log_probabilities(self, stream):
        context, found = [1], []
        for token in stream.tolist():
            found.append(np.log(self.probability(token, context)))
            context = [1] if token == 1 else [*context, token]
        return found


def test_a_bigram_model_by_hand():
    """ "a b a" after a boundary, all discounts the usual ones.

    Of single tokens, two different ones stand before a and one before b. So a has
    (2 - 1) / 3 + 1.5 / 3 / 5 = 13/30, b (1 - 0.5) / 3 + 0.1 = 8/30 and each of the others 3/30.
    After a, b was seen once: 0.5 + 0.5 * 8/30 = 19/30.
    """
    model = KneserNey.fit([np.array([3, 4, 3])], order=2, size=5)
    np.testing.assert_allclose(model.distribution([]), np.array([3, 3, 3, 13, 8]) / 30)
    np.testing.assert_allclose(model.distribution([3]), np.array([1.5, 1.5, 1.5, 6.5, 19]) / 30)
    np.testing.assert_allclose(
        np.exp(model.log_probabilities(np.array([3, 4, 3, 2]))),
        [0.5 + 6.5 / 30, 19 / 30, 0.5 + 6.5 / 30, 1.5 / 30],
    )


def test_a_unigram_model_by_hand():
    """Of 4 tokens, a occurs three times: (3 - 1.5) / 4, and (1.5 + 0.5) / 4 is shared by five."""
    model = KneserNey.fit([np.array([3, 4, 3, 3])], order=1, size=5)
    np.testing.assert_allclose(model.distribution([4]), [0.1, 0.1, 0.1, 0.475, 0.225])


def test_discounts_by_hand():
    """10, 5, 3 and 2 n-grams of counts 1 to 4: Y = 1/2; 1 - 2 Y 5/10, 2 - 3 Y 3/5, 3 - 4 Y 2/3."""
    counts = np.repeat([1, 2, 3, 4, 9], [10, 5, 3, 2, 1])
    np.testing.assert_allclose(_discounts(counts), [1 / 2, 11 / 10, 5 / 3])


@pytest.mark.parametrize(
    "numbers",
    [(10, 5, 3, 0), (0, 5, 3, 2), (2, 9, 9, 9), (0, 0, 0, 0)],  # (2, 9, ...): 1 - 2 * 0.1 * 4.5
)
def test_discounts_that_cannot_be_estimated_are_the_usual_ones(numbers):
    counts = np.repeat([1, 2, 3, 4, 9], [*numbers, 5])
    found = _discounts(counts)
    assert (found > 0).all()
    assert (found <= [1, 2, 3]).all()
    if 0 in numbers:
        assert found.tolist() == list(USUAL)


@pytest.mark.parametrize("order", [1, 2, 3, 5])
@pytest.mark.parametrize("seed", [0, 1])
def test_it_agrees_with_a_second_implementation(order, seed):
    streams = random_streams(seed=seed)
    model, slow = KneserNey.fit(streams, order=order, size=SIZE), Slow(streams, order)
    np.testing.assert_allclose(model.discounts, slow.discounts)
    for stream in (*streams, *random_streams(seed=seed + 7, lengths=(53,))):
        expected = slow.log_probabilities(stream)
        np.testing.assert_allclose(model.log_probabilities(stream), expected, rtol=1e-10)


def test_discounts_of_such_streams_are_estimated():
    """Or the test above would compare the usual ones only."""
    model = KneserNey.fit(random_streams(seed=0), order=3, size=SIZE)
    assert (model.discounts != USUAL).any()


@pytest.mark.parametrize("order", [1, 2, 5])
def test_probabilities_sum_to_one_after_any_context(order):
    streams = random_streams(seed=3)
    model = KneserNey.fit(streams, order=order, size=SIZE)
    random = np.random.default_rng(5)
    seen = [stream[:end] for stream in streams for end in (0, 1, 5, 30)]
    unseen = [random.integers(0, SIZE, 7) for _ in range(53)]
    for context in (*seen, *unseen, [1], [SIZE - 1]):
        found = model.distribution(context)
        assert found.shape == (SIZE,)
        assert found.min() > 0
        assert found.sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("order", [1, 2, 4])
def test_the_distribution_is_that_of_each_token_in_turn(order):
    streams = random_streams(seed=4)
    model = KneserNey.fit(streams, order=order, size=SIZE)
    ids = np.random.default_rng(5).integers(1, SIZE, 61)
    ids[:30] = streams[0][:30]
    expected = [
        np.log(model.distribution([1, *ids[:place]])[token]) for place, token in enumerate(ids)
    ]
    np.testing.assert_allclose(model.log_probabilities(ids), expected, rtol=1e-10)


def test_nothing_is_known_across_a_boundary():
    model = KneserNey.fit(random_streams(seed=0), order=5, size=SIZE)
    first, second = random_streams(seed=9, lengths=(19, 23))
    joined = model.log_probabilities(np.concatenate([first, [1], second]))
    np.testing.assert_array_equal(joined[:19], model.log_probabilities(first))
    np.testing.assert_array_equal(joined[20:], model.log_probabilities(second))


def test_the_order_is_no_longer_than_the_longest_text():
    model = KneserNey.fit([np.array([3, 4]), np.array([5])], order=7, size=SIZE)
    assert model.order == 3
    assert model.log_probabilities(np.full(11, 3)).shape == (11,)


def test_no_tokens_have_no_probabilities():
    model = KneserNey.fit([np.array([3, 4])], order=2, size=SIZE)
    assert model.log_probabilities(np.zeros(0, int)).shape == (0,)


@pytest.mark.parametrize(
    ("streams", "order", "message"),
    [
        ([], 3, "no tokens"),
        ([np.zeros(0, int)], 3, "no tokens"),
        ([np.array([3])], 0, "order is 0"),
        ([np.array([3, SIZE])], 3, "not 0 to 16"),
        ([np.array([3, -1])], 3, "not 0 to 16"),
    ],
)
def test_what_cannot_be_counted_is_told(streams, order, message):
    with pytest.raises(ValueError, match=message):
        KneserNey.fit(streams, order=order, size=SIZE)


def test_longer_contexts_help_on_text_that_has_them():
    """Every third token follows from the two before it."""
    random = np.random.default_rng(3)
    pairs = random.integers(3, 13, [2003, 2])
    stream = np.concatenate([pairs, 3 + (pairs.sum(axis=1, keepdims=True) % 10)], axis=1).ravel()
    nats = {
        order: -KneserNey.fit([stream[:4507]], order=order, size=SIZE)
        .log_probabilities(stream[4507:])
        .mean()
        for order in (1, 2, 3)
    }
    assert nats[3] < 0.9 * nats[2]
    assert nats[2] == pytest.approx(nats[1], rel=0.05)


@pytest.mark.shared_data
def test_shakespeare_is_known_by_six_characters(shared_data):
    """1.5226 nats when it was first measured; the unigram entropy of the training text is 3.31."""
    folder = shared_data / "language_model"
    train, test = (
        np.array([*(folder / f"tinyshakespeare_{split}.txt").read_bytes()])
        for split in ("train", "test")
    )
    model = KneserNey.fit([train], order=6, size=256)
    assert 1.4 < -model.log_probabilities(test).mean() < 1.6
