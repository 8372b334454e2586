"""`predict` of a model of series: a table of observations in, the coming steps out."""

import gzip
import io
import json
import sys

import pytest
import tensorflow as tf
from tiny_monitor import save as save_monitor

from seqapps.export import manifest
from seqapps.task import Column, Output, Signature

LOOKBACK, HORIZON = 5, 3
ANSWER = {
    "mean": Output("series", "the forecast"),
    "lower": Output("band", "end of the interval"),
    "upper": Output("band", "end of the interval"),
}
ROWS = [f"2024-01-0{day},{day}.5,{100 * day}" for day in range(1, 8)]
TABLE = "\n".join(["date,load,wind", *ROWS, ""])


class Repeats(tf.Module):
    """The last value, plus the number of the coming step, plus the share of gaps in the window."""

    @tf.function(input_signature=[tf.TensorSpec([None, LOOKBACK, 2], tf.float32, name="values")])
    def answer(self, values):
        steps = tf.range(1.0, HORIZON + 1)[None, :, None]
        gaps = tf.reduce_mean(tf.cast(tf.math.is_nan(values), tf.float32), axis=1)
        mean = (values[:, -1] + gaps)[:, None] + steps  # [batch, horizon, targets]
        return {"mean": mean, "lower": mean - 1, "upper": mean + 2}


class Plans(tf.Module):
    """The plan itself."""

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, LOOKBACK, 1], tf.float32, name="values"),
            tf.TensorSpec([None, HORIZON, 1], tf.float32, name="future"),
            tf.TensorSpec([None], tf.int64, name="start"),
            tf.TensorSpec([None], tf.string, name="series"),
        ]
    )
    def answer(self, values, future, start, series):
        hours = tf.cast(start // 86400 % 1000, tf.float32)[:, None, None]
        length = tf.cast(tf.strings.length(series), tf.float32)[:, None, None]
        mean = future + 0 * values[:, :1]
        return {"mean": mean, "lower": mean * 0 + hours, "upper": mean * 0 + length}


LEVELS = {"log": 0.0, "channels": {"load": [4.5, 2.0], "wind": [400.0, 200.0]}}


def save(folder, module, inputs, *, frequency="1d", **record):
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.answer})
    (folder / manifest.EXTRA).mkdir(exist_ok=True)
    (folder / manifest.EXTRA / "settings.toml").write_text(f'frequency = "{frequency}"\n')
    signature = Signature(inputs, ANSWER, "what comes next?")
    data = {"source": "x", "factors": "wind.csv", "factors_lag": 2}
    record = {"task": "tiny", "data": data, "levels": LEVELS, **record}
    manifest.write(folder, record, {"serving_default": signature})


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    channels = ("load", "wind")
    values = Column("series", "", (LOOKBACK, 2), gaps=True, channels=channels)
    save(folder / "repeats" / "1", Repeats(), {"values": values})
    save(folder / "rows" / "1", Repeats(), {"values": values}, frequency="rows")
    inputs = {
        "values": Column("series", "", (LOOKBACK, 1), gaps=True, channels=("load",)),
        "future": Column("series", "", (HORIZON, 1), gaps=True, channels=("plan",)),
        "start": Column("time", ""),
        "series": Column("category", ""),
    }
    known = {"series": ["mill", "north"]}
    save(folder / "plans" / "1", Plans(), inputs, known=known)
    return folder


@pytest.fixture
def predict(call, models):
    return lambda name, *given: call("predict", name, *map(str, given), "--output", str(models))


@pytest.fixture
def stdin(monkeypatch):
    def give(text):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    return give


@pytest.fixture
def table(tmp_path):
    """Write a table; its path."""

    def write(text, name="grid.csv"):
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return path

    return write


def test_the_coming_steps_are_a_table_with_their_times(predict, table):
    code, out, err = predict("repeats", "--file", table(TABLE))
    assert (code, err) == (0, "")
    assert [line.split() for line in out.splitlines()] == [
        ["grid"],
        ["channel", "time", "mean", "lower", "upper"],
        ["load", "2024-01-08", "8.500", "7.500", "10.500"],
        ["load", "2024-01-09", "9.500", "8.500", "11.500"],
        ["load", "2024-01-10", "10.500", "9.500", "12.500"],
        ["wind", "2024-01-08", "701.00", "700.00", "703.00"],
        ["wind", "2024-01-09", "702.00", "701.00", "704.00"],
        ["wind", "2024-01-10", "703.00", "702.00", "705.00"],
    ]


def test_as_json_it_is_an_object_for_each_series(predict, table):
    _, out, _ = predict("repeats", "--file", table(TABLE), "--json")
    assert json.loads(out) == {
        "series": "grid",
        "times": ["2024-01-08T00:00:00Z", "2024-01-09T00:00:00Z", "2024-01-10T00:00:00Z"],
        "channels": ["load", "wind"],
        "mean": [[8.5, 701], [9.5, 702], [10.5, 703]],
        "lower": [[7.5, 700], [8.5, 701], [9.5, 702]],
        "upper": [[10.5, 703], [11.5, 704], [12.5, 705]],
    }


def test_values_far_from_those_of_training_are_told(predict, table):
    text = TABLE.replace("00\n", "00000\n")
    code, _, err = predict("repeats", "--file", table(text))
    assert code == 0
    assert err.startswith("grid.csv: wind: the middle value 5e+05 lies 2,498 standard deviations")
    assert err.count("\n") == 1


@pytest.mark.parametrize(("lag", "last"), [((), 5), (("--factors-lag", "0"), 7)])
def test_factors_are_joined_as_in_training(predict, table, lag, last):
    """The model's record says that a value is known two steps after its time."""
    load = table("\n".join(line.rsplit(",", 1)[0] for line in TABLE.splitlines()))
    wind = table("\n".join(f"{line.split(',')[0]},{line.split(',')[2]}"
                           for line in TABLE.splitlines()), "wind.csv")  # fmt: skip
    code, out, err = predict("repeats", "--file", load, "--factors", wind, "--json", *lag)
    assert code == 0
    assert json.loads(out)["mean"][0] == [8.5, pytest.approx(100 * last + 1)]
    assert ("wind.csv: steps of 1d; a value is joined from 2 such steps" in err) == (not lag)


def test_what_is_not_a_number_is_null_in_json(predict, table):
    text = TABLE.replace("7.5,700", ",700").replace("6.5,600", "inf,600")
    _, out, err = predict("repeats", "--file", table(text), "--json")
    assert json.loads(out)["mean"] == [[None, 701], [None, 702], [None, 703]]
    assert "grid.csv: 1 infinite values count as gaps" in err


@pytest.mark.parametrize("name", ["grid.tsv", "grid.csv.gz", "grid.jsonl", "grid.parquet", "-"])
def test_other_tables_are_read_as_well(predict, table, stdin, tmp_path, name):
    rows = [dict(zip(("date", "load", "wind"), row.split(","), strict=True)) for row in ROWS]
    if name == "grid.jsonl":
        file = table("\n".join(map(json.dumps, rows)), name)
    elif name == "grid.parquet":
        import pyarrow
        from pyarrow import parquet

        file = tmp_path / name
        parquet.write_table(pyarrow.Table.from_pylist(rows), file)
    elif name == "-":
        stdin(TABLE)
        file = "-"
    else:
        file = table(TABLE.replace(",", "\t") if name == "grid.tsv" else TABLE, name)
    _, expected, _ = predict("repeats", "--file", table(TABLE, "other.csv"))
    code, out, err = predict("repeats", "--file", file)
    assert (code, err) == (0, "")
    assert out.splitlines()[1:] == expected.splitlines()[1:]


def test_each_series_is_answered(predict, table):
    rows = [f"{name},{row}" for row in ROWS for name in ("north", "south")]
    text = "\n".join(["place,when,load,wind", *rows])
    _, out, _ = predict(
        "repeats", "--file", table(text), "--series", "place", "--time", "when", "--json"
    )
    assert [json.loads(line)["series"] for line in out.splitlines()] == ["north", "south"]


def test_a_short_series_is_answered_and_that_is_said(predict, table):
    code, out, err = predict("repeats", "--file", table("\n".join(TABLE.split("\n")[:3])), "--json")
    assert code == 0
    assert json.loads(out)["mean"][0] == pytest.approx([2.5 + 1 + 0.6, 200 + 1 + 0.6])
    assert err == "grid.csv: 2 steps, but the model looks at 5: the first 3 are gaps\n"


def test_of_rows_that_are_steps_the_coming_ones_are_numbered(predict, table):
    _, out, _ = predict("rows", "--file", table(TABLE), "--time", "none")
    steps = [line.split()[1] for line in out.splitlines()[1:]]
    assert steps == ["step", *["+1", "+2", "+3"] * 2]


def test_plans_names_and_times_are_given_to_a_model_that_wants_them(predict, table):
    past = [f"north,2024-01-0{day},{day},{day + 50}" for day in range(1, 8)]
    coming = [f"north,2024-01-{day:02},,{day + 60}" for day in range(8, 12)]
    text = "\n".join(["unique_id,date,load,plan", *past, *coming])
    _, out, _ = predict("plans", "--file", table(text), "--json")
    told = json.loads(out)
    assert told["times"][0] == "2024-01-08T00:00:00Z"
    assert told["mean"] == [[68], [69], [70]]
    assert told["lower"][0] == [(19723 + 2) % 1000]  # the third day of 2024
    assert told["upper"][0] == [len("north")]


@pytest.mark.parametrize("given", ["file", "standard input"])
def test_objects_of_arrays_are_answered_as_before(predict, table, stdin, given):
    values = [[day, 10 * day] for day in range(LOOKBACK)]
    line = json.dumps({"values": values}) + "\n"
    stdin(line * 2)
    file = table(line * 2, "windows.jsonl") if given == "file" else "-"
    code, out, _ = predict("repeats", "--file", file, "--json")
    assert code == 0
    means = [json.loads(line)["mean"] for line in out.splitlines()]
    assert means == [[[5, 41], [6, 42], [7, 43]]] * 2
    assert json.loads(out.splitlines()[0])["values"] == values


def test_a_monitor_is_asked_about_the_last_window(call, table, tmp_path):
    save_monitor(tmp_path / "pump" / "1")
    rows = [f"2024-01-0{day},{10 + day},200,3" for day in range(1, 8)]
    text = "\n".join(["time,pressure,flow,current", *rows])
    _, out, _ = call("predict", "pump", "--file", str(table(text)), "--output", str(tmp_path))
    assert out.startswith("score=7  threshold=4  alarm=1  contributions=[7, 0, 0]")


@pytest.mark.parametrize(
    ("name", "text", "options", "says"),
    [
        ("repeats", "date,sun\n2024-01-01,1\n", (),
         "grid.csv: no columns of numbers 'load', 'wind'. The model takes load, wind."),
        ("repeats", "date,load,Wind\n2024-01-01,1,2\n", (), "Did you mean 'Wind'?"),
        ("repeats", "load,wind\n1,2\n", (), "grid.csv: no column of times among load, wind"),
        ("repeats", TABLE, ("--time", "dat"), "grid.csv: no column 'dat'. Did you mean 'date'?"),
        ("repeats", TABLE, ("--time-format", "%d.%m.%Y"), "expected as %d.%m.%Y says"),
        ("repeats", "date,load,wind\n", (), "grid.csv: no rows"),
        ("repeats", "", (), "grid.csv: the file is empty"),
        ("repeats", "date,load,wind\n2024-01-01,,\n", (), "grid: no value of load, wind"),
        ("plans", "date,load,plan\n2024-01-01,1,2\n", (), "plan must be known for the 3 coming"),
    ],
)  # fmt: skip
def test_the_users_mistakes_are_told(predict, table, name, text, options, says):
    code, out, err = predict(name, "--file", table(text), *options)
    assert (code, out) == (2, "")
    assert err.startswith("Error: ") and says in err


def test_a_series_is_no_argument(predict):
    code, _, err = predict("repeats", "12 13 14")
    assert code == 2 and "give a table of observations with --file" in err


def test_options_of_series_are_refused_where_there_is_none(predict):
    code, _, err = predict("repeats", "12 13 14", "--time", "date")
    assert code == 2 and "--time date: is for models of series" in err


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("west", "north", "east"), "as series without a name: 'east', 'west' (2 of 3 series)"),
        (("north", "mill"), None),
    ],
)
def test_series_whose_names_training_did_not_show_are_told(predict, table, names, told):
    lines = []
    for name in names:
        lines += [f"{name},2024-01-0{day},{day},{day + 50}" for day in range(1, 8)]
        lines += [f"{name},2024-01-{day:02},,{day + 60}" for day in range(8, 12)]
    text = "\n".join(["unique_id,date,load,plan", *lines])
    code, _, err = predict("plans", "--file", table(text))
    assert code == 0, err
    assert (told in err) if told else ("Not in training" not in err)
