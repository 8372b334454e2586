"""How an answer is shown follows from the kinds of its outputs."""

from importlib import resources
from typing import get_args

import pytest

from seqapps.playground.views import ALONE, TOGETHER, views_of
from seqapps.task import AnswerKind, Output, Signature

STATIC = resources.files("seqapps.playground").joinpath("static")


def signature(**kinds):
    return Signature({}, {name: Output(kind, "m") for name, kind in kinds.items()}, "m")


def shown(**kinds):
    return [(view.name, dict(view.outputs)) for view in views_of(signature(**kinds))]


def test_every_kind_of_answer_has_a_view_of_its_own():
    assert set(ALONE) == set(get_args(AnswerKind))
    for kind, name in ALONE.items():
        assert [view.name for view in views_of(signature(output=kind))] == [name]


def test_every_view_is_a_file_that_the_page_loads():
    page = STATIC.joinpath("views.js").read_text("utf-8")
    for name in {*ALONE.values(), *TOGETHER}:
        assert STATIC.joinpath("views", f"{name}.js").is_file()
        assert f'"./views/{name}.js"' in page


def test_labels_are_shown_with_their_scores_and_the_label_that_was_told():
    told = {"label": "l", "labels": "names", "scores": "s"}
    assert shown(s="scores", names="labels", l="label") == [("scores", told)]


def test_tags_are_shown_with_their_words():
    told = {"tokens": "words", "tags": "t", "scores": "s"}
    assert shown(t="tags", words="tokens", s="scores") == [("tagged", told)]


def test_candidates_are_labels_with_scores_and_no_label():
    assert shown(a="labels", b="scores") == [("scores", {"labels": "a", "scores": "b"})]


def test_two_pairs_of_labels_and_scores_are_two_views_in_their_order():
    names = [view["labels"] for _, view in shown(a="labels", c="scores", b="labels", d="scores")]
    assert names == ["a", "b"]


def test_tokens_with_weights_are_shaded_and_their_ids_are_told():
    roles = {"tokens": "t", "weights": "w", "ids": "i"}
    assert shown(i="ids", t="tokens", w="weights") == [("shaded", roles)]


def test_two_texts_of_tokens_with_an_alignment_are_linked():
    roles = {"first": "a", "second": "b", "weights": "c"}
    assert shown(a="tokens", b="tokens", c="alignment") == [("alignment", roles)]


def test_tokens_with_maps_of_a_picture_are_shown_on_it():
    assert shown(t="tokens", m="heat_map") == [("heat_map", {"tokens": "t", "maps": "m"})]


def test_a_forecast_and_the_ends_of_its_bands_are_one_picture():
    [(name, roles)] = shown(mean="series", low="band", high="band")
    assert (name, roles["series"], roles["ends"]) == ("series", ["mean"], ["low", "high"])


def test_a_threshold_is_told_as_a_number_and_drawn_with_the_series():
    views = dict(shown(step_scores="series", threshold="number"))
    assert views["numbers"]["numbers"] == ["threshold"] == views["series"]["numbers"]


def test_a_text_stands_before_what_explains_it():
    assert [name for name, _ in shown(score="number", said="text")] == ["text", "numbers"]


@pytest.mark.parametrize("kind", sorted(get_args(AnswerKind)))
def test_each_output_is_in_a_view_beside_whatever_else_is_told(kind):
    beside = {"l": "label", "n": "labels", "s": "scores", "t": "tokens", "w": "weights"}
    views = views_of(signature(**beside, one=kind, other=kind))
    roles = [role for view in views for role in view.outputs.values()]
    named = [name for role in roles for name in ([role] if isinstance(role, str) else role)]
    assert {*beside, "one", "other"} <= set(named)
