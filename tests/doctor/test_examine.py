"""The examination finds what is wrong with data, nothing else, and what can be put right is."""

import csv
import gzip
import json
import os
import random
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seqapps import registry
from seqapps.data.load import load
from seqapps.data.source import Reading
from seqapps.doctor import mend, near, origins
from seqapps.doctor.balance import facts as balance_facts
from seqapps.doctor.examine import examine
from seqapps.doctor.lengths import percentiles
from seqapps.doctor.suspicious import Repairer
from seqapps.doctor.view import first_equal, shortened
from seqapps.errors import UserError
from seqapps.settings import replace as with_settings
from seqapps.task import Column

EXAMPLE = Path(__file__).parent.parent.parent / "docs" / "examples" / "next_week.py"
WORDS = [first + last for first in ("ba", "do", "fi", "lu", "mo", "se", "ti", "ra")
         for last in ("n", "r", "st", "mp", "ck", "lo", "vi", "za")]  # fmt: skip


def clean_rows(count=200, seed=0):
    """Different texts of 13 drawn words, so that no two are alike; as many good as bad ones."""
    drawn = random.Random(seed)
    return [[" ".join(drawn.choices(WORDS, k=13)), ("good", "bad")[number % 2]]
            for number in range(count)]  # fmt: skip


def write(file, rows, header=("text", "label")):
    file.parent.mkdir(exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([header, *rows])
    return str(file)


@pytest.fixture
def look(sentiment, tmp_path):
    """Examine rows written as a file, or a folder of files by split."""

    def examined(rows, *, header=("text", "label"), group=None, settings=None, task=sentiment):
        if isinstance(rows, dict):
            for split, part in rows.items():
                write(tmp_path / "given" / f"{split}.csv", part, header)
            spec = str(tmp_path / "given")
        else:
            spec = write(tmp_path / "reviews.csv", rows, header)
        reading = Reading(group=group)
        data = load(task, spec, reading, most_rejected=1.0)
        return examine(task, settings or task.settings, data, reading=reading)

    return examined


def kinds(facts):
    return [finding["kind"] for finding in facts["findings"]]


def finding(facts, kind):
    (found,) = (finding for finding in facts["findings"] if finding["kind"] == kind)
    return found


def places(found):
    return [[row["where"] for row in example] for example in found["examples"]]


def test_clean_rows_have_no_findings_and_are_ready(look):
    facts = look(clean_rows())
    assert facts["findings"] == []
    assert facts["verdict"] == {"trains": True, "message": "ready"}
    assert facts["splits"] == {
        "how": "cut 8 : 1 : 1 by a hash of the inputs, every label for itself",
        "rows": {"train": 160, "valid": 20, "test": 20},
        "left_out": {"train": 0, "valid": 0},
    }
    assert facts["labels"]["label"]["valid"] == {"bad": 10, "good": 10}
    assert facts["near_duplicates"] == {
        "held_out": 40, "compared": 40, "found": 0, "share": 0.0, "alike_from": 0.7
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "Ein schöner Film über Füße — „großartig“, sagte 李安 in Æbeltoft…",
        "Прекрасный фильм, не правда ли? 5 < 6 & 7 > 3, <unk> <3 R&B;",
        "naïve café\ttab and\nline",
    ],
)
def test_unusual_but_sound_texts_are_no_findings(text, look):
    assert kinds(look([*clean_rows(), [text, "good"]])) == []


def test_everything_is_plain_json(look):
    facts = look([*clean_rows(), ["", "good"], ["cafÃ©", "once"]])
    assert json.loads(json.dumps(facts)) == facts


def test_columns_read_and_left_alone_are_named(sentiment, tmp_path):
    rows = [[*row, "x", "y"] for row in clean_rows()]
    spec = write(tmp_path / "reviews.csv", rows, ("review", "label", "id", "day"))
    reading = Reading(columns={"text": "review"})
    facts = examine(sentiment, sentiment.settings, load(sentiment, spec, reading), reading=reading)
    assert facts["columns"] == {
        "taken": {"text": "review", "label": "label"}, "others": ["id", "day"]
    }  # fmt: skip


def test_a_samples_columns_are_known_too(sentiment, toy):
    facts = examine(sentiment, sentiment.settings, toy)
    assert facts["columns"] == {"taken": {"text": "text", "label": "label"}, "others": []}


def test_unusable_rows_are_counted_by_reason(look):
    rows = clean_rows()
    rows[3][0] = rows[9][0] = ""
    rows[5][1] = " "
    facts = look(rows)
    assert facts["rejected"] == {
        "count": 3,
        "of": 200,
        "reasons": [
            {"why": "the text is empty", "count": 2}, {"why": "the label is empty", "count": 1}
        ],
        "first": [
            ["reviews.csv, row 4", "the text is empty"],
            ["reviews.csv, row 6", "the label is empty"],
            ["reviews.csv, row 10", "the text is empty"],
        ],
    }  # fmt: skip
    assert kinds(facts) == ["rejected"]
    assert finding(facts, "rejected")["stops"]
    assert not facts["verdict"]["trains"]
    assert "3 of 200 rows cannot be used" in facts["verdict"]["message"]


def test_few_unusable_rows_stop_no_run(look):
    facts = look([*clean_rows(), ["", "good"]])
    assert not finding(facts, "rejected")["stops"]
    assert facts["verdict"] == {"trains": True, "message": "ready, with 1 finding"}


def test_repeated_rows_are_found_with_both_places(look):
    rows = clean_rows()
    rows[7] = rows[2] = rows[150]
    found = finding(look(rows), "repeated")
    assert found["count"] == 2
    assert places(found) == [
        ["reviews.csv, row 3", "reviews.csv, row 8"], ["reviews.csv, row 3", "reviews.csv, row 151"]
    ]  # fmt: skip


def test_the_same_inputs_with_other_labels_contradict_each_other(look):
    rows = clean_rows()
    rows[7] = [rows[2][0], "bad"]
    facts = look(rows)
    assert kinds(facts) == ["contradictory"]
    found = finding(facts, "contradictory")
    assert found["count"] == 1
    assert "of 2 rows" in found["what"]
    assert places(found) == [["reviews.csv, row 3", "reviews.csv, row 8"]]


def given_splits():
    rows = clean_rows(120)
    return {"train": rows[:80], "valid": rows[80:100], "test": rows[100:]}


def test_given_splits_without_faults_have_no_findings(look):
    facts = look(given_splits())
    assert facts["findings"] == []
    assert facts["splits"]["how"] == "given by the source"


def test_a_split_that_is_missing_is_said_to_be_cut(look):
    parts = given_splits()
    del parts["valid"]
    how = look(parts)["splits"]["how"]
    assert how.startswith("test given by the source, valid cut from train by a hash of the inputs")


def test_rows_that_are_held_out_too_are_found(look):
    parts = given_splits()
    parts["train"][5] = parts["test"][3]
    facts = look(parts)
    assert kinds(facts) == ["copies_of_held_out"]
    assert places(finding(facts, "copies_of_held_out")) == [["train.csv, row 6", "test.csv, row 4"]]
    assert facts["splits"]["left_out"] == {"train": 1, "valid": 0}


def test_near_duplicates_across_splits_are_found_whatever_their_capitals(look):
    parts = given_splits()
    text = parts["test"][3][0]
    parts["train"][5][0] = text.upper() + "."
    parts["train"][6][0] = parts["valid"][2][0].replace(" ", ", ") + " truly"
    parts["train"][8][0] = parts["train"][9][0] + " truly"  # within a split: no leakage
    facts = look(parts)
    assert kinds(facts) == ["near_duplicates"]
    found = finding(facts, "near_duplicates")
    assert found["count"] == facts["near_duplicates"]["found"] == 2
    assert places(found) == [
        ["train.csv, row 6 (train)", "test.csv, row 4 (test)"],
        ["train.csv, row 7 (train)", "valid.csv, row 3 (valid)"],
    ]


def test_groups_that_given_splits_tear_apart_are_found(look):
    parts = {
        split: [[*row, f"{split} {number % 5}"] for number, row in enumerate(rows)]
        for split, rows in given_splits().items()
    }
    assert kinds(look(parts, header=("text", "label", "film"), group="film")) == []
    parts["test"][3][2] = "train 2"
    facts = look(parts, header=("text", "label", "film"), group="film")
    assert kinds(facts) == ["groups_in_two_splits"]
    assert places(finding(facts, "groups_in_two_splits")) == [
        ["train.csv, row 3", "test.csv, row 4"]
    ]


def films(share):
    """Rows of 40 films; a row has the label of its film with this probability."""
    drawn = random.Random(3)
    return [
        [text, ("good", "bad")[number % 2 if drawn.random() < share else drawn.randrange(2)],
         f"film {number % 40}"]
        for number, (text, _) in enumerate(clean_rows(400))
    ]  # fmt: skip


@pytest.mark.parametrize(("share", "found"), [(0.0, []), (0.7, ["origin"])])
def test_a_column_is_proposed_as_group_only_where_labels_depend_on_it(share, found, look):
    facts = look(films(share), header=("text", "label", "film"))
    assert kinds(facts) == found
    if found:
        assert "--group film" in finding(facts, "origin")["run"]
        assert finding(facts, "origin")["count"] == 40


def test_no_group_is_proposed_where_one_is_given(look):
    assert "origin" not in kinds(look(films(0.7), header=("text", "label", "film"), group="film"))


@pytest.mark.parametrize(
    "values",
    [
        [(number, "good") for number in range(100)],  # names of single rows
        [(number % 3, "good") for number in range(100)],  # kinds of rows
        [(max(0, number - 60), "good") for number in range(100)],  # one for most rows
    ],
)
def test_columns_that_cannot_be_groups_are_not_considered(values):
    assert origins.clustering(Counter(values)) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("The cafÃ© is lovely", "mojibake"),
        ("It isnâ€™t bad", "mojibake"),
        ("A \ufffd sign", "replacement_characters"),
        ("A bell \x07 rings", "control_characters"),
        ("Two lines<br />of a page", "html"),
        ("Harry &amp; Tonto", "html"),
        ("Harry &#39;s", "html"),
    ],
)
def test_damaged_texts_are_found_by_kind(text, kind, look):
    rows = clean_rows()
    rows[11][0] = text
    facts = look(rows)
    assert kinds(facts) == [kind]
    assert places(finding(facts, kind)) == [["reviews.csv, row 12"]]


def test_a_repair_is_shown():
    assert Repairer().repaired("cafÃ©") == "café"
    assert Repairer().repaired("café") == "café"


def test_control_characters_are_written_out_for_the_terminal():
    assert shortened("a\x1b[31m  bell\x07\nline", "text") == "a\\x1b[31m bell\\x07 line"


def test_a_label_of_one_row_stops_a_run(look):
    facts = look([*clean_rows(), ["ban dor fist", "odd"]])
    assert kinds(facts) == ["label_once"]
    assert finding(facts, "label_once")["stops"]
    assert "the label 'odd' occurs only here" in facts["verdict"]["message"]


def test_labels_in_two_spellings_are_found(look):
    rows = clean_rows(300)
    for number in range(0, 60, 2):
        rows[number][1] = "Good "
    facts = look(rows)
    assert kinds(facts) == ["label_spellings"]
    assert [row["shown"] for row in finding(facts, "label_spellings")["examples"][0]] == [
        "'Good '", "'good'"
    ]  # fmt: skip
    assert facts["verdict"]["trains"]


def test_one_number_as_two_labels_stops_a_run(look):
    rows = clean_rows(300)
    for number, row in enumerate(rows):
        row[1] = ("1", "2", "1.0")[number % 3]
    facts = look(rows)
    assert kinds(facts) == ["label_same_number"]
    assert finding(facts, "label_same_number")["stops"]
    assert "the same number in two spellings" in facts["verdict"]["message"]


def test_labels_that_a_split_lacks_are_found(look):
    parts = given_splits()
    for row in parts["train"][:6]:
        row[1] = "odd"
    facts = look(parts)
    assert kinds(facts) == ["label_missing", "label_missing"]
    assert facts["verdict"]["trains"]
    parts["test"][0][1] = parts["test"][1][1] = "new"
    facts = look(parts)
    assert [found["stops"] for found in facts["findings"]] == [True, False, False]
    assert "'new'" in facts["verdict"]["message"]


def test_a_label_of_most_rows_is_found(look):
    rows = clean_rows(300)
    for row in rows[:200]:
        row[1] = "good"
    facts = look(rows)
    assert kinds(facts) == ["imbalanced"]
    assert facts["balance"]["label"]["most_frequent"] == {
        "label": "good", "rows": 250, "share": pytest.approx(5 / 6)
    }  # fmt: skip
    assert facts["balance"]["label"]["rarest"]["rows"] == 50


def test_lengths_and_what_is_cut_are_counted(look, sentiment):
    rows = clean_rows(100)
    for row in rows[:10]:
        row[0] += " dor" * 17
    settings = with_settings(sentiment.settings, {"max_tokens": 20}, where="tests")
    facts = look(rows, settings=settings)
    assert facts["cut"] == {"max_tokens": 20, "cases": 100, "cut": 10, "share": 0.1}
    assert kinds(facts) == ["cut"]
    assert facts["lengths"]["text"]["words"] == {
        "least": 13, "median": 13, "p90": 13, "p99": 30, "most": 30
    }  # fmt: skip


def test_percentiles_of_one_value_are_that_value():
    assert set(percentiles(Counter({17: 3})).values()) == {17}


def test_unknown_words_are_counted_against_the_vocabulary(look, sentiment):
    parts = given_splits()
    parts["valid"][0][0] = "unheard unheard novel"
    facts = look(parts)
    known = facts["unknown_words"]["text"]
    assert known["vocabulary"] == known["training_words"] == len(WORDS)
    assert known["splits"]["test"]["unknown"] == 0
    valid = known["splits"]["valid"]
    assert (valid["words"], valid["unknown"]) == (19 * 13 + 3, 3)
    assert valid["most_frequent"] == [["unheard", 2], ["novel", 1]]
    assert kinds(facts) == []
    few = with_settings(sentiment.settings, {"vocabulary": 32}, where="tests")
    facts = look(parts, settings=few)
    assert facts["unknown_words"]["text"]["vocabulary"] == 32
    assert kinds(facts) == ["unknown_words", "unknown_words"]


def test_examples_are_the_first_training_rows_of_each_label(look):
    parts = given_splits()
    facts = look(parts)
    shown = facts["examples"]["label"]
    assert [row["where"] for row in shown["good"]] == ["train.csv, row 1", "train.csv, row 3"]
    assert [row["where"] for row in shown["bad"]] == ["train.csv, row 2", "train.csv, row 4"]


def test_an_empty_split_is_the_verdict(look):
    facts = look([["one of two", "good"], ["two of two", "good"]])
    assert not facts["verdict"]["trains"]


def test_triples_are_sets_and_keep_the_order_of_words():
    a, b, c, d = range(1, 5)
    hashes = np.array([a, b, c, a, b, c, c, b, a, d, d])
    row, triple = near.triples([(hashes, np.array([6, 3, 1, 0, 1]))])
    assert np.bincount(row).tolist() == [3, 1, 1, 0, 1]  # abc bca cab, cba, d, -, d
    sets = [set(triple[row == number]) for number in range(5)]
    assert not sets[0] & sets[1]
    assert sets[2] == sets[4]


def test_rows_are_equal_only_in_all_columns():
    assert first_equal(np.array([7, 5, 7, 7]), np.array([1, 1, 1, 2])).tolist() == [0, 1, 0, 3]


def test_stretches_of_a_series_are_no_copies_of_each_other(tmp_path):
    registry.add_plugin(EXAMPLE)
    task = registry.load("next_week")
    rows = [{"series": np.sin(np.arange(700) / 7).tolist()}]
    facts = examine(task, task.settings, load(task, rows))
    assert facts["findings"] == []
    assert facts["splits"]["how"] == "every series is cut in the order of time, 8 : 1 : 1"
    assert facts["splits"]["rows"] == {"train": 1, "valid": 1, "test": 1}
    assert facts["lengths"]["series"]["steps"]["most"] == 700
    assert facts["near_duplicates"] is None


# --fix


def dirty_rows():
    """Every fault that can be put right, once or twice, and one that cannot."""
    rows = clean_rows(300)
    rows[3][0] = ""
    rows[10] = list(rows[8])
    rows[12] = list(rows[8])
    rows[20][0] = "The cafÃ© scene"
    rows[22] = ["The café scene", "good"]  # equal once the other is repaired
    rows[31][1] = "odd"
    rows[40] = [rows[41][0], "good"]
    return rows


@pytest.fixture
def fixed(sentiment, tmp_path):
    """Clean rows; (what was done, the examination of what was written)."""

    def clean(spec, out, *, group=None):
        data = load(sentiment, spec, Reading(group=group), most_rejected=1.0)
        done = mend.mend(sentiment, data, tmp_path / out)
        again = load(sentiment, str(tmp_path / out), Reading(group=group))
        return done, examine(sentiment, sentiment.settings, again, reading=Reading(group=group))

    return clean


@pytest.mark.parametrize(
    "name", ["out.csv", "out.tsv", "out.jsonl", "out.parquet", "out.csv.gz", "out.jsonl.gz"]
)
def test_the_cleaned_file_loads_again_without_these_findings(name, fixed, tmp_path):
    done, again = fixed(write(tmp_path / "dirty.csv", dirty_rows()), name)
    assert done == {
        "out": str(tmp_path / name),
        "files": {name: 295},
        "rows": 295,
        "left_out": {"rejected": 1, "copies_of_held_out": 0, "repeated": 3, "label_once": 1},
        "repaired": 1,
        "replaced": 0,
        "contradictory": 1,
    }
    assert kinds(again) == ["contradictory"]
    assert again["rejected"]["of"] == 295
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_given_splits_are_written_as_a_folder(fixed, tmp_path):
    parts = given_splits()
    parts["train"][5] = list(parts["test"][3])
    parts["train"][7] = list(parts["train"][8])
    for split, rows in parts.items():
        write(tmp_path / "given" / f"{split}.csv", rows)
    done, again = fixed(str(tmp_path / "given"), "clean")
    assert done["files"] == {"train.csv": 78, "valid.csv": 20, "test.csv": 20}
    assert done["left_out"]["copies_of_held_out"] == done["left_out"]["repeated"] == 1
    assert again["findings"] == []
    assert again["splits"]["how"] == "given by the source"


def test_the_group_is_written_too(fixed, tmp_path):
    rows = [[*row, f"film {number % 40}"] for number, row in enumerate(clean_rows(400))]
    rows[1][:2] = rows[4][:2] = rows[2][:2]  # one row in three films, perhaps in three splits
    spec = write(tmp_path / "dirty.csv", rows, ("text", "label", "film"))
    done, again = fixed(spec, "out.csv", group="film")
    assert again["columns"]["taken"] == {"text": "text", "label": "label", "film": "film"}
    assert again["findings"] == []
    assert (
        done["rows"] + done["left_out"]["repeated"] + done["left_out"]["copies_of_held_out"] == 400
    )


def test_texts_come_through_every_kind_of_file_as_they_are(sentiment, tmp_path):
    odd = ['a "quoted", text', "lines\r\nand\nmore\rof it", " spaced ", "tab\tbed", "zero \0 byte"]
    rows = [{"text": f"{text} {number}", "label": "good"} for number, text in enumerate(odd)]
    rows += [{"text": text, "label": label} for text, label in clean_rows(50)]
    data = load(sentiment, rows, most_rejected=1.0)
    expected = {row["text"] for row in rows}
    for name, replaced in (("a.jsonl", 0), ("a.parquet", 0), ("a.csv", 1), ("a.tsv", 3)):
        done = mend.mend(sentiment, data, tmp_path / name)
        assert done["replaced"] == replaced, name
        again = load(sentiment, str(tmp_path / name))
        found = {row["text"] for rows in again.splits.values() for row in rows}
        assert len(found - expected) == replaced, name


def test_numbers_and_series_come_through(sentiment, tmp_path):
    inputs = {**sentiment.inputs, "stars": Column("number", "how many"),
              "days": Column("series", "a week", (2,))}  # fmt: skip
    task = replace(sentiment, inputs=inputs)
    rows = [{"text": text, "label": label, "stars": 0.1, "days": [0.5, 3.0]}
            for text, label in clean_rows(30)]  # fmt: skip
    data = load(task, rows)
    for name in ("a.jsonl", "a.parquet"):
        mend.mend(task, data, tmp_path / name)
        again = load(task, str(tmp_path / name))
        row = again.splits["train"][0]
        assert row["stars"] == pytest.approx(0.1)
        assert row["days"].tolist() == [0.5, 3.0]
    with pytest.raises(UserError, match=r"\.csv file cannot hold 'days'.*\.jsonl or \.parquet"):
        mend.mend(task, data, tmp_path / "a.csv")


def test_compressed_output_is_gzip(sentiment, toy, tmp_path):
    mend.mend(sentiment, toy, tmp_path / "toy.csv.gz")
    with gzip.open(tmp_path / "toy.csv.gz", "rt", encoding="utf-8") as file:
        assert file.readline().strip() == "text,label"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("there.csv", "exists already"),
        ("no/where.csv", "there is no folder"),
        ("out.xlsx", "files of this kind are not written"),
        ("out.parquet.gz", "files of this kind are not written"),
        ("out.txt", "files of this kind are not written"),
        ("out", "give a name with one of the suffixes"),
    ],
)
def test_places_that_cannot_be_written_are_refused(name, message, sentiment, toy, tmp_path):
    (tmp_path / "there.csv").write_text("mine")
    with pytest.raises(UserError, match=message):
        mend.mend(sentiment, toy, tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["there.csv"]
    assert (tmp_path / "there.csv").read_text() == "mine"


def test_a_file_for_given_splits_is_refused(sentiment, tmp_path):
    for split, rows in given_splits().items():
        write(tmp_path / "given" / f"{split}.csv", rows)
    data = load(sentiment, str(tmp_path / "given"))
    with pytest.raises(UserError, match=r"Give the name of a folder, as in --fix .*/clean\."):
        mend.mend(sentiment, data, tmp_path / "clean.csv")


def test_running_text_is_not_made_a_table(sentiment, tmp_path):
    (tmp_path / "book.txt").write_text("It was a dark and stormy night.\n" * 9)
    task = replace(sentiment, targets={})
    data = load(task, str(tmp_path / "book.txt"))
    with pytest.raises(UserError, match=r"book\.txt is running text"):
        mend.mend(task, data, tmp_path / "out.csv")


def test_a_read_only_place_is_said_as_such(sentiment, toy, tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    with pytest.raises(UserError, match="cannot be written: Permission denied"):
        mend.mend(sentiment, toy, tmp_path / "out.csv")


def test_a_full_disk_leaves_nothing(sentiment, toy, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="No space left on device"):
        mend.mend(sentiment, toy, tmp_path / "out.csv")
    assert list(tmp_path.iterdir()) == []


def test_balance_of_the_toy_sample(toy):
    assert balance_facts(toy)["label"]["labels"] == 2
