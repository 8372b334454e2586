"""Fitted state survives being written, or says which part of it would not."""

import json
from pathlib import Path

import numpy as np
import pytest

from seqapps import state


def test_plain_values_and_arrays_read_back_as_they_were(tmp_path):
    saved = {
        "words": ["film", "그", "naïve"],
        "size": 7,
        "mean": 0.1 + 0.2,
        "lowercase": True,
        "nothing": None,
        "nested": {"a": [1, [2, {"b": 0.5}]]},
        "scale": np.array([[0.1, 0.2, 0.3]], "float32"),
        "counts": np.arange(5),
        "names": np.array(["film", "그"]),
        "empty": np.zeros([0, 3], "float64"),
    }
    state.save(saved, tmp_path / "features")
    loaded = state.load(tmp_path / "features")
    assert loaded.keys() == saved.keys()
    for key, value in saved.items():
        assert type(loaded[key]) is type(value)
        if isinstance(value, np.ndarray):
            assert loaded[key].dtype == value.dtype
            np.testing.assert_array_equal(loaded[key], value, strict=True)
        else:
            assert loaded[key] == value


@pytest.mark.parametrize("saved", [{}, {"words": ["a"]}, {"scale": np.ones(3)}])
def test_a_state_may_lack_arrays_or_plain_values(saved, tmp_path):
    state.save(saved, tmp_path / "features")
    assert state.load(tmp_path / "features").keys() == saved.keys()


@pytest.mark.parametrize(
    "value",
    [
        {1: "a"},
        ("a", "b"),
        {"a"},
        b"bytes",
        np.float32(3),
        {"inner": np.ones(3)},
        Path("a"),
        float("nan"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_that_is_not_plain_names_its_key(value, tmp_path):
    with pytest.raises(TypeError, match=r"state\['culprit'\] is "):
        state.save({"fine": 3, "culprit": value}, tmp_path / "features")


def test_an_array_of_objects_names_its_key(tmp_path):
    with pytest.raises(TypeError, match=r"state\['culprit'\] is an array of objects"):
        state.save({"culprit": np.array(["a", None], object)}, tmp_path / "features")


def test_a_refused_state_leaves_no_folder(tmp_path):
    with pytest.raises(TypeError):
        state.save({"culprit": {1}}, tmp_path / "features")
    assert list(tmp_path.iterdir()) == []


def test_the_plain_part_is_json_that_a_person_can_read(tmp_path):
    state.save({"words": ["그", "film"], "scale": np.ones(3)}, tmp_path / "features")
    text = (tmp_path / "features" / "state.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"words": ["그", "film"]}
    assert "그" in text
