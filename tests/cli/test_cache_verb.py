"""`seqapps cache` tells of features that are kept, and removes them."""

import json

import pytest

from seqapps.data.feature_store import Store


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQAPPS_CACHE", str(tmp_path / "cache"))


def keep(of, rows):
    """The key of a store with so many rows."""
    store = Store(of, [of])
    store.put({bytes([number]): b"7" * 100_003 for number in range(rows)})
    store.close()
    return store.file.stem


def test_features_are_listed_by_encoder_with_their_size(call):
    key = keep("lite.keras, 160 pixels", 13)
    code, out, _ = call("cache")
    assert code == 0
    assert "0.0 MB of rows, 1.4 MB of features" in out
    assert out.splitlines()[-1].split()[:4] == [key, "13", "1.4", "MB"]
    assert out.rstrip().endswith("lite.keras, 160 pixels")
    (told,) = json.loads(call("cache", "--json")[1])["features"]
    assert (told["key"], told["rows"]) == (key, 13)
    assert told["bytes"] > 13 * 100_003


def test_those_of_one_encoder_or_of_all_are_removed(call):
    keys = [keep("one", 2), keep("two", 3)]
    assert call("cache", "--remove", keys[0])[0] == 0
    out = call("cache")[1]
    assert keys[0] not in out and keys[1] in out
    code, out, _ = call("cache", "--clear")
    assert (code, out.split()[:3]) == (0, ["Removed", "0.3", "MB"])
    assert "features" not in call("cache")[1]


def test_a_key_that_is_none_is_told(call):
    keep("one", 2)
    code, _, error = call("cache", "--remove", "mine")
    assert code == 2 and "no such rows or features" in error
