"""The whole loop: what it draws, when it stops, and that rows do not touch each other."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from seqapps.decoding.randomness import keys
from seqapps.decoding.sampling import sample

VOCABULARY, END = 11, 1
TABLE = np.random.default_rng(3).normal(0, 1.5, [5, VOCABULARY, VOCABULARY]).astype("float32")
SHARES = np.exp(TABLE) / np.exp(TABLE).sum(axis=-1, keepdims=True)


def step(ids, state):
    """Logits by the last token and the number of tokens since the start, modulo 5."""
    time = state["time"]  # [batch]
    return tf.gather_nd(TABLE, tf.stack([time % 5, ids], 1)), {"time": time + 1}


def begin(texts):
    rows = tf.shape(texts)[0]
    logits = tf.repeat(tf.constant(TABLE[4:, END]), rows, axis=0)
    return {"time": tf.zeros([rows], tf.int32)}, logits


SIGNATURE = [
    tf.TensorSpec([None], dtype)
    for dtype in (tf.string, tf.int32, tf.int32, tf.float32, tf.int32, tf.float32)
]


@tf.function(input_signature=SIGNATURE)
def generate(text, seed, max_tokens, temperature, top_k, top_p):
    state, logits = begin(text)
    return sample(
        step, state, logits, keys=keys(seed, text), max_tokens=max_tokens, limit=31,
        temperature=temperature, top_k=top_k, top_p=top_p, end=END,
    )._asdict()  # fmt: skip


def ask(texts, *, seed=0, max_tokens=31, temperature=1.0, top_k=0, top_p=1.0):
    rows = len(texts)
    options = [
        np.broadcast_to(np.array(value), [rows]).astype(spec.dtype.as_numpy_dtype)
        for value, spec in zip(
            (seed, max_tokens, temperature, top_k, top_p), SIGNATURE[1:], strict=True
        )
    ]
    found = generate(tf.constant(texts, tf.string), *map(tf.constant, options))
    return {name: value.numpy() for name, value in found.items()}


def log_probability(ids):
    """Of the tokens in turn, under the table as it is."""
    last, total = END, 0.0
    for place, id_ in enumerate(ids):
        total += np.log(SHARES[(place + 4) % 5, last, id_])
        last = id_
    return total


def many(count):
    return [f"row {number}" for number in range(count)]


def agree(counts, shares):
    expected = shares.astype("float64") / shares.sum(dtype="float64") * counts.sum()
    return stats.chisquare(counts, expected).pvalue > 0.01


def test_texts_have_the_probability_that_the_model_gives_them():
    """First pairs of 20,011 texts, by chi-square against the product of the shares."""
    ids = ask(many(20011), max_tokens=2)["ids"]
    counts = np.zeros([VOCABULARY, VOCABULARY])
    np.add.at(counts, (ids[:, 0], ids[:, 1]), 1)
    expected = SHARES[4, END][:, None] * SHARES[0]
    expected[END] = 0
    expected[END, 0] = SHARES[4, END, END]  # ended, then padding
    there = expected > 0
    assert counts[~there].sum() == 0
    assert agree(counts[there], expected[there])


def test_tokens_have_the_truncated_distribution():
    """top_k 5 and top_p 0.8 at temperature 1.5, on one token, by chi-square."""
    order = np.argsort(-TABLE[4, END])[:5]
    weights = np.exp(TABLE[4, END][order] / 1.5)
    shares = weights / weights.sum()
    kept = order[: np.searchsorted(np.cumsum(shares), 0.8) + 1]
    assert 1 < len(kept) < 5
    ids = ask(many(10007), max_tokens=1, temperature=1.5, top_k=5, top_p=0.8)["ids"][:, 0]
    counts = np.bincount(ids, minlength=VOCABULARY)
    assert set(np.flatnonzero(counts)) == set(kept)
    assert agree(counts[kept], shares[: len(kept)])


def test_temperature_zero_is_a_greedy_loop():
    found = ask(["a", "b"], temperature=0.0)
    expected, last = [], END
    while len(expected) < 31 and (not expected or last != END):
        last = int(TABLE[(len(expected) + 4) % 5, last].argmax())
        expected.append(last)
    assert found["ids"].tolist() == [expected] * 2
    assert found["log_probability"] == pytest.approx([log_probability(expected)] * 2, rel=1e-5)


@pytest.mark.parametrize("options", [{}, {"temperature": 0.7, "top_k": 3}, {"top_p": 0.6}])
def test_the_log_probability_is_that_of_the_model_as_it_is(options):
    found = ask(many(17), **options)
    for ids, length, value in zip(*found.values(), strict=True):
        assert value == pytest.approx(log_probability(ids[:length]), rel=1e-4)


def test_rows_end_at_the_end_token_and_are_padded():
    found = ask(many(101))
    ended = 0
    for ids, length in zip(found["ids"], found["lengths"], strict=True):
        assert END not in ids[: length - 1]
        assert not ids[length:].any()
        ended += ids[length - 1] == END
        assert ids[length - 1] == END or length == 31
    assert 0 < ended <= 101


def test_rows_have_the_tokens_they_asked_for_and_no_more_than_the_limit():
    seeds = range(20)
    lengths = ask(["one text"] * 20, seed=seeds)["lengths"]
    seed = seeds[int(lengths.argmax())]
    wanted = [0, 1, 7, 31, 10**9, -3]
    found = ask(["one text"] * 6, max_tokens=wanted, seed=[seed] * 6)
    longest = found["lengths"][3]
    assert longest > 7
    assert found["lengths"].tolist() == [0, 1, 7, longest, longest, 0]
    for ids, length in zip(found["ids"], found["lengths"], strict=True):
        np.testing.assert_array_equal(ids[:length], found["ids"][3, :length])
        assert not ids[length:].any()
    assert found["log_probability"][[0, 5]].tolist() == [0, 0]


def test_no_tokens_and_no_rows_are_answered():
    assert ask(["a", "b"], max_tokens=0)["ids"].shape == (2, 0)
    assert ask([])["ids"].shape == (0, 0)


def test_the_loop_stops_when_all_rows_are_done():
    steps = tf.Variable(0)

    def counted(ids, state):
        steps.assign_add(1)
        return tf.one_hot([END] * 3, VOCABULARY) * 99 * state, state + 1

    every = {"temperature": [0.0] * 3, "top_k": [0] * 3, "top_p": [1.0] * 3}
    found = tf.function(
        lambda: sample(
            counted, tf.zeros([3, 1]), tf.one_hot([5, 5, 5], VOCABULARY),
            keys=keys(tf.zeros([3], tf.int32), tf.constant(["a", "b", "c"])),
            max_tokens=tf.constant([1000] * 3), limit=1000, end=END,
            **{name: tf.constant(value) for name, value in every.items()},
        )
    )()  # fmt: skip
    assert found.ids.numpy().tolist() == [[5, 0, END]] * 3
    assert steps.numpy() == 2


def test_a_row_alone_has_the_tokens_it_has_among_strangers():
    """Of any number, with other options, whose texts are shorter and longer."""
    random = np.random.default_rng(7)
    texts = many(37)
    options = {
        "seed": random.integers(0, 5, 37),
        "max_tokens": random.integers(1, 40, 37),
        "temperature": random.choice([0.0, 0.7, 1.0, 1.4], 37),
        "top_k": random.choice([0, 0, 3], 37),
        "top_p": random.choice([1.0, 0.9, 0.5], 37),
    }
    together = ask(texts, **options)
    for row in range(37):
        alone = ask(texts[row : row + 1], **{name: v[row] for name, v in options.items()})
        length = alone["lengths"][0]
        assert length == together["lengths"][row]
        np.testing.assert_array_equal(alone["ids"][0], together["ids"][row, :length])


def test_seed_and_text_both_make_another_text():
    rows = ask(["a", "a", "b", "a"], seed=[0, 1, 0, 0], max_tokens=31)["ids"].tolist()
    assert rows[0] == rows[3]
    assert len({tuple(row) for row in rows}) == 3


def test_a_text_made_in_parts_is_the_text_made_at_once():
    texts = tf.constant(many(13))
    ways = {"temperature": tf.ones([13]), "top_k": tf.zeros([13], tf.int32), "top_p": tf.ones([13])}

    def part(state, logits, count, *, start):
        return sample(
            step, state, logits, keys=keys(tf.zeros([13], tf.int32), texts),
            max_tokens=tf.fill([13], count), limit=31, end=-1, start=start, **ways,
        ).ids  # fmt: skip

    state, logits = begin(texts)
    whole = part(state, logits, 19, start=0).numpy()
    first = part(state, logits, 8, start=tf.zeros([13], tf.int32))
    for place in range(8):
        logits, state = step(first[:, place], state)
    second = part(state, logits, 11, start=tf.fill([13], 8))
    np.testing.assert_array_equal(whole, tf.concat([first, second], 1))


def test_an_export_draws_the_same(tmp_path):
    module = tf.Module()
    module.generate = generate
    tf.saved_model.save(module, tmp_path, signatures=module.generate)
    loaded = tf.saved_model.load(tmp_path).signatures["serving_default"]
    expected = ask(many(7), seed=3, top_p=0.9)
    found = loaded(
        text=tf.constant(many(7)), seed=tf.fill([7], 3), max_tokens=tf.fill([7], 31),
        temperature=tf.ones([7]), top_k=tf.zeros([7], tf.int32), top_p=tf.fill([7], 0.9),
    )  # fmt: skip
    np.testing.assert_array_equal(found["ids"], expected["ids"])
    np.testing.assert_allclose(found["log_probability"], expected["log_probability"], rtol=1e-5)
