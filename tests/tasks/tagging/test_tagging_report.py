"""What the report of a tagger shows follows from what the export was asked."""

from types import SimpleNamespace

import pytest
from seqapps.tasks.tagging import observed, shown
from seqapps.tasks.tagging.figures import confusion_of_tags
from seqapps.tasks.tagging.task import TASK

from seqapps.report.cases import _tag_facts
from seqapps.report.svg import svg_of
from seqapps.task import Passages, Table

CASES = [
    {"text": "they watch it", "tags": "PRON VERB PRON"},
    {"text": "The watch stops", "tags": "DET NOUN VERB"},
    {"text": "zebras watch", "tags": "NOUN VERB"},
]


def ask(name, cases):
    """A tagger that takes every watch for a noun, and never saw a zebra."""
    tags = {"they": "PRON", "it": "PRON", "the": "DET", "watch": "NOUN", "stops": "VERB"}
    found = []
    for case in cases:
        words = case["text"].split()
        told = [tags.get(word.lower(), "NOUN") for word in words]
        ids = [1 if word == "zebras" else 2 for word in words]
        found.append({"tokens": words, "tags": told, "ids": ids, "scores": [0.5] * len(words)})
    return found


@pytest.fixture(scope="module")
def found():
    return observed.observe(ask, SimpleNamespace(test=CASES))


def test_the_hardest_word_comes_first_with_its_tags(found):
    assert found["hardest"] == [
        {"word": "watch", "times": 3, "wrong": 2, "tags": {"VERB": 2, "NOUN": 1},
         "told": {"VERB as NOUN": 2}}
    ]  # fmt: skip


def test_tags_are_counted_by_what_is_true_and_told(found):
    noun = next(each for each in found["tags"] if each["tag"] == "NOUN")
    assert noun == {
        "tag": "NOUN", "true": 2, "told": 4, "right": 2, "unseen": 1, "unseen_right": 1
    }  # fmt: skip


def test_tags_that_are_taken_for_others_have_their_words(found):
    assert found["pairs"] == [{"tag": "VERB", "told": "NOUN", "times": 2, "words": ["watch"]}]


def test_the_section_has_rectangles_and_sentences(found):
    [section] = shown.shown(found)
    tables = [part for part in section.parts if isinstance(part, Table)]
    assert [table.title for table in tables] == [
        "By tag", "Tags that are taken for others", "Hardest words"
    ]  # fmt: skip
    assert all({len(row) for row in table.rows} == {len(table.head)} for table in tables)
    [sentences] = [part for part in section.parts if isinstance(part, Passages)]
    texts = ["".join(part.text for part in passage.text) for passage in sentences.passages]
    assert texts == ["they/PRON watch/NOUN (VERB) it/PRON ", "zebras/NOUN watch/NOUN (VERB) "]


def test_without_errors_there_is_no_table_of_them():
    whole = observed.observe(ask, SimpleNamespace(test=CASES[1:2]))
    assert whole["pairs"] == []
    [section] = shown.shown(whole)
    assert len(section.parts) == 2


def test_the_confusion_speaks_of_words_and_tags():
    figure = confusion_of_tags(CASES, ask("serving_default", CASES))
    assert "tags" in svg_of(figure, number=0)
    assert "words of one true tag" in figure.note
    assert "VERB" in svg_of(figure, number=0)


def test_a_picked_case_shows_true_tags_and_those_that_differ():
    [answer] = ask("serving_default", CASES[:1])
    facts = _tag_facts(TASK, "tags", CASES[0], answer, {"tags": ["PRON", "VERB", "PRON"]}, "best")
    assert [(fact["name"], fact["value"], fact["side"]) for fact in facts] == [
        ("true", "they/PRON watch/VERB it/PRON", ""),
        ("told", "watch/NOUN", "wrong"),
        ("best", "the same", "right"),
    ]
