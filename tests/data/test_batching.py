"""Which cases share a batch, in which order: a pure function of lengths, seed and epoch."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from seqapps.data.batching import LARGEST_BATCH, batch_of, buckets, pipeline, plan, shuffled
from seqapps.task import Buckets, Column, Fixed

SETTINGS = SimpleNamespace(batch_tokens=97, batch_size=7)
BUCKETS = Buckets(lambda case, settings: case["length"])


def epoch_of(cases, batching, *, seed: int, epoch: int):
    return shuffled(buckets(cases, batching, SETTINGS), seed=seed, epoch=epoch)


def cases_of(count: int, *, longest: int = 29) -> list[dict]:
    random = np.random.default_rng(count)
    return [
        {"length": int(length), "text": f"case {number}", "values": [number, 0.5]}
        for number, length in enumerate(random.integers(0, longest + 1, count))
    ]


@pytest.mark.parametrize("batching", [BUCKETS, Fixed()], ids=["buckets", "fixed"])
@pytest.mark.parametrize("count", [1, 5, 11, 211])
class TestEveryBatching:
    def test_an_epoch_has_every_case_once(self, batching, count):
        batches = epoch_of(cases_of(count), batching, seed=3, epoch=5)
        assert sorted(np.concatenate(batches)) == list(range(count))

    def test_a_plan_has_every_case_once(self, batching, count):
        batches = plan(cases_of(count), batching, SETTINGS)
        assert sorted(np.concatenate(batches)) == list(range(count))

    def test_every_epoch_has_as_many_batches_as_the_plan(self, batching, count):
        cases = cases_of(count)
        counts = {len(epoch_of(cases, batching, seed=3, epoch=e)) for e in range(7)}
        assert counts == {len(plan(cases, batching, SETTINGS))}

    def test_the_same_seed_and_epoch_give_the_same_order(self, batching, count):
        first, second = (epoch_of(cases_of(count), batching, seed=3, epoch=5) for _ in range(2))
        assert list(map(list, first)) == list(map(list, second))

    def test_no_batch_is_empty(self, batching, count):
        batches = epoch_of(cases_of(count), batching, seed=3, epoch=5)
        assert all(len(batch) for batch in batches)


def test_what_is_cut_of_a_long_case_takes_no_place_in_a_batch():
    """A text of 1,000 tokens of which 19 are read shares its batch with others of 19."""
    cases = [{"length": 1000 + number} for number in range(60)]
    cut = SimpleNamespace(batch_tokens=97, max_tokens=19)
    assert {len(batch) for batch in plan(cases, BUCKETS, cut)} == {5}
    assert {len(batch) for batch in plan(cases, BUCKETS, SETTINGS)} == {1}


@pytest.mark.parametrize("batching", [BUCKETS, Fixed()], ids=["buckets", "fixed"])
def test_another_epoch_or_seed_gives_another_order(batching):
    orders = {
        tuple(np.concatenate(epoch_of(cases_of(211), batching, seed=seed, epoch=epoch)))
        for seed in (0, 1, 2)
        for epoch in (0, 1, 2)
    }
    assert len(orders) == 9


def test_another_epoch_mixes_other_cases_into_a_batch():
    cases = cases_of(211)
    one, two = (
        {frozenset(batch.tolist()) for batch in epoch_of(cases, BUCKETS, seed=0, epoch=e)}
        for e in (0, 1)
    )
    assert len(one & two) < len(one) / 2


def test_short_and_long_batches_come_mixed():
    """Sorted by length, an epoch would end on its longest cases every time."""
    cases = cases_of(997)
    batches = epoch_of(cases, BUCKETS, seed=0, epoch=0)
    longest = np.array([max(cases[i]["length"] for i in batch) for batch in batches])
    halves = longest[: len(longest) // 2], longest[len(longest) // 2 :]
    assert abs(halves[0].mean() - halves[1].mean()) < 0.1 * longest.mean()


def test_no_batch_takes_more_steps_than_its_budget():
    cases = cases_of(997)
    for batch in [
        *plan(cases, BUCKETS, SETTINGS),
        *epoch_of(cases, BUCKETS, seed=3, epoch=5),
    ]:
        assert len(batch) * max(1, *(cases[i]["length"] for i in batch)) <= 97


def test_a_case_beyond_the_budget_is_a_batch_of_its_own():
    cases = [{"length": length} for length in [3] * 11 + [101]]
    assert [11] in [list(batch) for batch in plan(cases, BUCKETS, SETTINGS)]


def test_very_short_cases_do_not_fill_huge_batches():
    cases = [{"length": 1}] * 12_007
    budget = SimpleNamespace(batch_tokens=100_003)
    sizes = [len(batch) for batch in plan(cases, BUCKETS, budget)]
    assert 0.9 * LARGEST_BATCH < max(sizes) <= LARGEST_BATCH
    assert min(sizes) > 0.9 * LARGEST_BATCH  # no batch of a few that are left over


def test_buckets_pad_less_than_chance():
    def padding(batches) -> float:
        steps = sum(len(batch) * max(cases[i]["length"] for i in batch) for batch in batches)
        return 1 - sum(case["length"] for case in cases) / steps

    cases = cases_of(997)
    at_random = epoch_of(cases, Fixed(), seed=0, epoch=0)
    assert padding(epoch_of(cases, BUCKETS, seed=0, epoch=0)) < padding(at_random) / 3


def test_no_cases_are_no_batches():
    assert plan([], BUCKETS, SETTINGS) == plan([], Fixed(), SETTINGS) == []


COLUMNS = {
    "text": Column("text", "any"),
    "stars": Column("number", "any"),
    "values": Column("series", "any", (2, 3)),
}
CASES = [
    {"text": f"그 {n}", "stars": n + 0.5, "values": np.arange(6.0).reshape(2, 3) + n, "more": n}
    for n in range(5)
]


def test_a_batch_has_every_column_with_the_cases_first():
    batch = batch_of(CASES, COLUMNS)
    assert {name: (tensor.shape, tensor.dtype) for name, tensor in batch.items()} == {
        "text": ([5], tf.string),
        "stars": ([5], tf.float32),
        "values": ([5, 2, 3], tf.float32),
    }
    assert [text.decode() for text in batch["text"].numpy()] == [f"그 {n}" for n in range(5)]
    np.testing.assert_array_equal(batch["stars"], np.arange(5) + 0.5)
    np.testing.assert_array_equal(batch["values"], np.stack([case["values"] for case in CASES]))


def test_a_batch_may_be_empty():
    shapes = {name: tensor.shape for name, tensor in batch_of([], COLUMNS).items()}
    assert shapes == {"text": [0], "stars": [0], "values": [0, 2, 3]}


@pytest.mark.parametrize(
    "values",
    [5.0, [5.0], np.zeros([3, 2]), np.zeros(6), np.zeros([2, 5])],
    ids=["one number", "a list of one", "turned", "flat", "too long"],
)
def test_a_value_of_another_shape_is_never_stretched_or_turned_to_fit(values):
    with pytest.raises((TypeError, ValueError)):
        batch_of([{"values": values}], {"values": COLUMNS["values"]})


def as_it_is(batch):
    return batch["text"], batch["values"]


def test_a_pipeline_yields_the_batches_in_their_order():
    order = [np.array([3, 1]), np.array([4]), np.array([0, 2])]
    found = list(pipeline(CASES, lambda: order, COLUMNS, as_it_is))
    for batch, (texts, values) in zip(order, found, strict=True):
        assert [text.decode() for text in texts.numpy()] == [CASES[i]["text"] for i in batch]
        np.testing.assert_array_equal(values, np.stack([CASES[i]["values"] for i in batch]))


def test_a_pipeline_keeps_its_order_however_long_a_batch_takes():
    """Early batches are made slow; parallel workers must not let later ones overtake them."""

    def slow_at_first(batch):
        def wait(values):
            import time

            time.sleep(0.03 if values[0, 0, 0] < 2 else 0.0)
            return values

        return tf.numpy_function(wait, [batch["values"]], tf.float32)

    order = [np.array([n]) for n in range(5)]
    for _ in range(2):
        found = [
            values[0, 0, 0].item()
            for values in pipeline(CASES, lambda: order, COLUMNS, slow_at_first).as_numpy_iterator()
        ]
        assert found == [0, 1, 2, 3, 4]


def test_a_pipeline_asks_for_its_batches_each_time_it_is_iterated():
    """One pipeline serves a whole training; a new one each round would never be let go of."""
    rounds = iter([[np.array([3, 1])], [np.array([4]), np.array([0, 2])]])
    dataset = pipeline(CASES, lambda: next(rounds), COLUMNS, as_it_is)
    found = [[[t.decode() for t in texts.numpy()] for texts, _ in dataset] for _ in range(2)]
    texts = [case["text"] for case in CASES]
    assert found == [[[texts[3], texts[1]]], [[texts[4]], [texts[0], texts[2]]]]


def test_a_pipeline_gives_pair_the_declared_columns_only():
    seen = []
    pipeline(CASES, list, COLUMNS, lambda batch: seen.append(dict(batch)) or batch)
    assert {name: (spec.shape.as_list(), spec.dtype) for name, spec in seen[0].items()} == {
        "text": ([None], tf.string),
        "stars": ([None], tf.float32),
        "values": ([None, 2, 3], tf.float32),
    }
