"""Text to ids and back: nothing is lost, one document at a time or many, in Python or exported."""

import random
from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf

from seqapps import state as states
from seqapps.errors import UserError
from seqapps.text import subword_codec, word_codec
from seqapps.text.codec import codec, fit
from seqapps.text.token_ids import BOUNDARY, PADDING, UNKNOWN, visible
from seqapps.text.words import Frequency

KINDS = {
    "characters": {"tokens": "characters", "vocabulary": 5003},
    "words": {"tokens": "words", "vocabulary": 5003},
    "subwords": {"tokens": "subwords", "vocabulary": 397},
}
TEXTS = [
    "The king is dead. Long live the king!\n\nWho's there?  Nay, answer me;\r\n   stand\t!",
    "왕은 죽었다. 왕이여 영원하라!\n",
    "naïve e\u0301, 好 😀👩\u200d👩\u200d👧",
    " \u00a0no-break \u2028 line \ufeff mark ▁ low\x00nul\x7f",
    " ",
    "\n",
    "        deep\n    less deep\n",
]
PENN = " no it was n't black monday \n but while the <unk> stock exchange did n't fall N \n mr. \n"


def random_texts(count, *, seed):
    """Texts of letters, marks, all kinds of white space and characters of one to four bytes."""
    alphabet = "aab bZ éㅏ한글好😀_-'’.,!<>▁\n\n   \t\r\x00\x0b\x1f"
    alphabet += "\x85\u00a0\u2028\u3000\u0301\ufffd\uffff"
    draw = random.Random(seed)
    return ["".join(draw.choices(alphabet, k=draw.randrange(61))) for _ in range(count)]


@pytest.fixture(scope="module")
def learnt():
    """The codec of each kind, learnt from all texts that it is then asked for."""
    texts = [*TEXTS, *random_texts(101, seed=2)]
    return {name: codec(fit(iter(texts), **kind)) for name, kind in KINDS.items()}


def decoded(made, ids):
    return [text.decode() for text in made.decode(ids).numpy()]


def there_and_back(made, texts):
    return decoded(made, made.encode(tf.constant(texts)).to_tensor())


@pytest.mark.parametrize("kind", KINDS)
def test_no_text_loses_anything(learnt, kind):
    texts = [*TEXTS, *random_texts(101, seed=2)]
    assert there_and_back(learnt[kind], texts) == texts


@pytest.mark.parametrize("kind", KINDS)
def test_each_id_stands_for_a_part_of_the_text(learnt, kind):
    """Known or not: joined, the parts are the text."""
    made = learnt[kind]
    texts = [*TEXTS, "zebra Ωmega ☃☃ the quokka's", "", *random_texts(53, seed=5)]
    parts = made.cut(tf.constant(texts))
    assert parts.row_lengths().numpy().tolist() == made.encode(texts).row_lengths().numpy().tolist()
    assert [b"".join(row).decode() for row in parts.to_list()] == texts


def test_what_white_space_separates_is_cut_as_it_stands():
    made = codec(fit([PENN], tokens="words", vocabulary=7, punctuation=False))
    (parts,) = made.cut(tf.constant(["no quokka\nwas"])).to_list()
    assert parts == [b" no", b" quokka", b" \n", b" was"]
    assert len(parts) == len(made.encode(["no quokka\nwas"]).to_list()[0])


def test_subwords_lose_nothing_of_texts_never_seen():
    made = codec(fit(["only these letters"], tokens="subwords", vocabulary=277))
    texts = [*TEXTS, *random_texts(307, seed=3), "".join(map(chr, range(0, 0xD800, 7)))]
    assert there_and_back(made, texts) == texts


@pytest.mark.parametrize("kind", KINDS)
def test_texts_of_a_batch_do_not_touch_each_other(learnt, kind):
    made = learnt[kind]
    together = made.encode(tf.constant(TEXTS)).to_list()
    assert together == [made.encode(tf.constant([text])).to_list()[0] for text in TEXTS]


@pytest.mark.parametrize("kind", KINDS)
def test_ids_are_of_the_vocabulary_and_none_is_special(learnt, kind):
    ids = learnt[kind].encode(tf.constant(TEXTS))
    assert ids.dtype == tf.int32
    assert ids.shape.as_list() == [len(TEXTS), None]
    values = ids.flat_values.numpy()
    assert values.min() > UNKNOWN
    assert values.max() < learnt[kind].size


@pytest.mark.parametrize("kind", KINDS)
def test_the_text_of_a_prompt_and_its_continuation_is_that_of_both(learnt, kind):
    """Wherever a model goes on with whatever it likes."""
    made, numbers = learnt[kind], np.random.default_rng(5)
    prompt = made.encode(tf.constant(TEXTS)).to_tensor()
    new = numbers.integers(0, made.size, [len(TEXTS), 13], "int32")
    both = decoded(made, tf.concat([prompt, new], 1))
    assert both == [text + more for text, more in zip(TEXTS, decoded(made, new), strict=True)]


@pytest.mark.parametrize("kind", KINDS)
def test_text_only_grows_as_ids_come_one_by_one(learnt, kind):
    made, numbers = learnt[kind], np.random.default_rng(7)
    ids = numbers.integers(0, min(made.size, 300), [53, 29], "int32")  # bytes, among subwords
    ids[:7] = made.encode(tf.constant(["한글 😀 好é " * 11] * 7)).to_tensor()[:, :29]
    whole = made.decode(ids).numpy()
    so_far = [made.decode(ids[:, :end], partial=True).numpy() for end in range(30)]
    for row, text in enumerate(whole):
        grown = [texts[row] for texts in so_far]
        assert all(later.startswith(sooner) for sooner, later in pairwise(grown))
        assert text.startswith(grown[-1])
        assert text.decode().removeprefix(grown[-1].decode()) in ("", "\ufffd")


def test_a_character_whose_bytes_are_not_all_there_is_held_back():
    made = codec(fit(["abc"], tokens="subwords", vocabulary=277))
    (ids,) = made.encode(tf.constant(["a😀é"])).to_list()
    assert len(ids) == 1 + 4 + 2

    def seen(end, **partial):
        return made.decode(tf.constant([ids[:end]]), **partial).numpy()[0].decode()

    assert [seen(end, partial=True) for end in range(1, 8)] == ["a"] * 4 + ["a😀"] * 2 + ["a😀é"]
    assert [seen(end) for end in (4, 5, 6)] == ["a\ufffd", "a😀", "a😀\ufffd"]


@pytest.mark.parametrize("kind", KINDS)
def test_padding_and_boundaries_have_no_text(learnt, kind):
    ids = [[BOUNDARY, *learnt[kind].encode(["The king"]).to_list()[0], BOUNDARY, PADDING]]
    assert decoded(learnt[kind], tf.constant(ids)) == ["The king"]
    assert decoded(learnt[kind], tf.zeros([3, 0], tf.int32)) == ["", "", ""]


@pytest.mark.parametrize("kind", KINDS)
def test_an_id_outside_of_the_vocabulary_is_an_error(learnt, kind):
    with pytest.raises(tf.errors.InvalidArgumentError, match="not in"):
        learnt[kind].decode(tf.constant([[learnt[kind].size]]))


@pytest.mark.parametrize("kind", [*KINDS, "space_separated"])
def test_bytes_that_are_no_utf8_are_replaced(learnt, kind):
    made = codec(fit(["a b"], tokens="words", vocabulary=7, punctuation=False))
    made = learnt.get(kind, made)
    (text,) = made.decode(made.encode(tf.constant([b"a \xff\xe3\x81 \xed\xa0\x80 b"])).to_tensor())
    assert text.numpy().decode().strip().startswith("a ")
    assert text.numpy().decode().endswith(" b")


@pytest.mark.parametrize("kind", KINDS)
def test_no_texts_have_no_ids(learnt, kind):
    made = learnt[kind]
    assert made.encode(tf.constant([], tf.string)).to_list() == []
    assert made.encode(tf.constant(["", ""])).to_list() == [[], []]


@pytest.mark.parametrize("kind", [*KINDS, "space_separated"])
def test_an_export_has_the_same_ids_and_texts(kind, tmp_path):
    """Built from a state that was written and read, as a run does."""
    separated = {"tokens": "words", "vocabulary": 5003, "punctuation": False}
    states.save(fit(TEXTS, **KINDS.get(kind, separated)), tmp_path / "state")
    made = codec(states.load(tmp_path / "state"))

    class Both(tf.Module):
        def __init__(self):
            super().__init__()
            self.codec = made

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def __call__(self, text):
            ids = self.codec.encode(text).to_tensor()
            return {"ids": ids, "text": self.codec.decode(ids, partial=True)}

    both = Both()
    tf.saved_model.save(both, tmp_path / "model", signatures=both.__call__)
    texts = tf.constant([*TEXTS, "never seen 🙃", ""])
    loaded = tf.saved_model.load(tmp_path / "model").signatures["serving_default"](text=texts)
    expected = made.encode(texts).to_tensor()
    np.testing.assert_array_equal(loaded["ids"], expected)
    assert loaded["text"].numpy().tolist() == made.decode(expected).numpy().tolist()


def test_ids_are_ranked_by_frequency():
    made = codec(fit(["bab", "cab\n", "\n"], tokens="characters", vocabulary=7))
    assert made.names() == ["<padding>", "<boundary>", "<unk>", "b", "↵", "a", "c"]
    assert made.encode(tf.constant(["abc\n?"])).to_list() == [[5, 3, 6, 4, UNKNOWN]]
    assert decoded(made, tf.constant([[5, UNKNOWN, 3]])) == ["a\ufffdb"]


def test_only_the_most_frequent_are_kept():
    for kind, text in (("characters", "aaabbc"), ("words", "a a a a b b b c c d")):
        made = codec(fit([text], tokens=kind, vocabulary=2, punctuation=False))
        assert made.names()[3:] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It isn't 3.5!\n", ["It", " isn't", " 3", ".", "5", "!", "\n"]),
        ("a (b) c-d_e", ["a", " (", "b", ")", " c", "-", "d", "_", "e"]),
        ("x     y\n   z", ["x", "    ", " y", "\n", "  ", " z"]),
        ("the <unk>, <unk>", ["the", " <unk>", ",", " <unk>"]),
        ("왕은  죽었다.", ["왕은", "  ", "죽었다", "."]),
        ("e\u0301te\u0301 😀😀", ["e\u0301te\u0301", " 😀", "😀"]),
        ("tab\t\tend\r\n\x00", ["tab", "\t", "\t", "end", "\r", "\n", "\x00"]),
        ("‘it’s’", ["‘", "it’s", "’"]),
        ("", []),
    ],
)
def test_words_carry_the_space_in_front(text, expected):
    (found,) = word_codec.tokens(tf.constant([text])).to_list()
    assert [token.decode() for token in found] == expected


def test_a_word_known_with_another_space_is_written_with_a_space_of_its_own():
    made = codec(fit(["King of the"], tokens="words", vocabulary=11))
    names = made.names()

    def named(text):
        return [names[id_] for id_ in made.encode(tf.constant([text])).to_list()[0]]

    assert named("of King  the") == ["␣of", "␣", "King", "␣␣", "␣the"]
    assert named(" of <unk> odd,<unk>") == ["␣of", "␣", "<unk>", "␣", "<unk>", "<unk>", "<unk>"]


def test_a_word_known_with_a_space_only_is_read_as_if_it_had_one():
    """Else a prompt could not begin with "the", where texts begin with "The"."""
    made = codec(fit(["The king of"], tokens="words", vocabulary=11))
    assert there_and_back(made, ["king", "The\nking", "the (of king)"]) == [
        " king", "The\n king", "<unk> <unk> of king<unk>"
    ]  # fmt: skip


def test_the_spaces_around_unknown_words_are_kept():
    made = codec(fit(["the king"], tokens="words", vocabulary=11))
    assert there_and_back(made, ["the  odd king,\n   so"]) == ["the  <unk> king<unk>\n   <unk>"]


def test_penn_treebank_has_words_and_one_token_for_each_line():
    made = codec(fit([PENN], tokens="words", vocabulary=101, punctuation=False))
    (ids,) = made.encode(tf.constant([PENN])).to_list()
    assert [made.names()[id_] for id_ in ids] == PENN.replace("\n", "↵").split(" ")[1:]
    assert len(ids) == len(PENN.split()) + PENN.count("\n")
    assert made.size == 3 + len({*PENN.split(), "\n"} - {"<unk>"})
    assert there_and_back(made, [PENN]) == [PENN]


def test_other_white_space_separates_words_too():
    made = codec(fit(["a b\n"], tokens="words", vocabulary=7, punctuation=False))
    assert there_and_back(made, ["a\tb\u3000 a\r\nb\u2028a"]) == [" a b a \n b a"]


def test_the_newline_is_a_subword_of_its_own():
    made = codec(fit(["ab\nab\nab\n" * 31], tokens="subwords", vocabulary=277))
    (ids,) = made.encode(tf.constant(["\n\n"])).to_list()
    assert [made.names()[id_] for id_ in ids] == ["↵", "↵"]


def test_subwords_are_parts_of_words_of_the_training_texts():
    texts = ["the walker walked, the talker talked\nand then they walk the long walk\n" * 101]
    made = codec(fit(texts, tokens="subwords", vocabulary=293))
    names = made.names()
    assert {"␣the", "<0x00>", "<0xFF>"} <= set(names)
    assert len(made.encode(tf.constant(texts)).to_list()[0]) < len(texts[0]) / 2


def test_subwords_are_the_same_for_the_same_texts(monkeypatch):
    """Also where some lines are drawn from many."""
    monkeypatch.setattr(subword_codec, "LINES", 503)
    draw = random.Random(3)
    texts = ["".join(draw.choices("abcde  ", k=31)) + "\n" for _ in range(2003)]
    first, second = (fit(iter(texts), **KINDS["subwords"])["sentencepiece"] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.dtype == np.uint8


def test_subwords_are_read_after_a_new_seed():
    """As by what was made before a second training in the process."""
    made = codec(fit(["ab\nab\nab\n" * 31], tokens="subwords", vocabulary=283))
    in_a_graph = tf.function(lambda text: made.encode(text).flat_values)
    text = tf.constant(["abab"])
    before = in_a_graph(text)
    tf.random.set_seed(7)
    np.testing.assert_array_equal(made.encode(text).flat_values, before)
    np.testing.assert_array_equal(in_a_graph(text), before)


def test_long_lines_are_learnt_from_as_well():
    """SentencePiece by itself drops what is over 4,192 bytes."""
    words = ["walk", "walks", "walked", "talk", "talks", "talked"]
    line = " ".join(random.Random(3).choices(words, k=5003))
    made = codec(fit([line], tokens="subwords", vocabulary=293))
    assert len(made.encode(tf.constant(["walk talk walk talk"])).to_list()[0]) < 19


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tokens": "word", "vocabulary": 7}, "Did you mean 'words'"),
        ({"tokens": "words", "vocabulary": 0}, "vocabulary=0"),
        ({"tokens": "subwords", "vocabulary": 101}, "256 bytes"),
    ],
)
def test_what_cannot_be_learnt_is_told(arguments, message):
    with pytest.raises(UserError, match=message):
        fit(["some text"], **arguments)


@pytest.mark.parametrize("texts", [[], [""]])
@pytest.mark.parametrize("kind", KINDS)
def test_empty_texts_are_refused(kind, texts):
    with pytest.raises(UserError, match="training texts"):
        fit(texts, **KINDS[kind])


def test_names_show_what_cannot_be_seen():
    assert visible(" a\n\t\x00\u00a0한") == "␣a↵⇥\\x00\\xa0한"


def test_rare_words_are_dropped_where_too_many_are_held():
    counted = Frequency(most=101)
    for number in range(500):
        counted.add(word_codec.tokens(tf.constant([f"common once{number}"])))
        assert len(counted.counts) <= 101
    assert counted.most(1) == ["common"]
