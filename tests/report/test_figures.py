"""Pictures hold what they say, in colours that the page decides."""

import re
import warnings

import numpy as np
import pytest

from seqapps.report.curves import best_round, curves
from seqapps.report.intervals import dots
from seqapps.report.labels import by_length, confusion, reliability, wilson
from seqapps.report.svg import FALLS_BACK, VARIABLES, pictured, svg_of
from seqapps.task import Figure


def texts(svg: str) -> list[str]:
    return [text.strip() for text in re.findall(r"<text[^>]*>([^<]+)</text>", svg)]


def test_every_colour_is_the_pages_own():
    """A fixed colour would vanish on a dark page or on paper."""
    figure = confusion(["a", "a", "b"], ["a", "b", "b"])
    svg = svg_of(figure, number=0)
    assert "var(--model)" in svg
    assert "var(--ink)" in svg
    assert not any(colour in svg for colour in VARIABLES)
    colours = set(re.findall(r"#[0-9a-fA-F]{6}", re.sub(r'(url\(#|href="#)[^")]+', "", svg)))
    assert colours <= {"#000000"}  # of clip paths, which paint nothing


def test_ids_of_two_figures_on_a_page_differ_and_references_hold():
    figure = dots([("one", {"value": 0.5, "low": 0.4, "high": 0.7})], title="t", colours={})
    first, second = svg_of(figure, number=3), svg_of(figure, number=5)
    ids = [set(re.findall(r' id="([^"]+)"', svg)) for svg in (first, second)]
    assert ids[0]
    assert not ids[0] & ids[1]
    used = set(re.findall(r'(?:url\(#|href="#)([^")]+)', first))
    assert used == ids[0]


def test_the_same_figure_gives_the_same_bytes():
    figure = confusion(["a", "b"], ["a", "b"])
    assert svg_of(figure, number=1) == svg_of(figure, number=1)


def test_a_figure_is_named_for_those_who_cannot_see_it():
    figure = Figure(title='a "quoted" <title>', draw=lambda axes: axes.plot([1, 2]))
    assert 'role="img" aria-label="a &quot;quoted&quot; &lt;title&gt;"' in svg_of(figure, number=0)


def test_labels_in_scripts_that_the_font_lacks_raise_no_warning():
    korean = pictured(confusion(["긍정", "부정"], ["긍정", "긍정"]), number=0)
    assert "긍정" in texts(korean["svg"])
    assert korean["note"].endswith(FALLS_BACK)  # and the reader is told


def test_labels_that_the_font_has_are_drawn_without_a_word():
    assert FALLS_BACK not in pictured(confusion(["a", "é"], ["a", "a"]), number=0)["note"]


def test_other_warnings_of_a_figure_are_told_as_ever():
    def draw(axes):
        warnings.warn("odd", UserWarning, stacklevel=1)

    with pytest.warns(UserWarning, match="odd"):
        pictured(Figure(title="t", draw=draw), number=0)


def test_the_confusion_matrix_counts_rows_of_the_truth():
    svg = svg_of(confusion(["a", "a", "a", "b"], ["a", "a", "b", "b"]), number=0)
    found = texts(svg)
    assert [found.count(cell) for cell in ("67%", "33%", "0%", "100%")] == [1, 1, 1, 1]


def test_rare_labels_are_put_together():
    truth = [f"label {number % 13}" for number in range(60)] + ["label 0"] * 5
    figure = confusion(truth, truth)
    found = texts(svg_of(figure, number=0))
    assert "(the rest)" in found
    assert "3 labels" in figure.note
    assert "label 12" not in found


def test_reliability_leaves_out_bins_of_a_few_cases_and_draws_every_predictor():
    random = np.random.default_rng(3)
    sureness = random.uniform(0.5, 1.0, 211)
    right = random.uniform(size=211) < sureness
    found = texts(
        svg_of(reliability({"model": (sureness, right), "tfidf": (sureness, right)}), number=0)
    )
    assert {"model", "tfidf"} <= set(found)
    svg_of(reliability({"model": (np.array([0.9]), np.array([True]))}), number=0)


def test_the_wilson_interval_is_that_of_the_textbook():
    """8 of 10: 0.490 to 0.943 (Brown, Cai and DasGupta 2001 give the formula)."""
    low, high = wilson(np.array([8.0, 0.0, 5.0]), np.array([10.0, 5.0, 5.0]))
    assert low[0] == pytest.approx(0.4902, abs=1e-4)
    assert high[0] == pytest.approx(0.9433, abs=1e-4)
    assert low[1] == 0.0
    assert high[2] == 1.0


def test_accuracy_by_length_puts_equal_lengths_together():
    cases = [{"n": n} for n in [1] * 7 + [2] * 5 + [9]]
    figure = by_length(
        cases, cases, length=lambda case: case["n"], right=lambda case, response: case["n"] == 1
    )
    found = texts(svg_of(figure, number=0))
    assert "7 cases" in found
    assert "words" in found


def test_one_length_alone_is_one_point():
    cases = [{"n": 3}] * 4
    figure = by_length(cases, cases, length=lambda case: 3, right=lambda case, response: True)
    assert "4 cases" in texts(svg_of(figure, number=0))


def test_curves_of_an_ensemble_share_the_picture_of_the_loss():
    history = [
        {"round": 1.0, "steps": 5.0, "loss": 2.0, "tfidf_scores_loss": 0.5, "valid_accuracy": 0.4,
         "seconds": 1.0, "cpu_seconds": 1.0},
        {"round": 2.0, "steps": 5.0, "loss": 1.0, "tfidf_scores_loss": 0.3, "valid_accuracy": 0.6,
         "seconds": 1.0, "cpu_seconds": 1.0},
    ]  # fmt: skip
    found = curves(history, best=2)
    assert [figure.title for figure in found] == ["loss by round", "accuracy by round"]
    assert {"training", "tfidf"} <= set(texts(svg_of(found[0], number=0)))


@pytest.mark.parametrize(("higher", "best"), [(True, 2), (False, 3)])
def test_the_best_round_is_the_first_with_the_best_value(higher, best):
    values = [0.5, 0.7, 0.4, 0.7, 0.4]
    assert best_round([{"valid_m": v} for v in values], "m", higher=higher) == best


def test_what_is_watched_beside_a_metric_is_drawn_in_its_picture():
    history = [
        {"round": 1, "loss": 2.0, "valid_bleu": 11.0, "teacher_forced_bleu": 17.0},
        {"round": 2, "loss": 1.0, "valid_bleu": 13.0, "teacher_forced_bleu": 19.0},
    ]
    found = curves(history, best=2)
    assert [figure.title for figure in found] == ["loss by round", "bleu by round"]
    assert "bleu (validation, teacher forced)" in texts(svg_of(found[1], number=1))
