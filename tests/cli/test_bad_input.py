"""Every mistake in data gets one message with its place, exit code 2, and nothing half-written."""

import gzip
import os
import socket
import stat
from pathlib import Path

import pytest

from seqapps.cli import main

ROWS = [f"{'a lovely' if n % 2 else 'a dreary'} film number {n}" for n in range(60)]
LABELS = ["pos" if n % 2 else "neg" for n in range(60)]
GOOD = "".join(f"{text},{label}\n" for text, label in zip(ROWS, LABELS, strict=True))
CASES = {}


def bad(says, *, data="reviews.csv", options=()):
    """Register a maker of bad data: what the message must hold, in this order."""

    def register(make):
        CASES[make.__name__] = (make, says, data, options)
        return make

    return register


def csv(folder: Path, content: str | bytes, name: str = "reviews.csv") -> None:
    raw = content if isinstance(content, bytes) else content.encode()
    (folder / name).write_bytes(raw)


def table(folder: Path, *extra: str) -> None:
    csv(folder, "text,label\n" + GOOD + "".join(f"{row}\n" for row in extra))


def jsonl(folder: Path, *extra: str) -> None:
    rows = [f'{{"text": "{t}", "label": "{n}"}}' for t, n in zip(ROWS, LABELS, strict=True)]
    csv(folder, "\n".join([*rows, *extra]) + "\n", "reviews.jsonl")


def parquet(folder: Path, labels=LABELS) -> Path:
    import pyarrow
    from pyarrow import parquet

    file = folder / "reviews.parquet"
    parquet.write_table(pyarrow.table({"text": ROWS, "label": labels}), file)
    return file


@bad(["reviews.csv: no such file", "Did you mean 'review.csv'?"])
def no_such_file(folder):
    csv(folder, "", "review.csv")


@bad(["reviews.csv: the file is empty", "a header line and rows"])
def an_empty_file(folder):
    csv(folder, "")


@bad(["reviews.csv: no rows", "a header line and rows"])
def a_header_only(folder):
    csv(folder, "text,label\n")


@bad(["reviews.csv: no column 'text'; found review, label", "--column text=NAME"])
def a_missing_column(folder):
    csv(folder, "review,label\n" + GOOD)


@bad(["no column 'txt'", "Did you mean 'text'?"], options=["--column", "txt=review"])
def a_wrong_column(folder):
    csv(folder, "review,label\n" + GOOD)


@bad(["reviews.csv: no column 'film'", "--group"], options=["--group", "film"])
def a_missing_group(folder):
    table(folder)


@bad(["reviews.csv: column 'label' has the one value 'pos'", "reviews.csv, row 1", "tell apart"])
def one_label_only(folder):
    csv(folder, "text,label\n" + GOOD.replace(",neg", ",pos"))


@bad(["reviews.csv, row 61: the label 'mixed' occurs only here"])
def a_label_seen_once(folder):
    table(folder, "so so,mixed")


@bad(["the label 'mixed' (test.csv, row 61) occurs in the test split but not in training"],
     data="folder")  # fmt: skip
def a_label_in_test_that_training_lacks(folder):
    (folder / "folder").mkdir()
    other = GOOD.replace("film", "story")
    csv(folder / "folder", "text,label\n" + GOOD, "train.csv")
    csv(folder / "folder", "text,label\n" + GOOD.replace("film", "play"), "valid.csv")
    csv(folder / "folder", f"text,label\n{other}so so,mixed\nwell,mixed\n", "test.csv")


@bad(["reviews.csv, row 61: the text is empty", "1 of 61 rows cannot be used, more than 1 %"])
def an_empty_text(folder):
    table(folder, '" ",pos')


@bad(["reviews.csv, row 61: the text has no words"])
def a_text_without_words(folder):
    table(folder, "...,pos")


@bad(["reviews.csv: not a text file, but a PNG image"])
def a_picture(folder):
    csv(folder, b"\x89PNG\r\n\x1a\n" + bytes(100))


@bad(["reviews.csv: not a text file, but binary (it holds zero bytes)"])
def a_binary_file(folder):
    csv(folder, bytes(range(256)))


@bad(["reviews.csv: not a text file, but a zip archive (an .xlsx file is one)"])
def a_workbook(folder):
    csv(folder, b"PK\x03\x04" + bytes(100))


@bad(["reviews.csv: not a text file, but compressed by gzip; its name must end in .gz"])
def a_gz_without_the_name(folder):
    csv(folder, gzip.compress(b"text,label\n"))


@bad(["reviews.csv, line 62: not UTF-8 text (byte 0xf6)", "--encoding windows-1252"])
def a_broken_encoding(folder):
    csv(folder, ("text,label\n" + GOOD).encode() + b"sch\xf6n,pos\n" * 3)


@bad(["reviews.csv: UTF-16 text, but read as UTF-8", "--encoding utf-16"])
def another_encoding(folder):
    csv(folder, ("text,label\n" + GOOD).encode("utf-16"))


@bad(["--encoding utf-7000: not an encoding", "utf-16"], options=["--encoding", "utf-7000"])
def an_unknown_encoding(folder):
    table(folder)


@bad(["reviews.csv, row 61 (line 62): 3 values, but the header names 2 columns"])
def a_ragged_row(folder):
    table(folder, "good, really,pos", "fine,pos")


@bad(["reviews.csv, line 63: not valid csv: unexpected end of data", "never closed"])
def an_unclosed_quote(folder):
    table(folder, '"fine,pos', "good,pos")


@bad(["reviews.csv, row 61: the label is 'NaN', which stands for a missing value"])
def a_label_nan(folder):
    table(folder, "fine,NaN")


@bad(["reviews.jsonl, row 61: label is missing"], data="reviews.jsonl")
def a_label_none(folder):
    jsonl(folder, '{"text": "fine", "label": null}')


@bad(["reviews.jsonl, row 61: label is missing"], data="reviews.jsonl")
def a_label_that_is_not_there(folder):
    jsonl(folder, '{"text": "fine"}')


@bad(["reviews.csv, row 2: the label '1.0' and the label '1' (reviews.csv, row 1)"])
def one_number_in_two_spellings(folder):
    csv(folder, "text,label\n" + GOOD.replace("neg", "1").replace("pos", "1.0"))


@bad(["reviews.jsonl, row 61: text is int 7, expected text"], data="reviews.jsonl")
def a_number_as_a_text(folder):
    jsonl(folder, '{"text": 7, "label": "pos"}')


@bad(["reviews.jsonl, row 61: label is the number 1, but a text in the rows before"],
     data="reviews.jsonl")  # fmt: skip
def mixed_types_of_labels(folder):
    jsonl(folder, '{"text": "fine", "label": 1}')


@bad(["reviews.jsonl, row 61: not JSON", "one object a line"], data="reviews.jsonl")
def a_broken_line_of_json(folder):
    jsonl(folder, '{"text": "fine", "label": "pos"')


@bad(["reviews.jsonl, row 61: a JSON list, expected an object"], data="reviews.jsonl")
def a_list_of_json(folder):
    jsonl(folder, '["fine", "pos"]')


@bad(["reviews.parquet: not a whole parquet file", "copied to its end"], data="reviews.parquet")
def a_parquet_file_cut_off(folder):
    file = parquet(folder)
    file.write_bytes(file.read_bytes()[:-100])


@bad(["reviews.parquet: not a whole parquet file"], data="reviews.parquet")
def a_parquet_file_with_a_hole(folder):
    file = parquet(folder)
    content = bytearray(file.read_bytes())
    content[4:400] = bytes(396)
    file.write_bytes(content)


@bad(["reviews.parquet, row 3: label is missing"], data="reviews.parquet")
def a_parquet_file_with_a_missing_label(folder):
    parquet(folder, ["pos", "neg", None, *LABELS[3:]])


@bad(["reviews.csv.gz: not whole gzip data"], data="reviews.csv.gz")
def a_gz_that_is_none(folder):
    csv(folder, "text,label\n" + GOOD, "reviews.csv.gz")


@bad(["reviews.csv.gz: the compressed data end too early"], data="reviews.csv.gz")
def a_gz_cut_off(folder):
    whole = gzip.compress(("text,label\n" + GOOD * 50).encode())
    csv(folder, whole[: len(whole) // 2], "reviews.csv.gz")


@bad(["reviews.csv.gz: not whole gzip data", "CRC"], data="reviews.csv.gz")
def a_gz_with_a_wrong_checksum(folder):
    whole = bytearray(gzip.compress(("text,label\n" + GOOD).encode()))
    whole[-6] ^= 0xFF
    csv(folder, bytes(whole), "reviews.csv.gz")


@bad(["reviews: a folder without matching files", "found no file"], data="reviews")
def a_folder_without_files(folder):
    (folder / "reviews").mkdir()


@bad(["reviews: a folder without matching files", "found a.csv, b.csv", "reviews/reviews*.csv'"],
     data="reviews")  # fmt: skip
def a_folder_whose_files_name_no_split(folder):
    (folder / "reviews").mkdir()
    for name in "ab":
        csv(folder / "reviews", "text,label\n" + GOOD, f"{name}.csv")


@bad(["c*.csv: no file of kind"], data="c*.csv")
def a_pattern_that_fits_nothing(folder):
    table(folder)


@bad(["reviews.txt: a text file holds text only, but text and label are needed"],
     data="reviews.txt")  # fmt: skip
def a_text_file_for_a_task_of_labels(folder):
    csv(folder, GOOD, "reviews.txt")


@bad(["door: a socket"], data="door")
def a_socket(folder):
    # Bound from within the folder, which it is in already: such a path may have 108 bytes only.
    with socket.socket(socket.AF_UNIX) as door:
        door.bind("door")


@bad(["pipe.csv: a pipe", "Write the rows to a file first"], data="pipe.csv")
def a_pipe(folder):
    os.mkfifo(folder / "pipe.csv")


@bad(["reviews.xlsx: files of kind .xlsx are not read"], data="reviews.xlsx")
def a_kind_that_is_not_read(folder):
    csv(folder, b"PK\x03\x04", "reviews.xlsx")


@bad(["sample:tou: the task sentiment has no such sample", "Did you mean 'toy'?"],
     data="sample:tou")  # fmt: skip
def an_unknown_sample(folder):
    pass


@bad(["no data set 'imdb_review'", "Did you mean 'imdb_reviews'"], data="tfds:imdb_review")
def a_tfds_name_with_a_typo(folder):
    pass


@pytest.mark.parametrize("name", CASES)
def test_bad_data_get_one_message_and_leave_nothing(name, tmp_path, monkeypatch, capsys):
    make, says, data, options = CASES[name]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEQAPPS_CACHE", str(tmp_path / "cache"))
    make(tmp_path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(SystemExit) as exit_:
        main(["run", "sentiment", "--quiet", "--data", data, *options])
    out, err = capsys.readouterr()
    assert (exit_.value.code, out) == (2, "")
    assert err.startswith("Error: ")
    assert "Traceback" not in err
    place = 0
    for part in says:
        place = err.find(part, place)
        assert place >= 0, f"{part!r} is not in: {err}"
    left = {path for path in tmp_path.iterdir() if path.name != "cache"}
    assert sorted(left) == before
    for folder in (tmp_path / "cache").glob("rows/*"):
        # Whole rows may stay although no run can use them; half of something may not.
        assert folder.name.endswith(".lock") or (folder / "about.json").is_file(), folder


def refused(capsys, *arguments) -> str:
    """The message with which a command stops, exit code 2."""
    with pytest.raises(SystemExit) as exit_:
        main(list(arguments))
    error = capsys.readouterr().err
    assert exit_.value.code == 2, error
    assert "Traceback" not in error
    return error


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEQAPPS_CACHE", str(tmp_path / "cache"))
    table(tmp_path)
    return tmp_path


TINY = [
    "--quiet", "--set", "epochs=1", "--set", "embedding=3", "--set", "units=3",
    "--set", "gradient_batches=0",
]  # fmt: skip


@pytest.mark.long
def test_a_text_of_100_000_words_is_cut_and_said(here, capsys):
    table(here, " ".join(["lovely"] * 100_000) + ",pos", "dull dull,neg")
    with pytest.raises(SystemExit) as exit_:
        main(["train", "sentiment", "--data", "reviews.csv", *TINY[1:]])
    error = capsys.readouterr().err
    assert exit_.value.code == 0, error
    assert "training cases are longer than max_tokens = 400 (the longest: 100,000)" in error


def test_an_unknown_split_is_refused_before_anything_is_loaded(capsys, here):
    assert "'tset' is not one of" in refused(capsys, "evaluate", "sentiment", "--split", "tset")


class Full:
    """A file whose disk is full from the first byte on."""

    def __init__(self, path):
        from tensorflow.python.framework.errors_impl import ResourceExhaustedError

        self.error = ResourceExhaustedError(None, None, f"{path}; No space left on device")

    def write(self, record):
        raise self.error

    def close(self):
        pass


def test_no_space_left_while_caching(here, capsys, monkeypatch):
    """As TensorFlow tells it, whose writer writes the shards."""
    import tensorflow as tf

    monkeypatch.setattr(tf.io, "TFRecordWriter", Full)
    error = refused(capsys, "run", "sentiment", "--data", "reviews.csv", *TINY)
    assert "rows could not be written" in error
    assert "--cache FOLDER" in error
    assert [path.name for path in (here / "cache" / "rows").iterdir() if path.is_dir()] == []
    assert not (here / "runs").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("option", ["--cache", "--runs", "--output"])
def test_a_place_that_cannot_be_written(here, capsys, option):
    closed = here / "closed"
    closed.mkdir()
    closed.chmod(stat.S_IRUSR | stat.S_IXUSR)
    arguments = ["run", "sentiment", "--data", "reviews.csv", *TINY, option, str(closed / "x")]
    assert str(closed) in refused(capsys, *arguments)


@pytest.mark.parametrize("option", ["--cache", "--runs"])
def test_a_place_that_is_a_file(here, capsys, option):
    arguments = ["run", "sentiment", "--data", "reviews.csv", *TINY]
    error = refused(capsys, *arguments, option, str(here / "reviews.csv" / "x"))
    assert "reviews.csv" in error
    assert (here / "reviews.csv").read_text().startswith("text,label\n")


def test_an_export_of_another_make_is_refused(here, capsys):
    import tensorflow as tf

    tf.saved_model.save(tf.Module(), str(here / "foreign"))
    for verb in (["predict", "foreign", "fine"], ["evaluate", "foreign"]):
        error = refused(capsys, *verb)
        assert "foreign: not an export of seqapps" in error


@pytest.mark.long
def test_a_run_whose_cached_rows_were_damaged_reads_them_anew(here, capsys):
    arguments = ["train", "sentiment", "--data", "reviews.csv", *TINY[1:]]
    with pytest.raises(SystemExit):
        main(arguments)
    assert "damaged" not in capsys.readouterr().err
    (shard,) = (here / "cache" / "rows").glob("*/rows-*")
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.write_bytes(content)
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 0
    assert f"{shard.name} is damaged; it is made anew" in capsys.readouterr().err
    assert shard.read_bytes() != bytes(content)
