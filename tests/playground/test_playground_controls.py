"""A form control follows from the column that it asks for."""

import re
from typing import get_args

import pytest

from seqapps.playground.controls import WIDGETS, Widget, control_of
from seqapps.playground.site import render
from seqapps.task import Column, Kind

FIELD = '{% from "controls.jinja" import field %}'


def drawn(control):
    import seqapps.playground.site as site

    template = site._environment().from_string(FIELD + "{{ field(control, 'q0-0') }}")
    return template.render(control=control)


def test_every_kind_of_column_has_a_widget_that_can_be_drawn():
    assert set(WIDGETS) == set(get_args(Kind))
    assert set(WIDGETS.values()) == set(get_args(Widget))
    for kind in WIDGETS:
        shape = (5, 2) if kind == "series" else ()
        html = drawn(control_of("given", Column(kind, "what it is", shape)))
        assert re.search(r'<(input|textarea) id="q0-0"', html), kind


def test_a_control_has_a_label_and_its_meaning_as_its_description():
    html = drawn(control_of("max_tokens", Column("integer", "tokens to write", default=7)))
    assert '<label for="q0-0">max tokens</label>' in html
    assert '<p class="help" id="q0-0-help">tokens to write</p>' in html
    assert 'aria-describedby="q0-0-help q0-0-wrong"' in html


def test_an_input_with_a_default_is_an_option_that_holds_it():
    control = control_of("temperature", Column("number", "m", default=0.7))
    assert control.option
    assert 'value="0.7"' in drawn(control)


def test_a_default_of_zero_is_shown():
    assert 'value="0"' in drawn(control_of("seed", Column("integer", "m", default=0)))


def test_a_whole_number_is_shown_as_people_write_it():
    assert 'value="1"' in drawn(control_of("top_p", Column("number", "m", default=1.0)))
    assert 'value="1.05"' in drawn(control_of("top_p", Column("number", "m", default=1.05)))


def test_an_input_without_a_default_is_empty():
    control = control_of("seed", Column("integer", "m"))
    assert not control.option
    assert 'value=""' in drawn(control)


def test_categories_that_the_model_has_met_are_offered_once():
    control = control_of("author", Column("category", "m"), seen=["Ann", "Bob", "Ann"])
    assert control.suggestions == ("Ann", "Bob")
    assert drawn(control).count("<option") == 2


def test_a_text_offers_nothing_that_was_seen():
    assert control_of("text", Column("text", "m"), seen=["a review"]).suggestions == ()


def test_a_series_tells_how_many_steps_of_which_channels_are_needed():
    column = Column("series", "readings", (11, 2), gaps=True, channels=("speed", "heat"))
    html = " ".join(drawn(control_of("values", column)).split())
    assert "11 steps of speed, heat" in html
    assert "an empty cell is a gap" in html


def test_several_numbers_are_asked_for_as_a_series():
    assert control_of("times", Column("time", "m", (5,))).widget == "series"


@pytest.mark.parametrize("kind", sorted(WIDGETS))
def test_what_a_model_says_of_itself_is_text_and_never_markup(kind):
    hostile = '"><img src=x onerror=alert(1)>'
    column = Column(kind, hostile, channels=(hostile, hostile), default=hostile, shape=(3, 2))
    control = control_of(hostile, column, seen=[hostile])
    assert "<img src" not in drawn(control)


def test_a_template_refuses_a_value_that_was_forgotten():
    with pytest.raises(Exception, match="undefined"):
        render("page.jinja", root="")
