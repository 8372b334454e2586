"""Files to rows with the place they come from; whatever is wrong is said with its place."""

import csv
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from seqapps.tasks.language_model.task import TASK as LANGUAGE_MODEL
from seqapps.tasks.translation.task import TASK as TRANSLATION

from seqapps.data.load import load
from seqapps.data.opening import UTF8
from seqapps.data.source import Reading, open_source
from seqapps.data.usable import Checker
from seqapps.errors import UserError
from seqapps.task import FOLLOWS, Column


def says(*parts: str) -> Any:
    """A UserError whose message holds all parts, in this order."""
    return pytest.raises(UserError, match="(?s)" + ".*".join(map(re.escape, parts)))


@pytest.fixture
def read(sentiment, tmp_path):
    """Write a file and read it as the sentiment task does; a list of (where, row)."""

    def read(content: str | bytes, *, name="reviews.csv", columns=None, group=None, encoding=UTF8):
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        reading = Reading(columns=columns or {}, group=group, encoding=encoding)
        source = open_source(sentiment, str(file), reading)
        return [(str(where), row) for rows in source.splits.values() for where, row in rows()]

    return read


def row(text: str, label: str = "good") -> dict[str, str]:
    return {"text": text, "label": label}


def test_rows_come_with_file_and_number(read):
    assert read("text,label\nfine,good\npoor,bad\n") == [
        ("reviews.csv, row 1", row("fine")),
        ("reviews.csv, row 2", row("poor", "bad")),
    ]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"\xef\xbb\xbftext,label\nfine,good\n", "fine"),
        (b'text,label\n"fine, really",good\n', "fine, really"),
        (b'text,label\n"a ""fine"" one",good\n', 'a "fine" one'),
        (b'text,label\na "fine" one,good\n', 'a "fine" one'),
        (b'text,label\n"two\nlines",good\n', "two\nlines"),
        (b'text,label\n"two\r\nlines",good\r\n', "two\r\nlines"),
        (b"text,label\r\nfine,good", "fine"),
        ("text,label\n그 영화,good\n".encode(), "그 영화"),
        (b"label,id,text\ngood,7,fine\n", "fine"),
        (b"text,label\n" + b"x" * 200_003 + b",good\n", "x" * 200_003),
    ],
    ids=[
        "byte order mark", "separator in quotes", "quotes in quotes", "quotes within a value",
        "line end in quotes", "two line ends", "no last line end", "korean", "other order",
        "longer than the csv module's own limit",
    ],
)  # fmt: skip
def test_a_csv_file_is_read(content, text, read):
    assert read(content) == [("reviews.csv, row 1", row(text))]


@pytest.mark.parametrize("name", ["REVIEWS.CSV", "reviews.Csv"])
def test_a_suffix_may_be_written_in_capitals(name, read):
    assert read('text,label\n"fine",good\n', name=name) == [(f"{name}, row 1", row("fine"))]


@pytest.mark.parametrize("text", ['the " alone', '"quoted"', '"', "a, b", "it's"])
def test_a_tsv_file_is_never_quoted(text, read):
    content = f"text\tlabel\n{text}\tgood\nfine\tgood\n"
    assert read(content, name="reviews.tsv") == [
        ("reviews.tsv, row 1", row(text)),
        ("reviews.tsv, row 2", row("fine")),
    ]


def test_blank_lines_are_no_rows(read):
    rows = read("text,label\n\nfine,good\n\n\npoor,bad\n\n")
    assert [found for _, found in rows] == [row("fine"), row("poor", "bad")]


def test_columns_that_the_task_does_not_know_are_left_out(read):
    assert read("id,text,label,stars\n7,fine,good,5\n") == [("reviews.csv, row 1", row("fine"))]


def test_a_column_is_read_from_the_one_it_is_mapped_to(read):
    rows = read("review,label\nfine,good\n", columns={"text": "review"})
    assert rows == [("reviews.csv, row 1", row("fine"))]


def test_mapping_wins_over_a_column_of_the_tasks_own_name(read):
    rows = read("text,full,label\nshort,long,good\n", columns={"text": "full"})
    assert rows == [("reviews.csv, row 1", row("long"))]


def test_the_group_column_is_read_too(read):
    rows = read("film,text,label\nAlien,fine,good\n", group="film")
    assert rows == [("reviews.csv, row 1", {**row("fine"), "film": "Alien"})]


def test_the_source_is_named_for_people_and_opened_again_from_anywhere(
    sentiment, tmp_path, monkeypatch
):
    (tmp_path / "reviews.csv").write_text("text,label\n")
    monkeypatch.chdir(tmp_path)
    source = open_source(sentiment, "reviews.csv", Reading())
    assert (source.name, source.spec) == ("reviews.csv", str(tmp_path / "reviews.csv"))


def test_a_file_that_is_not_there_names_the_nearest(sentiment, tmp_path):
    (tmp_path / "reviews.csv").write_text("text,label\n")
    with says("--data", "review.csv: no such file.", "Did you mean 'reviews.csv'?"):
        open_source(sentiment, str(tmp_path / "review.csv"), Reading())


def test_a_file_in_a_folder_that_is_not_there_is_said_to_be_missing(sentiment, tmp_path):
    with says("no such file. Known: none."):
        open_source(sentiment, str(tmp_path / "none" / "a.csv"), Reading())


def test_a_folder_without_data_says_what_is_expected(sentiment, tmp_path):
    with says(f"--data {tmp_path}: a folder without matching files", "train.csv", "pos/1.txt"):
        open_source(sentiment, str(tmp_path), Reading())


@pytest.mark.parametrize(("name", "kind"), [("a.xlsx", ".xlsx"), ("a", "(no suffix)")])
def test_a_file_of_another_kind_says_what_is_expected(name, kind, read):
    with says(
        f"files of kind {kind} are not read", ".csv, .tsv, .jsonl, .parquet, .txt", "text, label"
    ):
        read("text,label\n", name=name)


def test_an_empty_file_is_said_to_be_empty(read):
    with says("reviews.csv: the file is empty; expected a header line and rows."):
        read("")


def test_a_header_below_a_blank_line_is_found(read):
    rows = read("\ntext,label\nfine,good\n")
    assert [found for _, found in rows] == [row("fine")]


def test_a_missing_column_lists_what_is_there_and_how_to_map_it(read):
    with says("reviews.csv: no column 'text'; found review, label.", "--column text=NAME"):
        read("review,label\nfine,good\n")


def test_a_column_mapped_to_one_that_is_not_there_is_missing(read):
    with says("no column 'reviw'; found review, label", "--column text=NAME"):
        read("review,label\nfine,good\n", columns={"text": "reviw"})


def test_a_missing_group_column_is_not_blamed_on_column(read):
    """`--column film=NAME` would be refused: film is no column of the task."""
    with pytest.raises(UserError, match="no column 'film'; found text, label") as error:
        read("text,label\nfine,good\n", group="film")
    assert "--column" not in str(error.value)
    assert "--group" in str(error.value)


def test_a_column_that_the_task_does_not_have_names_the_nearest(read):
    with says("--column txt=review", "no column 'txt'", "Did you mean 'text'?"):
        read("review,label\nfine,good\n", columns={"txt": "review"})


def test_a_row_of_another_length_is_named_with_row_and_line(read):
    with says("reviews.csv, row 3 (line 5): 3 values, but the header names 2 columns."):
        read('text,label\n"two\nlines",good\nfine,good\npoor,really,bad\n')


def test_a_row_that_is_cut_short_is_named(read):
    with says("reviews.csv, row 2 (line 3): 1 values, but the header names 2 columns."):
        read("text,label\nfine,good\npoor\n")


@pytest.mark.parametrize("content", ['text,label\n"fine,good\n', 'text,label\n"fine" x,good\n'])
def test_quotes_that_do_not_fit_are_named_with_the_line(content, read):
    with says("reviews.csv, line 2: not valid csv:"):
        read(content)


def test_text_that_is_not_utf8_says_which_byte_and_how_to_convert(read):
    with says("reviews.csv, line 2: not UTF-8 text (byte 0xf6).", "--encoding windows-1252"):
        read(b"text,label\nsch\xf6n,good\n")


def test_a_header_that_names_a_column_twice_is_refused(read):
    with says("reviews.csv: the header names 'text' twice."):
        read("text,label,text\na,good,b\n")


def test_of_two_doubled_columns_the_one_that_matters_is_named(read):
    with says("reviews.csv: the header names 'text' twice."):
        read("id,id,text,label,text\n1,2,a,good,b\n")


def test_doubled_columns_that_nobody_reads_do_no_harm(read):
    assert read("id,text,label,id\n3,fine,good,5\n") == [("reviews.csv, row 1", row("fine"))]


def test_an_unknown_sample_names_the_nearest(sentiment):
    with says("--data sample:tou", "no such sample", "Did you mean 'toy'?"):
        open_source(sentiment, "sample:tou", Reading())


def test_a_column_of_a_sample_is_read_from_the_one_it_is_mapped_to(sentiment):
    source = open_source(sentiment, "sample:toy", Reading(columns={"text": "label"}))
    _, first = next(source.splits[None]())
    assert first["text"] == first["label"]


def test_a_column_mapped_to_one_that_a_sample_lacks_is_not_ignored(sentiment):
    source = open_source(sentiment, "sample:toy", Reading(columns={"text": "reviw"}))
    with pytest.raises(UserError, match="no column 'reviw'"):
        next(source.splits[None]())


def test_another_version_of_a_package_that_rows_come_from_is_another_sample(monkeypatch):
    installed = open_source(TRANSLATION, "sample:dates", Reading()).content()
    assert open_source(TRANSLATION, "sample:dates", Reading()).content() == installed
    monkeypatch.setattr("importlib.metadata.version", lambda name: f"{name} 99")
    assert open_source(TRANSLATION, "sample:dates", Reading()).content() != installed


def test_without_data_the_first_sample_is_opened(sentiment):
    source = open_source(sentiment, None, Reading())
    assert source.name == "sample:rotten-tomatoes"
    assert source.group == "film"


def test_the_rows_of_a_sample_come_with_their_number(sentiment):
    source = open_source(sentiment, "sample:toy", Reading())
    where, first = next(source.splits[None]())
    assert str(where) == "sample:toy, row 1"
    assert first.keys() == {"text", "label"}


def test_a_file_of_any_values_reads_as_the_csv_module_wrote_it(read, tmp_path):
    """A round trip through the standard writer."""
    texts = ['"', '""', ",", "\n", "a\r\nb", " padded ", "'", "\\", "그, 영화", "a\tb", "#"]
    with (tmp_path / "written.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows([text, "good"] for text in texts)
    rows = read(Path(file.name).read_bytes())
    assert [found["text"] for _, found in rows] == texts


# Columns that have a default.

LETTERS = replace(
    LANGUAGE_MODEL,
    row={
        "text": Column("text", ""),
        FOLLOWS: Column("number", "", default=0.0),
        "mood": Column("category", "", default="calm"),
    },
)


def given(tmp_path, content, *, name="letters.csv", **columns):
    """(the rows of a source, and as they are used)."""
    (tmp_path / name).write_text(content)
    source = open_source(LETTERS, str(tmp_path / name), Reading(columns=columns))
    checker = Checker(LETTERS, group=None)
    rows = [row for rows in source.splits.values() for _, row in rows()]
    return rows, [checker.checked(row) for row in rows]


def test_a_column_with_a_default_need_not_be_there(tmp_path):
    rows, used = given(tmp_path, "text\nfine\npoor\n")
    assert rows == [{"text": "fine"}, {"text": "poor"}]
    assert used == [({"text": t, FOLLOWS: 0.0, "mood": "calm"}, None) for t in ("fine", "poor")]


def test_a_column_with_a_default_is_read_only_where_it_is_named(tmp_path):
    content = "text,follows,mood,how\nfine,0,glad,sad\npoor,1,glad,sad\n"
    _, used = given(tmp_path, content)
    assert [(row[FOLLOWS], row["mood"]) for row, _ in used] == [(0.0, "calm")] * 2
    _, used = given(tmp_path, content, follows="follows", mood="how")
    assert [(row[FOLLOWS], row["mood"]) for row, _ in used] == [(0.0, "sad"), (1.0, "sad")]


def test_a_named_column_that_is_not_there_is_missed_although_it_has_a_default(tmp_path):
    with says("letters.csv: no column 'how'; found text", "--column mood=NAME"):
        given(tmp_path, "text\nfine\n", mood="how")


def test_a_value_of_the_wrong_kind_is_told_although_there_is_a_default(tmp_path):
    _, ((_, first), (_, second)) = given(
        tmp_path, "text,follows\nfine,yes\npoor,\n", follows="follows"
    )
    assert first == "follows is 'yes', expected a number"
    assert second == "follows is '', expected a number"


def test_rows_from_python_may_hold_it_or_not():
    rows = [{"text": "fine"}, {"text": "poor", FOLLOWS: 1, "mood": None}]
    source = open_source(LETTERS, rows, Reading())
    checker = Checker(LETTERS, group=None)
    used = [checker.checked(row) for rows in source.splits.values() for _, row in rows()]
    assert used == [
        ({"text": "fine", FOLLOWS: 0.0, "mood": "calm"}, None),
        ({"text": "poor", FOLLOWS: 1.0, "mood": "calm"}, None),
    ]


def test_the_rows_of_a_text_file_follow_one_another(tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("a line of a text\n" * 503)
    source = open_source(LETTERS, str(tmp_path), Reading())
    found = [(where.part, row[FOLLOWS]) for rows in source.splits.values() for where, row in rows()]
    for name in ("a.txt", "b.txt"):
        follows = [value for place, value in found if place == name]
        assert follows == [0.0] + [1.0] * (len(follows) - 1)
        assert len(follows) > 3


def test_a_column_that_a_setting_names_is_read_from_rows_that_were_cached_without_it(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("SEQAPPS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "letters.csv").write_text(
        "text,author\n" + "".join(f"letter {n},{'Ann' if n % 2 else 'Bob'}\n" for n in range(31))
    )
    settings = replace(LANGUAGE_MODEL.tiny, condition="author")
    found = [
        {tuple(row) for row in load(task, str(tmp_path / "letters.csv")).everything}
        for task in (LANGUAGE_MODEL, LANGUAGE_MODEL.under(settings), LANGUAGE_MODEL)
    ]
    assert found == [{("text", FOLLOWS)}, {("text", FOLLOWS, "author")}, {("text", FOLLOWS)}]
