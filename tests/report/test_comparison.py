"""Runs beside each other: paired where they can be, over seeds where there are some."""

import json
import math
from dataclasses import replace

import pytest

from seqapps import answers, files
from seqapps.answers import Answers
from seqapps.errors import UserError
from seqapps.metrics.judge import judge
from seqapps.report.comparison import check_comparable, compare, figures, seed_lines, table
from seqapps.runs import Run
from seqapps.task import Figure

RECORD = """task = "{task}"
seed = {seed}
[data]
source = "reviews.csv"
fingerprint = "0123456789abcdef"
[settings]
units = {units}
epochs = 3
"""
LABELS = ["bad", "good"]


def make(folder, sentiment, right, *, seed=0, units=5, task="sentiment"):
    """An evaluated run whose model is right where `right` says so."""
    cases = [{"text": f"text {n}", "label": LABELS[n % 2]} for n in range(len(right))]
    told = [
        {"label": LABELS[n % 2 if good else 1 - n % 2], "labels": LABELS, "scores": [0.5, 0.5]}
        for n, good in enumerate(right)
    ]
    folder.mkdir(parents=True)
    run = Run(folder)
    run.record.write_text(RECORD.format(task=task, seed=seed, units=units))
    answers.write(run.answers, Answers(cases, told, None, None))
    scores, _ = judge(sentiment.metrics, cases, {"model": told})
    files.write_json(run.evaluation, {"cases": len(cases), "model": scores["model"]})
    return run


HALF = [True, False] * 30
MOST = [True, True, False] * 20


def test_differences_are_paired_and_of_the_later_run_minus_the_first(tmp_path, sentiment):
    first = make(tmp_path / "a", sentiment, HALF)
    second = make(tmp_path / "b", sentiment, MOST, units=7)
    found = compare([first, second], sentiment)
    gain = found.differences[0]["accuracy"]
    assert gain["value"] == pytest.approx(2 / 3 - 1 / 2)
    assert gain["low"] < gain["value"] < gain["high"]
    assert found.differing == {"units": ["5", "7"]}
    lines = {line[0]: line for line in table(found)}
    assert lines["  minus a"][1] == ""
    assert "+0.167" in "".join(line[2] for line in table(found) if line[0] == "  minus a")


def test_a_task_draws_the_answers_of_all_runs_to_the_same_cases(tmp_path, sentiment):
    seen = []

    def compared(cases, responses):
        seen.append((len(cases), {name: len(each) for name, each in responses.items()}))
        return [Figure(title="together", draw=lambda axes: None)]

    runs = [make(tmp_path / name, sentiment, HALF) for name in "ab"]
    found = compare(runs, replace(sentiment, compared=compared))
    assert figures(found)[-1].title == "together"
    assert seen == [(60, {"a": 60, "b": 60})]
    other = compare([runs[0], make(tmp_path / "c", sentiment, MOST[:31])], found.task)
    assert "together" not in [figure.title for figure in figures(other)]


def test_a_run_is_no_better_than_itself(tmp_path, sentiment):
    first = make(tmp_path / "a", sentiment, MOST)
    found = compare([first, make(tmp_path / "b", sentiment, MOST, seed=1)], sentiment)
    for score in found.differences[0].values():
        assert list(score.values()) == [0.0, 0.0, 0.0]
        assert all(math.copysign(1, value) == 1 for value in score.values())


def test_a_score_that_an_earlier_version_did_not_tell_is_left_out(tmp_path, sentiment):
    """Whichever of the runs it is that lacks it."""
    runs = [make(tmp_path / "a", sentiment, HALF), make(tmp_path / "b", sentiment, MOST)]
    told = files.read_json(runs[1].evaluation)
    del told["model"]["log_loss"]
    files.write_json(runs[1].evaluation, told)
    for order in (runs, runs[::-1]):
        lines = [line[0] for line in table(compare(order, sentiment))]
        assert "accuracy" in lines
        assert "log_loss" not in lines


def test_other_test_cases_are_not_paired(tmp_path, sentiment):
    first = make(tmp_path / "a", sentiment, HALF)
    found = compare([first, make(tmp_path / "b", sentiment, MOST[:31])], sentiment)
    assert found.differences is None
    assert "different test cases" in found.why_unpaired


def test_runs_that_differ_by_the_seed_alone_have_a_mean_and_a_spread(tmp_path, sentiment):
    runs = [
        make(tmp_path / "a", sentiment, HALF, seed=0),
        make(tmp_path / "b", sentiment, MOST, seed=1),
        make(tmp_path / "c", sentiment, MOST, seed=1, units=9),
    ]
    found = compare(runs, sentiment)
    [(names, spread)] = found.seeds
    assert names == ["a", "b"]
    mean, deviation = spread["accuracy"]
    assert mean == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert deviation == pytest.approx((1 / 6) / math.sqrt(2))
    assert "Over the 2 seeds of a, b" in seed_lines(found)[0]


def test_runs_of_different_tasks_are_refused(tmp_path, sentiment):
    runs = [
        make(tmp_path / "a", sentiment, HALF),
        make(tmp_path / "b", sentiment, HALF, task="tagging"),
    ]
    with pytest.raises(UserError, match=r"different tasks \(sentiment, tagging\)"):
        check_comparable(runs)


def test_folders_of_the_same_name_are_told_apart(tmp_path, sentiment):
    runs = [
        make(tmp_path / "x" / "a", sentiment, HALF),
        make(tmp_path / "y" / "a", sentiment, MOST),
    ]
    assert compare(runs, sentiment).names == [str(run.folder) for run in runs]
    assert json.loads(runs[0].evaluation.read_text())["cases"] == 60
