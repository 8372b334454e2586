"""The most frequent caption, and that of the nearest image."""

import random

import numpy as np
import pytest
import sacrebleu

from seqapps.baselines import captions
from seqapps.baselines.captions import most_frequent_caption, most_typical, nearest_image


def image(*numbers):
    """Bytes that stand for an image, of which `vectors` makes the numbers again."""
    return np.array(numbers, "float32").tobytes()


def vectors(images):
    return np.stack([np.frombuffer(each, "float32") for each in images])  # [images, size]


def told(predict, *images):
    return predict([{"image_bytes": each} for each in images])


TRAINING = [
    {"image_bytes": image(2, 0, 0), "captions": "a dog runs\na red dog runs\nwhat a day"},
    {"image_bytes": image(0, 3, 4), "captions": "a cat"},
    {"image_bytes": image(0, 6, 8), "captions": "the same cat"},
    {"image_bytes": image(0, 0, 0), "captions": "nothing"},
]


def test_the_most_frequent_caption_is_the_first_of_equally_frequent_ones():
    cases = [{"captions": "a dog\nA cat\na cat"}, {"captions": "a cow\na cat\na dog"}]
    predict = most_frequent_caption(cases)
    assert predict([{"image_bytes": b""}] * 3) == [{"caption": "a dog", "score": 2 / 6}] * 3
    assert predict([]) == []


def test_an_image_gets_a_caption_of_the_nearest_one():
    found = told(nearest_image(vectors)(TRAINING), image(5, 1, 0), image(0, 0.3, 0.4))
    assert found[0]["caption"] == "a dog runs"  # the most like the others
    assert found[0]["score"] == pytest.approx(5 / 26**0.5)
    assert found[1]["caption"] == "a cat"  # the first of two in the same direction
    assert found[1]["score"] == pytest.approx(1)


def test_an_image_without_direction_is_like_no_other():
    (found,) = told(nearest_image(vectors)(TRAINING), image(0, 0, 0))
    assert found == {"caption": "a dog runs", "score": 0}


def test_an_image_unlike_all_is_nearest_to_the_one_least_unlike():
    (found,) = told(nearest_image(vectors)(TRAINING[:2]), image(-7, -1, 0))
    assert found["caption"] == "a cat"
    assert found["score"] == pytest.approx(-0.6 / 50**0.5)


@pytest.mark.parametrize("at_once", [1, 7, 64, 1000])
def test_the_nearest_is_that_of_all_cosines_however_many_at_once(monkeypatch, at_once):
    monkeypatch.setattr(captions, "AT_ONCE", at_once)
    drawn = np.random.default_rng(0)
    known, asked = drawn.normal(size=(101, 5)), drawn.normal(size=(67, 5))
    sizes = []

    def counted(images):
        sizes.append(len(images))
        return vectors(images)

    training = [
        {"image_bytes": image(*row), "captions": str(number)} for number, row in enumerate(known)
    ]
    found = told(nearest_image(counted)(training), *(image(*row) for row in asked))
    assert sum(sizes) == 101 + 67 and max(sizes) == min(101, at_once)
    for row, response in zip(asked, found, strict=True):
        cosines = [row @ other / np.linalg.norm(row) / np.linalg.norm(other) for other in known]
        assert int(response["caption"]) == np.argmax(cosines)
        assert response["score"] == pytest.approx(max(cosines), abs=1e-6)


def test_no_similarity_is_over_1():
    drawn = np.random.default_rng(1)
    images = [image(*row) for row in drawn.normal(size=(211, 3))]
    predict = nearest_image(vectors)([{"image_bytes": each, "captions": "a"} for each in images])
    scores = [response["score"] for response in told(predict, *images)]
    assert max(scores) <= 1
    assert min(scores) == pytest.approx(1)


@pytest.mark.parametrize("most", [1, 2, 3, 5])
def test_of_many_images_some_from_all_over_are_searched(monkeypatch, most):
    monkeypatch.setattr(captions, "MOST", most)
    images = [image(*(row == np.arange(5))) for row in range(5)]
    training = [{"image_bytes": each, "captions": str(at)} for at, each in enumerate(images)]
    found = [response["caption"] for response in told(nearest_image(vectors)(training), *images)]
    right = [caption == str(number) for number, caption in enumerate(found)]
    assert sum(right) == most
    assert right[0]
    assert most == 1 or right[-1]


def test_no_images_get_no_captions():
    assert nearest_image(vectors)(TRAINING)([]) == []


def test_the_most_typical_caption_has_most_of_its_words_in_the_others():
    """As sacrebleu finds it, over captions of few words."""
    drawn = random.Random(0)
    scorer = sacrebleu.BLEU(
        max_ngram_order=1, tokenize="none", smooth_method="none", force=True, effective_order=True
    )
    for _ in range(53):
        texts = [" ".join(drawn.choices("abcdefg", k=drawn.randint(2, 7))) for _ in range(5)]
        scores = [
            scorer.corpus_score(
                [text], [[other] for other in [*texts[:at], *texts[at + 1 :]]]
            ).score
            for at, text in enumerate(texts)
        ]
        typical = most_typical(texts)
        assert scores[texts.index(typical)] == pytest.approx(max(scores))


def test_a_single_caption_is_typical_and_of_equals_the_first_is():
    assert most_typical(["a dog"]) == "a dog"
    assert (
        most_typical(["a dog", "a brown dog runs", "it is a nice day", "a dog runs"])
        == "a dog runs"
    )
    assert most_typical(["?", "!"]) == "?"
    assert most_typical(["A cow", "a dog", "A dog", "a Dog"]) == "a dog"
