"""Files that grow, are cut off, or are replaced, as logs are: every whole line is read once."""

import contextlib
import io

import pytest

from seqapps.cli.following import (
    BEGINS_ANEW,
    LONGEST,
    blocks_followed,
    blocks_of,
    lines_of,
)


class EnoughError(Exception):
    """Ends what has no end."""


def followed(path, *deeds):
    """What is read of a file to which something is done each time its end is reached."""
    waiting = iter(deeds)

    def sleep(seconds):
        deed = next(waiting, None)
        if deed is None:
            raise EnoughError
        deed()

    found = []
    with contextlib.suppress(EnoughError):
        for lines in lines_of(blocks_followed(path, sleep=sleep)):
            found.extend(["anew"] if lines is BEGINS_ANEW else lines)
    return found


def adding(path, text):
    def add():
        with path.open("a", newline="") as file:
            file.write(text)

    return add


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("one\ntwo\n")
    return path


def test_what_is_added_is_read_and_numbered_on(log):
    found = followed(log, adding(log, "three\n"), adding(log, "four\nfive\n"))
    assert found == [(1, "one"), (2, "two"), (3, "three"), (4, "four"), (5, "five")]


def test_half_a_line_waits_for_its_other_half(log):
    found = followed(log, adding(log, "th"), adding(log, "re"), adding(log, "e\nfo"))
    assert found[2:] == [(3, "three")]


def test_a_file_that_is_cut_off_is_read_from_its_beginning(log):
    found = followed(log, lambda: log.write_text("new\n"), adding(log, "er\n"))
    assert found[2:] == ["anew", (1, "new"), (2, "er")]


def test_a_file_that_is_replaced_is_read_to_its_end_and_then_the_other_one(log, tmp_path):
    old = tmp_path / "log.1"

    def rotate():
        log.rename(old)
        adding(old, "last\n")()
        log.write_text("first of another and longer one\n")

    found = followed(log, rotate, adding(log, "second\n"))
    assert found[2:] == [(3, "last"), "anew", (1, "first of another and longer one"), (2, "second")]


def test_a_file_that_is_moved_away_is_waited_for(log, tmp_path):
    found = followed(
        log, lambda: log.rename(tmp_path / "log.1"), lambda: None, lambda: log.write_text("new\n")
    )
    assert found[2:] == ["anew", (1, "new")]


def test_the_last_line_of_a_pipe_needs_no_end():
    assert [*lines_of(blocks_of(io.BytesIO(b"a\r\nb")))] == [[(1, "a")], [(2, "b")]]


def test_bytes_that_are_no_text_do_not_stop_it():
    blocks = [b"\xef\xbb\xbfa\n", b"\xff\xfe,1\n", b"b\n"]
    assert [line for lines in lines_of(blocks) for _, line in lines] == ["a", "��,1", "b"]


def test_a_line_without_end_does_not_fill_the_memory():
    blocks = [b"x" * (LONGEST // 2 + 1)] * 2 + [b"\nb\n"]
    assert [line for lines in lines_of(blocks) for _, line in lines] == ["x" * 100, "", "b"]
