"""The plain taggers, on sentences that can be tagged by hand."""

from seqapps.baselines.tags import most_frequent_tag, tag_of_word, tag_of_word_or_ending

TRAIN = [
    {"text": "The watch stops", "tags": "DET NOUN VERB"},
    {"text": "the watch sings", "tags": "DET NOUN VERB"},
    {"text": "They watch nations", "tags": "PRON VERB NOUN"},
    {"text": "the station motions", "tags": "DET NOUN NOUN"},
    {"text": "Paris station", "tags": "PROPN NOUN"},
    {"text": "Boris sees", "tags": "PROPN VERB"},
]


def tags_of(baseline, text):
    [answer] = baseline(TRAIN)([{"text": text}])
    return answer["tags"]


def test_the_trivial_one_says_the_most_frequent_tag_of_all():
    assert tags_of(most_frequent_tag, "They watch") == ["NOUN", "NOUN"]


def test_a_word_gets_the_tag_that_it_has_most_often_whatever_its_capitals():
    assert tags_of(tag_of_word, "the WATCH") == ["DET", "NOUN"]


def test_an_unknown_word_gets_the_tag_of_words_seen_once():
    """Of those, stops, sings and sees are verbs, nations and motions are not."""
    assert tags_of(tag_of_word, "zebra") == ["VERB"]


def test_an_unknown_word_gets_the_tag_of_its_longest_known_ending():
    assert tags_of(tag_of_word_or_ending, "lotions") == ["NOUN"]


def test_capitals_tell_endings_apart():
    assert tags_of(tag_of_word_or_ending, "Doris") == ["PROPN"]


def test_words_that_training_lacks_are_told_by_their_ids():
    [answer] = tag_of_word(TRAIN)([{"text": "The zebra stops"}])
    assert answer["ids"] == [2, 1, 2]
