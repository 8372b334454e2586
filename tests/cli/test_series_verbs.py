"""A forecaster from a table to an answer, by the command line alone; and what is wrong is told."""

import datetime as dt
import json

import numpy as np
import pytest
import seqapps.tasks.forecasting.task as forecasting

from seqapps.cli import main

STEPS, FIRST = 211, dt.date(2019, 1, 1)
SETS = (
    "horizon=5", "lookback=29", "encoder=linear", "epochs=2", "gradient_batches=0", "origins=11",
)  # fmt: skip
OPTIONS = [part for each in SETS for part in ("--set", each)]
FEW = ("last_value", "seasonal_naive")


def days(count, step=1, first=FIRST):
    return [first + dt.timedelta(days=step * day) for day in range(count)]


def sine(count=STEPS, phase=0):
    noise = np.random.default_rng(phase).normal(size=count, scale=0.3)
    return np.round(50 + 7 * np.sin(2 * np.pi * (np.arange(count) + phase) / 13) + noise, 3)


def write(file, columns):
    lines = [
        ",".join(columns),
        *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True)),
    ]
    file.write_text("\n".join(lines) + "\n")


def sites(*names):
    """A long table: two sites, what they take, and the wind there."""
    return {
        "when": days(STEPS) * len(names),
        "site": [name for name in names for _ in range(STEPS)],
        "wind": np.concatenate([sine(phase=5 + place) for place in range(len(names))]),
        "load": np.concatenate([sine(phase=3 * place) for place in range(len(names))]),
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder in which a forecaster of two series was trained and published."""
    folder = tmp_path_factory.mktemp("forecasting")
    write(folder / "sites.csv", sites("north", "south"))
    patch = pytest.MonkeyPatch()
    patch.chdir(folder)
    patch.setenv("SEQAPPS_CACHE", str(folder / "cache"))
    patch.setattr(forecasting, "BASELINES", FEW)
    arguments = ["run", "forecasting", "--data", "sites.csv", "--quiet", "--time", "when"]
    arguments += ["--series", "site", "--target", "load", "--shares", "151,31,29"]
    with pytest.raises(SystemExit) as exit_:
        main([*arguments, *OPTIONS, "--set", "embed_series=true", "--set", "calendar=true"])
    assert exit_.value.code in (0, None)
    yield folder
    patch.undo()


def evaluation(folder):
    (file,) = folder.glob("runs/forecasting/*/evaluation.json")
    return json.loads(file.read_text())


def test_it_is_judged_by_the_origins_of_every_series(folder):
    """At most 11 of each of two series, beside the baselines."""
    found = evaluation(folder)
    assert found["cases"] == 22
    assert [*found["baselines"]] == [*FEW]
    assert found["model"]["coverage_95"]["value"] > 0.5
    assert [*found["model"]][:3] == ["mase", "mae", "rmse"]


def test_the_report_shows_the_forecast_and_whether_it_can_be_trusted(folder):
    (report,) = folder.glob("runs/forecasting/*/report.html")
    page = report.read_text()
    for part in ("Error by step ahead", "Can it be trusted?", "What the series is like"):
        assert part in page


def test_what_the_data_told_is_in_the_settings(folder):
    settings = (folder / "saved_models/forecasting/1/assets.extra/settings.toml").read_text()
    for line in ('target = "load"', 'covariates = "wind"', 'frequency = "1d"', "season = 13"):
        assert line in settings


@pytest.fixture(scope="module")
def serve(folder):
    """The export as TF Serving has it: inputs by name -> outputs by name."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(folder / "saved_models" / "forecasting" / "1"))
    function = loaded.signatures["serving_default"]

    def answer(values, series=("north",)):
        start = int(dt.datetime(2019, 3, 1, tzinfo=dt.UTC).timestamp())
        return function(
            values=tf.constant(values, tf.float32),
            start=tf.constant([start] * len(values), tf.int64),
            series=tf.constant(list(series) * (len(values) // len(series))),
        )

    answer.function, answer.keep = function, loaded
    return answer


def window(steps=29, channels=2):
    return np.full([1, steps, channels], 50.0) + sine(steps)[None, :, None]


def test_the_signature_has_exactly_the_inputs_that_the_model_uses(serve):
    _, inputs = serve.function.structured_input_signature
    told = {name: (spec.dtype.name, spec.shape.as_list()) for name, spec in inputs.items()}
    assert told == {
        "values": ("float32", [None, 29, 2]),
        "start": ("int64", [None]),
        "series": ("string", [None]),
    }
    shapes = {name: spec.as_list() for name, spec in serve.function.output_shapes.items()}
    assert {*shapes} == {"mean", "lower", "upper", "lower_80", "upper_80"}
    assert [*shapes.values()] == [[None, 5, 1]] * 5


@pytest.mark.parametrize("shape", [(29, 1), (29, 3), (28, 2), (30, 2)])
def test_the_wrong_number_of_steps_or_features_is_an_error(serve, shape):
    with pytest.raises(Exception, match=r"(?i)shape|incompatible|mismatch"):
        serve(window(*shape))


@pytest.mark.parametrize(
    "gap", [np.nan, np.inf, -np.inf, 1e30, -3e38], ids=["nan", "inf", "-inf", "1e30", "-3e38"]
)
def test_gaps_infinities_and_what_no_sensor_measures_have_a_defined_answer(serve, gap):
    some, last, every = window(), window(), window()
    some[0, 3:7] = last[0, -1] = every[:] = gap
    told = serve(np.concatenate([some, last, every]), ["north"])
    for name, value in told.items():
        assert np.isfinite(value).all(), name
    assert (told["lower"] <= told["mean"]).numpy().all()
    assert (told["mean"] <= told["upper"]).numpy().all()


def test_an_unknown_series_has_an_answer(serve):
    assert np.isfinite(serve(window(), ["nowhere"])["mean"]).all()


def test_a_window_is_answered_by_predict(folder, call):
    start = int(dt.datetime(2019, 3, 1, tzinfo=dt.UTC).timestamp())
    row = {"values": window()[0].tolist(), "start": start, "series": "north"}
    (folder / "rows.jsonl").write_text(json.dumps(row) + "\n")
    code, out, err = call("predict", "forecasting", "--file", "rows.jsonl", "--json")
    assert code == 0, err
    found = json.loads(out)
    assert np.shape(found["mean"]) == np.shape(found["lower_80"]) == (5, 1)


def test_a_window_of_the_wrong_size_is_told_by_predict(folder, call):
    row = {"values": window(28)[0].tolist(), "start": 0, "series": "north"}
    (folder / "wrong.jsonl").write_text(json.dumps(row) + "\n")
    code, _, err = call("predict", "forecasting", "--file", "wrong.jsonl")
    assert code == 2
    assert "values has the shape (28, 2), the model takes (29, 2)" in err


AS_TRAINED = ("--time", "when", "--series", "site")


def test_series_that_training_did_not_show_are_judged(folder, call):
    write(folder / "others.csv", sites("east", "west"))
    code, out, err = call("evaluate", "forecasting", "--data", "others.csv", *AS_TRAINED, "--json")
    assert code == 0, err
    found = json.loads(out)
    assert (found["split"], found["cases"]) == ("all", 22)
    assert np.isfinite(found["scores"]["mase"]["value"])


def test_predict_names_the_series_that_training_did_not_show(folder, call):
    write(folder / "strangers.csv", sites("north", "east"))
    code, _, err = call("predict", "forecasting", "--file", "strangers.csv", *AS_TRAINED)
    assert code == 0, err
    assert "as series without a name: 'east' (1 of 2 series)" in err


def test_others_data_without_a_channel_are_told(folder, call):
    table = sites("east")
    write(folder / "renamed.csv", {"wnd" if n == "wind" else n: v for n, v in table.items()})
    code, _, err = call("evaluate", "forecasting", "--data", "renamed.csv", *AS_TRAINED)
    assert code == 2
    assert "east: no column of numbers 'wind'. Did you mean 'wnd'" in err


def test_others_data_without_a_window_are_told(folder, call):
    write(folder / "few.csv", {name: value[:31] for name, value in sites("east").items()})
    code, _, err = call("evaluate", "forecasting", "--data", "few.csv", *AS_TRAINED)
    assert code == 2
    assert "has 31 steps; a window takes 34 (lookback = 29, horizon = 5)" in err


def hours(count):
    return [dt.datetime(2019, 1, 1) + dt.timedelta(hours=hour) for hour in range(count)]


def test_what_the_grid_drops_and_other_units_are_told_of_others_data(folder, call):
    """The model's steps are days; of each only the last hour is left. The load is in watts."""
    table = {"when": hours(960), "site": ["east"] * 960, "wind": sine(960),
             "load": 1000 * sine(960)}  # fmt: skip
    write(folder / "hours.csv", table)
    code, _, err = call("evaluate", "forecasting", "--data", "hours.csv", *AS_TRAINED)
    assert code == 0, err
    assert "data: a step each 1d: 920 of 960 observations lie between two steps" in err
    assert "919 of 960 observations share a step with a later one, which counts" in err
    assert "data: east, load: the middle value 5" in err
    assert "are they in other units?" in err and "east, wind" not in err


WRONG = {
    "fewer_steps_than_a_window": (
        {"date": days(37), "v": sine(37)}, [],
        ["longest training part has 30 steps; a window takes 34", "give a longer series"],
    ),
    "a_horizon_longer_than_the_data": (
        {"date": days(STEPS), "v": sine()}, ["--set", "horizon=300"],
        ["has 169 steps; a window takes 329", "Shorten them"],
    ),
    "a_horizon_longer_than_what_judges": (
        {"date": days(STEPS), "v": sine()}, ["--set", "horizon=23"],
        ["held out has 21 steps; a window of it takes 23", "(--shares)"],
    ),
    "a_target_that_was_never_observed": (
        {"date": days(STEPS), "v": sine(), "w": [""] * STEPS}, ["--target", "w"],
        ["target = 'w': in no window", "(--target)"],
    ),
    "a_target_of_text": (
        {"date": days(STEPS), "v": sine(), "wind": ["NE"] * STEPS}, ["--target", "wind"],
        ["target = 'wind': no column of numbers 'wind'. Known: v"],
    ),
    "a_target_that_is_misspelt": (
        {"date": days(STEPS), "power": sine()}, ["--target", "powr"],
        ["no column of numbers 'powr'. Did you mean 'power'"],
    ),
    "series_of_different_steps": (
        {"date": days(STEPS) + days(101, 7), "who": ["a"] * STEPS + ["b"] * 101,
         "v": sine(STEPS + 101)}, ["--series", "who"],
        ["'a' are 1d, those of 'b' 7d", "Leave out"],
    ),
    "a_frequency_that_the_times_have_not": (
        {"date": days(STEPS), "v": sine()}, ["--set", "frequency=15min"],
        ["frequency = '15min'", "only 169 were observed"],
    ),
    "a_time_that_is_none": (
        {"date": [*days(STEPS - 1), "soon"], "v": sine()}, [],
        ["row 211: date is 'soon', which is no time", "--time-format"],
    ),
    "no_column_of_times": (
        {"x": ["a"] * STEPS, "v": sine()}, [], ["no column of times among x, v", "--time none"],
    ),
    "a_calendar_without_times": (
        {"v": sine()}, ["--time", "none", "--set", "calendar=true"],
        ["calendar = true: frequency = 'rows'", "Set calendar = false"],
    ),
    "all_known_in_advance": (
        {"date": days(STEPS), "v": sine()}, ["--set", "future=v"],
        ["no column of numbers is left to forecast"],
    ),
    "sizes_that_do_not_fit": (
        {"date": days(STEPS), "v": sine()}, ["--set", "encoder=segments", "--set", "segment=31"],
        ["segment = 31 is longer than lookback = 29"],
    ),
}  # fmt: skip


@pytest.fixture
def alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEQAPPS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(forecasting, "BASELINES", FEW)
    return tmp_path


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_forecast_is_told_before_anything_is_made(name, alone, call):
    columns, options, says = WRONG[name]
    write(alone / "mill.csv", columns)
    code, out, err = call("run", "forecasting", "--data", "mill.csv", *OPTIONS, *options)
    assert (code, out) == (2, ""), err
    assert err.count("Error: ") == 1
    for part in says:
        assert part in err
    assert not (alone / "runs").exists()
    assert not (alone / "saved_models").exists()


def test_what_the_grid_drops_is_told_before_it_is_trained_on(alone, call, monkeypatch):
    monkeypatch.setattr("seqapps.runner._train", lambda work: None)
    write(alone / "mill.csv", {"date": hours(24 * STEPS), "v": sine(24 * STEPS)})
    _, _, err = call("train", "forecasting", "--data", "mill.csv", *OPTIONS, "--set",
                     "frequency=1d")  # fmt: skip
    assert "data: a step each 1d: " in err
    assert "4,852 of 5,064 observations share a step with a later one, which counts" in err


def with_infinities():
    values = sine().tolist()
    values[31], values[32], values[193] = "inf", "-inf", ""
    return {"date": days(STEPS), "v": values}


def unsorted_and_repeated():
    when = days(STEPS)
    when[31], when[32] = when[32], when[31]
    return {"date": [*when, when[50]], "v": sine(STEPS + 1)}


MENDED = {
    "a_constant_series": (
        lambda: {"date": days(STEPS), "v": [7] * STEPS}, [], [],
    ),
    "infinities_and_gaps": (with_infinities, [], ["2 infinite values count as gaps"]),
    "times_out_of_order": (
        unsorted_and_repeated, [], ["2 lines go back in time; sorted", "1 lines have the time of"],
    ),
    "an_empty_covariate": (
        lambda: {"date": days(STEPS), "v": sine(), "w": [""] * STEPS}, ["--target", "v"], [],
    ),
    "lines_that_are_steps": (lambda: {"v": sine()}, ["--time", "none"], []),
    "a_series_too_short_beside_one_that_is_not": (
        lambda: {"date": days(31) + days(STEPS), "who": ["a"] * 31 + ["b"] * STEPS,
                 "v": sine(STEPS + 31)}, ["--series", "who"], [],
    ),
    "months": (
        lambda: {"date": [dt.date(1990 + n // 12, n % 12 + 1, 1) for n in range(STEPS)],
                 "v": sine()}, ["--set", "calendar=true"], [],
    ),
}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("name", MENDED)
def test_what_can_be_mended_is_told_and_forecast(name, alone, call):
    columns, options, says = MENDED[name]
    write(alone / "mill.csv", columns())
    code, _, err = call("run", "forecasting", "--data", "mill.csv", *OPTIONS, *options)
    assert code == 0, err
    for part in says:
        assert part in err
    assert np.isfinite(evaluation(alone)["model"]["mae"]["value"])


@pytest.mark.long
def test_a_forecaster_with_attention_says_which_steps_it_looked_at(alone, call):
    write(alone / "mill.csv", {"date": days(STEPS), "v": sine()})
    options = [*OPTIONS, "--set", "encoder=attention", "--set", "segment=7", "--set", "units=8"]
    code, _, err = call("run", "forecasting", "--data", "mill.csv", *options)
    assert code == 0, err
    (alone / "rows.jsonl").write_text(json.dumps({"values": window(channels=1)[0].tolist()}))
    code, out, err = call("explain", "forecasting", "--file", "rows.jsonl", "--json")
    assert code == 0, err
    [example] = json.loads(out)["examples"]
    assert example["tokens"] == [str(step) for step in range(-29, 0)]
    assert sum(example["weights"]) == pytest.approx(1, abs=1e-5)
