"""Word vectors are read from names and files in a stream; broken files are told with their line."""

import gzip
import subprocess
import sys

import numpy as np
import pytest

from seqapps.errors import UserError
from seqapps.text import vectors

LINES = ["the 0.5 -1 2e-2", ". . 7 8 9", "그 1 2 3", "the 4 4 4"]
WORDS = {"the": [0.5, -1, 0.02], ". .": [7, 8, 9], "그": [1, 2, 3]}


@pytest.fixture
def file_of(tmp_path):
    """Write these lines as a file of vectors."""

    def write(lines, name="v.txt", end="\n"):
        file = tmp_path / name
        content = "".join(line + end for line in lines).encode()
        file.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return file

    return write


def read(file):
    return [(word, vector.tolist()) for word, vector in vectors.stream(file)]


@pytest.mark.parametrize("name", ["v.txt", "v.vec", "v.txt.gz", "v.gz"])
@pytest.mark.parametrize("header", [[], ["4 3"]], ids=["glove", "word2vec"])
@pytest.mark.parametrize("end", ["\n", " \n", "\r\n"], ids=["plain", "space", "windows"])
def test_all_kinds_of_files_give_the_same_words_in_order(file_of, name, header, end):
    found = list(vectors.stream(file_of([*header, *LINES], name, end)))
    assert [word for word, _ in found] == ["the", ". .", "그", "the"]
    assert {vector.dtype for _, vector in found} == {np.dtype("float32")}
    np.testing.assert_array_equal(found[1][1], [7, 8, 9])
    np.testing.assert_array_equal(found[0][1], np.float32(WORDS["the"]))


def test_wanted_words_are_found_in_their_order_and_others_are_zeros(file_of):
    wanted = ["그", "The", "the", ". .", "그"]
    matrix, found = vectors.load(file_of(LINES), wanted)
    assert found.tolist() == [True, False, True, True, True]
    assert matrix.dtype == np.float32
    expected = [WORDS.get(word, [0, 0, 0]) for word in wanted]
    np.testing.assert_array_equal(matrix, np.float32(expected))


def test_a_path_as_text_is_a_path(file_of):
    assert read(str(file_of(["a 1 2"]))) == [("a", [1, 2])]


def test_a_byte_order_mark_is_no_part_of_a_word(file_of):
    assert read(file_of(["\ufeffa 1 2"])) == [("a", [1, 2])]


def test_words_may_hold_other_white_space(file_of):
    assert read(file_of(["1\u00a01/2 1 2", "a\u0085b 3 4"])) == [
        ("1\u00a01/2", [1, 2]),
        ("a\u0085b", [3, 4]),
    ]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["a 1 2", "b 1"], "line 2: 1 numbers behind the word, where the first line has 2"),
        (["a 1 2", "b 1 2 3"], "line 2: 3 numbers behind the word, where the first line has 2"),
        (["2 3", "a 1 2"], "line 2: 2 numbers behind the word, where the first line has 3"),
        (["a 1 2", "b 1 x"], "line 2: the vector of 'b' holds 'x', expected 2 numbers"),
        (["a 1 2", "", "b nan 2"], "line 3: the vector of 'b' holds 'nan'"),
        (["a 1 2", "b  2"], "line 2: the vector of 'b' holds ''"),
        (["word"], "line 1: one word and no numbers"),
        (["3 2", "a 1 2"], "announces 3 words, and 1 follow"),
        (["1 2", "a 1 2", "b 1 2"], "announces 1 words, and 2 follow"),
        ([], "the file is empty"),
        (["", ""], "the file is empty"),
    ],
)
def test_a_broken_file_is_told_with_its_line(file_of, lines, message):
    file = file_of(lines)
    for use in (read, lambda file: vectors.load(file, ["a", "b"])):
        with pytest.raises(UserError) as error:
            use(file)
        assert str(error.value).startswith(str(file))
        assert message in str(error.value)


def test_words_that_are_not_utf8_are_told(tmp_path):
    file = tmp_path / "v.txt"
    file.write_bytes(b"a 1 2\n\xff\xfe 1 2\n")
    with pytest.raises(UserError, match="line 2: the word is not UTF-8"):
        read(file)


def test_a_cut_gz_file_is_told(file_of):
    file = file_of(["word 1 2"] * 1000, "v.txt.gz")
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(UserError, match=r"v\.txt\.gz: cannot be read"):
        read(file)


def test_a_file_that_is_no_gz_file_is_told(tmp_path):
    file = tmp_path / "v.gz"
    file.write_bytes(b"a 1 2\n")
    with pytest.raises(UserError, match=r"v\.gz: cannot be read \(Not a gzipped file"):
        read(file)


def test_an_unknown_name_names_the_nearest():
    with pytest.raises(UserError, match=r"glove-50: no such file.*Did you mean 'glove-50d'"):
        vectors.load("glove-50", ["a"])


def test_a_missing_file_names_its_neighbour(file_of, tmp_path):
    file_of(["a 1 2"], "mine.vec")
    with pytest.raises(UserError, match=r"min\.vec: no such file.*Did you mean 'mine\.vec'"):
        vectors.load(tmp_path / "min.vec", ["a"])


def test_errors_come_before_the_first_vector_is_asked_for(tmp_path):
    with pytest.raises(UserError, match="a folder"):
        vectors.stream(tmp_path)


def test_other_kinds_of_files_are_refused(file_of):
    with pytest.raises(UserError, match=r"v\.bin: .*expected text.*\.vec"):
        vectors.load(file_of(["a 1 2"], "v.bin"), ["a"])


def test_nothing_heavy_is_loaded():
    code = "import seqapps.text.vectors, sys; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.network
def test_glove_has_the_published_vectors():
    """The first numbers of "the" and "," as Stanford's file glove.6B.50d.txt has them."""
    matrix, found = vectors.load("glove-50d", [",", "no-such-word", "the", "The"])
    assert found.tolist() == [True, False, True, False]
    assert matrix.shape == (4, 50)
    np.testing.assert_array_equal(matrix[2, :3], np.float32([0.418, 0.24968, -0.41242]))
    np.testing.assert_array_equal(matrix[0, :3], np.float32([0.013441, 0.23682, -0.16899]))
    assert not matrix[[1, 3]].any()


@pytest.mark.network
def test_glove_streams_what_it_loads():
    """Across the borders of the blocks that are turned together."""
    found = dict(vectors.stream("glove-50d"))
    assert len(found) == 400_000
    words = list(found)
    wanted = [words[row] for row in (0, 4095, 4096, 200_003, 399_999)]
    matrix, _ = vectors.load("glove-50d", wanted)
    np.testing.assert_array_equal(matrix, [found[word] for word in wanted])
