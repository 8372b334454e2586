"""What the report of a translator shows follows from what the export was asked."""

from types import SimpleNamespace

import numpy as np
import pytest
from seqapps.tasks.translation import observed, shown
from seqapps.tasks.translation.figures import attention_map, by_length, links
from seqapps.tasks.translation.task import TASK

from seqapps.report.svg import svg_of
from seqapps.task import Figure, Table

CASES = [
    {"source": " ".join(["drei"] * count), "target": " ".join(["three"] * count)}
    for count in (2, 3, 5, 7, 11, 13, 17, 19)
]


def ask(name, cases):
    """A translator that says "three" for each word, and likes its references less."""
    if name == "explain":
        return [
            {
                "source_tokens": [*case["source"].split(" "), "</s>", ""],
                "target_tokens": [*case["source"].replace("drei", "three").split(" "), "</s>", ""],
                "attention": np.eye(len(case["source"].split(" ")) + 2).tolist(),
            }
            for case in cases
        ]
    if name == "n_best":
        first = CASES[0]["source"]
        return [
            {
                "translations": [case["source"].replace("drei", "three"), "no"]
                if case["source"] != first else ["two", "no"],
                "scores": [-0.5, -2.0],
            }
            for case in cases
        ]  # fmt: skip
    return [{"log_probability": -float(len(case["target"])), "tokens": 2} for case in cases]


@pytest.fixture(scope="module")
def found():
    around = SimpleNamespace(settings=TASK.settings, test=CASES)
    return observed.observe(ask, around)


def test_maps_are_without_padding(found):
    first = found["maps"][0]
    assert first["source"] == ["drei", "drei", "</s>"]
    assert first["target"] == ["three", "three", "</s>"]
    assert first["weights"] == np.eye(3).tolist()


def test_the_search_is_blamed_only_for_what_is_likelier(found):
    """Of the shortest the own translation, "two", is likelier than its longer reference."""
    assert found["search"]["pairs"] == len(CASES)
    assert found["search"]["same"] == len(CASES) - 1
    assert found["search"]["missed"] == 0


def test_a_model_without_attention_has_no_maps():
    settings = SimpleNamespace(looks=False)
    found = observed.observe(ask, SimpleNamespace(settings=settings, test=CASES))
    assert found["maps"] == []
    assert "Where it looks" not in [section.title for section in shown.shown(found)]


def test_sections_are_drawn(found):
    sections = list(shown.shown(found))
    assert [section.title for section in sections] == [
        "Where it looks", "What else it would have said", "How it is scored",
    ]  # fmt: skip
    for number, part in enumerate(part for section in sections for part in section.parts):
        if isinstance(part, Figure):
            assert "drei" in svg_of(part, number=number)
        else:
            assert isinstance(part, Table)
            assert part.rows


def test_korean_tokens_stay_text():
    found = {"source": ["나는", "</s>"], "target": ["I", "</s>"], "weights": [[0.9, 0.1], [0, 1]]}
    for figure in (attention_map(found), links(found)):
        assert "나는" in svg_of(figure, number=1)


def test_sentences_are_judged_by_bleu_and_short_forms_by_chrf():
    answers = [{"translation": case["target"], "score": 0.0} for case in CASES]
    short = [{"source": case["source"], "target": "3"} for case in CASES]
    assert ">bleu<" in svg_of(by_length(TASK.metrics, CASES, answers), number=1)
    assert ">chrf<" in svg_of(by_length(TASK.metrics, short, answers), number=1)
