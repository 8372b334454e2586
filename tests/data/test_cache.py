"""Rows are read once: kept whole or not at all, found again by what decides them."""

import dataclasses
import itertools
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from told import Told

from seqapps.data import cache, fitted
from seqapps.data.load import load
from seqapps.data.source import Reading
from seqapps.errors import UserError
from seqapps.task import Column, Sample


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A cache of the test's own."""
    monkeypatch.setenv("SEQAPPS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "rows"


@pytest.fixture
def reviews(tmp_path):
    file = tmp_path / "reviews.csv"
    file.write_text("text,label\n" + "".join(f"film {n},{'ab'[n % 2]}\n" for n in range(101)))
    return file


@pytest.fixture
def count(monkeypatch):
    """How often rows were read."""
    calls = []
    prepare = cache.prepare

    def counted(*arguments, **named):
        calls.append(arguments)
        return prepare(*arguments, **named)

    monkeypatch.setattr(cache, "prepare", counted)
    return lambda: len(calls)


def entries(place) -> list[str]:
    return sorted(path.name for path in place.iterdir() if path.is_dir())


def test_the_second_time_nothing_is_read_anew(sentiment, reviews, count):
    first, second = load(sentiment, str(reviews)), load(sentiment, str(reviews))
    assert count() == 1
    for name in first.splits:
        assert list(first.splits[name]) == list(second.splits[name])


def test_time_and_folder_of_a_file_do_not_matter(sentiment, reviews, count, tmp_path):
    load(sentiment, str(reviews))
    os.utime(reviews, (0, 0))
    load(sentiment, str(reviews))
    copy = tmp_path / "other" / "reviews.csv"
    copy.parent.mkdir()
    copy.write_bytes(reviews.read_bytes())
    load(sentiment, str(copy))
    assert count() == 1


def test_a_copy_of_another_name_is_read_for_the_places_of_its_rows(
    sentiment, reviews, count, tmp_path
):
    (tmp_path / "copy.csv").write_bytes(reviews.read_bytes())
    found = [load(sentiment, str(file)) for file in (reviews, tmp_path / "copy.csv")]
    assert count() == 2
    assert found[0].fingerprint == found[1].fingerprint
    assert found[1].entry.labels["label"]["a"] == (51, "copy.csv, row 1")


@pytest.mark.parametrize(
    "change",
    [
        lambda file, reading: (file.write_text(file.read_text() + "more,a\n"), reading)[1],
        lambda file, reading: dataclasses.replace(reading, columns={"text": "label"}),
        lambda file, reading: dataclasses.replace(reading, group="label"),
        lambda file, reading: dataclasses.replace(reading, encoding="latin-1"),
    ],
    ids=["content", "columns", "group", "encoding"],
)
def test_what_decides_the_rows_is_part_of_the_key(change, sentiment, reviews, place):
    load(sentiment, str(reviews))
    load(sentiment, str(reviews), change(reviews, Reading()))
    assert len(entries(place)) == 2


def test_tensorflow_datasets_opens_an_entry(sentiment, reviews, place):
    import tensorflow_datasets as tfds

    load(sentiment, str(reviews))
    builder = tfds.builder_from_directory(place / entries(place)[0])
    assert builder.info.disable_shuffling
    assert builder.info.splits["rows"].num_examples == 101
    rows = [
        {name: value.numpy().decode() for name, value in row.items()}
        for row in builder.as_dataset(split="rows")
    ]
    assert rows == [{"text": f"film {n}", "label": "ab"[n % 2]} for n in range(101)]


def test_every_kind_of_column_comes_back_as_it_was(sentiment, png):
    task = dataclasses.replace(
        sentiment,
        inputs={
            "x": Column("series", "free", (None,)), "y": Column("series", "fixed", (2, 3)),
            "i": Column("image", "bytes"), "n": Column("number", "one"),
        },
        targets={"t": Column("text", "any"), "c": Column("category", "any")},
        refusals=(),
    )  # fmt: skip
    rows = [
        {"x": np.arange(k + 1) / 7, "y": np.full((2, 3), k), "i": png(k), "n": k / 3,
         "t": f"{k} 그\0😀", "c": "ab"[k % 2]}
        for k in range(5)
    ]  # fmt: skip
    data = load(task, {"train": rows, "valid": rows[:0], "test": rows[:0]})
    assert len(data.splits["train"]) == 5
    for before, after in zip(rows, data.splits["train"], strict=True):
        assert after["x"].dtype == after["y"].dtype == np.float32
        np.testing.assert_array_equal(after["x"], before["x"].astype("float32"))
        np.testing.assert_array_equal(after["y"], before["y"])
        assert (after["i"], after["t"], after["c"]) == (before["i"], before["t"], before["c"])
        assert after["n"] == np.float32(before["n"])


def test_rows_are_read_in_any_order(sentiment, reviews, monkeypatch):
    """Across shards, too."""
    monkeypatch.setattr("seqapps.data.records.SHARD", 1000)
    rows = load(sentiment, str(reviews)).splits["train"]
    assert len(rows.records._shards) > 3
    straight = list(rows)
    order = np.random.default_rng(0).permutation(len(rows))
    assert [rows[int(i)] for i in order] == [straight[i] for i in order]
    assert list(rows[11:31:3]) == straight[11:31:3]
    assert rows[-1] == straight[-1]
    with pytest.raises(IndexError):
        rows[len(rows)]


@pytest.mark.parametrize("damage", ["flip", "cut", "remove", "about"])
def test_a_damaged_entry_is_found_and_made_anew(damage, sentiment, reviews, place, count):
    expected = list(load(sentiment, str(reviews)).splits["train"])
    folder = place / entries(place)[0]
    (shard,) = folder.glob("rows-*")
    content = bytearray(shard.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 1
        shard.write_bytes(content)
    elif damage == "cut":
        shard.write_bytes(content[:-7])
    elif damage == "remove":
        shard.unlink()
    else:
        (folder / "about.json").write_text("{")
    told = Told()
    assert list(load(sentiment, str(reviews), progress=told).splits["train"]) == expected
    assert count() == 2
    assert any("is damaged; it is made anew" in line for line in told.lines)


SLOW = """
import sys, time
from seqapps import registry
from seqapps.data import usable
from seqapps.data.load import load

checked = usable.Checker.checked

def slow(self, row):
    time.sleep({delay})
    return checked(self, row)

usable.Checker.checked = slow
print("ready", flush=True)
data = load(registry.load("sentiment"), sys.argv[1])
print(sum(map(len, data.splits.values())))
"""


def reader(reviews, delay: float) -> subprocess.Popen:
    code = SLOW.format(delay=delay)
    return subprocess.Popen(
        [sys.executable, "-c", code, str(reviews)], stdout=subprocess.PIPE, text=True
    )


def test_two_processes_that_read_the_same_data_do_not_clash(reviews, place):
    both = [reader(reviews, 0.01) for _ in range(2)]
    assert [process.communicate(timeout=60)[0] for process in both] == ["ready\n101\n"] * 2
    assert len(entries(place)) == 1


def test_a_kill_in_the_middle_leaves_nothing_that_is_taken_for_whole(sentiment, reviews, place):
    process = reader(reviews, 0.5)
    deadline = time.monotonic() + 60
    while not list(place.glob("*partial*/index")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (left,) = entries(place)
    assert "partial" in left
    assert cache.entries() == []
    assert sum(map(len, load(sentiment, str(reviews)).splits.values())) == 101
    assert [name for name in entries(place) if "partial" in name] == []


class TestRowsFromPython:
    def test_a_data_frame(self, sentiment):
        import pandas

        frame = pandas.DataFrame({"review": ["a", "b", "c"] * 20, "stars": [1, 2, 2] * 20})
        frame["review"] += [str(n) for n in range(60)]
        frame.loc[60] = [pandas.NA, 1]
        reading = Reading(columns={"text": "review", "label": "stars"})
        data = load(sentiment, frame, reading, most_rejected=0.5)
        assert data.labels["label"]["train"].keys() == {"1", "2"}
        assert data.rejected == 1
        assert data.entry.about["rejected"]["first"] == [
            ["the DataFrame, row 61", "text is missing"]
        ]

    def test_rows_of_any_iterable_and_their_file_are_the_same_data(self, sentiment, reviews):
        lines = reviews.read_text().splitlines()[1:]
        rows = (dict(zip(["text", "label"], line.split(","), strict=True)) for line in lines)
        given, file = load(sentiment, rows), load(sentiment, str(reviews))
        assert given.fingerprint == file.fingerprint
        again = load(sentiment, given.spec)  # as `evaluate` opens them
        assert again.fingerprint == file.fingerprint
        assert list(again.splits["test"]) == list(file.splits["test"])

    def test_the_same_rows_are_kept_once(self, sentiment, place):
        rows = [{"text": f"film {n}", "label": "ab"[n % 2]} for n in range(30)]
        load(sentiment, rows)
        load(sentiment, iter(rows))
        assert len(entries(place)) == 1

    def test_rows_that_are_gone_are_told(self, sentiment):
        spec = load(sentiment, [{"text": f"{n}", "label": "ab"[n % 2]} for n in range(30)]).spec
        cache.clear(None)
        with pytest.raises(UserError, match="no longer in the cache; give the data again"):
            load(sentiment, spec)

    @pytest.mark.parametrize(
        ("data", "says"),
        [
            (7, "int holds no rows"),
            ([("a", "b")], "row 1: a tuple, expected a dict"),
            ([{"text": "a"}], "no column 'label'"),
            ({"text": ["a"], "label": ["b"]}, "a dict of splits holds train, valid, test"),
            ([], "rows from Python: no rows"),
        ],
    )
    def test_what_holds_no_rows_is_told(self, data, says, sentiment):
        with pytest.raises(UserError, match=says):
            load(sentiment, data)


def test_a_sample_made_by_a_closure_is_known_by_its_rows(sentiment):
    """The same code may give other rows, so the code is not asked."""

    def task(rows):
        sample = Sample(summary="", rows=lambda: iter(rows))
        return dataclasses.replace(sentiment, samples={"s": sample})

    one = [{"text": f"film {n}", "label": "ab"[n % 2]} for n in range(30)]
    assert load(task(one), "sample:s").rows == 30
    assert load(task(one[:20]), "sample:s").rows == 20


def test_a_series_is_cut_in_the_order_of_time(sentiment):
    task = dataclasses.replace(
        sentiment, row={"series": Column("series", "any length", (None,))}, refusals=()
    )
    data = load(task, [{"series": list(range(n))} for n in (100, 31)])
    found = {name: [row["series"].tolist() for row in rows] for name, rows in data.splits.items()}
    for long, short in found.values():
        assert long == sorted(long)
        assert short == sorted(short)
    assert [len(found[name][0]) for name in found] == [80, 10, 10]
    for which, length in enumerate((100, 31)):
        parts = [found[name][which] for name in ("train", "valid", "test")]
        assert list(itertools.chain(*parts)) == list(range(length))


class TestFitted:
    """What every start needs of all training rows is computed once."""

    @pytest.fixture
    def calls(self, sentiment):
        calls = []

        def fit(rows, settings):
            calls.append(settings)
            return {"words": sorted({row["text"] for row in rows})}

        return dataclasses.replace(sentiment, fit=fit), calls

    def fit(self, task, data, to, **named):
        fitted.fit(task, named.pop("values", task.settings), data, code="c", to=to, **named)

    def test_the_state_is_fitted_once(self, calls, reviews, tmp_path):
        task, made = calls
        for name in "ab":
            self.fit(task, load(task, str(reviews)), tmp_path / name)
        assert len(made) == 1
        one, other = ((tmp_path / name / "state.json").read_text() for name in "ab")
        assert one == other
        assert len(json.loads(one)["words"]) == 81

    def test_other_settings_and_other_rows_are_fitted_anew(self, calls, reviews, tmp_path):
        task, made = calls
        self.fit(task, load(task, str(reviews)), tmp_path / "a")
        self.fit(task, load(task, str(reviews)), tmp_path / "b", values=task.tiny)
        reviews.write_text(reviews.read_text() + "more,a\n")
        self.fit(task, load(task, str(reviews)), tmp_path / "c")
        assert len(made) == 3

    def test_the_lengths_are_those_of_the_cases(self, sentiment, reviews):
        data = load(sentiment, str(reviews))
        for _ in range(2):
            found = fitted.lengths(
                sentiment, sentiment.settings, data, data.splits["train"], code="c"
            )
            assert found.tolist() == [2] * len(data.splits["train"])


class TestTheVerb:
    @pytest.fixture
    def call(self, capsys):
        from seqapps.cli import main

        def call(*arguments):
            with pytest.raises(SystemExit) as exit_:
                main(["cache", *arguments])
            return exit_.value.code, capsys.readouterr()

        return call

    def test_it_lists_sizes_and_clears(self, call, sentiment, reviews, place):
        load(sentiment, str(reviews))
        load(sentiment, "sample:toy")
        (place / ".0123.seqapps-partial-x").mkdir()
        code, said = call()
        assert code == 0
        assert str(place.parent) in said.out
        assert len(said.out.splitlines()) == 4
        assert "reviews.csv" in said.out
        assert "sample:toy" in said.out
        facts = json.loads(call("--json")[1].out)
        assert {row["name"]: row["rows"] for row in facts["rows"]} == {
            "reviews.csv": 101, "sample:toy": 600,
        }  # fmt: skip
        assert all(row["bytes"] > 1000 for row in facts["rows"])
        call("--remove", next(r["key"] for r in facts["rows"] if r["name"] == "sample:toy"))
        assert [entry.about["name"] for entry in cache.entries()] == ["reviews.csv"]
        code, said = call("--clear")
        assert code == 0
        assert said.out.startswith("Removed 0.")
        assert entries(place) == []

    def test_an_unknown_key_is_told(self, call):
        code, said = call("--remove", "abc")
        assert code == 2
        assert "--remove abc: no such rows" in said.err

    def test_it_looks_where_the_option_says(self, call, tmp_path):
        code, said = call("--cache", str(tmp_path / "elsewhere"))
        assert code == 0
        assert str(tmp_path / "elsewhere") in said.out
