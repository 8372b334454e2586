"""The conformance suite bites: a task broken in one way fails the check that is meant for it."""

import dataclasses
import importlib
import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from seqapps import checks, registry
from seqapps.task import PAST, Figure, Refusal, Section, Table, Task

EXAMPLE = Path(__file__).parent.parent / "docs" / "examples" / "next_week.py"
BROKEN = {}


def breaks(check, *, says, of="next_week"):
    """Register a fault: which check must see it, and what the failure must say."""

    def register(fault):
        BROKEN[fault.__name__] = (check, says, of, fault)
        return fault

    return register


@pytest.fixture
def next_week():
    registry.add_plugin(EXAMPLE)
    return registry.load("next_week")


def broken_features(task: Task, **methods) -> Task:
    """The task with some methods of its Features replaced."""

    def features(settings, state):
        whole = task.features(settings, state)
        whole.__class__ = type("Broken", (type(whole),), methods)
        return whole

    return dataclasses.replace(task, features=features)


def with_rows(task: Task, **parts) -> Task:
    name, sample = next(iter(task.samples.items()))
    rows = {**sample.rows, **parts}
    return dataclasses.replace(task, samples={name: dataclasses.replace(sample, rows=rows)})


@breaks(checks.check_splits_have_rows, says="test split is empty")
def a_split_without_rows(task: Task) -> Task:
    return with_rows(task, test=lambda: iter(()))


@breaks(checks.check_splits_have_rows, says="lacks the declared column 'following'")
def cases_without_a_declared_column(task: Task) -> Task:
    def cases(rows, settings):
        for case in task.cases(rows, settings):
            yield {"values": case["values"]}

    return dataclasses.replace(task, cases=cases)


@breaks(checks.check_splits_share_no_row, says="in both train and valid")
def a_group_that_lies_in_two_given_splits(task: Task) -> Task:
    """Equal rows are left out by the core; of a group only the task's author knows."""
    name, sample = next(iter(task.samples.items()))
    rows = {
        split: (lambda part=part: ({**row, "machine": "M 7"} for row in part()))
        for split, part in sample.rows.items()
    }
    grouped = dataclasses.replace(sample, rows=rows, group="machine")
    return dataclasses.replace(task, samples={name: grouped})


@breaks(checks.check_nothing_looks_ahead, says="the input values at step", of="forecasting")
def an_input_that_is_cut_one_step_too_late(task: Task) -> Task:
    def cases(rows, settings):
        for case in task.cases(rows, settings):
            later = np.concatenate([case["values"][1:], case["truth"][:1]])
            yield {**case, "values": later}

    return dataclasses.replace(task, cases=cases)


@breaks(checks.check_nothing_looks_ahead, says="'past' of .* smoothed before", of="forecasting")
def a_series_that_is_smoothed_before_windows_are_cut(task: Task) -> Task:
    """The mean of each step and its neighbours holds what comes next."""

    def cases(rows, settings):
        for row in rows:
            values = row["values"]
            wide = np.pad(values, [[1, 1], [0, 0]], mode="edge")
            smooth = np.mean([wide[:-2], values, wide[2:]], axis=0)
            yield from task.cases([{**row, "values": smooth}], settings)

    return dataclasses.replace(task, cases=cases)


@breaks(checks.check_nothing_looks_ahead, says="no target changes", of="forecasting")
def a_truth_that_was_given(task: Task) -> Task:
    """One step too early: the last `horizon` steps of the input."""

    def cases(rows, settings):
        for case in task.cases(rows, settings):
            yield {**case, "truth": case["values"][-settings.horizon :]}

    return dataclasses.replace(task, cases=cases)


@breaks(checks.check_nothing_looks_ahead, says="target truth at step", of="forecasting")
def a_truth_that_overlaps_its_input(task: Task) -> Task:
    """Three steps too early: all of it follows, but what was given comes first."""

    def cases(rows, settings):
        for case in task.cases(rows, settings):
            yield {**case, "truth": np.concatenate([case["values"][-3:], case["truth"][:-3]])}

    return dataclasses.replace(task, cases=cases)


@breaks(checks.check_nothing_looks_ahead, says="the input values at step", of="forecasting")
def an_input_that_is_cut_too_late_at_the_last_origin(task: Task) -> Task:
    def cases(rows, settings):
        *most, last = task.cases(rows, settings)
        later = np.concatenate([last["values"][1:], last["truth"][:1]])
        yield from [*most, {**last, "values": later}]

    return dataclasses.replace(task, cases=cases)


@breaks(checks.check_nothing_looks_ahead, says="the answer at step", of="forecasting")
def an_answer_that_remembers_what_it_has_not_been_given(task: Task) -> Task:
    """It counts how often it was asked, as one does that learns while it answers."""

    def respond(self, model, raw):
        import tensorflow as tf

        if not hasattr(self, "asked"):
            self.asked = tf.Variable(0.0)
        answer = super(type(self), self).respond(model, raw)
        return {**answer, "mean": answer["mean"] + self.asked.assign_add(1.0)}

    return broken_features(task, respond=respond)


@breaks(checks.check_nothing_looks_ahead, says="a case lacks 'past'", of="forecasting")
def cases_without_their_past(task: Task) -> Task:
    def cases(rows, settings):
        for case in task.cases(rows, settings):
            yield {name: value for name, value in case.items() if name != PAST}

    return dataclasses.replace(task, cases=cases)


@breaks(checks.check_settings_are_documented, says="units has no meaning")
def a_setting_without_meaning(task: Task) -> Task:
    @dataclass(frozen=True)
    class Settings:
        units: int = 3

    return dataclasses.replace(task, settings=Settings(), tiny=Settings())


@breaks(checks.check_settings_round_trip, says="units must be at least 1")
def tiny_settings_that_no_user_could_give(task: Task) -> Task:
    return dataclasses.replace(task, tiny=dataclasses.replace(task.tiny, units=0))


@breaks(checks.check_bad_rows_are_told, says="series is too short")
def a_refusal_that_does_not_refuse(task: Task) -> Task:
    short = Refusal(
        when=lambda row: len(row["series"]) > 10**9,
        why="the series is too short",
        example={"series": [1.0]},
    )
    return dataclasses.replace(task, refusals=[short])


@breaks(checks.check_state_is_plain, says=r"state\['seen'\] is set")
def state_that_cannot_be_written(task: Task) -> Task:
    return dataclasses.replace(
        task, fit=lambda rows, settings: {**task.fit(rows, settings), "seen": {1, 2}}
    )


@breaks(checks.check_pair_fits_model, says=r"pair gives float32 \(5, 21\), the model takes")
def a_pair_of_the_wrong_shape(task: Task) -> Task:
    def pair(self, batch):
        return batch["values"], batch["following"]

    return broken_features(task, pair=pair)


@breaks(checks.check_answer_is_declared, says="answered .*'extra'")
def an_answer_that_is_not_declared(task: Task) -> Task:
    def respond(self, model, raw):
        answer = super(type(self), self).respond(model, raw)
        return {**answer, "extra": answer["level"]}

    return broken_features(task, respond=respond)


@breaks(checks.check_answer_is_declared, says="level is nan")
def an_answer_that_is_not_a_number(task: Task) -> Task:
    def respond(self, model, raw):
        answer = super(type(self), self).respond(model, raw)
        return {**answer, "level": answer["level"] * np.nan}

    return broken_features(task, respond=respond)


@breaks(checks.check_neighbours_change_nothing, says="beside other cases the answer changes")
def scaling_by_the_mean_of_the_batch(task: Task) -> Task:
    def respond(self, model, raw):
        import tensorflow as tf

        answer = super(type(self), self).respond(model, raw)
        return {**answer, "level": answer["level"] - tf.reduce_mean(answer["level"])}

    return broken_features(task, respond=respond)


@breaks(checks.check_padding_changes_nothing, says="takes padding for input", of="sentiment")
def a_model_that_averages_over_padding(task: Task) -> Task:
    def build_model(settings, features):
        import keras

        ids = keras.Input([None], dtype="int64")
        vectors = keras.layers.Embedding(features.readers["text"].ids.vocabulary_size(), 7)(ids)
        mean = keras.layers.GlobalAveragePooling1D()(vectors)
        scores = keras.layers.Dense(len(features.labels), activation="softmax")(mean)
        model = keras.Model(ids, scores)
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    tiny = dataclasses.replace(task.tiny, epochs=1, calibrate=False, wide=False)
    return dataclasses.replace(task, build_model=build_model, tiny=tiny)


@breaks(checks.check_model_beats_trivial_baseline, says="nothing was learnt")
def inputs_and_targets_that_do_not_belong_together(task: Task) -> Task:
    def pair(self, batch):
        inputs, targets = super(type(self), self).pair(batch)
        return inputs * 0.0, targets

    return broken_features(task, pair=pair)


@breaks(checks.check_metrics_match_hand_made_case, says="worked out by hand: 2.0")
def a_metric_that_counts_twice(task: Task) -> Task:
    mae = task.metrics["mae"]
    double = dataclasses.replace(mae, reduce=lambda sums: 2 * mae.reduce(sums))
    return dataclasses.replace(task, metrics={"mae": double})


@breaks(checks.check_metrics_are_finite, says="mae of model is")
def a_metric_that_divides_by_nothing(task: Task) -> Task:
    endless = dataclasses.replace(task.metrics["mae"], reduce=lambda sums: float("inf"))
    return dataclasses.replace(task, metrics={"mae": endless})


@breaks(checks.check_figures_draw, says="the figure 'Bias' draws nothing")
def a_figure_without_content(task: Task) -> Task:
    empty = Figure(title="Bias", draw=lambda axes: axes.set_title("Bias"))
    return dataclasses.replace(task, figures=lambda cases, responses: [empty])


@breaks(checks.check_figures_draw, says="the rows of 'Bias' have {1, 2} cells")
def a_table_with_a_row_that_is_too_long(task: Task) -> Task:
    table = Table(title="Bias", head=["day"], rows=[["1"], ["2", "3"]])
    return dataclasses.replace(
        task,
        observe=lambda ask, around: {"cases": len(around.test)},
        shown=lambda observed: [Section(title="Days", parts=[table])],
    )


@breaks(checks.check_figures_draw, says="observe gives what a file cannot hold")
def an_observation_that_is_no_number(task: Task) -> Task:
    def observe(ask, around):
        answers = ask("serving_default", around.test[:2])
        return {"levels": [math.inf * answer["level"] for answer in answers]}

    return dataclasses.replace(task, observe=observe, shown=lambda observed: [])


@breaks(checks.check_training_is_repeatable, says="a second training with seed 0 differs")
def weights_from_an_unseeded_source(task: Task) -> Task:
    def build_model(settings, features):
        model = task.build_model(settings, features)
        fresh = np.random.default_rng()
        model.set_weights([fresh.normal(0, 0.1, weight.shape) for weight in model.get_weights()])
        return model

    return dataclasses.replace(task, build_model=build_model)


@breaks(checks.check_served_equals_trained, says="serving_default row 1.* in place of")
def an_answer_that_is_other_when_traced(task: Task) -> Task:
    def respond(self, model, raw):
        import tensorflow as tf

        answer = super(type(self), self).respond(model, raw)
        return {**answer, "level": answer["level"] + (0.0 if tf.executing_eagerly() else 0.01)}

    return broken_features(task, respond=respond)


@breaks(checks.check_served_equals_trained, says="does not answer in a fresh process")
def python_inside_the_served_graph(task: Task) -> Task:
    def respond(self, model, raw):
        import tensorflow as tf

        answer = super(type(self), self).respond(model, raw)
        level = tf.numpy_function(lambda value: value, [answer["level"]], tf.float32)
        return {**answer, "level": tf.ensure_shape(level, [None])}

    return broken_features(task, respond=respond)


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_task_fails_the_check_that_is_meant_for_it(fault, next_week):
    check, says, of, broken = BROKEN[fault]
    task = broken(next_week if of == "next_week" else registry.load(of))
    if task.tiny.__class__ is next_week.tiny.__class__ and "learnt" not in says:
        task = dataclasses.replace(task, tiny=dataclasses.replace(task.tiny, epochs=1))
    [(_, problem)] = checks.run(task, file=None, checks=[check])
    assert problem is not None, f"{checks.name_of(check)} did not see the fault"
    assert re.search(says, problem, re.DOTALL), problem


def test_a_heavy_import_in_task_py_fails_the_check(tmp_path, monkeypatch, next_week):
    folder = tmp_path / "heavy_task"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "task.py").write_text("import sklearn\ndef build_model(settings, features): ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    module = importlib.import_module("heavy_task.task")
    task = dataclasses.replace(next_week, build_model=module.build_model)
    [(_, problem)] = checks.run(task, file=folder / "task.py", checks=[checks.check_task_is_light])
    assert problem is not None
    assert re.search(r"loads .*sklearn", problem)


def test_every_check_has_a_fault_that_it_sees():
    bitten = {check for check, *_ in BROKEN.values()} | {checks.check_task_is_light}
    assert bitten == set(checks.CHECKS)


def test_a_check_that_raises_is_a_failure_and_the_others_go_on(next_week):
    def explodes(trial):
        raise ZeroDivisionError("by mistake")

    def fine(trial):
        pass

    found = list(checks.run(next_week, file=None, checks=[explodes, fine]))
    assert [problem for _, problem in found] == ["ZeroDivisionError: by mistake", None]


def test_sentiment_passes_every_check(sentiment):
    problems = {
        checks.name_of(check): problem
        for check, problem in checks.run(sentiment, file=registry.find("sentiment").file)
        if problem is not None
    }
    assert problems == {}
