"""Who is trained on and who judges is decided by a hash, the same everywhere and for ever."""

import pytest

from seqapps.data.splits import SPLITS, bucket_of, cut, key_of


@pytest.mark.parametrize(
    ("key", "bucket"),
    [
        ("", 0),  # sha256 begins e3b0c442
        ("a lovely film", 6),  # dd396f84
        ('["A lovely film!"]', 3),  # dfacc065
        ("naïve", 7),  # f86fd89d
        ("[3.5]", 9),  # 7c06fc1b
        ("그 영화", 5),  # 7a99dfcf
    ],
)
def test_split_numbers_stay_what_they_were_in_the_first_release(key, bucket):
    """Computed with `printf %s KEY | sha256sum | cut -c1-8`, read as a number, modulo 10."""
    assert bucket_of(key) == bucket


def test_a_key_holds_the_named_columns_in_their_order():
    row = {"text": "그 film", "label": "good", "stars": 3.5}
    assert key_of(row, columns=["text"]) == '["그 film"]'
    assert key_of(row, columns=["stars", "text"]) == '[3.5, "그 film"]'


def test_a_key_may_hold_arrays_and_bytes():
    import numpy as np

    row = {"values": np.array([1.0, 2.5]), "image": b"\x00\xff"}
    assert key_of(row, columns=["values"]) == "[[1.0, 2.5]]"
    assert key_of(row, columns=["image"]) != key_of({"image": b"\x00\xfe"}, columns=["image"])


@pytest.fixture(scope="module")
def rows():
    return [
        {"text": f"a sentence, the {number}th", "label": "good", "film": f"film {number % 97}"}
        for number in range(10_000)
    ]


def where(splits, column):
    """The splits in which each value of a column occurs."""
    found = {}
    for split, rows in splits.items():
        for row in rows:
            found.setdefault(row[column], set()).add(split)
    return found


def test_shares_are_near_eight_to_one_to_one(sentiment, rows):
    """Three standard errors of a share of 0.8 (0.1) of 10,000 are 0.012 (0.009)."""
    sizes = {name: len(part) for name, part in cut(sentiment, {None: rows}, group=None).items()}
    assert tuple(sizes) == SPLITS
    assert sizes["train"] == pytest.approx(8000, abs=120)
    assert sizes["valid"] == pytest.approx(1000, abs=90)
    assert sizes["test"] == pytest.approx(1000, abs=90)


def test_every_row_is_in_one_split_in_its_old_order(sentiment, rows):
    splits = cut(sentiment, {None: rows}, group=None)
    assert sum(map(len, splits.values())) == len(rows)
    for part in splits.values():
        positions = [int(row["text"].split()[-1][:-2]) for row in part]
        assert positions == sorted(positions)


def test_each_row_lies_where_the_hash_of_its_input_says(sentiment, rows):
    """An independent reading of the rule: 0 to 7 train, 8 valid, 9 test."""
    splits = cut(sentiment, {None: rows[:101]}, group=None)
    for name, part in splits.items():
        buckets = {bucket_of(f'["{row["text"]}"]') for row in part}
        assert buckets <= {"train": set(range(8)), "valid": {8}, "test": {9}}[name]


def test_the_same_rows_are_cut_the_same_way_every_time(sentiment, rows):
    assert cut(sentiment, {None: rows}, group=None) == cut(sentiment, {None: rows}, group=None)


def test_a_row_stays_in_its_split_whatever_rows_surround_it(sentiment, rows):
    all_, some = (cut(sentiment, {None: part}, group=None) for part in (rows, rows[::-7]))
    whole, part = where(all_, "text"), where(some, "text")
    assert part == {text: whole[text] for text in part}


def test_the_same_input_with_another_answer_stays_in_the_same_split(sentiment, rows):
    twice = rows[:997] + [{**row, "label": "bad", "film": "other"} for row in rows[:997]]
    assert all(
        len(found) == 1
        for found in where(cut(sentiment, {None: twice}, group=None), "text").values()
    )


def test_groups_stay_together(sentiment, rows):
    splits = cut(sentiment, {None: rows}, group="film")
    assert all(len(found) == 1 for found in where(splits, "film").values())
    assert all(splits.values())


def test_given_splits_are_kept_as_they_are(sentiment, rows):
    given = {"train": rows[:53], "valid": rows[53:71], "test": rows[71:101]}
    assert cut(sentiment, given, group=None) == given


@pytest.mark.parametrize("missing", ["valid", "test"])
def test_a_missing_split_is_cut_from_train_only(missing, sentiment, rows):
    given = {"train": rows[:997], "valid": rows[997:1103], "test": rows[1103:1201]}
    del given[missing]
    splits = cut(sentiment, given, group=None)
    (kept,) = given.keys() - {"train"}
    assert splits[kept] == given[kept]
    moved = [
        row
        for row in given["train"]
        if bucket_of(f'["{row["text"]}"]') == SPLITS.index(missing) + 7
    ]
    assert splits[missing] == moved != []
    assert splits["train"] == [row for row in given["train"] if row not in moved]


def test_two_missing_splits_are_cut_as_if_all_were_missing(sentiment, rows):
    assert cut(sentiment, {"train": rows}, group=None) == cut(sentiment, {None: rows}, group=None)
