"""Text files as people have them: one, several, none that can be read."""

import json
from dataclasses import fields

import pytest
from seqapps.tasks.language_model.task import TASK

from seqapps.data.load import load
from seqapps.task import FOLLOWS

LINE = "The cat sat on the mat, and that was that; so the cat sat on the mat, and was flat.\n"
TEXT = "".join(f"{number}. {LINE}" for number in range(59))  # 5 KB


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEQAPPS_CACHE", str(tmp_path / "cache"))
    return tmp_path


def tiny(**changes):
    """The tiny settings as options."""
    default, values = TASK.settings, {**vars(TASK.tiny), **changes}
    options = []
    for field in fields(default):
        value = values[field.name]
        if value != getattr(default, field.name):
            written = str(value).lower() if isinstance(value, bool) else value
            options += ["--set", f"{field.name}={written}"]
    return options


def refused(call, *arguments):
    """The message of a run that stops before it begins."""
    code, out, error = call("run", "language_model", "--quiet", *arguments)
    assert (code, out) == (2, ""), error
    assert error.startswith("Error: ")
    assert "Traceback" not in error
    assert error.count("Error") == 1
    return error


def test_a_small_file_is_cut_in_three_splits_of_one_document(here):
    (here / "mat.txt").write_text(TEXT)
    data = load(TASK, "mat.txt")
    rows = list(data.everything)
    assert len(rows) >= 3
    assert "".join(row["text"] for row in rows) == TEXT
    assert [row[FOLLOWS] for row in rows] == [0.0] + [1.0] * (len(rows) - 1)
    assert all(row["text"].endswith("\n") for row in rows)
    splits = [list(data.splits[name]) for name in ("train", "valid", "test")]
    assert all(splits)
    assert [row for split in splits for row in split] == rows  # in order


def test_files_of_a_folder_are_documents_of_their_own(here):
    folder = here / "texts"
    folder.mkdir()
    for name in "abc":
        (folder / f"{name}.txt").write_text(f"{name}: {TEXT}")
    rows = list(load(TASK, "texts").everything)
    begins = [row["text"] for row in rows if not row[FOLLOWS]]
    assert [text[:3] for text in begins] == ["a: ", "b: ", "c: "]
    assert "".join(row["text"] for row in rows) == "".join(f"{name}: {TEXT}" for name in "abc")


def test_a_column_that_the_csv_lacks_is_named(here, call):
    lines = "".join(f'"{number} {LINE.strip()}",Ann\n' for number in range(31))
    (here / "letters.csv").write_text(f"text,writer\n{lines}")
    error = refused(call, "--data", "letters.csv", *tiny(condition="author"))
    assert "letters.csv: no column 'author'; found text, writer" in error
    assert "--column author=NAME" in error


def test_a_text_file_has_no_column_that_steers(here, call):
    (here / "mat.txt").write_text(TEXT)
    error = refused(call, "--data", "mat.txt", *tiny(condition="author"))
    assert "mat.txt: a text file holds text only, but text and author are needed" in error


def test_a_condition_that_requests_have_already_is_refused(here, call):
    error = refused(call, "--data", "mat.txt", "--set", "condition=prompt")
    assert "condition = 'prompt' is a name that requests have already" in error


def test_an_empty_file_is_told(here, call):
    (here / "mat.txt").write_text("")
    assert "mat.txt: the file is empty" in refused(call, "--data", "mat.txt", *tiny())


def test_a_file_of_white_space_is_told(here, call):
    (here / "mat.txt").write_text(" \n" * 5003)
    assert "mat.txt" in refused(call, "--data", "mat.txt", *tiny())


def test_a_file_of_a_line_is_too_little(here, call):
    (here / "mat.txt").write_text(LINE)
    error = refused(call, "--data", "mat.txt", *tiny())
    assert "mat.txt: the " in error
    assert " split is empty (1 usable rows)" in error


def test_a_binary_file_is_told(here, call):
    (here / "mat.txt").write_bytes(bytes(range(256)) * 29)
    error = refused(call, "--data", "mat.txt", *tiny())
    assert "mat.txt: not a text file, but binary (it holds zero bytes)" in error


def test_text_that_is_no_utf_8_is_told(here, call):
    (here / "mat.txt").write_bytes(b"sch\xf6n " * 997)
    error = refused(call, "--data", "mat.txt", *tiny())
    assert "mat.txt, line 1: not UTF-8 text (byte 0xf6)" in error


@pytest.mark.long
def test_a_small_file_is_trained_on_and_written_on(here, call):
    (here / "mat.txt").write_text(TEXT)
    code, out, error = call("run", "language_model", "--data", "mat.txt", *tiny(epochs=2))
    assert code == 0, error
    assert "perplexity" in out
    code, out, error = call("predict", "language_model", "--json", "The cat")
    assert code == 0, error
    assert json.loads(out)["text"].startswith("The cat")


@pytest.mark.long
def test_authors_of_a_csv_steer(here, call):
    lines = "".join(
        f'"{number} {LINE.strip()}",{"Ann" if number % 2 else "Bob"}\n' for number in range(61)
    )
    (here / "letters.csv").write_text(f"text,author\n{lines}")
    code, _, error = call(
        "run", "language_model", "--data", "letters.csv", *tiny(condition="author", epochs=7)
    )
    assert code == 0, error
