"""The page of a search: what it says of trials, and that its pictures hold what was found."""

import csv
import io
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from reckoned import metric

from seqapps.report.tuning import best_beside_start, page, table, verdict
from seqapps.report.tuning_figures import parallel
from seqapps.tuning.trial import DONE, FAILED, PRUNED, STOPPED, Trial
from seqapps.tuning.tune import Result, Tuned


class Named:
    """What a page asks of a task."""

    name = "toy_task"
    metrics = {"loss": metric()}  # noqa: RUF012


def trial(number, value, *, state=DONE, rate=0.01, epochs=3, reason=""):
    values = {
        "units": 48, "layers": 1, "dropout": 0.2, "learning_rate": rate, "weight_decay": 0.0,
    }  # fmt: skip
    curve = {epoch: (value or 0.0) + 1 / epoch for epoch in range(1, epochs + 1)}
    return Trial(
        number=number, state=state, values=values, value=value, epochs=curve, reason=reason,
        run=f"s-{number:03d}", how="start" if number == 0 else "tpe",
    )  # fmt: skip


@pytest.fixture
def result():
    trials = [
        trial(0, 0.71),
        trial(1, None, state=FAILED, epochs=0, reason="units < heads & so on"),
        trial(2, 0.37, rate=0.0213),
        trial(3, 0.93, state=PRUNED, epochs=2),
        trial(4, 0.59, state=STOPPED, epochs=1),
    ]
    return Result(
        tuned=Tuned(Path("runs/toy_task/s")), monitor="loss", trials=trials, best=trials[2]
    )


def test_the_page_tells_best_start_and_why_trials_failed(result, space):
    text = page(result, Named, space, importance={})
    assert "Trial 2 is better than the start" in text
    assert "units &lt; heads &amp; so on" in text
    assert "seqapps export runs/toy_task/s-002" in text
    assert "Too few trials" in text
    assert not re.search(r"<script|https?://(?!www\.w3\.org)", text)


def test_every_picture_of_the_page_is_whole(result, space):
    text = page(result, Named, space, importance={"units": 0.7, "dropout": 0.3})
    pictures = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(pictures) == 4
    for picture in pictures:
        ElementTree.fromstring(picture)


def test_the_table_has_a_line_for_each_trial(result, space):
    lines = list(csv.DictReader(io.StringIO(table(result, space))))
    assert [line["state"] for line in lines] == [DONE, FAILED, DONE, PRUNED, STOPPED]
    assert lines[2]["learning_rate"] == "0.0213"
    assert lines[1]["reason"] == "units < heads & so on"


def test_the_start_stands_beside_the_best(result):
    lines = {line[0]: line[1:] for line in best_beside_start(result)}
    assert lines["loss (validation)"] == ["0.71", "0.37"]
    assert lines["learning_rate"] == ["0.01", "0.0213"]


def test_a_search_that_found_nothing_better_says_so(result):
    alone = Result(
        tuned=result.tuned, monitor="loss", trials=result.trials[:2], best=result.trials[0]
    )
    assert verdict(alone)["title"] == "No trial is better than the start"


def test_a_line_of_the_parallel_picture_ends_at_the_trials_value(result, space):
    from matplotlib.figure import Figure

    axes = Figure().add_subplot()
    done = [each for each in result.trials if each.state == DONE]
    parallel(done, space, result).draw(axes)
    ends = [line.get_ydata()[-1] for line in axes.get_lines()[:2]]
    assert ends == [1.0, 0.0]  # the start, then the best, which is the least
    rates = [line.get_ydata()[3] for line in axes.get_lines()[:2]]
    assert rates[0] == pytest.approx(0.5)  # 0.01 lies in the middle of 0.001 to 0.1, by ratio
