"""Korean by characters: forms of a word that training never saw are understood."""

import pytest
from seqapps.tasks.sentiment.samples import korean

from seqapps import files, registry, runner
from seqapps.settings import replace

COUNTS = {"train": 700, "valid": 100, "test": 100}


@pytest.fixture(scope="module")
def rows():
    return {split: list(korean(split, count)) for split, count in COUNTS.items()}


def test_no_adjective_is_a_word_of_two_splits(rows):
    """Topics and particles are shared; what tells the label is not."""
    words = {
        split: {word.rstrip("!") for row in rows[split] for word in row["text"].split()}
        for split in rows
    }
    shared = (words["train"] & words["test"]) | (words["train"] & words["valid"])
    assert not any("하" in word or "했" in word or word.endswith("할") for word in shared)
    assert len(words["test"] - words["train"]) >= 19


def test_every_sentence_is_there_once_and_both_labels_are_common(rows):
    texts = [row["text"] for split in rows for row in rows[split]]
    assert len(texts) == len(set(texts)) == 900
    for split in rows:
        share = sum(row["label"] == "긍정" for row in rows[split]) / len(rows[split])
        assert 0.4 < share < 0.6


@pytest.mark.long
def test_characters_understand_words_that_training_lacks(tmp_path):
    task = registry.load("sentiment")
    changes = {"tokens": "characters", "learning_rate": 0.01, "epochs": 5, "batch_tokens": 500}
    request = runner.Request(
        task=task,
        settings=replace(task.settings, {"vectors": "none", **changes}, where="test"),
        code=registry.find("sentiment").folder,
        data="sample:korean",
        runs=tmp_path / "runs",
        output=tmp_path / "saved_models",
    )
    found = files.read_json(runner.run(request).evaluation)
    assert found["model"]["accuracy"]["value"] >= 0.9
    assert found["baselines"]["tfidf_words"]["accuracy"]["value"] < 0.65
    assert found["best_baseline"] == "tfidf_characters"
