"""Words of a text: normalised in any script, cut and padded for the model."""

import unicodedata
from collections import Counter

import pytest
import tensorflow as tf

from seqapps.text import words as module
from seqapps.text.words import Frequency, characters, chunks, padded, words


def words_of(text: str) -> list[str]:
    return [word.decode() for word in words(tf.constant([text]))[0].numpy()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A lovely film!", ["a", "lovely", "film", "!"]),
        ("Really?! Yes.", ["really", "?", "!", "yes"]),
        ("not-so-good, (or) bad; 7/10", ["not", "so", "good", "or", "bad", "7", "10"]),
        ("Straße", ["strasse"]),
        ("STRASSE", ["strasse"]),
        ("ΣΊΣΥΦΟΣ σίσυφος", ["σίσυφοσ", "σίσυφοσ"]),
        ("it’s ‘fine’", ["it's", "'fine'"]),
        ("it's", ["it's"]),
        ("ﬁlm ＡＢＣ①", ["film", "abc1"]),
        ("그 영화는 좋았다!", ["그", "영화는", "좋았다", "!"]),
        ("यह फ़िल्म अच्छी है", ["यह", "फ़िल्म", "अच्छी", "है"]),
        ("\u095e \u092b\u093c", ["\u092b\u093c"] * 2),  # one letter, in one code point and in two
        ("这部电影很好！", ["这部电影很好", "!"]),
        ("tab\tnew\nline\u00a0no-break\u3000wide", ["tab", "new", "line", "no", "break", "wide"]),
        ("smile 🙂 <b>", ["smile", "b"]),
        ("", []),
        (" \n", []),
        ("... --- ...", []),
    ],
)
def test_a_text_is_split_into_normalised_words(text, expected):
    expected = [unicodedata.normalize("NFKC", word) for word in expected]
    assert words_of(text) == expected


@pytest.mark.parametrize("text", ["Naïve café", "Ångström", "그 영화", "ΐ ΰ", "Việt Nam"])
def test_composed_and_decomposed_accents_are_the_same_words(text):
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert composed != decomposed
    assert words_of(composed) == words_of(decomposed) != []


@pytest.mark.parametrize("text", ["Naïve Straße", "ΰ", "ǰ", "ﬃ", "Σίσυφος"])
def test_capitals_are_the_same_words(text):
    assert words_of(text.upper()) == words_of(text)


@pytest.mark.parametrize("text", ["Größe", "ÉCOLE", "Ωmega", "ÇA", "Привет", "ẞ", "Ⅷ"])
def test_case_is_folded_as_python_folds_it(text):
    """An independent witness: NFKC and str.casefold."""
    assert words_of(text) == [unicodedata.normalize("NFKC", text).casefold()]


def test_texts_of_a_batch_do_not_touch_each_other():
    texts = ["A lovely film!", "", "그 영화", "dull"]
    together = words(tf.constant(texts)).to_list()
    assert [[word.decode() for word in row] for row in together] == [words_of(t) for t in texts]


def test_the_same_words_come_out_of_a_graph():
    texts = tf.constant(["A lovely film!", "", "Straße ’s"])
    graph = tf.function(words, input_signature=[tf.TensorSpec([None], tf.string)])
    assert graph(texts).to_list() == words(texts).to_list()


def test_bytes_that_are_no_utf8_do_not_stop_the_graph():
    (row,) = words(tf.constant([b"fine \xff\xfe film"])).to_list()
    assert row[0] == b"fine" and row[-1] == b"film"


def most_frequent(texts, size):
    frequency = Frequency()
    for chunk in chunks(texts):
        frequency.add(words(tf.constant(chunk)))
    return frequency.most(size)


def test_the_most_frequent_words_come_first():
    assert most_frequent(["b a b", "B! c", "c b"], size=3) == ["b", "c", "!"]


def test_of_equally_frequent_words_the_alphabet_decides():
    assert most_frequent(["zebra ant tapir", "tapir ant zebra"], size=2) == ["ant", "tapir"]


def test_fewer_words_than_asked_for_are_all_of_them():
    assert most_frequent(["a b"], size=7) == ["a", "b"]


def test_no_texts_have_no_words():
    assert most_frequent([], size=7) == []


def test_words_are_counted_over_all_texts_however_many_are_read_at_once(monkeypatch):
    texts = [f"w{number % 7} w{number % 11}" for number in range(101)]
    counts = Counter(word for text in texts for word in text.split())
    expected = sorted(counts, key=lambda word: (-counts[word], word))
    monkeypatch.setattr(module, "AT_ONCE", 13)
    assert most_frequent(iter(texts), size=5) == expected[:5]


def padded_rows(*texts: str) -> list[list[str]]:
    dense = padded(words(tf.constant(list(texts), tf.string)))
    return [[word.decode() for word in row] for row in dense.numpy()]


def test_shorter_texts_are_padded_on_the_right():
    assert padded_rows("a b c", "d") == [["a", "b", "c"], ["d", "", ""]]


@pytest.mark.parametrize("texts", [("",), ("...", "", "-")])
def test_one_column_remains_where_no_text_has_a_word(texts):
    assert padded_rows(*texts) == [[""]] * len(texts)


def test_no_texts_have_one_column_too():
    assert padded(words(tf.constant([], tf.string))).shape == [0, 1]


def characters_of(text: str) -> list[str]:
    return [char.decode() for char in characters(tf.constant([text]))[0].numpy()]


def test_characters_are_folded_and_spaces_are_single_ones():
    assert characters_of("  A \n Film!") == ["a", " ", "f", "i", "l", "m", "!"]


def test_a_composed_syllable_is_one_character_however_it_is_written():
    """Hangul typed as conjoining letters becomes the syllables that most texts have."""
    composed = "영화가 좋다"
    assert characters_of(unicodedata.normalize("NFD", composed)) == list(composed)


def test_characters_outside_the_basic_plane_and_broken_bytes_are_characters():
    assert characters_of("好😀") == ["好", "😀"]
    (row,) = characters(tf.constant([b"ok \xff"])).to_list()
    assert row[:3] == [b"o", b"k", b" "]


def test_long_texts_come_in_smaller_chunks_and_none_is_lost(monkeypatch):
    """A chunk of 4,096 novels would not fit into memory."""
    monkeypatch.setattr(module, "AT_ONCE", 5)
    monkeypatch.setattr(module, "CHARACTERS_AT_ONCE", 100)
    texts = ["a" * size for size in (3, 3, 3, 3, 3, 60, 50, 7, 400, 1)]
    found = list(chunks(texts, characters=len))
    assert [len(chunk) for chunk in found] == [5, 2, 2, 1]
    assert [text for chunk in found for text in chunk] == texts
    assert [len(chunk) for chunk in chunks(texts)] == [5, 5]
    assert list(chunks([])) == []
