"""Whatever comes after an origin changes nothing that is made there; and what comes does follow."""

from dataclasses import replace
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
from hand_made_series import NAMED, Made, row_of, settings_of, sine

from seqapps import checks
from seqapps.data.batching import batch_of
from seqapps.task import PAST

STEPS, CHANGED = 83, 61
EACH = [
    {"gaps": gaps, "window": window, "log": log}
    for gaps, window, log in product(
        ("interpolate", "forward", "mask"), ("none", "last", "standard"), (0.0, 0.1)
    )
] + [
    {"transform": transform}
    for transform in ("difference", "butterworth", "savitzky_golay", "wavelet", "bands")
]


def by_chance(seed, after=None):
    """A row of random values, gaps and infinities; from step `after` on, of those of `seed` + 1."""
    columns = {}
    random = np.random.default_rng(seed)
    for name in ("other", "a", "plan", "b"):
        values = random.lognormal(size=STEPS, sigma=2)
        values[random.random(STEPS) < 0.2] = np.nan
        values[random.random(STEPS) < 0.05] = np.inf
        columns[name] = values
    if after is not None:
        others = by_chance(seed + 1)["values"]
        for place, values in enumerate(columns.values()):
            values[after:] = others[after:, place]
    return row_of(columns, first=0, training=41)


def answers(made, row):
    """Origin -> (case, the answer to it), in batches of one size."""
    cases = made.task.cases([row], made.settings)
    raw = batch_of(cases, made.task.inputs)
    told = made.features.respond(made.model, raw)
    read = made.features.inputs(raw)
    return {
        len(case[PAST]): (
            case,
            [told[name][i].numpy() for name in told],
            [read[name][i].numpy() for name in read if name != "future"],
        )
        for i, case in enumerate(cases)
    }


@pytest.mark.parametrize("options", EACH, ids=lambda options: "-".join(map(str, options.values())))
def test_what_comes_later_changes_no_input_and_no_answer(options):
    row, later = by_chance(7), by_chance(7, after=CHANGED)
    named = {name: NAMED[name] for name in ("target", "covariates")}
    settings = settings_of(
        row, **named, **options, encoder="linear", calendar=True, embed_series=True
    )
    made = Made((row,), settings)
    before, after = answers(made, row), answers(made, later)
    origins = [origin for origin in before if origin <= CHANGED and origin in after]
    assert origins[-1] == CHANGED
    assert len(origins) > 20
    for origin in origins:
        case, told, read = before[origin]
        other, told_later, read_later = after[origin]
        for name in made.task.inputs:
            np.testing.assert_array_equal(case[name], other[name])
        for one, two in zip((*told, *read), (*told_later, *read_later), strict=True):
            np.testing.assert_array_equal(one, two)
        assert case["scale"].tolist() == other["scale"].tolist()
    assert not np.array_equal(
        before[CHANGED][0]["truth"], after[CHANGED][0]["truth"], equal_nan=True
    )
    moved = [origin for origin in before if origin > CHANGED and origin in after]
    assert any((before[o][1][0] != after[o][1][0]).any() for o in moved)


def test_observations_that_come_later_move_no_step_before_them():
    """Late lines, between two steps or missing, leave the grid before them as it is."""
    row = row_of({"v": np.arange(STEPS)})
    later = {**row, "times": row["times"].copy()}
    later["times"][CHANGED:] += 5 * 3600
    for name in ("times", "values"):
        later[name] = np.delete(later[name], [CHANGED + 3, CHANGED + 4], axis=0)
    settings = settings_of(row, frequency="1d")
    made = Made((row,), settings)
    before, after = answers(made, row), answers(made, later)
    for origin in range(29, CHANGED + 1):
        np.testing.assert_array_equal(before[origin][0]["values"], after[origin][0]["values"])
        assert before[origin][0]["start"] == after[origin][0]["start"]


def test_the_conformance_check_looks_at_other_series_than_the_first(made):
    """One that is too short for a window is passed over."""
    parts = {"first": 0, "training": 21}
    rows = [
        row_of({"v": sine(steps)}, series=name, **parts) for steps, name in ((31, "a"), (83, "b"))
    ]
    third = row_of({"v": sine(phase=5)}, series="c", **parts)
    forecaster = made(third, encoder="linear")

    def late(rows, settings):
        for case in forecaster.task.cases(rows, settings):
            by = int(case["series"] == "c")
            values = np.concatenate([case["values"][by:], case["truth"][:by]])
            yield {**case, "values": values}

    def trial_of(task, *rows):
        task = replace(task, tiny=forecaster.settings)
        data = SimpleNamespace(splits={"test": rows})
        return SimpleNamespace(task=task, data=data, predict=forecaster.ask)

    checks.check_nothing_looks_ahead(trial_of(forecaster.task, *rows, third))
    task = replace(forecaster.task, cases=late)
    checks.check_nothing_looks_ahead(trial_of(task, *rows))
    with pytest.raises(AssertionError, match="the input values at step"):
        checks.check_nothing_looks_ahead(trial_of(task, *rows, third))
