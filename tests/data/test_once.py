"""What costs much to read is made once over all runs, and alike whatever else is read."""

import pytest
import tensorflow as tf

from seqapps.data.graph import graph_of
from seqapps.data.once import AT_ONCE, Once
from seqapps.task import Column

INPUTS = {"text": Column("text", "")}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQAPPS_CACHE", str(tmp_path / "cache"))


def lengths(raw):
    """[length, rows in the batch] of each text."""
    length = tf.strings.length(raw["text"])
    return {"text": tf.stack([length, tf.fill(tf.shape(length), tf.shape(length)[0])], axis=1)}


def asked(once, *texts):
    with once:
        return once({"text": tf.constant(list(texts))})["text"].tolist()


def test_what_is_made_of_a_row_does_not_depend_on_how_many_are_read_with_it():
    texts = ["a" * size for size in range(1, 2 * AT_ONCE + 4)]
    wanted = [[len(text), AT_ONCE] for text in texts]
    once = Once(graph_of(lengths, INPUTS), "lengths", [1])
    assert asked(once, *texts[:3]) == wanted[:3]
    assert asked(once, *texts) == wanted


def test_rows_are_made_once_over_all_runs():
    first, second = (Once(graph_of(lengths, INPUTS), "lengths", [1]) for _ in range(2))
    assert asked(first, "a", "bbb", "a") == asked(second, "a", "bbb", "a")
    assert (first.made, second.made, second.found) == (2, 0, 3)
    assert asked(second, "ccccc", "bbb") == [[5, AT_ONCE], [3, AT_ONCE]]
    assert second.made == 1


def test_by_another_name_nothing_is_found():
    asked(Once(graph_of(lengths, INPUTS), "lengths", [1]), "a")
    other = Once(graph_of(lengths, INPUTS), "lengths", [2])
    asked(other, "a")
    assert (other.made, other.found) == (1, 0)


@pytest.mark.parametrize(
    "make",
    [
        lambda raw: {"text": tf.strings.unicode_decode(raw["text"], "UTF-8").to_tensor()},
        lambda raw: {"text": raw["text"]},
        lambda raw: {"text": tf.random.uniform(tf.shape(raw["text"]))},
    ],
    ids=["of free length", "texts", "by chance"],
)
def test_what_cannot_be_kept_is_refused(make):
    with pytest.raises(TypeError, match="numbers of fixed shape"):
        Once(graph_of(make, INPUTS), "mine", [1])
