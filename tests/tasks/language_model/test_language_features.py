"""What a model is asked, beside what the whole model says of the same tokens."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import log_softmax, softmax
from seqapps.tasks.language_model import network
from seqapps.tasks.language_model.features import LanguageFeatures, fit
from seqapps.tasks.language_model.task import TASK

from seqapps.data.batching import batch_of
from seqapps.text.token_ids import BOUNDARY, PADDING, UNKNOWN
from seqapps.training.losses import token_cross_entropy

KINDS = {
    "characters, LSTM": {},
    "words, two GRU, tied, style": {
        "tokens": "words", "encoder": "gru", "layers": 2, "tied": True, "condition": "author",
    },
    "subwords, LSTM, tied": {"tokens": "subwords", "tied": True},
    "characters, attention, style": {
        "encoder": "attention", "layers": 2, "condition": "author",
    },
}  # fmt: skip
CLOSE = {"rtol": 1e-4, "atol": 1e-4}
LONG = "The cat sat on the mat, and that was that. No, 고양이가 is flat!\n" * 5
SHORT = "a cat sat on"  # as many tokens as attention sees at once, and fewer
PROMPTS = ("The cat", "", "Is that a hat? No, that", "A")


def kinds(*wanted):
    """Those with one of the wanted words in their names; the slow ones in make test-all alone."""
    return [
        pytest.param(name, marks=pytest.mark.long if "words" in name else ())
        for name in KINDS
        if any(word in name for word in wanted)
    ]


@pytest.fixture(params=kinds(""))
def one(request, made):
    return made(**KINDS[request.param])


@pytest.fixture(params=kinds("LSTM", "GRU"))
def recurrent(request, made):
    return made(**KINDS[request.param])


@pytest.fixture
def characters(made):
    return made()


@pytest.fixture(params=kinds("style"))
def styled(request, made):
    return made(**KINDS[request.param])


def gains_of(one, ids, author="Ann"):
    """Log probability of each id but the first, given all before it."""
    chances = log_softmax(one.logits(ids[:-1], author), axis=-1)
    return chances[np.arange(len(ids) - 1), ids[1:]]


def assert_alike(one, other):
    """The same texts, and numbers up to rounding."""
    assert one.keys() == other.keys()
    for name, value in one.items():
        expected = other[name]
        assert value == (expected if isinstance(value, str) else pytest.approx(expected, 1e-4))


# Texts to tensors


STATE = {"tokens": "characters", "punctuation": True, "vocabulary": ["e", "t", " "], "styles": []}


def paired(features, task, *cases):
    cases = [{"context": "", "ends": 0.0, "author": "", **case} for case in cases]
    inputs, targets = features.pair(batch_of(cases, task.columns))
    return {
        name: value.numpy().tolist() for name, value in inputs.items()
    }, targets.numpy().tolist()


def test_a_document_of_one_piece():
    """Boundary t e a(unknown) boundary: each token's target is the next one."""
    inputs, targets = paired(LanguageFeatures(TASK.tiny, STATE), TASK, {"text": "tea", "ends": 1.0})
    assert inputs == {"ids": [[1, 4, 3, 2]], "keep": [[0.0]]}
    assert targets == [[4, 3, 2, 1]]


def test_a_piece_goes_on_from_the_last_token_before_it():
    inputs, targets = paired(
        LanguageFeatures(TASK.tiny, STATE),
        TASK,
        {"text": " tea", "context": "tee", "ends": 1.0},
        {"text": "te", "context": "ete"},
        {"text": "e"},
    )
    assert inputs["ids"] == [[3, 5, 4, 3, 2], [3, 4, 0, 0, 0], [1, 0, 0, 0, 0]]
    assert inputs["keep"] == [[0.0]] * 3
    assert targets == [[5, 4, 3, 2, 1], [4, 3, 0, 0, 0], [3, 0, 0, 0, 0]]


def test_styles_are_numbered_from_1_and_an_unknown_one_is_0():
    settings = replace(TASK.tiny, condition="author")
    features = LanguageFeatures(settings, {**STATE, "styles": ["Ann", "Bob"]})
    cases = [{"text": "tea", "author": author} for author in ("Bob", "Zoe", "Ann", "")]
    inputs, _ = paired(features, TASK.under(settings), *cases)
    assert inputs["style"] == [2, 0, 1, 0]


def test_fit_learns_tokens_and_styles_of_rows_that_come_by_once():
    rows = [{"text": "tee", "author": "Bob"}, {"text": "et", "author": "Ann"}]
    settings = replace(TASK.tiny, condition="author")
    assert fit(iter(rows), settings) == {
        "tokens": "characters", "punctuation": True, "vocabulary": ["e", "t"],
        "styles": ["Ann", "Bob"],
    }  # fmt: skip
    assert fit(iter(rows), TASK.tiny)["styles"] == []


# Scores


def test_the_score_of_a_text_is_the_loss_of_training_on_it(one):
    columns = {**one.task.columns}
    case = {"text": SHORT, "context": "", "ends": 0.0, "author": "Bob"}
    inputs, targets = one.features.pair(batch_of([case], columns))
    loss = np.mean(token_cross_entropy(targets, one.model(inputs)))
    (found,) = one.ask("score", {"text": SHORT, "author": "Bob"})
    assert found["nats_per_token"] == pytest.approx(loss, rel=1e-4)
    assert found["tokens"] == len(one.ids(SHORT))


def test_the_score_of_a_long_text_is_the_whole_models(recurrent):
    (found,) = recurrent.ask("score", {"text": LONG})
    gains = gains_of(recurrent, [BOUNDARY, *recurrent.ids(LONG)])
    assert found["tokens"] == len(gains) > 50
    assert found["log_probability"] == pytest.approx(gains.sum(), rel=1e-4)
    assert found["nats_per_token"] == pytest.approx(-gains.mean(), rel=1e-4)


def test_attention_sees_at_least_half_of_its_steps(made):
    """Blocks of 6 tokens, each read with the 6 before it: steps are 13."""
    one = made(**KINDS["characters, attention, style"])
    ids = [BOUNDARY, *one.ids(LONG)]
    expected = []
    for place in range(len(ids) - 1):
        end = place - place % 6 + 6
        start = max(0, end - 12)
        window = ids[start:end]
        chances = log_softmax(one.logits(window)[place - start])
        expected.append(chances[ids[place + 1]])
    (found,) = one.ask("surprisal", {"text": LONG})
    np.testing.assert_allclose(found["weights"], -np.array(expected), **CLOSE)


def test_after_an_empty_context_a_text_scores_as_from_its_beginning(one):
    rows = [{"text": LONG}, {"text": SHORT}]
    assert one.ask("score_after", *rows) == one.ask("score", *rows)


def test_a_context_is_read_without_a_boundary(recurrent):
    """It is cut somewhere: its first token is given, and scored is only the text."""
    context = "The mat was flat,"
    (found,) = recurrent.ask("score_after", {"context": context, "text": " and that was"})
    before, after = recurrent.ids(context), recurrent.ids(" and that was")
    gains = gains_of(recurrent, [*before, *after])[-len(after) :]
    assert found["tokens"] == len(after)
    assert found["log_probability"] == pytest.approx(gains.sum(), rel=1e-4)


def test_answers_do_not_depend_on_how_wide_windows_are(recurrent, monkeypatch):
    """Windows of 8 steps, of which scores are held, and of 11; rows of several lengths."""
    rows = [{"text": LONG, "context": "A cat. "}, {"text": SHORT}, {"text": "A"}]
    prompts = [{"prompt": row["text"]} for row in (*rows, {"text": ""})]
    at_once, likeliest = recurrent.ask("score_after", *rows), recurrent.ask("next", *prompts)
    for held, widest in ((1, 512), (10**9, 11)):
        monkeypatch.setattr(network, "HELD", held)
        monkeypatch.setattr(network, "WIDEST", widest)
        in_parts = replace(recurrent)
        for one, other in zip(in_parts.ask("score_after", *rows), at_once, strict=True):
            assert one == pytest.approx(other, rel=1e-4)
        for one, other in zip(in_parts.ask("next", *prompts), likeliest, strict=True):
            assert one["tokens"] == other["tokens"]
            assert one["probabilities"] == pytest.approx(other["probabilities"], rel=1e-5)


def test_scores_do_not_depend_on_neighbours(one):
    rows = [{"text": LONG}, {"text": SHORT, "context": "The mat. "}, {"text": ""}, {"text": "A"}]
    together = one.ask("score_after", *rows)
    for row, found in zip(rows, together, strict=True):
        (alone,) = one.ask("score_after", row)
        assert found == pytest.approx(alone, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("signature", ["score", "score_after"])
def test_a_text_without_tokens_scores_nothing(one, signature):
    nothing = {"nats_per_token": 0, "tokens": 0, "unknown": 0, "log_probability": 0}
    assert one.ask(signature, {"text": ""}) == [nothing]
    assert one.ask(signature, {"text": ""}, {"text": LONG}, {"text": ""})[::2] == [nothing] * 2


def test_surprisal_sums_to_the_score_and_its_tokens_to_the_text(one):
    rows = [
        {"text": "The cat sat on the mat.", "context": "A cat is a cat. "},
        {"text": " A cat is a cat."},
        {"text": ""},
    ]
    scores = one.ask("score_after", *rows)
    for row, shown, score in zip(rows, one.ask("surprisal", *rows), scores, strict=True):
        assert sum(shown["weights"]) == pytest.approx(-score["log_probability"], rel=1e-4)
        assert "".join(shown["tokens"]).strip() == row["text"].strip()
        assert len(shown["weights"]) == len(shown["tokens"])
        assert not any(shown["weights"][score["tokens"] :])


def test_an_unknown_character_is_a_token_as_any_other(characters):
    (found,) = characters.ask("score", {"text": "A 猫"})
    ids = [BOUNDARY, *characters.ids("A "), UNKNOWN]
    assert (found["tokens"], found["unknown"]) == (3, 1)
    assert found["log_probability"] == pytest.approx(gains_of(characters, ids).sum(), rel=1e-4)


def test_bytes_that_are_no_utf_8_are_read_as_the_unknown_character(one):
    bad, good = b"A cat\xff is \xe2\x82", "A cat\ufffd is \ufffd"
    assert one.ask("score", {"text": bad}) == one.ask("score", {"text": good})
    assert one.ask("generate", {"prompt": bad})[0]["text"].startswith(good)


# The next token, and more of them


def seen_of(one, ids):
    """The ids that the next one is told from."""
    return ids[-one.settings.steps :] if one.settings.encoder == "attention" else ids


def argmax_loop(one, prompt, count, author="Ann"):
    """(ids, their log probability) by asking the whole model again for every token."""
    ids, written, total = [BOUNDARY, *one.ids(prompt)], [], 0.0
    for _ in range(count):
        styled, plain = (one.logits(seen_of(one, ids), who)[-1] for who in (author, ""))
        chances = log_softmax(plain + one.settings.guidance * (styled - plain))
        allowed = chances.copy()
        allowed[[PADDING, UNKNOWN]] = -np.inf
        written.append(int(np.argmax(allowed)))
        total += chances[written[-1]]
        ids.append(written[-1])
        if written[-1] == BOUNDARY:
            break
    return written, total


@pytest.mark.parametrize("author", ["Ann", "Zoe"])
def test_the_likeliest_text_is_that_of_asking_the_whole_model_again_and_again(one, author):
    rows = [{"prompt": prompt, "max_tokens": 19, "author": author} for prompt in PROMPTS]
    for row, found in zip(rows, one.ask("generate", *rows), strict=True):
        ids, total = argmax_loop(one, row["prompt"], 19, author)
        continuation = one.features.codec.decode(tf.constant([ids])).numpy()[0].decode()
        assert found["continuation"] == continuation
        assert found["text"] == row["prompt"] + continuation
        assert found["log_probability"] == pytest.approx(total, rel=1e-3, abs=1e-3)


def test_the_next_tokens_are_those_of_the_whole_model(one):
    names = one.features.codec.names()
    for prompt, found in zip(
        PROMPTS, one.ask("next", *[{"prompt": prompt} for prompt in PROMPTS]), strict=True
    ):
        chances = softmax(one.logits(seen_of(one, [BOUNDARY, *one.ids(prompt)]))[-1])
        best = np.argsort(-chances)[:10]
        assert found["tokens"] == [names[place] for place in best]
        np.testing.assert_allclose(found["probabilities"], chances[best], **CLOSE)


DRAWN = [
    {"prompt": "The cat", "temperature": 1.0, "max_tokens": 23, "seed": 5},
    {"prompt": "", "temperature": 1.3, "max_tokens": 7, "top_k": 5},
    {"prompt": "Is that a hat? No, that", "max_tokens": 29},
    {"prompt": "A", "temperature": 0.9, "top_p": 0.7, "max_tokens": 0},
    {"prompt": "A", "temperature": 0.9, "top_p": 0.7, "max_tokens": 31, "seed": -3, "author": "B"},
    {"prompt": "No", "temperature": 2.0, "max_tokens": 37, "author": "Bob"},
]  # fmt: skip


def test_a_text_is_written_alike_alone_and_beside_others(one):
    together = one.ask("generate", *DRAWN)
    for row, found in zip(DRAWN, together, strict=True):
        (alone,) = one.ask("generate", row)
        assert found["continuation"] == alone["continuation"]
        assert found["log_probability"] == pytest.approx(alone["log_probability"], rel=1e-3)
    assert len({found["text"] for found in together}) == len(DRAWN)


@pytest.mark.parametrize("size", [1, 3, 7])
def test_a_text_in_parts_is_the_text_at_once(one, size):
    rows = [{**row, "max_tokens": 21} for row in DRAWN]
    at_once = [found["continuation"] for found in one.ask("generate", *rows)]
    shown, written = [""] * len(rows), [""] * len(rows)
    for _ in range(21 // size):
        parts = [
            {**row, "written": so_far, "max_tokens": size}
            for row, so_far in zip(rows, written, strict=True)
        ]
        found = one.ask("go_on", *parts)
        for part, before in zip(found, shown, strict=True):
            assert part["continuation"].startswith(before)
        shown = [part["continuation"] for part in found]
        written = [part["written"] for part in found]
    for part, whole, text in zip(found, at_once, written, strict=True):
        cut = part["continuation"]  # perhaps within a character, which is not shown then
        assert whole == cut or (not part["ended"] and whole == cut + "\ufffd")
        assert part["ended"] == (str(BOUNDARY) in text.split())
    assert any(part["ended"] for part in found) or one.settings.tokens == "subwords"


def test_what_has_ended_is_not_gone_on_with(characters):
    """As a client may ask that writes several texts side by side."""
    row = {"prompt": "The", "temperature": 1.0, "written": f"7 5 {BOUNDARY}", "max_tokens": 5}
    (found,) = characters.ask("go_on", row)
    assert found["written"] == row["written"]
    assert found["ended"] == 1


def test_parts_together_are_as_long_as_one_at_once_at_most(made):
    """Of 41 tokens that are allowed 40 are there."""
    one = made()
    row = {"prompt": "The", "temperature": 1.0, "written": "7 " * 40, "max_tokens": 5}
    (found,) = one.ask("go_on", row)
    assert len(found["written"].split()) == 41
    assert found["ended"] == 1
    assert one.ask("go_on", {**row, "written": found["written"]}) == [found]


@pytest.mark.parametrize("written", ["cat", "7 -3 5", "7 100000", "7 0 5", "7 99999999999 5"])
def test_numbers_that_are_no_tokens_are_passed_over(characters, written):
    """An error instead would fail whoever shares the batch."""
    good = " ".join(part for part in written.split() if part in ("7", "5"))
    rows = [{"written": text, "max_tokens": 3} for text in (written, good)]
    bad, as_if = characters.ask("go_on", *rows)
    assert bad == as_if


def test_the_default_signature_writes_with_the_models_own_options(one):
    settings = one.settings
    own = {
        "max_tokens": settings.length, "temperature": settings.temperature, "seed": 0,
        "top_k": settings.top_k, "top_p": settings.top_p,
    }  # fmt: skip
    rows = [{"prompt": prompt} for prompt in PROMPTS]
    assert one.ask("serving_default", *rows) == one.ask(
        "generate", *[{**row, **own} for row in rows]
    )


# What clients send


@pytest.mark.parametrize(
    ("asked", "tokens"), [(0, 0), (-7, 0), (5, 5), (41, 41), (43, 41), (2**31 - 1, 41)]
)
def test_max_tokens_is_kept_to_and_to_the_longest_that_is_allowed(characters, asked, tokens):
    boundary = characters.model.get_layer("logits").bias
    value = boundary.numpy()
    boundary.assign(np.where(np.arange(len(value)) == BOUNDARY, -1e3, value))  # it never ends
    try:
        found, other = characters.ask(
            "generate", {"max_tokens": asked, "prompt": "A"}, {"max_tokens": 3}
        )
    finally:
        boundary.assign(value)
    assert len(found["continuation"]) == tokens
    assert len(other["continuation"]) == 3
    assert (found["log_probability"] == 0) == (tokens == 0)


@pytest.mark.parametrize("temperature", [-1.0, float("nan"), 1e-9, -np.inf])
def test_a_temperature_without_a_meaning_takes_the_likeliest_token(one, temperature):
    rows = [{"prompt": "The", "temperature": each} for each in (temperature, 0.0)]
    strange, coldest = one.ask("generate", *rows)
    assert_alike(strange, coldest)


@pytest.mark.parametrize(("top_p", "same_as"), [(1.7, 1.0), (float("nan"), 1.0), (np.inf, 1.0)])
def test_a_top_p_over_1_draws_among_all(one, top_p, same_as):
    rows = [
        {"prompt": "The", "temperature": 1.0, "max_tokens": 29, "top_p": each}
        for each in (top_p, same_as)
    ]
    strange, known = one.ask("generate", *rows)
    assert_alike(strange, known)


@pytest.mark.parametrize("top_p", [0.0, -0.3, 1e-9])
def test_a_top_p_of_0_and_less_takes_the_likeliest_token(one, top_p):
    rows = [
        {"prompt": "The", "temperature": 1.0, "top_p": top_p},
        {"prompt": "The", "temperature": 0.0},
    ]
    strange, coldest = one.ask("generate", *rows)
    assert_alike(strange, coldest)


@pytest.mark.parametrize("prompt", ["", " ", "\n", "猫 と 犬", "🐈", "<unk>", "a" * 1009])
def test_any_prompt_is_gone_on_from(one, prompt):
    (found,) = one.ask("generate", {"prompt": prompt, "temperature": 1.0})
    assert found["text"] == prompt + found["continuation"]
    assert np.isfinite(found["log_probability"])
    assert "\ufffd" not in found["continuation"] or one.settings.tokens == "subwords"


def test_an_unknown_style_is_no_style_and_a_known_one_steers(styled):
    rows = [{"text": LONG, "author": author} for author in ("Zoe", "", "Ann", "Bob")]
    zoe, none, ann, bob = (found["log_probability"] for found in styled.ask("score", *rows))
    assert zoe == none
    assert len({none, ann, bob}) == 3


def test_without_a_style_nothing_is_added(styled):
    """The vectors of style 0 do not matter, whatever training made of them."""
    vectors = styled.model.get_layer("style_vectors").embeddings
    before = styled.ask("score", {"text": SHORT, "author": ""})
    value = vectors.numpy()
    vectors.assign(np.concatenate([value[:1] + 7, value[1:]]))
    try:
        assert styled.ask("score", {"text": SHORT, "author": ""}) == before
    finally:
        vectors.assign(value)


@pytest.mark.parametrize("kind", kinds("style"))
def test_guidance_makes_larger_what_the_style_changes(made, kind):
    one, plain = made(**KINDS[kind], guidance=50.0), made(**KINDS[kind])
    ids, _ = argmax_loop(one, "The cat", 11)
    assert ids != argmax_loop(plain, "The cat", 11)[0]
    (told,) = one.ask("go_on", {"prompt": "The cat"})
    assert told["written"] == " ".join(map(str, ids))
    no_style = {"prompt": "The cat", "author": ""}
    assert one.ask("go_on", no_style) == plain.ask("go_on", no_style)
    for name in ("score", "next"):  # the model as it is
        row = {"text": "The cat", "prompt": "The cat"}
        assert one.ask(name, row) == plain.ask(name, row)
