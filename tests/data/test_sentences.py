"""Sentences as taggers' data are published: a word a line, blank lines between."""

import re

import pytest

from seqapps import registry
from seqapps.data.load import load
from seqapps.data.source import Reading, open_source
from seqapps.errors import UserError

TWO = "The\tDET\nwatch\tNOUN\nstops\tVERB\n\nStop\tVERB\n!\tPUNCT\n"
UNIVERSAL = """# text = I can't.
1\tI\tI\tPRON\tPRP\t_\t3\tnsubj\t_\t_
2-3\tcan't\t_\t_\t_\t_\t_\t_\t_\t_
2\tca\tcan\tAUX\tMD\t_\t0\troot\t_\t_
3\tn't\tnot\tPART\tRB\t_\t2\tadvmod\t_\t_
3.1\tgo\tgo\tVERB\tVB\t_\t_\t_\t_\t_

# text = 10 000
1\t10 000\t10 000\tNUM\tCD\t_\t0\troot\t_\t_
"""


@pytest.fixture(scope="module")
def tagging():
    return registry.load("tagging")


@pytest.fixture
def read(tagging, tmp_path):
    """[(place, text, tags)] of a file with this name and content."""

    def read(name, content, *, task=tagging, **how):
        (tmp_path / name).write_text(content, encoding="utf-8", newline="")
        source = open_source(task, str(tmp_path / name), Reading(**how))
        [rows] = source.splits.values()
        return [(str(where), *row.values()) for where, row in rows()]

    return read


def test_a_row_is_a_sentence_whose_words_and_tags_run_along(read):
    assert read("two.tsv", TWO) == [
        ("two.tsv, row 1", "The watch stops", "DET NOUN VERB"),
        ("two.tsv, row 2", "Stop !", "VERB PUNCT"),
    ]


@pytest.mark.parametrize("name", ["two.txt", "two.conll", "two.tsv"])
def test_a_file_is_read_as_sentences_whatever_it_is_called(read, name):
    assert [row[1:] for row in read(name, TWO)][1] == ("Stop !", "VERB PUNCT")


@pytest.mark.parametrize(
    "content",
    [TWO.replace("\n", "\r\n"), f"\n\n{TWO}\n\n\n", TWO.replace("\n\n", "\n\n\n"), TWO.rstrip()],
    ids=["carriage returns", "blank lines around", "two blank lines", "no last line end"],
)
def test_blank_lines_and_line_ends_make_no_other_sentences(read, content):
    assert [row[1:] for row in read("two.tsv", content)] == [row[1:] for row in read("a.tsv", TWO)]


def test_values_may_be_separated_by_spaces(read):
    rows = read(
        "two.conll", "The DT B-NP\ndog NN I-NP\n\nGo VB O\n", columns={"text": "1", "tags": "3"}
    )
    assert [row[1:] for row in rows] == [("The dog", "B-NP I-NP"), ("Go", "O")]


def test_conll_u_gives_syntactic_words_and_universal_tags(read):
    """What is written as one word, left out words and comments are no words."""
    assert read("a.conllu", UNIVERSAL) == [
        ("a.conllu, row 1", "I ca n't", "PRON AUX PART"),
        ("a.conllu, row 2", "10\xa0000", "NUM"),
    ]


def test_another_column_of_conll_u_is_taken_by_name(read):
    assert read("a.conllu", UNIVERSAL, columns={"tags": "xpos"})[0][2] == "PRP MD RB"


def test_documents_of_conll_2003_begin_no_sentence(read):
    content = "-DOCSTART- -X-\n\nThe DT\ndog NN\n\nGo VB\n"
    assert [row[1] for row in read("a.conll", content)] == ["The dog", "Go"]


def test_a_line_with_another_number_of_values_is_told(read):
    with pytest.raises(
        UserError, match=re.escape("two.conll, line 2: 1 values, but the first line has 2: 'dog'")
    ):
        read("two.conll", "The\tDET\ndog\n\nGo\tVERB\n")


def test_of_several_tags_the_wanted_one_must_be_named(read):
    with pytest.raises(UserError, match=re.escape("--column text=1 --column tags=2")):
        read("three.tsv", "The\tDET\tDT\n\nGo\tVERB\tVB\n")


def test_a_table_of_whole_sentences_is_a_table(read):
    rows = read("rows.tsv", "text\ttags\nThe dog\tDET NOUN\nGo\tVERB\n")
    assert [row[1:] for row in rows] == [("The dog", "DET NOUN"), ("Go", "VERB")]


def test_other_tasks_read_such_files_as_before(sentiment, read):
    """Blank lines of a table are no rows."""
    rows = read("a.tsv", "text\tlabel\n\nfine\tgood\n\nbad\tbad\n", task=sentiment)
    assert [row[1:] for row in rows] == [("fine", "good"), ("bad", "bad")]


def test_a_row_whose_tags_do_not_run_along_is_rejected_with_both_counts(tagging):
    rows = [{"text": f"word{n} here", "tags": "X Y"} for n in range(43)]
    rows[7] = {"text": "two words", "tags": "ONE"}
    data = load(tagging, rows, most_rejected=0.5)
    assert data.rejected == 1
    [first] = data.entry.about["rejected"]["first"]
    assert "text has 2 words and tags 1; expected one for each" in str(first)


def test_lists_of_words_are_texts(tagging):
    rows = [{"tokens": ["They", f"10 {n}"], "tags": ["PRON", "NUM"]} for n in range(29)]
    data = load(tagging, rows, Reading())
    found = [row for split in data.splits.values() for row in split]
    assert len(found) == 29
    assert {"text": "They 10\xa07", "tags": "PRON NUM"} in found


def test_only_ascii_space_separates_words(tagging):
    """As in the graph: a no-break space is a character of a word."""
    rows = [{"text": f"10\xa0{n} x", "tags": "NUM X"} for n in range(31)]
    assert not load(tagging, rows).rejected


def test_files_named_by_split_are_the_splits(tagging, tmp_path):
    for split, words in (("train", 23), ("valid", 7), ("test", 5)):
        lines = (f"w{split}{n}\tX\n\n" for n in range(words))
        (tmp_path / f"ud_{split}.tsv").write_text("".join(lines))
    splits = load(tagging, str(tmp_path)).splits
    assert {split: len(rows) for split, rows in splits.items()} == {
        "train": 23,
        "valid": 7,
        "test": 5,
    }


def test_a_task_without_anything_along_keeps_text_files_as_text(read):
    task = registry.load("language_model")
    [row] = read("a.txt", "one two\n\nthree\n", task=task)[:1]
    assert "one two" in row[1]
