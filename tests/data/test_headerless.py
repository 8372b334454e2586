"""Tables whose first line is a row already, as Tatoeba publishes them: columns have numbers."""

import re
from dataclasses import replace
from typing import Any

import pytest

from seqapps.data.load import load
from seqapps.data.source import Reading, open_source
from seqapps.doctor.examine import examine
from seqapps.errors import UserError
from seqapps.task import Column

TATOEBA = '1276\tLet\'s try!\t77\tLass es uns versuchen!\n1277\tI "see".\t78\tIch sehe.\n'
MANYTHINGS = "Go.\tGeh.\tCC-BY 2.0 (France)\nHi.\tHallo!\tCC-BY 2.0 (France)\n"
BOTH = {"source": "2", "target": "4"}


def says(*parts: str) -> Any:
    """A UserError whose message holds all parts, in this order."""
    return pytest.raises(UserError, match="(?s)" + ".*".join(map(re.escape, parts)))


@pytest.fixture
def pairs(sentiment):
    return replace(
        sentiment,
        inputs={"source": Column("text", "from")},
        targets={"target": Column("text", "to")},
        refusals=(),
    )


@pytest.fixture
def read(pairs, tmp_path):
    """([(place, source, target)], what is said) of a file of this content."""

    def read(content: str, *, name="deu.tsv", columns=None, header=False, group=None):
        (tmp_path / name).write_bytes(content.encode())
        reading = Reading(columns=columns or {}, header=header, group=group)
        source = open_source(pairs, str(tmp_path / name), reading)
        rows = [(str(where), *row.values()) for where, row in source.splits[None]()]
        return rows, list(source.notes)

    return read


def test_columns_are_named_by_their_numbers(read):
    assert read(TATOEBA, columns=BOTH) == (
        [("deu.tsv, row 1", "Let's try!", "Lass es uns versuchen!"),
         ("deu.tsv, row 2", 'I "see".', "Ich sehe.")],
        [],
    )  # fmt: skip
    rows, _ = read(MANYTHINGS, columns={"source": "2", "target": "1"})
    assert [row[1:] for row in rows] == [("Geh.", "Go."), ("Hallo!", "Hi.")]


def test_a_byte_order_mark_is_no_part_of_the_first_row(read):
    rows, _ = read("\ufeffGo.\tGeh.\n")
    assert rows == [("deu.tsv, row 1", "Go.", "Geh.")]


def test_as_many_columns_as_are_needed_are_taken_in_their_order_and_that_is_said(read):
    rows, notes = read('"Go, now",Geh.\nHi.,"Hallo!"\n', name="deu.csv")
    assert [row[1:] for row in rows] == [("Go, now", "Geh."), ("Hi.", "Hallo!")]
    assert notes == ["read by their order: source from '1', target from '2' (--column OURS=THEIRS "
                     "for others)"]  # fmt: skip


def test_more_columns_are_not_guessed_but_shown_with_their_first_values(read):
    with says(
        "deu.tsv: no column 'source'; found 1 ('1276'), 2 (\"Let's try!\"), 3 ('77'), "
        "4 ('Lass es uns versuchen!'). Say which is which, as in --column source=1 --column",
    ):
        read(TATOEBA)
    with says("no column 'target'; found 1 ('Go.')"):
        read(MANYTHINGS, columns={"source": "1"})
    with says("no column '5'; found 1 ('1276')"):
        read(TATOEBA, columns={"source": "2", "target": "5"})


def test_a_long_value_is_shown_shortened(read):
    with says("1 ('" + "x" * 27 + "...')"):
        read("x" * 101 + "\ty\tz\n")


def test_the_group_has_a_number_too(read):
    rows, _ = read(TATOEBA, columns=BOTH, group="1")
    assert rows[0] == ("deu.tsv, row 1", "Let's try!", "Lass es uns versuchen!", "1276")


def test_a_row_of_another_length_is_named(read):
    with says("deu.tsv, row 2 (line 3): 2 values, but the first row has 3 columns."):
        read("Go.\tGeh.\tx\n\nHi.\tHallo!\n", columns={"source": "1", "target": "2"})


def test_without_the_option_the_message_leads_to_it(read):
    with says("no column 'source'; found Go., Geh.", "If the first line is a row already: --no-h"):
        read(MANYTHINGS, header=True)


def test_where_a_header_is_there_the_option_is_not_mentioned(read):
    with pytest.raises(UserError, match="no column 'target'") as error:
        read("source\ttranslation\nGo.\tGeh.\n", header=True)
    assert "--no-header" not in str(error.value)


@pytest.mark.parametrize("name", ["deu.jsonl", "deu.txt"])
def test_other_files_have_no_header_to_lack(name, read):
    with says(f"--no-header: {name} is no csv or tsv file"):
        read('{"source": "Go.", "target": "Geh."}\n', name=name)


def test_an_empty_file_lacks_rows_only(read):
    with says("deu.tsv: the file is empty; expected rows."):
        read("")


def test_whether_there_is_a_header_decides_what_is_cached(pairs, tmp_path, monkeypatch):
    monkeypatch.setenv("SEQAPPS_CACHE", str(tmp_path / "cache"))
    file = tmp_path / "deu.tsv"
    file.write_text("source\ttarget\n" + "".join(f"go {n}\tgeh {n}\n" for n in range(31)))
    sizes = [load(pairs, str(file), Reading(header=header)).rows for header in (True, False, True)]
    assert sizes == [31, 32, 31]


def test_the_doctor_says_which_columns_are_read(pairs, tmp_path):
    file = tmp_path / "deu.tsv"
    file.write_text("".join(f"{n}\tgo {n}\t7\tgeh {n}\n" for n in range(31)))
    reading = Reading(columns=BOTH, header=False)
    task = replace(pairs, batching=None)
    facts = examine(task, task.settings, load(task, str(file), reading), reading=reading)
    assert facts["columns"] == {"taken": BOTH, "others": ["1", "3"]}
