"""Texts in, translations out: signatures agree with each other and with the model in training."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from seqapps.tasks.translation.model import build_model
from seqapps.tasks.translation.task import TASK

from seqapps.errors import UserError
from seqapps.text.token_ids import BOUNDARY

KINDS = [
    {"encoder": "lstm"},
    {"encoder": "attention", "layers": 2},
]
MORE = [
    {"encoder": "gru", "layers": 2, "attention": "additive", "tied": True},
    {"tokens": "words", "attention": "multi_head"},
    {"encoder": "lstm", "attention": "none", "bidirectional": False},
    {"encoder": "gru", "attention": "general", "input_feeding": True},
    {"shared_vocabulary": True, "tied": True, "attention": "local"},
]
SOURCES = ["나는 고양이를 봤다.", "그는 집에 갔다.", "", "책", "zebra 🦓 나는 나는 나는 나는"]


def rows(*sources, **more):
    return [{"source": source, **more} for source in sources]


@pytest.fixture(
    params=[*KINDS, *(pytest.param(options, marks=pytest.mark.long) for options in MORE)],
    ids=lambda options: "-".join(map(str, options.values())),
)
def translator(request, made):
    return made(**request.param)


def test_a_hand_written_pair_becomes_these_ids(made):
    """Characters by frequency, 0 padding, 1 boundary: BOUNDARY + target is read, target + BOUNDARY
    is told."""
    features = made().features
    inputs, targets = features.pair(
        {"source": tf.constant(["봤다", "책"]), "target": tf.constant(["cat", ""])}
    )
    c, a, t = features.target_codec.encode(["cat"]).numpy()[0]
    seen, _ = features.source_codec.encode(["봤다"]).numpy()[0]
    assert inputs["before"].numpy().tolist() == [[BOUNDARY, c, a, t], [BOUNDARY, 0, 0, 0]]
    assert targets.numpy().tolist() == [[c, a, t, BOUNDARY], [BOUNDARY, 0, 0, 0]]
    assert inputs["source"].numpy()[0].tolist()[0] == seen
    assert inputs["source"].numpy()[:, 1:].tolist()[1] == [BOUNDARY, 0]


def test_a_translation_is_scored_as_it_was_found(translator):
    """Beam search sums what the teacher-forced pass says of the same tokens."""
    best = translator.ask("n_best", rows(*SOURCES))
    for source, found in zip(SOURCES, best, strict=True):
        pairs = [
            (text, score)
            for text, score in zip(found["translations"], found["scores"], strict=True)
            if text and "<unk>" not in text and "\ufffd" not in text
        ]
        asked = [{"source": source, "target": text} for text, _ in pairs]
        if translator.settings.tokens == "words" or not asked:
            continue  # a word may be joined of two tokens, and is read as one
        for told, (_, score) in zip(translator.ask("score", asked), pairs, strict=True):
            cut = told["tokens"] > 20 + 4 * (len(source) + 1) or told["tokens"] > 22
            penalty = ((5 + told["tokens"]) / 6) ** translator.settings.length_penalty
            if not cut:
                assert score == pytest.approx(told["log_probability"] / penalty, abs=1e-3)


def test_the_score_is_the_training_loss(translator):
    pair = {"source": "나는 책을 읽었다.", "target": "I read a book."}
    inputs, targets = translator.features.pair({k: tf.constant([v]) for k, v in pair.items()})
    logits = translator.model(inputs)
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)
    (told,) = translator.ask("score", [pair])
    assert told["log_probability"] == pytest.approx(-float(tf.reduce_sum(loss)), abs=1e-4)
    assert told["tokens"] == targets.shape[1]


def test_a_row_s_translation_does_not_depend_on_its_batch(translator):
    together = translator.ask("n_best", rows(*SOURCES))
    for source, found in zip(SOURCES, together, strict=True):
        (alone,) = translator.ask("n_best", rows(source))
        assert alone["translations"] == found["translations"]
        np.testing.assert_allclose(alone["scores"], found["scores"], atol=1e-4)


def test_the_default_answer_is_the_best_of_many(translator):
    many = translator.ask("n_best", rows(*SOURCES))
    for answer, found in zip(translator.ask("serving_default", rows(*SOURCES)), many, strict=True):
        assert answer["translation"] == found["translations"][0]
        assert answer["score"] == pytest.approx(found["scores"][0], abs=1e-5)
        assert found["scores"] == sorted(found["scores"], reverse=True)


def test_where_it_looks_sums_to_one_over_the_real_source(translator):
    if not translator.settings.looks:
        assert "explain" not in TASK.declared(translator.settings)
        return
    asked = [
        {"source": "나는 고양이를 봤다.", "target": "I saw a cat."},
        {"source": "책", "target": ""},
        {"source": "", "target": "I"},
    ]
    for told in translator.ask("explain", asked):
        source, target = (np.array(told[f"{side}_tokens"]) for side in ("source", "target"))
        weights = np.array(told["attention"])
        real, own = source != "", target != ""
        np.testing.assert_allclose(weights[own].sum(axis=1), 1.0, atol=1e-5)
        assert np.all(weights[:, ~real] == 0)
        assert np.all(weights[~own] == 0)
        assert source[real][-1] == target[own][-1] == "</s>"


def test_an_empty_target_is_explained_as_the_model_s_own(made):
    translator = made()
    (own,) = translator.ask("serving_default", rows("책"))
    asked = [{"source": "책", "target": text} for text in ("", own["translation"])]
    empty, given = translator.ask("explain", asked)
    assert empty["target_tokens"] == given["target_tokens"]


def test_one_beam_is_greedy(made):
    """The likeliest token after what was taken so far, again and again, by the model as a whole."""
    translator = made(beam=1)
    found = translator.ask("n_best", rows(*SOURCES))
    for source, told in zip(SOURCES, found, strict=True):
        inputs, _ = translator.features.pair(
            {"source": tf.constant([source]), "target": tf.constant([""])}
        )
        taken = [BOUNDARY]
        limit = min(20 + 4 * inputs["source"].shape[1], translator.settings.max_tokens)
        while len(taken) <= limit:
            logits = translator.model({**inputs, "before": tf.constant([taken])})[0, -1].numpy()
            logits[[0, 2]] = -np.inf  # padding and unknown characters are never written
            taken.append(int(np.argmax(logits)))
            if taken[-1] == BOUNDARY:
                break
        ids = tf.constant([taken])
        assert told["translations"] == [
            translator.features.target_codec.decode(ids)[0].numpy().decode()
        ]


@pytest.mark.parametrize("beam", [1, 3])
def test_a_model_that_cannot_be_opened_answers_alike(made, beam):
    """As one on another backend, or a recorder: it is asked for whole texts, without a graph."""
    translator = made(beam=beam)
    raw = {"source": tf.constant(SOURCES[:2])}
    told = translator.features.n_best(lambda inputs: translator.model(inputs), raw)
    opened = translator.features.n_best(translator.model, raw)
    np.testing.assert_array_equal(told["translations"], opened["translations"])
    np.testing.assert_allclose(told["scores"], opened["scores"], atol=1e-4)


UNKNOWN_WORDS = ["나는 Zugspitze 봤다.", "  ", "", "Zugspitze"]


def forced_to_say(features, attention):
    """Texts of a search that says I, a space, an unknown word, the end, with such attention.

    `attention` is of every step of the source [batch, source], or None.
    """
    i, space = features.target_codec.encode(["I", "\n "]).flat_values.numpy()[[0, 2]]
    said = tf.constant([0, i, space, 2, 1])

    class Network:
        def start(self, source):
            return tf.zeros([tf.shape(source)[0], 1], tf.int32)

        def step(self, ids, state):
            logits = 30 * tf.one_hot(
                tf.gather(said, tf.minimum(state + 1, 4)), features.target_codec.size
            )
            weights = None if attention is None else tf.repeat(attention[:, None], ids.shape[1], 1)
            return logits, state + 1, weights

    return Network()


@pytest.mark.parametrize(
    ("looked_at", "written"),
    [
        # of the tokens: 나는, space, Zugspitze, " 봤다", ".", the end
        (None, ["I <unk>"] * 4),
        (5, ["I Zugspitze", "I <unk>", "I <unk>", "I Zugspitze"]),
        (3, ["I 봤다", "I <unk>", "I <unk>", "I Zugspitze"]),
    ],
)
def test_an_unknown_word_is_written_as_the_word_that_was_looked_at(
    made, monkeypatch, looked_at, written
):
    """Never as a space or the end, however much of the attention lies there."""
    features = made(tokens="words", attention="multi_head", beam=1).features
    attention = None
    if looked_at is not None:
        weights = np.full([4, 6], 0.02) + 0.2 * np.eye(6)[2] + 0.3 * np.eye(6)[1]
        attention = tf.constant(weights + 0.5 * np.eye(6)[looked_at], tf.float32)
    network = forced_to_say(features, attention)
    monkeypatch.setattr("seqapps.tasks.translation.features.network_of", lambda *_: network)
    source = tf.constant(UNKNOWN_WORDS)
    told = features.n_best(None, {"source": source})["translations"][:, 0]
    assert [text.decode() for text in told.numpy()] == written
    assert [text.decode() for text in features.greedy(None, source).numpy()] == written


@pytest.mark.parametrize("opened", [True, False])
def test_without_attention_an_unknown_word_stays_unknown(made, opened):
    """The plain encoder-decoder looks nowhere, neither opened nor asked as a whole."""
    translator = made(tokens="words", attention="none", bidirectional=False)
    model = translator.model if opened else lambda inputs: translator.model(inputs)
    found = translator.features._searched(model, tf.constant(["나는 책을", "책"]))
    real = found.ids.numpy() != 0
    assert real.any()
    assert (found.aligned.numpy()[real] == -1).all()


def test_a_coverage_penalty_is_refused_before_a_model_is_made_on_jax(monkeypatch):
    monkeypatch.setattr("seqapps.training.backend.on_jax", lambda: True)
    with pytest.raises(UserError, match=r"coverage_penalty = 0\.2 needs the attention"):
        build_model(replace(TASK.settings, coverage_penalty=0.2), None)


def test_a_million_characters_are_cut(made):
    translator = made()
    long = "나는 " * 300_000
    (told,) = translator.ask("score", [{"source": long, "target": "I saw " * 100_000}])
    assert told["tokens"] == translator.settings.max_tokens
    (answer,) = translator.ask("serving_default", rows(long))
    assert np.isfinite(answer["score"])
