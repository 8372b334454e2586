"""What the sample says of itself is so."""

import pytest
from seqapps.tasks.tagging.samples import made_up


@pytest.fixture(scope="module")
def splits():
    return {split: list(made_up(split, count)) for split, count in
            (("train", 1009), ("valid", 97), ("test", 101))}  # fmt: skip


def words_of(rows):
    return {
        (word.lower(), tag)
        for row in rows
        for word, tag in zip(row["text"].split(), row["tags"].split(), strict=True)
    }


def test_no_sentence_is_in_two_splits(splits):
    texts = [{row["text"] for row in rows} for rows in splits.values()]
    assert sum(map(len, texts)) == len(set().union(*texts)) == 1009 + 97 + 101


@pytest.mark.parametrize("word", ["watch", "light", "cold", "can", "like", "to", "that"])
def test_some_words_have_several_tags(splits, word):
    assert len({tag for one, tag in words_of(splits["train"]) if one == word}) > 1


@pytest.mark.parametrize("split", ["valid", "test"])
def test_a_part_of_the_words_is_unseen(splits, split):
    seen = {word for word, _ in words_of(splits["train"])}
    words = [word.lower() for row in splits[split] for word in row["text"].split()]
    assert 0.05 < sum(word not in seen for word in words) / len(words) < 0.3


def test_it_is_the_same_every_time(splits):
    assert list(made_up("test", 101)) == splits["test"]
