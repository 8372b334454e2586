"""What is drawn on a terminal while work goes on."""

import io
import re

import pytest
from rich.console import Console

from seqapps.cli.progress import Bars

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture
def console():
    return Console(file=io.StringIO(), force_terminal=True, width=79, height=24)


def drawn(console) -> str:
    return ESCAPES.sub("", console.file.getvalue())


def test_figures_stand_below_the_bar_and_are_folded_where_they_are_too_long(console):
    figures = {"loss": 0.51, "best": "0.4900 (round 2)", "learning rate": "0.002"}
    figures |= {"tokens/s": "21,400", "padding": "6%", "left": "at most 1:35 min"}
    bars = Bars(console)
    with bars.track("round 3 of at most 8", 7) as advance:
        advance(2, **figures)
        bars._bars.refresh()
    lines = drawn(console).splitlines()
    assert any(re.match(r"round 3 of at most 8 \S+ +2/7", line) for line in lines)
    first = "loss 0.5100   best 0.4900 (round 2)   learning rate 0.002   tokens/s 21,400"
    place = next(number for number, line in enumerate(lines) if first in line)
    assert "padding 6%   left at most 1:35 min" in lines[place + 1]
    assert all(len(line.rstrip()) <= 79 for line in lines[place : place + 2])


def test_work_without_figures_has_no_line_below_its_bar(console):
    bars = Bars(console)
    with bars.track("reading the rows", 7) as advance:
        advance(2)
        bars._bars.refresh()
        assert len(list(bars._bars.get_renderables())) == 1


def test_what_is_said_stays_and_the_bars_vanish(console):
    bars = Bars(console)
    with bars.track("round 1", 7) as advance:
        advance(7, loss=0.5)
        bars.say("round 1: loss 0.5000")
    assert "round 1: loss 0.5000" in [line.rstrip() for line in drawn(console).splitlines()]
    assert bars._bars is None
    assert re.search(r"\x1b\[2K\x1b\[\?25h\s*$", console.file.getvalue())  # erased, cursor shown
