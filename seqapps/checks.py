"""What every task must satisfy: one property, one short function, a failure that teaches.

`seqapps check TASK` runs them all on the task's tiny settings and its first sample that needs no
download. A check raises AssertionError; its message says what is wrong and how to mend it.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from seqapps import files, settings, state
from seqapps.backends import TENSORFLOW
from seqapps.data.load import Data, check_trainable, load
from seqapps.data.splits import SPLITS, key_of
from seqapps.data.usable import problem_of
from seqapps.errors import ProofError, UserError
from seqapps.export.compare import compare
from seqapps.task import (
    PAST,
    Case,
    Figure,
    Predict,
    Response,
    Row,
    Surroundings,
    Table,
    Task,
    settled_already,
)

FEW = 5  # cases, where a property needs no more
SERIES, ORIGINS = 3, 3  # series, and origins of each, that are looked at for look-ahead
ROWS = 1000  # of the sample; a tiny model needs no more


@dataclass
class Trial:
    """A task trained once at its tiny size, for all checks to look at."""

    task: Task
    file: Path | None  # task.py where the task is a package; None for a single-file plugin
    folder: Path  # scratch
    backend: str = TENSORFLOW  # that it is trained on; all else is TensorFlow's

    @cached_property
    def data(self) -> Data:
        """The first sample that needs no download, cut to a size that is quick."""
        data = sample_of(self.task)
        return replace(data, splits={split: rows[:ROWS] for split, rows in data.splits.items()})

    def cases(self, split: str) -> list[Case]:
        return list(self.task.cases(self.data.splits[split], self.task.tiny))

    def few(self) -> list[Case]:
        """Some test cases, the ends of the list among them."""
        cases = self.cases("test")
        places = {round(place) for place in np.linspace(0, len(cases) - 1, FEW)}
        return [cases[place] for place in sorted(places)]

    @cached_property
    def state(self) -> dict[str, Any]:
        return self.task.fit(iter(self.data.splits["train"]), self.task.tiny)

    @cached_property
    def built(self) -> tuple[Any, Any]:
        """(model, features) before any training."""
        from seqapps.training.train import build

        return build(self.task, self.task.tiny, self.state, seed=0)

    @cached_property
    def trained(self) -> tuple[Any, Any]:
        """(model, features), trained with seed 0."""
        return self.train(self.folder / "first")

    def train(self, folder: Path) -> tuple[Any, Any]:
        """(model, features), calibrated as for an export."""
        if self.backend == TENSORFLOW:
            model, features = self._train_here(folder)
        else:
            model, features = self._train_apart(folder)
        self.task.calibrate(self.task.tiny, model, features, self.cases("valid"))
        return model, features

    def _train_here(self, folder: Path) -> tuple[Any, Any]:
        from seqapps.training.train import train

        return train(
            self.task,
            self.task.tiny,
            self.state,
            cases=self.cases("train"),
            valid=self.cases("valid"),
            seed=0,
            folder=folder,
            history=folder / "history.csv",
        )

    def _train_apart(self, folder: Path) -> tuple[Any, Any]:
        from seqapps.training import apart
        from seqapps.training.train import trained

        rows = self.data.splits
        job = apart.Job(
            settings=self.task.tiny,
            state=self.state,
            rows=rows["train"],
            valid=rows["valid"],
            seed=0,
            folder=folder,
            history=folder / "history.csv",
        )
        apart.train(self.backend, self.task, job)
        return trained(self.task, self.task.tiny, self.state, seed=0, folder=folder)

    @cached_property
    def predict(self) -> Predict:
        """The trained model in this process."""
        from seqapps.predict import in_process

        return in_process(self.task, self.task.tiny, *self.trained)

    @cached_property
    def observed(self) -> dict[str, Any]:
        """What the task saw when it asked the trained model, as it comes back from a file."""
        from seqapps.export.signatures import method_of
        from seqapps.predict import ask_by, traced

        if self.task.observe is None:
            return {}
        model, features = self.trained
        declared = self.task.declared(self.task.tiny)

        @cache
        def serve_of(name: str) -> Any:
            method = method_of(self.task, name)
            return traced(features, model, method=method, inputs=declared[name].inputs)

        around = Surroundings(
            settings=self.task.tiny, state=self.state,
            train=self.cases("train"), valid=self.cases("valid"), test=self.cases("test"),
        )  # fmt: skip
        found = dict(self.task.observe(ask_by(self.task, self.task.tiny, serve_of), around))
        try:
            again: dict[str, Any] = json.loads(json.dumps(found, allow_nan=False))
        except (TypeError, ValueError) as error:
            raise AssertionError(
                f"observe gives what a file cannot hold: {error}. Plain strings and finite numbers "
                "in lists and dicts can be kept"
            ) from error
        return again

    @cached_property
    def responses(self) -> list[Response]:
        """The trained model's answers to the test cases."""
        return self.predict(self.cases("test"))


def sample_of(task: Task) -> Data:
    """The first sample that needs no download."""
    samples = task.samples
    name = next((name for name, sample in samples.items() if not sample.wheel), next(iter(samples)))
    return load(task, f"sample:{name}")


def settled(task: Task) -> Task:
    """The task under its tiny settings, with what only the sample tells."""
    if task.settle is not settled_already:
        tiny = task.settle(task.tiny, sample_of(task).splits["train"])
        task = replace(task, tiny=tiny)
    return task.under(task.tiny)


def check_splits_have_rows(trial: Trial) -> None:
    """Every split of the sample gives cases with the declared columns."""
    check_trainable(trial.task, trial.data)
    for split in SPLITS:
        cases = trial.cases(split)
        assert cases, f"the {split} split gives no case; the other checks would pass on nothing"
        for case in cases:
            missing = trial.task.columns.keys() - case.keys()
            assert not missing, f"a case of {split} lacks the declared column {min(missing)!r}"


def check_splits_share_no_row(trial: Trial) -> None:
    """No input, and no group where one is declared, is in two splits."""
    group = trial.data.group
    columns = [group] if group else trial.task.key_columns
    seen: dict[str, str] = {}
    for split in SPLITS:
        for row in trial.data.splits[split]:
            key = key_of(row, columns=columns)
            other = seen.setdefault(key, split)
            assert other == split, f"{key[:80]} is in both {other} and {split}: scores would lie"


def check_nothing_looks_ahead(trial: Trial) -> None:
    """Of series, what comes after an origin changes nothing that is made there.

    No input, no answer; and a target that follows an origin changes with nothing before it, but of
    windows that are judged by their own last steps.
    """
    if not trial.task.observed:
        return
    origins = list(_some_origins(trial))
    assert origins, "no series of the test split gives a case"
    # The steps that alarms are judged by are the window's own, and lie in its past.
    inside = any(
        not _same(case, _with_others_after(trial, row, case, np.ravel(case["times"])[-1]), PAST)
        for row, case in origins
    )
    others = [_unmoved_by_later_values(trial, row, case, inside=inside) for row, case in origins]
    pairs = [(case, other) for (_, case), other in zip(origins, others, strict=True)]
    assert inside or any(_following(trial, *pair) for pair in pairs), (
        "no target changes with the values after the origin: do they follow the input?"
    )
    before, after = (trial.predict([*cases]) for cases in zip(*pairs, strict=True))
    for (case, _), first, second in zip(pairs, before, after, strict=True):
        assert first == second, (
            f"the answer at step {len(case[PAST])} changes with values that come after it"
        )


def check_task_is_light(trial: Trial) -> None:
    """Importing task.py loads no heavy library, so that lists and help stay instant."""
    if trial.file is None:
        return  # a plugin that is a single file may be slow
    module = sys.modules[trial.task.build_model.__module__].__name__
    code = (
        f"import sys, {module}; "
        "print(*sorted({'tensorflow', 'keras', 'sklearn', 'scipy', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.strip()
    assert not loaded, (
        f"importing {module} loads {loaded}; import it inside the functions that need it"
    )


def check_settings_are_documented(trial: Trial) -> None:
    """Every setting has a one-line meaning."""
    for field in fields(trial.task.settings):
        meaning = field.metadata.get("meaning", "")
        assert meaning, f"{field.name} has no meaning; declare it with seqapps.settings.setting"
        assert "\n" not in meaning, f"the meaning of {field.name} has more than one line"


def check_settings_round_trip(trial: Trial) -> None:
    """`seqapps config` prints TOML that reads back equal, for default and tiny settings."""
    for values in (trial.task.settings, trial.task.tiny):
        text = settings.dumps(values)
        again = settings.loads(trial.task.settings, text, where="the printed settings")
        assert again == values, f"the settings come back as {again}, expected {values}"


def check_bad_rows_are_told(trial: Trial) -> None:
    """A row without a value, and every row that the task refuses, gets a reason."""
    good = trial.data.splits["train"][0]
    assert problem_of(trial.task, good) is None, f"a row of the sample is refused: {good}"
    for name in trial.task.row_columns:
        told = problem_of(trial.task, {**good, name: None})
        assert told is not None, f"a row without {name} is taken"
        assert name in told, f"the reason does not name {name!r}: {told}"
    for refusal in trial.task.refusals:
        told = problem_of(trial.task, {**good, **refusal.example})
        assert told == refusal.why, (
            f"the example of the refusal {refusal.why!r} is answered with {told!r}"
        )


def check_state_is_plain(trial: Trial) -> None:
    """What `fit` learnt survives being written and read."""
    try:
        state.save(trial.state, trial.folder / "state")
    except TypeError as error:
        raise AssertionError(str(error)) from error
    again = state.load(trial.folder / "state")
    assert again.keys() == trial.state.keys(), f"the state comes back with {sorted(again)}"


def check_pair_fits_model(trial: Trial) -> None:
    """`pair` gives the shapes and types that the model takes."""
    import keras

    from seqapps.data.batching import batch_of

    model, features = trial.built
    inputs, _ = features.pair(batch_of(trial.cases("train")[:FEW], trial.task.columns))
    given = keras.tree.flatten(inputs)
    taken = keras.tree.flatten(model.input)
    assert len(given) == len(taken), f"pair gives {len(given)} inputs, the model has {len(taken)}"
    for tensor, wanted in zip(given, taken, strict=True):
        kind = tensor.dtype.name
        same_kind = kind[:3] == keras.backend.standardize_dtype(wanted.dtype)[:3]
        fits = len(tensor.shape) == len(wanted.shape) and all(
            theirs in (None, ours) for ours, theirs in zip(tensor.shape, wanted.shape, strict=True)
        )
        assert same_kind and fits, (
            f"pair gives {kind} {tuple(tensor.shape)}, the model takes {wanted.dtype} "
            f"{tuple(wanted.shape)} for {wanted.name!r}"
        )


def check_answer_is_declared(trial: Trial) -> None:
    """The answer has exactly the declared names, batch first, at least two of them, all finite."""
    declared = trial.task.answer.keys()
    assert len(declared) >= 2, "one output alone loses its name in REST; declare at least two"
    for response in trial.responses:
        assert response.keys() == declared, (
            f"answered {sorted(response)}, expected {sorted(declared)}"
        )
        for name, value in response.items():
            for number in _numbers(value):
                assert math.isfinite(number), f"{name} is {number}"


def check_neighbours_change_nothing(trial: Trial) -> None:
    """A case's answer is the same alone and beside longer and shorter ones."""
    cases = trial.cases("test")
    alone = [trial.predict([case])[0] for case in trial.few()]
    everyone = _in_one_batch(trial, [*trial.few(), *cases])[: len(alone)]
    found = compare(everyone, alone, trial.task.answer)
    assert not found.differences, (
        f"beside other cases the answer changes: {found.differences[0]}. Is padding masked in "
        "every layer, and does nothing average over the batch?"
    )


def check_padding_changes_nothing(trial: Trial) -> None:
    """Seven more steps of padding leave the model's output as it is."""
    import keras
    import tensorflow as tf

    from seqapps.data.batching import batch_of

    model, features = trial.trained
    inputs, _ = features.pair(batch_of(trial.few(), trial.task.columns))

    def longer(tensor: Any, wanted: Any) -> Any:
        free = len(wanted.shape) > 1 and wanted.shape[1] is None
        more = [[0, 7 if free and axis == 1 else 0] for axis in range(len(tensor.shape))]
        return tf.pad(tensor, more)

    flat = zip(keras.tree.flatten(inputs), keras.tree.flatten(model.input), strict=True)
    padded = keras.tree.pack_sequence_as(inputs, [longer(*pair) for pair in flat])
    for first, second in zip(
        keras.tree.flatten(model(inputs)), keras.tree.flatten(model(padded)), strict=True
    ):
        same = second[:, : first.shape[1]] if len(first.shape) > 2 else second
        difference = float(np.max(np.abs(np.asarray(first) - np.asarray(same))))
        assert difference <= 1e-4, (
            f"with 7 more steps of padding the output changes by {difference:.2g}: some layer "
            "takes padding for input; pass masks on (mask_zero=True, supports_masking)"
        )


def check_model_beats_trivial_baseline(trial: Trial) -> None:
    """Even the tiny model learns something: it beats the first baseline on the first metric."""
    from seqapps.metrics.judge import better, values_of

    name, metric = next(iter(trial.task.metrics.items()))
    cases = trial.cases("test")
    first = next(iter(trial.task.baselines))
    answers = trial.task.baselines[first](trial.cases("train"))(cases)
    floor = values_of(trial.task.metrics, cases, answers)[name]
    value = values_of(trial.task.metrics, cases, trial.responses)[name]
    assert better(metric, value, floor), (
        f"{name} of the tiny model {value:.4f}, of {first} {floor:.4f}: nothing was learnt. Do "
        "inputs and targets of `pair` belong together? Are the tiny settings trained long enough?"
    )


def check_metrics_match_hand_made_case(trial: Trial) -> None:
    """Every metric gives the value that its example was worked out to by hand."""
    for name, metric in trial.task.metrics.items():
        example = metric.example
        sums = metric.statistics(example.cases, example.responses).sum(axis=0)
        value = metric.reduce(sums)
        assert math.isclose(value, example.value, rel_tol=1e-6, abs_tol=1e-9), (
            f"{name} gives {value} for its example, worked out by hand: {example.value}"
        )


def check_metrics_are_finite(trial: Trial) -> None:
    """Every score is finite and lies in its interval, for the model and every baseline."""
    from seqapps.metrics.judge import judge

    cases = trial.cases("test")
    answers = {"model": trial.responses}
    for name, baseline in trial.task.baselines.items():
        answers[name] = baseline(trial.cases("train"))(cases)
    scores, _ = judge(trial.task.metrics, cases, answers, resamples=100)
    for who, by_metric in scores.items():
        for name, score in by_metric.items():
            assert all(map(math.isfinite, score.values())), f"{name} of {who} is {score}"
            assert score["low"] <= score["value"] <= score["high"], f"{name} of {who}: {score}"


def check_figures_draw(trial: Trial) -> None:
    """All that the task adds to the report is there: figures draw, tables are rectangles."""
    for figure in trial.task.figures(trial.cases("test"), trial.responses):
        _check_draws(figure)
    runs = {"one run": trial.responses, "another": trial.responses}
    for figure in trial.task.compared(trial.cases("test"), runs):
        _check_draws(figure)
    for section in trial.task.shown(trial.observed) if trial.task.observe else ():
        assert section.title, "a section without a title cannot be found; give it one"
        for part in section.parts:
            assert part.title, f"a {type(part).__name__} of {section.title!r} has no title"
            if isinstance(part, Figure):
                _check_draws(part)
            elif isinstance(part, Table):
                widths = {len(part.head), *map(len, part.rows)}
                assert part.rows, f"the table {part.title!r} has no rows; leave it out"
                assert len(widths) == 1, f"the rows of {part.title!r} have {widths} cells"
            else:
                assert part.passages, f"{part.title!r} has no passages; leave it out"


def check_training_is_repeatable(trial: Trial) -> None:
    """The same seed gives the same answers."""
    from seqapps.predict import in_process

    first = trial.responses[:FEW]
    again = in_process(trial.task, trial.task.tiny, *trial.train(trial.folder / "again"))
    found = compare(again(trial.cases("test"))[:FEW], first, trial.task.answer)
    assert found.largest == 0 and not found.differences, (
        f"a second training with seed 0 differs by {found.largest:.2g} "
        f"{' '.join(found.differences[:1])}. Take randomness from keras layers or from the "
        "settings' seed only"
    )


def check_served_equals_trained(trial: Trial) -> None:
    """The export, loaded in a fresh process, answers raw inputs as the trained model does."""
    from seqapps.export import bundle

    try:
        with files.whole_folder(trial.folder / "export") as staging:
            bundle.write(
                staging, trial.task, trial.task.tiny, *trial.trained,
                cases=trial.cases("valid"), record={"task": trial.task.name},
            )  # fmt: skip
    except ProofError as error:
        raise AssertionError(str(error)) from error


Check = Callable[[Trial], None]
CHECKS: Sequence[Check] = [
    value
    for name, value in list(globals().items())
    if name.startswith("check_") and name != "check_trainable"
]


def checks_of(task: Task) -> Sequence[Check]:
    """What every task must satisfy, then what this one asks of itself."""
    return [*CHECKS, *task.checks]


def name_of(check: Check) -> str:
    """`check_pair_fits_model` -> "pair fits model"."""
    return check.__name__.removeprefix("check_").replace("_", " ")


def run(
    task: Task,
    *,
    file: Path | None,
    checks: Sequence[Check] | None = None,
    backend: str = TENSORFLOW,
) -> Iterator[tuple[Check, str | None]]:
    """(check, what is wrong or None), one after the other; all of `checks_of` by default."""
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(settled(task), file, Path(folder), backend)
        for check in checks_of(task) if checks is None else checks:
            try:
                check(trial)
            except (AssertionError, UserError) as error:
                yield check, str(error)
            except Exception as error:  # a task under test may raise anything; the others go on
                yield check, f"{type(error).__name__}: {error}"
            else:
                yield check, None


def problems(task: Task, *, file: Path | None, backend: str = TENSORFLOW) -> dict[str, str]:
    """What is wrong with a task, by check: nothing where it passes the suite. For its own tests.

    `file` is its task.py, None where it is a single file.
    """
    found = run(task, file=file, backend=backend)
    return {name_of(check): problem for check, problem in found if problem is not None}


def _some_origins(trial: Trial) -> Iterator[tuple[Row, Case]]:
    """Some cases of some series of the test split, the first and the last of each among them."""
    series = 0
    for row in trial.data.splits["test"]:
        cases: list[Case] = []
        with suppress(UserError):  # one series may be too short where others are not
            cases = list(trial.task.cases([row], trial.task.tiny))
        assert all(PAST in case for case in cases), (
            f"a case lacks {PAST!r}, all of its series up to the origin, which baselines learn from"
        )
        places = {round(place) for place in np.linspace(0, len(cases) - 1, ORIGINS)}
        yield from ((dict(row), cases[place]) for place in sorted(places) if cases)
        series += bool(cases)
        if series == SERIES:
            return


def _unmoved_by_later_values(trial: Trial, row: Row, case: Case, *, inside: bool) -> Case:
    """The same window where later values are others: its past, inputs and targets are as before."""
    origin, times = len(case[PAST]), np.ravel(case["times"])
    other = _with_others_after(trial, row, case, times[-1] + 1 if inside else times[0])
    assert _same(case, other, PAST), (
        f"{PAST!r} of the window with its origin at step {origin} changes with values that "
        "come after its times: is the series smoothed before windows are cut?"
    )
    for name in trial.task.inputs:
        assert _same(case, other, name), (
            f"the input {name} at step {origin} changes with values that come after it"
        )
    # Half a step: an observation between two steps may count for the later one.
    half = int(times[1] - times[0]) // 2 if len(times) > 1 else 0
    earlier = _window_of(trial, _changed(trial.task, row, until=times[0] - half), origin)
    if inside or earlier is None:  # other values may make a window that is left out
        return other
    for name in _following(trial, case, other):
        assert _same(case, earlier, name), (
            f"the target {name} at step {origin} changes with values before it as well as with "
            "later ones: does it overlap the input? Scale it in `pair`, not in the case"
        )
    return other


def _following(trial: Trial, case: Case, other: Case) -> list[str]:
    """The targets that are series and change with the values after the origin."""
    targets = trial.task.targets
    return [n for n in targets if targets[n].kind == "series" and not _same(case, other, n)]


def _with_others_after(trial: Trial, row: Row, case: Case, time: int) -> Case:
    """The window of the same origin where the row has other values from a time on."""
    origin = len(case[PAST])
    found = _window_of(trial, _changed(trial.task, row, since=time), origin)
    assert found, f"the window with its origin at step {origin} is gone where later values differ"
    return found


def _window_of(trial: Trial, row: Row, origin: int) -> Case | None:
    """The case of a row whose past has so many steps."""
    cases = trial.task.cases([row], trial.task.tiny)
    return next((case for case in cases if len(case[PAST]) == origin), None)


def _changed(task: Task, row: Row, *, since: int | None = None, until: int | None = None) -> Row:
    """The row with other values from a time on, or before one."""
    times = next(name for name, column in task.row_columns.items() if column.kind == "time")
    first, last = (
        None if time is None else int(np.searchsorted(row[times], time)) for time in (since, until)
    )
    found = dict(row)
    for name, column in task.row_columns.items():
        if column.free and column.kind == "series":
            values = np.array(row[name])
            part = values[first:last]
            values[first:last] = np.where(part == 0, 1, -part) * 3
            found[name] = values
    return found


def _same(case: Case, other: Case, name: str) -> bool:
    return np.array_equal(
        np.asarray(case[name]), np.asarray(other[name]), equal_nan=_is_real(case[name])
    )


def _is_real(value: Any) -> bool:
    return np.asarray(value).dtype.kind == "f"


def _check_draws(figure: Figure) -> None:
    from matplotlib.figure import Figure as Canvas

    assert figure.title, "a figure without a title cannot be read aloud; give it one"
    canvas = Canvas()
    axes = canvas.add_subplot()
    figure.draw(axes)
    drawn = [*canvas.axes, *axes.child_axes]
    assert any(each.has_data() or each.texts for each in drawn), (
        f"the figure {figure.title!r} draws nothing"
    )


def _in_one_batch(trial: Trial, cases: Sequence[Case]) -> list[Response]:
    from seqapps.data.batching import batch_of
    from seqapps.predict import split_batch

    model, features = trial.trained
    return split_batch(features.respond(model, batch_of(cases, trial.task.inputs)))


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, list):
        for item in value:
            yield from _numbers(item)
    elif not isinstance(value, str):
        with suppress(TypeError):
            yield float(value)
