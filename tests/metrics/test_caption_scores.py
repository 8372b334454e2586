"""BLEU and chrF are sacrebleu's, CIDEr-D the paper's formulas and the published code's values."""

import csv
import math
import random
from itertools import zip_longest

import numpy as np
import pytest
import sacrebleu

from seqapps.metrics.captions import bleu, captions_of, chrf, cider_d, length_ratio, words
from seqapps.metrics.judge import judge, values_of

METRICS = {
    **{f"bleu_{longest}": bleu(longest) for longest in (1, 2, 3, 4)},
    "cider_d": cider_d(), "chrf": chrf(), "length_ratio": length_ratio(),
}  # fmt: skip
WORDS = ["a", "the", "red", "dog", "Dogs", "man's", "t-shirt", "isn't", "3", "running", "Ärger"]


def made_up(count, *, seed):
    """Images with one to five captions, and answers that take most of their words from one."""
    drawn = random.Random(seed)
    cases, responses = [], []
    for _ in range(count):
        captions = [
            drawn.choices(WORDS, k=drawn.randint(1, 13)) for _ in range(drawn.randint(1, 5))
        ]
        told = [drawn.choice(WORDS) if drawn.random() < 0.2 else word for word in captions[0]]
        told = [word for word in told if drawn.random() < 0.9]
        cases.append({"captions": "\n".join(map(" ".join, captions))})
        responses.append({"caption": " ".join(told)})
    return cases, responses


def told(caption, *captions):
    """All scores of one answer."""
    return values_of(METRICS, [{"captions": "\n".join(captions)}], [{"caption": caption}])


def for_sacrebleu(cases, responses):
    """What is said, and first, second, ... captions of all images, None where there are fewer."""
    captions = [[" ".join(words(text)) for text in captions_of(case)] for case in cases]
    said = [" ".join(words(response["caption"])) for response in responses]
    return said, [list(texts) for texts in zip_longest(*captions)]


def bleu_by_sacrebleu(cases, responses, *, longest):
    scorer = sacrebleu.BLEU(
        max_ngram_order=longest, tokenize="none", smooth_method="none", force=True
    )
    return scorer.corpus_score(*for_sacrebleu(cases, responses)).score


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_of_captions_gives_its_example_the_declared_value(name):
    example = METRICS[name].example
    received = values_of(METRICS, example.cases, example.responses)[name]
    assert received == pytest.approx(example.value, rel=1e-12)


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("A man 's T-shirt is red .", "a man 's t-shirt is red"),
        ("The man's dogs' toys, isn't it?", "the man 's dogs toys is n't it"),
        ("They’re “at” home -- we'll (soon) see!", "they 're at home we 'll soon see"),
        ("No. 3: 1999", "no 3 1999"),
        ("Ein Ärgernis in Öl", "ein ärgernis in öl"),
        ("빨간 원", "빨간 원"),
        ("红色的圆。", "红 色 的 圆"),
        (" ... ", ""),
    ],
)
def test_words_are_in_lower_case_and_without_marks(caption, expected):
    assert words(caption) == tuple(expected.split())


@pytest.mark.parametrize("count", [1, 7, 211])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_bleu_and_chrf_of_captions_are_those_of_sacrebleu(count, seed):
    cases, responses = made_up(count, seed=seed)
    found = values_of(METRICS, cases, responses)
    for longest in (1, 2, 3, 4):
        expected = bleu_by_sacrebleu(cases, responses, longest=longest)
        assert found[f"bleu_{longest}"] == pytest.approx(expected, rel=1e-12, abs=1e-12)
    expected = sacrebleu.corpus_chrf(*for_sacrebleu(cases, responses)).score
    assert found["chrf"] == pytest.approx(expected, rel=1e-12)
    assert count == 1 or 0 < found["bleu_4"] < found["bleu_1"] < 100


def test_a_resample_of_captions_has_the_score_that_sacrebleu_gives_it():
    cases, responses = made_up(53, seed=3)
    places = np.random.default_rng(0).integers(53, size=53)
    again = [cases[place] for place in places], [responses[place] for place in places]
    rows = METRICS["bleu_4"].statistics(cases, responses)
    assert len(rows) == 53
    found = METRICS["bleu_4"].reduce(rows[places].sum(axis=0))
    assert found == pytest.approx(bleu_by_sacrebleu(*again, longest=4), rel=1e-12)


def test_a_word_is_right_as_often_as_one_caption_has_it():
    # twice in the second caption, never three times
    assert told("dog dog dog", "a dog ran", "dog eats dog")["bleu_1"] == pytest.approx(100 * 2 / 3)


@pytest.mark.parametrize(
    ("caption", "captions", "ratio", "penalty"),
    [
        ("a b c d", ["a b c d e", "a b c"], 4 / 3, 1),  # the shorter of two as close
        ("a b c d", ["a b c d e f", "a b c d e"], 4 / 5, math.exp(1 - 5 / 4)),
        ("a b c d", ["a b c d e f", "b"], 4 / 6, math.exp(1 - 6 / 4)),  # closest, not shortest
    ],
)
def test_lengths_are_held_to_the_closest_caption(caption, captions, ratio, penalty):
    found = told(caption, *captions)
    assert found["length_ratio"] == pytest.approx(ratio)
    assert found["bleu_1"] == pytest.approx(100 * penalty)


@pytest.mark.parametrize("caption", ["", "?", "x y z"])
def test_a_caption_that_has_nothing_right_is_0(caption):
    found = told(caption, "a dog runs", "a dog")
    for name in METRICS.keys() - {"length_ratio"}:
        assert found[name] == 0


def test_no_words_at_all_have_no_length_ratio():
    assert math.isnan(told("", "!", "?")["length_ratio"])
    assert told("", "!")["bleu_1"] == 0


@pytest.mark.parametrize("longest", [0, 5])
def test_bleu_is_of_1_to_4_words(longest):
    with pytest.raises(ValueError, match=f"BLEU-{longest}"):
        bleu(longest)


def cider_d_by_the_paper(images, answers):
    """[images]: Vedantam et al. 2015, eq. 1 and the last of section 6, in lists and loops.

    h, how often an n-gram occurs, stands where the paper has its share, as in the published code.
    """

    def occurrences(gram, text):
        return sum(text[at : at + len(gram)] == gram for at in range(len(text) - len(gram) + 1))

    scores = []
    for captions, answer in zip(images, answers, strict=True):
        total = 0.0
        for caption in captions:
            for n in (1, 2, 3, 4):
                both = [text[at : at + n] for text in (answer, caption) for at in range(len(text))]
                grams = sorted({tuple(gram) for gram in both if len(gram) == n})
                vectors = []
                for text in (answer, caption):
                    vector = []
                    for gram in map(list, grams):
                        having = sum(
                            any(occurrences(gram, other) for other in others) for others in images
                        )
                        idf = math.log(len(images)) - math.log(max(1, having))
                        vector.append(occurrences(gram, text) * idf)
                    vectors.append(vector)
                norms = math.hypot(*vectors[0]) * math.hypot(*vectors[1])
                clipped = sum(min(c, s) * s for c, s in zip(*vectors, strict=True))
                penalty = math.exp(-((len(answer) - len(caption)) ** 2) / (2 * 6**2))
                total += (10 / len(captions)) * penalty * (clipped / norms if norms else 0) / 4
        scores.append(total)
    return scores


@pytest.mark.parametrize("seed", range(5))
def test_cider_d_is_the_formula_of_the_paper(seed):
    cases, responses = made_up(23, seed=seed)
    rows = cider_d().statistics(cases, responses)
    images = [[list(words(caption)) for caption in captions_of(case)] for case in cases]
    expected = cider_d_by_the_paper(images, [list(words(told["caption"])) for told in responses])
    assert min(expected) < 2 < max(expected)
    assert rows[:, 0] == pytest.approx(expected, rel=1e-9)
    assert (rows[:, 1] == 1).all()
    assert cider_d().reduce(rows.sum(axis=0)) == pytest.approx(np.mean(expected), rel=1e-9)


def test_cider_d_and_bleu_are_those_of_the_published_code():
    """Values that pycocoevalcap 1.2 gives, which is coco-caption for Python 3."""
    by_answer = {
        "a small red circle left of a blue square": (
            "a red circle left of a big blue square",
            "a small red circle and a blue square",
            "a blue square right of a small circle",
        ),
        "a green star below a star": (
            "a green star below a yellow star",
            "a yellow star above a green one",
        ),
        "a large large cross in the middle": (
            "a large cross",
            "there is a large white cross in the middle of the picture",
        ),
        "a blue triangle": ("a small blue triangle in the upper left",),
    }
    cases = [{"captions": "\n".join(captions)} for captions in by_answer.values()]
    responses = [{"caption": answer} for answer in by_answer]
    expected = [4.733449364019, 4.255496114074, 2.407024996356, 1.628267825901]
    assert cider_d().statistics(cases, responses)[:, 0] == pytest.approx(expected, rel=1e-10)
    found = values_of(METRICS, cases, responses)
    of_bleu = [88.6191692460, 83.7372440062, 74.8191052911, 64.9943294873]
    # It adds 1e-9 to what is divided by.
    assert [found[f"bleu_{n}"] for n in (1, 2, 3, 4)] == pytest.approx(of_bleu, rel=1e-9)


def test_what_every_image_has_weighs_nothing_and_a_caption_itself_weighs_10():
    cases = [{"captions": "a red dog runs"}, {"captions": "a red cat sleeps"}]
    rows = cider_d().statistics(cases, [{"caption": "a red dog runs"}, {"caption": "a red"}])
    assert rows[:, 0] == pytest.approx([10, 0])


def test_a_single_image_has_no_cider_d_and_a_short_caption_not_all_of_it():
    assert told("a dog runs fast", "a dog runs fast")["cider_d"] == 0
    cases = [{"captions": "red dog runs"}, {"captions": "green cat"}]
    rows = cider_d().statistics(cases, [{"caption": "red dog runs"}, {"caption": "green cat"}])
    assert rows[:, 0] == pytest.approx([7.5, 5])


def test_a_word_said_again_gains_nothing():
    """Without clipping, a second "dog" would turn the answer towards the caption."""
    cases = [{"captions": "dog"}, {"captions": "a cat"}]
    once, again = (
        cider_d().statistics(cases, [{"caption": caption}, {"caption": "a cat"}])[0, 0]
        for caption in ("dog runs", "dog dog runs")
    )
    assert again < 0.7 * once


def test_the_order_of_the_captions_of_an_image_does_not_matter():
    cases, responses = made_up(31, seed=7)
    # An answer without words is as far from all; sacrebleu's chrF then takes the first.
    responses = [{"caption": told["caption"] or "dog"} for told in responses]
    turned = [{"captions": "\n".join(captions_of(case)[::-1])} for case in cases]
    found = values_of(METRICS, cases, responses)
    assert values_of(METRICS, turned, responses) == pytest.approx(found, rel=1e-12)


def test_intervals_of_captions_hold_the_scores():
    cases, responses = made_up(37, seed=5)
    scores, _ = judge(METRICS, cases, {"model": responses}, resamples=101)
    for score in scores["model"].values():
        assert score["low"] < score["value"] < score["high"]


def test_cases_and_captions_must_be_as_many():
    for metric in METRICS.values():
        with pytest.raises(ValueError, match="shorter"):
            metric.statistics([{"captions": "a"}] * 3, [{"caption": "a"}] * 2)


@pytest.mark.shared_data
def test_people_score_beside_each_other_as_the_published_code_says(shared_data):
    """The fifth captions of 2,000 images of Flickr8k beside the other four: pycocoevalcap 1.2.

    The whole of it, with the Java program that makes its words. Ours are others in 10 of 11,500.
    """
    by_image = {}
    with (shared_data / "captioning" / "train.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            by_image.setdefault(row["image"], []).append(row["caption"])
    cases = [{"captions": "\n".join(captions[:4])} for captions in by_image.values()]
    responses = [{"caption": captions[4]} for captions in by_image.values()]
    found = values_of(METRICS, cases, responses)
    published = [61.6383, 42.1869, 28.4292, 18.9774]
    assert [found[f"bleu_{n}"] for n in (1, 2, 3, 4)] == pytest.approx(published, abs=0.01)
    assert found["cider_d"] == pytest.approx(0.77002, abs=0.001)
