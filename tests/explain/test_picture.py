"""The picture of the gates: one file, whatever the layer, the words and the fonts."""

import numpy as np
import pytest

from seqapps.explain import picture as drawing
from seqapps.explain.explanation import Reading
from seqapps.explain.picture import GRU, LSTM, picture

UNITS = 7


def reading(words, *, names=LSTM, directions=("forward", "backward")):
    random = np.random.default_rng(0)
    gates = {name: random.random([1, len(words), UNITS]).astype("float32") for name in names}
    return Reading("reader", "LSTM", list(words), dict.fromkeys(directions, gates))


def panels(found):
    """The panels of the figure, without colour bars: their titles by column."""
    axes = [axis for axis in drawing._figure(found).axes if axis.get_title(loc="left")]
    return [axis.get_title(loc="left").partition(":")[0] for axis in axes]


@pytest.mark.parametrize("directions", [("forward",), ("backward",), ("forward", "backward")])
def test_there_is_a_panel_for_each_gate_and_direction(directions):
    shown = [name.replace("_", " ") for name in LSTM[:3]] + ["cell state"]
    expected = [name for name in shown for _ in directions]
    assert panels(reading("abcde", directions=directions)) == expected


def test_a_gru_has_its_own_gates():
    found = panels(reading("abc", names=GRU, directions=("forward",)))
    assert found == ["update gate", "reset gate", "state"]


def test_units_are_in_the_order_of_the_state_after_the_last_word_read():
    """From left to right the last word is the last one, from right to left the first."""
    found = reading("abcde")
    axes = drawing._figure(found).axes
    bottom = [axis for axis in axes if axis.get_title(loc="left") == "cell state"]
    for axis, column in zip(bottom, (-1, 0), strict=True):
        drawn = np.asarray(axis.collections[0].get_array()).reshape(UNITS, 5)
        assert (np.diff(drawn[:, column]) <= 0).all()


@pytest.mark.parametrize("words", [["one"], ["not", "dull"] * 200], ids=["one", "400"])
def test_short_and_long_texts_are_drawn(words):
    assert picture(reading(words), "png").startswith(b"\x89PNG")


def test_the_same_gates_give_the_same_file():
    assert picture(reading("abc"), "svg") == picture(reading("abc"), "svg")


def test_words_without_a_font_are_no_warning(monkeypatch):
    """Warnings are errors in tests."""
    monkeypatch.setattr(drawing, "fonts", lambda: ["DejaVu Sans"])
    assert picture(reading(["좋은", "电影", "$x$", "\\alpha"]), "svg").startswith(b"<?xml")
