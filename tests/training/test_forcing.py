"""How much of the truth a training goes on from is told where the settings alone do not tell it."""

from dataclasses import replace

import pytest
from told import Told

from seqapps.training.forcing import Forcing, say_where_it_ends


def said(steps, **options):
    told = Told()
    say_where_it_ends(replace(Forcing(), **options), steps, told)
    return told.lines


def test_a_training_too_short_for_its_schedule_is_told_with_the_share_it_ends_at():
    (line,) = said(1120, teacher_forcing=0.75, forcing_steps=1400)
    assert "forcing_steps = 1,400, but training has at most 1,120 steps" in line
    assert "falls to 0.80, not to 0.75; forcing_steps = 1120 reaches it" in line


@pytest.mark.parametrize("fall", ["exponential", "inverse_sigmoid"])
def test_schedules_without_an_end_are_told_too(fall):
    (line,) = said(10, teacher_forcing=0.5, forcing_steps=1000, forcing_schedule=fall)
    assert "not to 0.5" in line


@pytest.mark.parametrize(
    "options", [{}, {"forcing_steps": 9}, {"teacher_forcing": 0.5, "forcing_steps": 1120}]
)
def test_nothing_is_said_where_the_share_is_reached(options):
    assert said(1120, **options) == []
