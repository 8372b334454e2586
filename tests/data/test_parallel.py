"""Text files side by side: line i of each is a row, whatever ends a line, and lengths must fit."""

import gzip
import re
from dataclasses import replace
from typing import Any

import pytest

from seqapps.data.load import load
from seqapps.data.parallel import told_apart
from seqapps.data.source import Reading, open_source
from seqapps.doctor import mend
from seqapps.errors import UserError
from seqapps.task import Column

LANGUAGES = {"source": "en", "target": "de"}


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
def write(tmp_path):
    """Write files by name, given as text or bytes; .gz is compressed."""

    def write(**files):
        for name, content in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            raw = content if isinstance(content, bytes) else content.encode()
            file.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
        return tmp_path

    return lambda files: write(**files)


@pytest.fixture
def read(pairs, tmp_path):
    """({split: [(place, source, target)]}, what is said) of what --data names in the folder."""

    def read(name="", *, task=pairs, **how):
        spec = "+".join(str(tmp_path / part) for part in name.split("+"))
        source = open_source(task, spec, Reading(**how))
        found = {
            split: [(str(where), *row.values()) for where, row in rows()]
            for split, rows in source.splits.items()
        }
        return found, list(source.notes)

    return read


# two files


def test_the_first_file_is_the_source_and_the_second_the_target(write, read):
    write({"corpus.en": "one\ntwo\n", "corpus.de": "eins\nzwei\n"})
    place = "corpus.en+corpus.de, row "
    assert read("corpus.en+corpus.de") == (
        {None: [(f"{place}1", "one", "eins"), (f"{place}2", "two", "zwei")]},
        [
            "read by their order: source from 'en', target from 'de' (--column OURS=THEIRS for "
            "others)"
        ],
    )
    found, _ = read("corpus.de+corpus.en")
    assert found[None][1] == ("corpus.de+corpus.en, row 2", "zwei", "two")


@pytest.mark.parametrize("columns", [LANGUAGES, {"source": "en"}, {"target": "de"}])
def test_columns_that_are_named_win_over_the_order(columns, write, read):
    write({"corpus.en": "one\n", "corpus.de": "eins\n"})
    found, _ = read("corpus.de+corpus.en", columns=columns)
    assert found[None] == [("corpus.en+corpus.de, row 1", "one", "eins")]


def test_files_named_as_the_columns_need_no_order(write, read):
    write({"a.target": "eins\n", "a.source": "one\n"})
    found, notes = read("a.target+a.source")
    assert found[None] == [("a.source+a.target, row 1", "one", "eins")]
    assert notes == []


@pytest.mark.parametrize(
    "content",
    [
        "one\ntwo\nthree\n",
        "one\ntwo\nthree",
        "one\r\ntwo\r\nthree\r\n",
        "\ufeffone\ntwo\nthree\n",
        "\ufeffone\r\ntwo\nthree",
    ],
    ids=["LF", "no last line end", "CR LF", "byte order mark", "all of it"],
)
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_line_ends_and_marks_are_no_part_of_a_text(content, suffix, write, read):
    write({f"a.en{suffix}": content, "a.de": "eins\nzwei\ndrei\n"})
    found, _ = read(f"a.en{suffix}+a.de")
    assert [row[1:] for row in found[None]] == [("one", "eins"), ("two", "zwei"), ("three", "drei")]


@pytest.mark.parametrize(
    "sign", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\r", "\ufeff"]
)
def test_nothing_else_ends_a_line(sign, write, read):
    write({"a.en": f"one{sign}more\ntwo\n", "a.de": "eins\nzwei\n"})
    found, _ = read("a.en+a.de")
    assert [row[1] for row in found[None]] == [f"one{sign}more", "two"]


def test_other_encodings_are_read(write, read):
    write({"a.en": "one\ntwo\n".encode("utf-16"), "a.de": "fünf\r\nsechs".encode("utf-16")})
    found, _ = read("a.en+a.de", encoding="utf-16")
    assert [row[1:] for row in found[None]] == [("one", "fünf"), ("two", "sechs")]


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        (["corpus.en", "corpus.de.gz"], ["en", "de"]),
        (["src-train.txt", "tgt-train.txt"], ["src", "tgt"]),
        (["train.en", "train.es"], ["en", "es"]),
        (["en/corpus.txt", "de/corpus.txt"], ["en", "de"]),
        (["europarl-v7.de-en.de", "europarl-v7.de-en.en"], ["de", "en"]),
        (["news.en", "wiki.de"], ["news.en", "wiki.de"]),
        (["corpus", "corpus.de"], ["corpus", "corpus.de"]),
        (["a.en", "a.de", "a.fr"], ["en", "de", "fr"]),
    ],
)
def test_columns_are_called_by_what_tells_their_files_apart(names, columns):
    assert told_apart(names) == columns


def test_a_third_file_may_name_the_group(write, read):
    write({"a.en": "one\ntwo\n", "a.de": "eins\nzwei\n", "a.talk": "7\n11\n"})
    found, _ = read("a.en+a.de+a.talk", group="talk")
    assert found[None][1] == ("a.en+a.de+a.talk, row 2", "two", "zwei", "11")


def test_three_files_for_two_columns_are_not_guessed(write, read):
    write({f"a.{name}": "x\n" for name in ("en", "de", "fr")})
    with says("a.en+a.de+a.fr: no column 'source'; found en, de, fr.", "as in --column source=en"):
        read("a.en+a.de+a.fr")
    found, _ = read("a.en+a.de+a.fr", columns={"source": "fr", "target": "en"})
    assert found[None] == [("a.fr+a.en, row 1", "x", "x")]


def test_a_plus_may_be_in_a_name(pairs, write):
    folder = write({"c++/a+b.en": "one\n", "c++/a+b.de": "eins\n"}) / "c++"
    source = open_source(pairs, f"{folder}/a+b.en+{folder}/a+b.de", Reading())
    assert [[*row.values()] for _, row in source.splits[None]()] == [["one", "eins"]]


def test_a_text_and_a_label_lie_side_by_side_too(sentiment, write, read):
    write({"texts.txt": "fine\npoor\n", "labels.txt": "good\nbad\n"})
    found, _ = read("texts.txt+labels.txt", task=sentiment)
    assert [row[1:] for row in found[None]] == [("fine", "good"), ("poor", "bad")]


def test_the_source_opens_again_from_anywhere(pairs, write, monkeypatch):
    folder = write({"a.en": "one\n", "a.de": "eins\n"})
    monkeypatch.chdir(folder)
    source = open_source(pairs, "a.en+a.de", Reading())
    assert (source.name, source.spec) == ("a.en+a.de", f"{folder}/a.en+{folder}/a.de")
    monkeypatch.chdir("/")
    again = open_source(pairs, source.spec, Reading())
    assert again.content() == source.content()


def test_content_is_that_of_the_files_in_their_order(pairs, write):
    def content(spec, **how):
        return open_source(pairs, spec, Reading(**how)).content()

    folder = write({"a.en": "one\n", "a.de": "eins\n", "a.fr": "un\n"})
    there, back = f"{folder}/a.en+{folder}/a.de", f"{folder}/a.de+{folder}/a.en"
    first = content(there)
    assert content(back) != first
    assert content(back, columns=LANGUAGES) == first
    (folder / "a.de").write_text("zwei\n")
    assert content(there) != first


# what is wrong


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("end", ["", "\n"])
def test_files_of_unequal_length_say_how_many_and_which_line(suffix, end, write, read):
    write(
        {f"a.en{suffix}": "one\ntwo\n" + "more " * 30 + "\nlast" + end, "a.de": "eins\nzwei" + end}
    )
    with says(
        f"a.en{suffix} has 4 lines, a.de has 2 lines: line 3 of a.en{suffix} has no partner: "
        "'more more", "...'",
    ):  # fmt: skip
        read(f"a.en{suffix}+a.de")


def test_a_line_that_is_not_utf8_is_named_with_its_file(write, read):
    write({"a.en": "one\ntwo\nthree\n", "a.de": b"eins\nzw\xf6lf\ndrei\n"})
    with says("a.de, line 2: not UTF-8 text (byte 0xf6)."):
        read("a.en+a.de")


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "a.de: the file is empty"), (b"\x89PNG\r\n", "a.de: not a text file, but a PNG image"),
     ("eins\n".encode("utf-16"), "a.de: UTF-16 text, but read as UTF-8")],
    ids=["empty", "no text", "UTF-16"],
)  # fmt: skip
def test_a_file_that_is_no_text_is_told_before_anything_is_read(content, message, pairs, write):
    folder = write({"a.en": "one\n", "a.de": content})
    with says(message):
        open_source(pairs, f"{folder}/a.en+{folder}/a.de", Reading())


def test_rows_with_an_empty_side_are_listed_with_their_line(pairs, write):
    lines = [str(number) for number in range(300)]
    left, right = list(lines), list(lines)
    left[16] = right[40] = ""
    folder = write({"a.en": "\n".join(left), "a.de": "\n".join(right)})
    data = load(pairs, f"{folder}/a.en+{folder}/a.de")
    assert data.entry.about["rejected"] == {
        "count": 2,
        "first": [["a.en+a.de, row 17", "the source is empty"],
                  ["a.en+a.de, row 41", "the target is empty"]],
    }  # fmt: skip
    assert data.rows == 298


@pytest.mark.parametrize(
    ("spec", "parts"),
    [
        ("a.en+a.df", ["no such file as", "a.df. Did you mean 'a.de'?"]),
        ("a.en+a.en", ["the same file twice"]),
        ("a.en+b.csv", ["b.csv is a table"]),
        ("a.en", ["files of kind .en are not read", "belong to those of a.de: --data", "+"]),
        ("b.csv+", ["no such file as"]),
        ("a.{en,de}", ["no such file", "joined by +: a.en+a.de."]),
    ],
)
def test_a_mistake_in_the_names_is_told(spec, parts, write, read):
    write({"a.en": "one\n", "a.de": "eins\n", "b.csv": "source,target\none,eins\n"})
    with says(*parts):
        read(spec)


def test_a_task_of_one_column_has_no_use_for_two_files(sentiment, write, read):
    write({"a.en": "one\n", "a.de": "eins\n"})
    with says("a.en+a.de: files whose lines belong together, but only text is needed."):
        read("a.en+a.de", task=replace(sentiment, targets={}))


def test_a_text_file_alone_says_what_to_do(write, read):
    write({"a.txt": "one\n", "b.txt": "one\teins\n"})
    with says("only, but source and target are needed", "(--data a.txt+b.txt)"):
        read("a.txt")
    with says("Its lines hold tabs", ".tsv"):
        read("b.txt")


# folders


def by_split(found):
    return {split: [row[1:] for row in rows] for split, rows in found.items()}


@pytest.mark.parametrize(
    ("train", "valid", "test"),
    [
        ("train.{}", "valid.{}", "test.{}"),
        ("train.{}.gz", "val.{}.gz", "test2016.{}.gz"),
        ("multi30k.train.{}", "multi30k.dev.{}", "multi30k.test_2016_flickr.{}"),
        ("train.{}.txt", "dev2010.{}.txt", "test-2.{}.txt.gz"),
        ("train/corpus.{}", "dev/corpus.{}", "test/news.{}"),
    ],
)
def test_a_folder_of_files_named_by_split(train, valid, test, write, read):
    names = {"train": train, "valid": valid, "test": test}
    write({name.format(language): f"{split} {language}\n" for split, name in names.items()
           for language in ("en", "de", "fr")})  # fmt: skip
    found, notes = read(columns=LANGUAGES)
    assert by_split(found) == {split: [(f"{split} en", f"{split} de")] for split in names}
    assert notes == []
    place = f"{train.format('en')}+{train.format('de')}, row 1"
    assert found["train"][0][0] == place


def test_a_folder_does_not_tell_the_direction(write, read):
    write({"train.en": "one\n", "train.de": "eins\n"})
    with says("train.*: no column 'source'; found de, en. Say which is which, as in --column"):
        read()
    with says("train.*: no column 'nl'; found de, en."):
        read(columns={"source": "en", "target": "nl"})


def test_a_language_that_a_split_lacks_is_told(write, read):
    write({"train.en": "one\n", "train.de": "eins\n", "test.en": "two\n", "test.fr": "deux\n"})
    with says("test.*: no column 'de'; found en, fr."):
        read(columns=LANGUAGES)


def test_parts_of_training_are_joined_and_further_tests_left_out_and_said(write, read):
    names = ["train-1", "train-2", "train2014", "test_2016_flickr", "test_2017_mscoco", "notes"]
    both = [(name, language) for name in names for language in ("en", "de")]
    write({f"{name}.{language}": f"{name} {language}\n" for name, language in both})
    write({"test_2018.en": "alone\n", "test_2019.en": "alone\n", "README.md": ""})
    found, notes = read(columns=LANGUAGES)
    assert by_split(found) == {
        "train": [(f"{name} en", f"{name} de") for name in names[:3]],
        "test": [("test_2016_flickr en", "test_2016_flickr de")],
    }
    assert notes == [
        "2 files whose names name no split are not read",
        "further held-out sets are not read: test_2017_mscoco (`seqapps evaluate` judges a model "
        "on them)",
        "not read, as no file beside it has its lines: test_2018.en, test_2019.en",
    ]


@pytest.mark.parametrize("sign", ["", "_", "-"])
def test_a_test_set_named_by_its_year_is_no_part_of_another_one(sign, pairs, read, tmp_path):
    for name in ("train", f"test{sign}2016", f"test{sign}2017"):
        (tmp_path / f"m_{name}.tsv").write_text(f"source\ttarget\n{name}\tx\n")
    for found, notes in (read(), read("m_*.tsv")):
        assert by_split(found) == {"train": [("train", "x")], "test": [(f"test{sign}2016", "x")]}
        assert notes[0].startswith(f"further held-out sets are not read: m_test{sign}2017 ")


def test_a_folder_of_one_pair_is_cut(write, read):
    write({"europarl.de-en.en": "one\n", "europarl.de-en.de": "eins\n", "README": "about\n"})
    found, _ = read(columns=LANGUAGES)
    assert list(found) == [None]


def test_a_single_table_is_read_whatever_lies_beside_it(sentiment, write, read):
    write({"all.csv": "text,label\nfine,good\n", "notes.en": "x\n", "notes.de": "x\ny\n"})
    found, _ = read(task=sentiment)
    assert by_split(found) == {None: [("fine", "good")]}


def test_files_beside_images_are_no_columns_of_their_rows(sentiment, write, read):
    task = replace(
        sentiment,
        inputs={"image": Column("image", "any")},
        targets={"caption": Column("text", "what it shows")},
    )
    write({"0.png": b"\x89PNG", "0.txt": "a cat\n", "all.csv": "image,caption\n0.png,a cat\n"})
    with says("a folder without matching files"):
        read(task=task)


def test_several_pairs_are_told_by_a_pattern(write, read):
    write({f"{name}.{language}": f"{name} {language}\n" for name in ("news", "talks")
           for language in ("en", "de")})  # fmt: skip
    with says(
        "a folder without matching files",
        "train.en, train.de",
        "found news.*, talks.*. Name",
        "/news.*'",
    ):
        read(columns=LANGUAGES)
    found, _ = read("*", columns=LANGUAGES)
    assert by_split(found) == {None: [("news en", "news de"), ("talks en", "talks de")]}
    found, _ = read("talks.*", columns=LANGUAGES)
    assert by_split(found) == {None: [("talks en", "talks de")]}


def test_tables_named_by_split_win_and_that_is_said(write, read):
    write({"train.tsv": "source\ttarget\none\teins\n", "train.en": "two\n", "train.de": "zwei\n"})
    found, notes = read()
    assert by_split(found) == {"train": [("one", "eins")]}
    assert notes == ["not read, as there are tables: train.*"]


def test_text_files_of_a_task_of_one_column_stay_running_text(sentiment, write, read):
    task = replace(sentiment, targets={}, row={"text": Column("text", "")})
    write({"train.1.txt": "a line\n", "train.2.txt": "more\n"})
    found, _ = read(task=task)
    assert [row[1] for row in found["train"]] == ["a line\n", "more\n"]


# what comes of it


def test_the_cleaned_rows_are_a_table(pairs, write, tmp_path):
    lines = [str(number) for number in range(211)]
    folder = write({"a.txt": "\n".join([*lines, " "]), "b.txt": "\n".join([*lines, "alone"])})
    data = load(pairs, f"{folder}/a.txt+{folder}/b.txt", most_rejected=1.0)
    done = mend.mend(pairs, data, tmp_path / "clean.tsv")
    assert (done["rows"], done["left_out"]["rejected"]) == (211, 1)
    assert load(pairs, str(tmp_path / "clean.tsv")).rows == 211


@pytest.mark.shared_data
def test_multi30k_reads_the_same_from_a_table_and_from_parallel_files(pairs, shared_data, tmp_path):
    table = shared_data / "translation" / "multi30k_en_de_test2016.tsv"
    rows = [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines()[1:]]
    for place, language in enumerate(("en", "de")):
        lines = "".join(f"{row[place]}\n" for row in rows)
        (tmp_path / f"test.{language}").write_text(lines, encoding="utf-8")
    source = open_source(pairs, f"{tmp_path}/test.en+{tmp_path}/test.de", Reading())
    assert [[*row.values()] for _, row in source.splits[None]()] == rows
