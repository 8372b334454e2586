"""The comparing rule: what counts as the same answer."""

import math

import pytest

from seqapps.export.compare import TOLERANCE, Comparison, compare
from seqapps.task import Output

ANSWER = {
    "label": Output("label", "the likeliest label"),
    "scores": Output("scores", "probability of each label"),
    "labels": Output("labels", "the labels' names"),
    "tokens": Output("tokens", "the words"),
    "weights": Output("weights", "one a word"),
    "number": Output("number", "any number"),
}


def differences(actual, expected, name="number"):
    return compare([{name: actual}], [{name: expected}], ANSWER).differences


def labelled(label, scores):
    return {"label": label, "scores": scores, "labels": ["bad", "good"]}


def test_equal_texts_are_the_same():
    assert differences("good", "good", "label") == []


def test_different_texts_are_named_both():
    assert differences(["good"], ["bad"], "tokens") == [
        "row 1, tokens: at 0: 'good' in place of 'bad'"
    ]


def test_whole_numbers_are_the_same_or_not():
    """30,001 is another word than 30,000, however near."""
    assert differences([30_000], [30_000]) == []
    assert differences([30_001], [30_000]) == ["row 1, number: at 0: 30001 in place of 30000"]


@pytest.mark.parametrize("expected", [0.0, 0.5, -0.5, 1.0, 7.0, -7.0, 1e6])
def test_numbers_may_differ_by_the_tolerance_times_the_larger_of_one_and_the_expected(expected):
    allowed = 1e-4 * max(1.0, abs(expected))
    assert differences(expected + 0.99 * allowed, expected) == []
    assert differences(expected - 0.99 * allowed, expected) == []
    assert len(differences(expected + 1.01 * allowed, expected)) == 1
    assert len(differences(expected - 1.01 * allowed, expected)) == 1


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_refused_even_where_it_was_expected(value):
    assert len(differences(value, 0.5)) == 1
    assert len(differences(0.5, value)) == 1
    assert len(differences(value, value)) == 1


def test_a_number_that_is_not_finite_is_found_inside_a_list():
    assert differences([0.5, math.nan], [0.5, 0.25], "weights") == [
        "row 1, weights: at 1: nan in place of 0.25"
    ]


def test_empty_texts_at_the_end_of_a_list_do_not_count():
    assert differences(["a", "film", "", ""], ["a", "film"], "tokens") == []
    assert differences(["a", "film"], ["a", "film", "", ""], "tokens") == []


def test_zeros_at_the_end_of_a_list_do_not_count():
    assert differences([0.75, 0.25, 0.0], [0.75, 0.25], "weights") == []
    assert differences([0.75, 0.25], [0.75, 0.25, 0.0], "weights") == []


def test_a_further_word_at_the_end_of_a_list_counts():
    assert len(differences(["a", "film", "!"], ["a", "film"], "tokens")) == 1
    assert len(differences(["a", "film"], ["a", "film", "!"], "tokens")) == 1


def test_a_further_number_at_the_end_of_a_list_counts():
    assert len(differences([0.75, 0.25, 0.01], [0.75, 0.25], "weights")) == 1
    assert len(differences([0.75, 0.25], [0.75, 0.25, 0.01], "weights")) == 1


def test_padding_in_front_of_a_list_counts():
    assert len(differences(["", "a", "film"], ["a", "film"], "tokens")) == 1


def test_an_empty_list_equals_padding_alone():
    assert differences([], ["", ""], "tokens") == []
    assert differences([0.0, 0.0], [], "weights") == []


def test_nested_lists_are_compared_to_the_last_number():
    expected = [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]
    assert differences([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], expected, "weights") == []
    assert differences([[0.1, 0.2, 0.3], [0.4, 0.9, 0.6]], expected, "weights") == [
        "row 1, weights: at 1: at 1: 0.9 in place of 0.5"
    ]


def test_nested_lists_may_be_padded_on_both_axes():
    padded = [[0.1, 0.2, 0.0], [0.4, 0.0, 0.0], [0.0, 0.0, 0.0]]
    assert differences(padded, [[0.1, 0.2], [0.4]], "weights") == []
    assert differences([[0.1, 0.2], [0.4]], padded, "weights") == []


def test_another_label_whose_score_is_the_same_but_for_rounding_is_counted_only():
    half = 0.5 + TOLERANCE / 4
    found = compare(
        [labelled("good", [1 - half, half])], [labelled("bad", [half, 1 - half])], ANSWER
    )
    assert (found.near_ties, found.differences) == (1, [])


def test_another_label_whose_score_is_lower_counts():
    scores = [0.501, 0.499]
    found = compare([labelled("good", scores)], [labelled("bad", scores)], ANSWER)
    assert found.near_ties == 0
    assert found.differences == ["row 1, label: 'good' in place of 'bad'"]


def test_a_label_that_the_model_does_not_know_counts_even_at_a_tie():
    scores = [0.5, 0.5]
    found = compare([labelled("fine", scores)], [labelled("bad", scores)], ANSWER)
    assert found.near_ties == 0
    assert len(found.differences) == 1


def test_another_label_counts_where_the_answer_has_scores_but_does_not_name_them():
    unnamed = {name: ANSWER[name] for name in ("label", "scores")}
    found = compare(
        [{"label": "good", "scores": [0.5, 0.5]}], [{"label": "bad", "scores": [0.5, 0.5]}], unnamed
    )
    assert found.differences == ["row 1, label: 'good' in place of 'bad'"]


def test_a_text_without_scores_is_never_a_near_tie():
    found = compare([{"tokens": ["a"]}], [{"tokens": ["b"]}], ANSWER)
    assert (found.near_ties, len(found.differences)) == (0, 1)


SCORED = {"text": Output("text", "what was written"), "score": Output("number", "how sure")}


def test_another_text_with_the_same_score_but_for_rounding_is_counted_only():
    found = compare(
        [{"text": "ein Hund", "score": -0.50001}], [{"text": "der Hund", "score": -0.5}], SCORED
    )
    assert (found.differences, found.near_ties) == ([], 1)


def test_another_text_with_another_score_counts():
    found = compare(
        [{"text": "ein Hund", "score": -0.51}], [{"text": "der Hund", "score": -0.5}], SCORED
    )
    assert len(found.differences) == 2


def test_labels_may_change_places_where_their_scores_are_the_same():
    expected = {"label": "a", "labels": ["a", "b", "c"], "scores": [0.4, 0.4, 0.2]}
    found = compare([{**expected, "labels": ["b", "a", "c"]}], [expected], ANSWER)
    assert (found.differences, found.near_ties) == ([], 1)
    found = compare([{**expected, "labels": ["a", "c", "b"]}], [expected], ANSWER)
    assert len(found.differences) == 1
    found = compare([{**expected, "labels": ["b", "d", "c"]}], [expected], ANSWER)
    assert len(found.differences) == 1


def test_outputs_of_other_names_are_named():
    found = compare([{"number": 1.0}], [{"number": 1.0, "label": "bad"}], ANSWER)
    assert found.differences == ["row 1: ['number'] in place of ['label', 'number']"]


@pytest.mark.parametrize(("actual", "expected"), [(2, 3), (3, 2), (0, 3)])
def test_another_number_of_rows_counts(actual, expected):
    rows = [{"number": 1.0}]
    found = compare(rows * actual, rows * expected, ANSWER)
    assert found.differences == [f"{actual} answers to {expected} rows"]


def test_rows_are_numbered_from_one_and_called_as_told():
    expected = [{"number": 1.0}, {"number": 2.0}]
    found = compare(
        [{"number": 1.0}, {"number": 3.0}], expected, ANSWER, what="serving_default row"
    )
    assert found.differences == ["serving_default row 2, number: 3.0 in place of 2.0"]


def test_the_largest_difference_is_a_share_of_the_expected_number():
    rows, expected = [{"number": 200.01}, {"number": 0.5}], [{"number": 200.0}, {"number": 0.5}]
    assert compare(rows, expected, ANSWER).largest == pytest.approx(0.01 / 200)


def test_comparisons_add_up_in_one_record():
    found = Comparison()
    for _ in range(3):
        compare([{"number": 1.0}] * 5, [{"number": 2.0}] * 5, ANSWER, into=found)
    assert (found.rows, len(found.differences)) == (15, 15)
